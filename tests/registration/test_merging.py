"""Two records of one person become one: everything follows, nothing counts twice, the past stays, the ledger holds."""

import datetime as dt
import random
import uuid
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import seats, signed_up
from tests.architecture.test_person_tables import EXPORTED, STAYS
from tests.checkin.making import Post, make_post
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, START, ZONE, Answer, Api
from tests.pages import Browser
from tests.registration.making import ADULT, PASSWORD, Volunteer, add_child, add_unproven, add_volunteer, form
from tests.units.making import make_liaison, make_unit
from volunteer.access import OPERATOR
from volunteer.checkin import jobs
from volunteer.database import reading, transaction
from volunteer.hours import external, verification
from volunteer.hours.models import LedgerLine
from volunteer.registration import consents, merging
from volunteer.registration.models import Person
from volunteer.registration.rules import IdType, PersonStatus
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.rules_merging import (
    MergeReason,
    MergeWarning,
    RecordFacts,
    keeps_identity,
    merge_reasons,
    merge_warnings,
    takes_identity,
)

#: Minutes from the clock's start (10:00) to the next morning.
NEXT_DAY = 20 * 60
SEEN: dict[str, Any] = {"is_paper_seen": True}


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def passport(name: str = "张三丰") -> dict[str, Any]:
    """Return what makes an application one by passport, of a person born as the others are."""
    number = f"E{uuid.uuid4().int % 10**8:08}"
    return {"name": name, "id_type": "passport", "id_number": number, "birth_date": str(ADULT), "sex": "male"}


def look(post: Post, kept: Volunteer, merged: Volunteer, **more: Any) -> dict[str, Any]:
    """Return the preview."""
    body = {"from_id": merged.id} | more
    path = f"/volunteers/{kept.id}/merge/preview"
    found: dict[str, Any] = post.api("POST", path, body, post.admin, expect=200).body
    return found


def merge(post: Post, kept: Volunteer, merged: Volunteer, expect: int = 200, **more: Any) -> Answer:
    """Merge as the preview shows it."""
    digest = look(post, kept, merged, **more)["digest"] or "none"
    body = {"from_id": merged.id, "digest": digest, "reason": "护照和身份证是同一人"} | more
    return post.api("POST", f"/volunteers/{kept.id}/merge", body, post.admin, expect=expect)


def holds(app: Flask, post: Post) -> None:
    """The ledger verifies, and folding all scans again changes nothing."""
    with app.app_context():
        found = verification.verify_and_sign(post.api.now())
        assert (found.ok, found.fault) == (True, None)
        assert jobs.rebuild(post.api.now())["changed"] == 0


def registered(post: Post, unit_id: str, on: dt.date) -> int:
    """Return how many count in a unit as of a day."""
    path = f"/reports/registration-rates?root={unit_id}&as_of={on}"
    found: int = post.api("GET", path, token=post.admin, expect=200).body["rows"][0]["registered"]
    return found


