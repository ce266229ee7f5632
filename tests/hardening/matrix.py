"""Who may call what: one line a route, written by hand from the contract, never from the code.

`ROLES` gives the columns; the groups of a line are those of `COLUMNS`. A letter says what the role gets:

    .  the answer: 2xx, or a domain refusal (409) after it was let in; nobody but the person is in it in full
    o  an answer (2xx) in which nothing of ours stands: a list of the role's own scope
    1  401      3  403      4  404

`{name}` in a path or body is the id of that name in `tests.world`; `{phone}` is a phone that nobody has.
"""

from dataclasses import dataclass, field
from typing import Any

COLUMNS = "an de | vo ot sl | li lf | ke kf kp | tb tf | au ad"
ROLES = {
    "an": "nobody",
    "de": "a dead token",
    "vo": "the volunteer",
    "ot": "another volunteer",
    "sl": "a shift leader, who is a volunteer",
    "li": "a liaison of the unit",
    "lf": "a liaison of a foreign unit",
    "ke": "a keeper of the station",
    "kf": "a keeper of a foreign station",
    "kp": "a keeper of the centre above",
    "tb": "the station's tablet",
    "tf": "a foreign station's tablet",
    "au": "an auditor",
    "ad": "an admin",
}
TOKENS = {
    "de": "dead",
    "vo": "volunteer",
    "ot": "other",
    "sl": "leader",
    "li": "liaison",
    "lf": "foreign_liaison",
    "ke": "keeper",
    "kf": "foreign_keeper",
    "kp": "parent_keeper",
    "tb": "device",
    "tf": "foreign_device",
    "au": "auditor",
    "ad": "admin",
}


@dataclass(frozen=True)
class Line:
    """What each role gets from one route, with the request that asks for it."""

    method: str
    path: str
    expected: dict[str, str]
    body: Any = None
    also: frozenset[int] = field(default_factory=frozenset)


def line(route: str, codes: str, body: Any = None, also: tuple[int, ...] = ()) -> Line:
    """Return a line; `also` are statuses that count as an answer here."""
    method, _, path = route.partition(" ")
    letters = codes.replace(" ", "").replace("|", "")
    assert len(letters) == len(ROLES), route
    return Line(method, path, dict(zip(ROLES, letters, strict=True)), body, frozenset(also))


PUBLIC = ".1 ... .. ... 33 .."
SIGNED_IN = "11 ... .. ... 33 .."
ADMIN = "11 333 33 333 33 3."
AUDIT = "11 333 33 333 33 .."
KEEPER = "11 333 33 .4. 33 3."
KEEPER_READS = "11 333 33 .4. 33 .."
#: What hangs on the caller's own person: staff here have none.
OWN = "11 ... 33 333 33 33"
OWN_LIST = "11 .oo 33 333 33 33"
PERSON = "11 .44 .4 .4. 33 .."
REASON = {"reason": "核对"}
YEAR = {"from": "2026-01-01", "to": "2026-12-31"}