def test_everything_follows_and_the_past_stays(app: Flask, post: Post) -> None:
    api, units = post.api, [make_unit(post.api, post.admin) for _ in range(2)]
    kept, merged = add_volunteer(api, units[0]), add_volunteer(api, units[1], **passport())
    alone, both = post.shift(0, 60), post.shift(100, 160)
    for who, shift in ((merged, alone), (merged, both), (kept, both)):
        signed_up(api, shift, who.token)
    for minute, who, way, shift in (
        (0, merged, "in", alone),
        (60, merged, "out", alone),
        (100, merged, "in", both),
        (120, kept, "in", both),
        (140, merged, "out", both),
        (160, kept, "out", both),
    ):
        post.go(minute)
        assert post.scan(who, way, shift).status in (200, 201)
    assert (post.hours(merged)["minutes_total"], post.hours(kept)["minutes_total"]) == (100, 40)
    range_ = {"from": "2026-03-01", "to": "2026-03-31"}
    proof = api("POST", "/me/certificates", range_, merged.token, expect=201).body
    holds(app, post)

    later = post.shift(NEXT_DAY + 5, NEXT_DAY + 65, walk_ins=True)
    post.go(NEXT_DAY)
    post.admin = api.login(ADMIN_PHONE, ADMIN_PASSWORD)
    kept, merged = (replace(who, token=api.login(who.phone, PASSWORD)) for who in (kept, merged))
    last_day = post.clock.now().astimezone(ZONE).date()
    code = post.code(merged)
    seen = look(post, kept, merged)
    assert (seen["reasons"], seen["minutes"]) == ([], 100)  # 60 alone, and 100 to 140 of the shift that both were at
    assert {note["code"] for note in seen["notes"]} >= {"same-presence", "fewer-minutes", "two-units", "both-accounts"}
    assert post.hours(merged)["minutes_total"] == 100, "a preview changes nothing"
    done = merge(post, kept, merged).body

    assert {one["word"]: one["moved"] for one in done["tables"]}["扫码记录"] == 4
    holds(app, post)
    assert post.hours(kept)["minutes_total"] == 100
    assert post.hours(merged) == post.hours(kept), "the other's account is the same person now"
    day_before = last_day - dt.timedelta(days=1)
    assert [registered(post, unit, day_before) for unit in units] == [1, 1]
    assert [registered(post, unit, last_day) for unit in units] == [1, 0]
    with app.app_context():
        by_unit = sa.select(LedgerLine.unit_id, sa.func.sum(LedgerLine.minutes)).group_by(LedgerLine.unit_id)
        sums = {str(unit_id): minutes for unit_id, minutes in reading().execute(by_unit)}
    assert sums == {units[1]: 60, units[0]: 40}, "time counts at the unit where it was served"

    gone = api("GET", f"/volunteers/{merged.id}", token=post.admin, expect=410).body
    assert (gone["code"], gone["merged_into"]) == ("merged", kept.id)
    stranger = make_liaison(api, post.admin, unit_id=make_unit(api, post.admin))
    api("GET", f"/volunteers/{merged.id}", token=stranger, expect=404)
    checked = api("GET", f"/certificates/{proof['number']}/verification?token={proof['token']}", expect=200).body
    assert checked["state"] == "superseded"
    assert merge_again(post, kept, merged).status == 200
    came = post.scan(code, "in", later)
    assert (came.status, came.body["volunteer"]["id"]) == (201, kept.id), "codes of the other card still work"
    told = api("GET", "/me/data", token=kept.token, expect=200).body
    assert told["records"]["merged_records"][0]["volunteer_no"] == merged.no
    assert len(told["records"]["scans"]) == 7
    for place in EXPORTED.values():
        if not place.startswith(STAYS):
            found = told
            for name in place.split("."):
                found = found[name]


def merge_again(post: Post, kept: Volunteer, merged: Volunteer) -> Answer:
    body = {"from_id": merged.id, "digest": "0", "reason": "再点一次"}
    return post.api("POST", f"/volunteers/{kept.id}/merge", body, post.admin)


def random_scans(dice: random.Random, shifts: list[str], spans: list[tuple[int, int]]) -> list[tuple[str, str, int]]:
    """Return what a scanner saw of somebody: direction, shift, minute."""
    found = []
    for _ in range(dice.randint(2, 5)):
        index = dice.randrange(len(shifts))
        start, end = spans[index]
        found.append((dice.choice(("in", "in", "out")), shifts[index], dice.randint(start - 20, end + 40)))
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sum_is_what_one_person_with_all_the_evidence_would_have(app: Flask, post: Post, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    spans = [(30, 150), (100, 220), (240, 300)]
    shifts = [post.shift(*span, walk_ins=True) for span in spans]
    trios = []
    for _ in range(3):
        one, other, twin = add_volunteer(post.api), add_volunteer(post.api, **passport()), add_volunteer(post.api)
        seen = [(who, *scan) for who in (one, other) for scan in random_scans(dice, shifts, spans)]
        post.go(400)
        for who, way, shift, minute in seen:
            post.batch([post.event(who, way, shift, minute), post.event(twin, way, shift, minute)])
        trios.append((one, other, twin))

    for one, other, twin in trios:
        assert merge(post, one, other, **SEEN).status == 200
        sums, wanted = post.hours(one), post.hours(twin)
        assert (sums["minutes_total"], sums["minutes_pending"]) == (wanted["minutes_total"], wanted["minutes_pending"])
    for review in post.reviews():
        post.api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.keeper, expect=200)
    for one, _, twin in trios:
        assert post.hours(one)["minutes_total"] == post.hours(twin)["minutes_total"]
    assert any(post.hours(twin)["minutes_total"] for _, _, twin in trios)
    holds(app, post)


def test_seats_requests_and_words_follow(app: Flask, post: Post) -> None:
    api = post.api
    kept, merged, waiting = add_volunteer(api), add_volunteer(api, **passport()), add_volunteer(api)
    shift = post.shifts((600, 700, 2), walk_ins=False)[0]
    for who in (merged, kept):
        signed_up(api, shift, who.token)
    signed_up(api, shift, waiting.token, "waitlisted")
    over = post.shift(0, 60)
    signed_up(api, over, merged.token)
    post.go(90)
    asked = {"shift_id": over, "from": post.at(10).isoformat(), "to": post.at(40).isoformat(), "reason": "忘带手机"}
    request_id = api("POST", "/make-ups", asked, merged.token, expect=201).body["id"]
    api("POST", f"/make-ups/{request_id}/approve", {}, post.scene.center_keeper, expect=200)
    line = api("GET", "/me/hours/entries", token=merged.token, expect=200).body["items"][0]
    wrong = {"minutes": 20, "reason": "早退了"}
    fix = api("POST", f"/hours/{line['id']}/corrections", wrong, merged.token, expect=201).body["id"]

    merge(post, kept, merged)

    assert seats(api, shift)[:2] == (2, 0)
    listed = api("GET", f"/shifts/{shift}/signups", token=post.scene.keeper, expect=200).body["items"]
    found = sorted((one["volunteer_id"] == kept.id, one["status"]) for one in listed)
    assert found == [(False, "confirmed"), (True, "cancelled"), (True, "confirmed")], "who waited has the seat"
    assert post.hours(kept)["minutes_granted"] == 30
    api("POST", f"/corrections/{fix}/approve", {}, post.scene.center_keeper, expect=200)
    assert post.hours(kept)["minutes_granted"] == 20, "a correction that waited speaks of the line as it is now"
    mail = [one["body"] for one in api("GET", "/me/messages", token=kept.token, expect=200).body["items"]]
    assert any("合并为一份" in body for body in mail)
    assert any("补录" in body for body in mail), "what the other was told is there too"
    holds(app, post)


def test_hours_of_other_systems_are_carried_over_and_each_record_once(app: Flask, post: Post) -> None:
    kept, merged = add_volunteer(post.api), add_volunteer(post.api, **passport())
    with app.app_context(), transaction() as session:
        day = dt.date(2025, 5, 4)
        for who, title in ((kept, "植树"), (merged, "植树"), (merged, "清扫")):
            record = external.External(uuid.UUID(who.id), day, 90, title, "省平台", None)
            external.add_records(session, OPERATOR, [record], None, post.api.now())
    assert post.hours(merged)["minutes_external"] == 180

    merge(post, kept, merged)

    assert post.hours(kept)["minutes_external"] == 180, "what both lists tell counts once"
    with app.app_context():
        assert set(external.sources_of(reading(), external_lines(kept)).values()) == {
            ("植树", "省平台"),
            ("清扫", "省平台"),
        }
    holds(app, post)


def external_lines(who: Volunteer) -> list[uuid.UUID]:
    """Return a person's external lines that were not taken back."""
    lines = list(reading().scalars(sa.select(LedgerLine).where(LedgerLine.person_id == uuid.UUID(who.id))))
    back = {line.reverses for line in lines}
    return [line.id for line in lines if line.kind == "external" and line.id not in back]


def test_accounts_act_for_the_person_who_is_left(app: Flask, post: Post) -> None:
    api = post.api
    parent, other_parent = add_volunteer(api), add_volunteer(api)
    child = add_child(api, parent)
    birth = {"birth": dt.date(2014, 6, 1)}
    again = add_child(api, other_parent, **birth)
    refused = merge(post, child, again, 409)
    assert refused.body["reasons"] == ["two-resident-ids"]
    merge(post, child, again, **SEEN)
    for one in (parent, other_parent):
        acting = api("GET", "/me", token=one.token, expect=200).body["acts_for"]
        assert [who["id"] for who in acting] == [child.id]
    with app.app_context():
        row = reading().get_one(Person, uuid.UUID(again.id))
        emptied = (row.name, row.name_sealed, row.phone_sealed, row.guardian_name_sealed, row.guardian_phone_sealed)
        assert (row.status, set(emptied)) == ("merged", {None})
        assert row.id_number_index is not None, "a registration with that paper is still recognised"