LINES = [
    # sign-in, accounts, grants
    line("POST /auth/phone-codes", PUBLIC, {"phone": "{phone}", "purpose": "login"}),
    line("POST /auth/login", PUBLIC, {"phone": "{spare_phone}", "password": "{password}"}),
    line("POST /auth/password", PUBLIC, {"phone": "{phone}", "phone_code": "0", "password": "Other-2026"}, (422,)),
    line("GET /me", SIGNED_IN),
    line("POST /me/phone", SIGNED_IN, {"phone": "{phone}", "phone_code": "0"}, (422,)),
    line("POST /accounts", ADMIN, {"phone": "{phone}", "name": "新人", "password": "Other-2026-pass"}),
    line("GET /accounts", AUDIT),
    line("GET /accounts/{account_keeper}/grants", AUDIT),
    line("POST /accounts/{account_spare}/grants", ADMIN, {"role": "auditor"}),
    line("POST /accounts/{account_spare}/disable", ADMIN, {}),
    line("DELETE /grants/{grant_spare}", ADMIN),
    # areas, units, tasks
    line("POST /areas", ADMIN, {"code": "MX1", "name": "某街道", "level": "street"}),
    line("GET /areas", PUBLIC),
    line("POST /units", ADMIN, {"code": "MX1", "name": "某单位", "kind": "other"}),
    line("GET /units", PUBLIC),
    line("GET /units/{school}", "11 333 .4 333 33 .."),
    line("PATCH /units/{school}", ADMIN, {"headcount": 7}),
    line("PUT /units/{school}/targets/2026", ADMIN, {"target": 3}),
    line("GET /units/{school}/targets", "11 333 .4 333 33 .."),
    # reports
    line("GET /reports/registration-rates", "11 333 .o 333 33 .."),
    line("GET /reports/registration-rates?root={school}", "11 333 .4 333 33 .."),
    line("GET /reports/registration-rates.xlsx?root={school}", "11 333 .4 333 33 .."),
    line("GET /reports/registration-rates.csv?root={school}", "11 333 .4 333 33 .."),
    line("GET /reports/stations?from=2026-01-01&to=2026-01-31", "11 333 33 .o. 33 .."),
    # stations and devices
    line("POST /stations", ADMIN, {"code": "MX1", "name": "某站", "level": "point"}),
    line("GET /stations", PUBLIC),
    line("GET /stations/{station}", PUBLIC),
    line("PATCH /stations/{station}", KEEPER, {"address": "望江路 1 号"}),
    line("POST /stations/{station}/devices", KEEPER, {"name": "新平板"}),
    line("GET /stations/{station}/devices", KEEPER_READS),
    line("DELETE /devices/{spare_device}", KEEPER),
    line("GET /stations/{station}/today", "11 333 33 .4. .4 .."),
    line("GET /stations/{station}/code", "11 334 33 .4. .4 3."),
    # people
    line("GET /privacy-notice", PUBLIC),
    line("GET /code-tables/categories", PUBLIC),
    line("PUT /code-tables/political_status", ADMIN, {"items": [{"code": "masses", "label": "群众"}]}),
    line("POST /volunteers", PUBLIC, {"known": "volunteer"}),
    line("POST /volunteers/claim", PUBLIC, {"claim": "volunteer"}, (422,)),
    line("GET /volunteers", "11 333 .o .o. 33 .."),
    line("GET /volunteers/{volunteer}", PERSON),
    line("PATCH /volunteers/{volunteer}", "11 .44 .4 343 33 3.", {"skills": []}),
    line("POST /volunteers/{unproven}/confirm", "11 333 .4 ... 33 3.", {}),
    line("POST /volunteers/{spare_person}/suspend", "11 333 .4 333 33 3.", REASON),
    line("POST /volunteers/{spare_person}/restore", "11 333 .4 333 33 3.", {}),
    line("POST /volunteers/{spare_person}/contest", "11 333 .4 333 33 3.", REASON),
    line("POST /volunteers/{spare_person}/transfer", "11 333 .4 333 33 3.", {"unit_id": "{school}"}),
    line("POST /volunteers/{volunteer}/unmask", "11 333 .4 .4. 33 3.", {"fields": ["phone"], **REASON}),
    line("GET /volunteers/{paper}/card.pdf", "11 333 33 .4. 33 3."),
    line("GET /me/messages", "11 .oo oo ooo 33 oo"),
    line("GET /me/data", OWN_LIST),
    # activities and shifts
    line("GET /activities?status=draft", "o1 ooo oo .o. 33 .."),
    line("GET /activities", PUBLIC),
    line("GET /activities/{open}", PUBLIC),
    line("GET /activities/{draft}", "41 444 44 .4. 33 .."),
    line("GET /shifts/{shift}", PUBLIC),
    line("GET /shifts/{draft_shift}", "41 444 44 .4. 33 .."),
    line("POST /activities", KEEPER, {"activity": "station"}),
    line("PATCH /activities/{draft}", KEEPER, {"summary": "改"}),
    line("POST /activities/{draft}/shifts", KEEPER, {"shift": "draft"}),
    line("PATCH /shifts/{draft_shift}", KEEPER, {"capacity": 6}),
    line("POST /activities/{submitted}/approve", "11 333 33 34. 33 3.", {}),
    line("POST /activities/{submitted2}/reject", "11 333 33 34. 33 3.", REASON),
    line("POST /activities/{draft}/submit", KEEPER, {}),
    line("POST /activities/{open}/finish", KEEPER, {}),
    line("POST /shifts/{spare_shift}/close-out", KEEPER, {"audience_count": 3}),
    line("POST /shifts/{spare_shift}/cancel", KEEPER, REASON),
    line("POST /activities/{spare_open}/cancel", KEEPER, REASON),
    # sign-ups
    line("POST /shifts/{later_shift}/signups", "11 .44 .4 .4. 33 4.", {"volunteer_id": "{volunteer}"}),
    line("GET /shifts/{shift}/signups", KEEPER_READS),
    line("GET /me/signups", OWN_LIST),
    line("POST /signups/{pending_signup}/approve", KEEPER, {}),
    line("POST /signups/{pending_signup2}/reject", KEEPER, {}),
    line("POST /signups/{later_signup}/cancel", "11 .44 44 .4. 33 4.", {}),
    # check-in
    line("POST /checkins", "11 33. 33 ... .. 3.", {"scan": "shift"}),
    line("POST /checkins/batch", "11 33. 33 ... .. 3.", {"batch": "shift"}),
    line("POST /me/checkins", OWN, {"code": "12345678", "direction": "in"}),
    line("POST /shifts/{later_shift}/roll-call", KEEPER, {"roll": "volunteer"}, (422,)),
    line("POST /checkins/{scan}/void", KEEPER, REASON),
    line("GET /shifts/{shift}/attendances", KEEPER_READS),
    line("GET /me/attendances", OWN_LIST),
    line("GET /me/code", OWN_LIST),
    line("GET /me/code.svg", OWN),
    line("GET /me/card", OWN_LIST),
    line("GET /me/card.svg", OWN),
    line("GET /me/card.pdf", OWN),
    line("POST /me/card/renew", OWN, {}),
    # hours
    line("GET /me/hours", OWN),
    line("GET /me/hours/entries", OWN_LIST),
    line("GET /volunteers/{volunteer}/hours", PERSON),
    line("GET /volunteers/{volunteer}/hours/entries", PERSON),
    line("GET /hours/{entry}/explanation", PERSON),
    line("POST /make-ups", "11 .44 44 .4. 33 4.", {"make_up": "volunteer"}, (422,)),
    line("GET /make-ups", "11 .oo oo .o. 33 .."),
    line("POST /make-ups/{pending_make_up}/approve", "11 333 33 34. 33 3.", {}),
    line("POST /make-ups/{pending_make_up2}/reject", "11 333 33 34. 33 3.", REASON),
    line("POST /hours/{entry}/corrections", "11 .44 44 .4. 33 4.", {"minutes": 80, **REASON}),
    line("GET /corrections", "11 .oo oo .o. 33 .."),
    line("POST /corrections/{correction}/approve", "11 333 33 .4. 33 3.", {}),
    line("POST /corrections/{correction}/reject", "11 333 33 .4. 33 3.", REASON),
    line("GET /reviews", "11 333 33 .o. 33 .."),
    line("POST /reviews/{review}/accept", "11 333 33 34. 33 3.", {}),
    line("POST /reviews/{review2}/refuse", "11 333 33 34. 33 3.", REASON),
    line("POST /reviews/accept", "11 333 33 .o. 33 3.", {"ids": ["{review}"]}),
    line("GET /ledger/verification", AUDIT),
    # certificates
    line("POST /me/certificates", OWN, YEAR, (422,)),
    line("GET /me/certificates", OWN_LIST),
    line("POST /volunteers/{paper}/certificates", "11 333 44 .4. 33 3.", YEAR, (422,)),
    line("GET /certificates/{certificate}.pdf", "11 .44 44 .4. 33 4."),
    line("GET /certificates/{certificate}/verification?token={certificate_token}", PUBLIC),
    line("GET /certificates/{certificate}/verification?token=guess", "41 444 44 444 33 44"),
    line("POST /certificates/{spare_certificate}/revoke", ADMIN, REASON),
    # what ends things, last
    line("DELETE /me", OWN, {}),
    line("POST /me/restore", OWN, {}),
    line("POST /auth/logout", SIGNED_IN, {}),
]