def agree(app: Flask, kept: Volunteer, slip: Volunteer) -> None:
    """Say yes to photos under one record and no, later, under the other; yes, last, to passing data on."""
    first, second = uuid.UUID(kept.id), uuid.UUID(slip.id)
    times = [START + dt.timedelta(minutes=minute) for minute in range(4)]
    facts: dict[str, Any] = {"version": "1", "channel": "browser", "is_by_guardian": False}
    with app.app_context(), transaction() as session:
        for who, kind, at in ((second, ConsentKind.PHOTOS, 0), (second, ConsentKind.UPSTREAM, 0)):
            consents.keep(session, who, kind, times[at], **facts)
        consents.keep(session, first, ConsentKind.PHOTOS, times[1], **facts)
        consents.close(session, second, (ConsentKind.PHOTOS, ConsentKind.UPSTREAM), times[2], "browser")
        consents.keep(session, first, ConsentKind.UPSTREAM, times[3], **facts)


def test_an_unproven_record_with_a_slip_and_what_only_it_says(app: Flask, post: Post) -> None:
    api = post.api
    kept = add_volunteer(api, **passport())
    slip = add_unproven(api, make_unit(api, post.admin), skills=["first_aid"])
    assert look(post, slip, kept)["reasons"] == ["keep-the-other"]
    alike = api("GET", f"/volunteers/{kept.id}/duplicates", token=post.admin, expect=200).body
    assert [(one["person"]["id"], one["because"]) for one in alike] == [(slip.id, ["same-name-and-birth-date"])]
    agree(app, kept, slip)
    assert {note["code"] for note in look(post, kept, slip)["notes"]} >= {"consent-withdrawn"}
    merge(post, kept, slip)
    with app.app_context():
        day = post.clock.now().date()
        held = {kind for kind in ConsentKind if consents.has(reading(), uuid.UUID(kept.id), kind, day)}
    assert held == {ConsentKind.REGISTRATION, ConsentKind.UPSTREAM}, "of yes and no the last word holds"
    mine = api("GET", f"/volunteers/{kept.id}", token=kept.token, expect=200).body
    assert (mine["skills"], mine["id_type"]) == (["first_aid"], "passport")
    assert mine["unit_id"] is not None, "the unit that only the other had"
    assert api("GET", f"/volunteers/{kept.id}/duplicates", token=post.admin, expect=200).body == []


def test_a_proved_resident_number_goes_before_a_passport(post: Post) -> None:
    paper = passport()
    kept, resident = add_volunteer(post.api, **paper), add_volunteer(post.api)
    merge(post, kept, resident)
    mine = post.api("GET", "/me/data", token=kept.token, expect=200).body["person"]
    assert (mine["id_type"], mine["id_number"]) == ("resident_id", resident.id_number)
    known = post.api("POST", "/volunteers", form(post.api, **paper), expect=409)
    assert known.body["code"] == "already-registered", "the passport is recognised too"
    third = add_volunteer(post.api, **passport())
    assert merge(post, third, kept).status == 200, "a chain of merges"
    assert post.hours(resident) == post.hours(third)
    gone = post.api("GET", f"/volunteers/{resident.id}", token=post.admin, expect=410).body
    assert gone["merged_into"] == third.id