#: Pages are for people with a cookie; L leads to the sign-in page, and no form goes through without its CSRF token;
#: 9 is 409, where there is nothing left to do.
PAGE_ROLES = {
    "an": "nobody",
    "de": "an ended session",
    "be": "an API token in the place of a session",
    "vo": "the volunteer",
    "ot": "another volunteer",
    "ke": "a keeper",
    "au": "an auditor",
    "ad": "an admin",
}
PAGES = {
    "GET /": "... .. ...",
    "POST /text-size": "333 33 333",
    "GET /login": "... .. ...",
    "POST /login": "333 33 333",
    "GET /me": "LLL .. ...",
    "POST /logout": "LLL 33 333",
    "GET /privacy": "... .. ...",
    "GET /help": "... .. ...",
    "GET /accessibility": "... .. ...",
    "GET /register": "... .. ...",
    "POST /register": "333 33 333",
    "GET /register/unit": "... .. ...",
    "POST /register/unit": "333 33 333",
    "GET /register/confirm": "... .. ...",
    "POST /register/confirm": "333 33 333",
    "GET /register/claim": "... .. ...",
    "POST /register/claim": "333 33 333",
    "GET /register/done": "... .. ...",
    "GET /activities": "... .. ...",
    "GET /activities/{open}": "... .. ...",
    "GET /activities/{draft}": "444 44 ...",
    "GET /shifts/{later_shift}/signup": "LLL .. 333",
    "GET /shifts/{draft_shift}/signup": "LLL 44 333",
    "POST /shifts/{later_shift}/signup": "LLL 33 333",
    "GET /me/profile": "LLL .. ...",
    "GET /me/profile/edit": "LLL .. 333",
    "POST /me/profile/edit": "LLL 33 333",
    "GET /me/phone": "LLL .. ...",
    "POST /me/phone": "LLL 33 333",
    "GET /me/messages": "LLL .. ...",
    "GET /me/signups": "LLL .. 333",
    "GET /me/signups/{signup}": "LLL .4 444",
    "GET /me/signups/{later_signup}/cancel": "LLL .4 444",
    "POST /me/signups/{later_signup}/cancel": "LLL 33 333",
    "GET /me/code": "LLL .. 333",
    "GET /me/code.svg": "LLL .. 333",
    "GET /rates": "LLL 33 3..",
    "GET /rates.xlsx": "LLL 33 3..",
    "GET /rates.csv": "LLL 33 3..",
    "GET /rates/{school}": "LLL 33 3..",
    "GET /s/{station}?c=00000000": "444 44 444",
    "POST /s/{station}": "333 33 333",
    "GET /me/hours": "LLL .. 333",
    "GET /me/hours/{entry}": "LLL .4 ...",
    "GET /me/hours/{entry}/correct": "LLL .4 444",
    "POST /me/hours/{entry}/correct": "LLL 33 333",
    "GET /me/requests": "LLL .. 333",
    "GET /me/make-ups/new?shift={shift}": "LLL .. 333",
    "GET /me/make-ups/new?shift={draft_shift}": "LLL 44 333",
    "POST /me/make-ups/new": "LLL 33 333",
    "GET /me/scans/{scan}": "LLL .4 444",
    "GET /station/{station}/poster": "LLL 33 .3.",
    "GET /station/{foreign_station}/poster": "LLL 33 43.",
    "GET /station/{station}/poster.svg": "LLL 33 .3.",
    "GET /station/{foreign_station}/poster.svg": "LLL 33 43.",
    "GET /rates/stations": "LLL 33 ...",
    "GET /rates/stations.xlsx": "LLL 33 ...",
    "GET /rates/{school}/missing": "LLL 33 3..",
    "POST /rates/{school}/missing.xlsx": "LLL 33 333",
    "POST /people.xlsx": "LLL 33 333",
    "GET /people": "LLL 33 ...",
    "POST /people": "LLL 33 333",
    "GET /people/{volunteer}": "LLL 33 ...",
    "GET /people/{unproven}/confirm": "LLL 33 .3.",
    "POST /people/{unproven}/confirm": "LLL 33 333",
    "GET /people/{spare_person}/suspend": "LLL 33 33.",
    "POST /people/{spare_person}/suspend": "LLL 33 333",
    "GET /people/{spare_person}/restore": "LLL 33 339",
    "POST /people/{spare_person}/restore": "LLL 33 333",
    "GET /people/{spare_person}/contest": "LLL 33 33.",
    "POST /people/{spare_person}/contest": "LLL 33 333",
    "GET /people/{spare_person}/transfer": "LLL 33 33.",
    "POST /people/{spare_person}/transfer": "LLL 33 333",
    "GET /people/{volunteer}/unmask": "LLL 33 .3.",
    "POST /people/{volunteer}/unmask": "LLL 33 333",
    "GET /v/{certificate}?token={certificate_token}": "... .. ...",
    "GET /v/{certificate}?token=guess": "444 44 444",
    "GET /manage/site": "LLL 33 33.",
    "POST /manage/site": "LLL 33 333",
    "GET /decisions": "LLL 33 .3.",
    "POST /decisions/reviews/accept": "LLL 33 333",
    "GET /decisions/reviews/{review}": "LLL 33 .3.",
    "POST /decisions/reviews/{review}": "LLL 33 333",
    "GET /decisions/make-ups/{pending_make_up}": "LLL 33 .3.",
    "POST /decisions/make-ups/{pending_make_up}": "LLL 33 333",
    "GET /decisions/corrections/{correction}": "LLL 33 .3.",
    "POST /decisions/corrections/{correction}": "LLL 33 333",
    "GET /manage/activities": "LLL 33 .3.",
    "GET /manage/activities/new": "LLL 33 .3.",
    "POST /manage/activities/new": "LLL 33 333",
    "GET /manage/activities/{draft}": "LLL 33 .3.",
    "GET /manage/activities/{foreign}": "LLL 33 43.",
    "GET /manage/activities/{draft}/edit": "LLL 33 .3.",
    "POST /manage/activities/{draft}/edit": "LLL 33 333",
    "POST /manage/activities/{draft}/submit": "LLL 33 333",
    "POST /manage/activities/{submitted}/approve": "LLL 33 333",
    "POST /manage/activities/{open}/finish": "LLL 33 333",
    "GET /manage/activities/{submitted}/reject": "LLL 33 .3.",
    "POST /manage/activities/{submitted}/reject": "LLL 33 333",
    "GET /manage/activities/{open}/cancel": "LLL 33 .3.",
    "POST /manage/activities/{open}/cancel": "LLL 33 333",
    "GET /manage/units": "LLL 33 33.",
    "GET /manage/units/new": "LLL 33 33.",
    "POST /manage/units/new": "LLL 33 333",
    "GET /manage/units/{school}": "LLL 33 33.",
    "POST /manage/units/{school}/target": "LLL 33 333",
    "GET /manage/units/{school}/edit": "LLL 33 33.",
    "POST /manage/units/{school}/edit": "LLL 33 333",
    "GET /manage/units/{school}/move": "LLL 33 33.",
    "POST /manage/units/{school}/move": "LLL 33 333",
    "GET /manage/units/{school}/close": "LLL 33 33.",
    "POST /manage/units/{school}/close": "LLL 33 333",
    "GET /manage/stations": "LLL 33 ...",
    "GET /manage/stations/new": "LLL 33 33.",
    "POST /manage/stations/new": "LLL 33 333",
    "GET /manage/stations/{station}": "LLL 33 ...",
    "GET /manage/stations/{foreign_station}": "LLL 33 4..",
    "GET /manage/stations/{station}/edit": "LLL 33 .3.",
    "POST /manage/stations/{station}/edit": "LLL 33 333",
    "POST /manage/stations/{station}/devices": "LLL 33 333",
    "GET /manage/devices/{device}/revoke": "LLL 33 .3.",
    "GET /manage/devices/{foreign_device}/revoke": "LLL 33 43.",
    "POST /manage/devices/{device}/revoke": "LLL 33 333",
    "GET /station?station={station}": "LLL 33 ...",
    "GET /station/{station}/scan": "LLL 33 .3.",
    "POST /station/{station}/scan": "LLL 33 333",
    "GET /station/{station}/scans/{scan}/void": "LLL 33 .3.",
    "POST /station/{station}/scans/{scan}/void": "LLL 33 333",
    "GET /station/{station}/shifts/{shift}": "LLL 44 ...",
    "POST /station/{station}/shifts/{shift}": "LLL 33 333",
    "GET /station/{station}/walk-in": "LLL 33 .3.",
    "POST /station/{station}/walk-in": "LLL 33 333",
    "GET /station/{foreign_station}/scan": "LLL 33 43.",
    "GET /station/{foreign_station}/shifts/{foreign_shift}": "LLL 44 4..",
    "GET /station/{foreign_station}/walk-in": "LLL 33 43.",
    "GET /manage/accounts": "LLL 33 3..",
    "GET /manage/accounts/new": "LLL 33 33.",
    "POST /manage/accounts/new": "LLL 33 333",
    "GET /manage/accounts/{account_liaison}": "LLL 33 3..",
    "GET /manage/accounts/{account_liaison}/grant": "LLL 33 33.",
    "POST /manage/accounts/{account_liaison}/grant": "LLL 33 333",
    "GET /manage/accounts/{account_liaison}/disable": "LLL 33 33.",
    "POST /manage/accounts/{account_liaison}/disable": "LLL 33 333",
    "POST /manage/accounts/{account_liaison}/enable": "LLL 33 333",
    "GET /manage/grants/{grant_liaison}/end": "LLL 33 33.",
    "POST /manage/grants/{grant_liaison}/end": "LLL 33 333",
}