def test_a_merge_that_would_leave_something_behind_stops(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept, merged = add_volunteer(post.api), add_volunteer(post.api, **passport())
    signed_up(post.api, post.shift(100, 160), merged.token)
    monkeypatch.delitem(merging.MERGERS, "signups")
    body = {"from_id": merged.id}
    post.api("POST", f"/volunteers/{kept.id}/merge/preview", body, post.admin, expect=500)
    assert "rows that still name a merged person: signups.person_id" in caplog.text
    assert post.api("GET", f"/volunteers/{merged.id}", token=post.admin, expect=200).body["status"] == "registered"


def test_a_preview_that_is_no_longer_true_is_refused(post: Post) -> None:
    kept, merged = add_volunteer(post.api), add_volunteer(post.api, **passport())
    digest = look(post, kept, merged)["digest"]
    signed_up(post.api, post.shift(100, 160), merged.token)
    body = {"from_id": merged.id, "digest": digest, "reason": "同一人"}
    refused = post.api("POST", f"/volunteers/{kept.id}/merge", body, post.admin, expect=409)
    assert refused.body["code"] == "preview-changed"


def test_an_administrator_merges_on_pages(post: Post, admin: str) -> None:
    boss = Browser(post.api.app, ADMIN_PHONE, ADMIN_PASSWORD)
    kept, merged = add_volunteer(post.api), add_volunteer(post.api, **passport())
    signed_up(post.api, post.shift(100, 160), merged.token)
    assert f'href="/people/{kept.id}/merge"' in boss.get("/people/duplicates").source
    chosen = f"/people/{kept.id}/merge"
    page = boss.get(chosen)
    assert "姓名和出生日期相同" in page.words
    assert merged.no in boss.post(chosen, expect=200, q=merged.phone[-4:]).words
    look_at = f"{chosen}/{merged.id}"
    page = boss.get(look_at)
    for said in ("护照", "居民身份证", "报名", "合并后不能撤销"):
        assert said in page.words
    assert merged.phone not in page.source
    empty = boss.post(look_at, expect=422, digest=page.hidden("digest"))
    assert "原因" in empty.words
    boss.post(look_at, expect=409, digest="0", reason="核对了护照")
    boss.post(look_at, expect=303, digest=page.hidden("digest"), reason="核对了护照")
    done = boss.get(f"/people/{kept.id}?done=merge")
    assert "已合并" in done.words
    assert boss.get(f"/people/{merged.id}", expect=303).location.endswith(f"/people/{kept.id}?done=merged")
    boss.get(look_at, expect=404)
    twin = add_volunteer(post.api)
    other_way = boss.get(f"{chosen}/{twin.id}")
    assert "身份证号码不同" in other_way.words
    assert "确认合并" in boss.get(f"{chosen}/{twin.id}?is_paper_seen=1").words
    assert "同一份记录" in boss.get(f"{chosen}/{kept.id}").words


def record(status: str = "registered", id_type: str | None = "resident_id", identity: bytes = b"1", **more: Any) -> Any:
    facts = {"birth_date": ADULT, "sex": "male", "name": "张三丰", "is_erasure_asked": False} | NOT | more
    return RecordFacts(PersonStatus(status), IdType(id_type) if id_type else None, identity, **facts)


NOT = {"is_denied": False, "is_own": False}
PASS = {"id_type": "passport", "identity": b"2"}


@pytest.mark.parametrize(
    ("kept", "merged", "reasons"),
    [
        (record(), record(**PASS), ()),
        (record(), record("invited", identity=b"2"), ()),
        (record(), record("unproven", identity=b"2"), ()),
        (record(), record(identity=b"2"), (MergeReason.TWO_RESIDENT_IDS,)),
        (record("left"), record("suspended", **PASS), (MergeReason.KEEP_THE_OTHER,)),
        (record("unproven"), record(**PASS), (MergeReason.KEEP_THE_OTHER,)),
        (record(), record("erased"), (MergeReason.GONE,)),
        (record("merged"), record(**PASS), (MergeReason.GONE,)),
        (record(is_erasure_asked=True), record(**PASS), (MergeReason.ERASURE_ASKED,)),
        (record(), record(is_denied=True, **PASS), (MergeReason.DENIED,)),
        (record(), record(is_own=True, **PASS), (MergeReason.OWN_RECORD,)),
    ],
)
def test_which_records_may_be_merged(kept: RecordFacts, merged: RecordFacts, reasons: tuple[MergeReason, ...]) -> None:
    assert merge_reasons(kept, merged) == reasons
    if reasons == (MergeReason.TWO_RESIDENT_IDS,):
        assert merge_reasons(kept, merged, is_paper_seen=True) == ()


def test_which_identity_stays_and_what_is_warned_of() -> None:
    assert takes_identity(record(**PASS), record())
    assert not takes_identity(record(), record(**PASS))
    assert not takes_identity(record(**PASS), record("unproven"))
    assert keeps_identity(record(), record("unproven", **PASS))
    assert not keeps_identity(record(), record("unproven", identity=b"3"))
    other = record(name="张三", birth_date=dt.date(1990, 5, 2), sex="female")
    assert merge_warnings(record(), other) == (MergeWarning.NAMES, MergeWarning.BIRTH_DATES, MergeWarning.SEXES)
    assert merge_warnings(record(), record(sex=None)) == ()
