"""One's consents on pages: one button each, what a withdrawal changes, what was given when; and leaving altogether.

Source: PIPL 14, 15, 17, 45, 47; ux.md V7.
"""

import json
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.errors import NotFound, VolunteerError
from volunteer.exports.rules import Format
from volunteer.registration import consenting, links, my_data, notices, people, privacy
from volunteer.registration.data_words import value, word
from volunteer.registration.rules_consents import ConsentKind, compare
from volunteer.registration.schemas import MyDataOut
from volunteer.web import forms
from volunteer.web.attachments import attachment
from volunteer.web.guard import channel_of
from volunteer.web.pages import Pages, inside

pages = Pages("privacy")
SIGNED_IN, SELF = Permission.SIGNED_IN, Scope.SELF


@pages.page("/me/privacy", SIGNED_IN, SELF)
def consents_page() -> Any:
    """Show the caller's consents, or those of one whom they act for."""
    return _consents(links.whom(g.actor, request.args.get("volunteer_id", "")))


def _consents(whom: links.Whom, told: str = "", status: int = 200) -> Any:
    """Return the page; `told` is why a choice was not taken."""
    person = people.get_person(g.actor, whom.person_id, g.now)
    body = render_template(
        "registration/consents.html",
        whom=whom,
        standings=consenting.standings(g.actor, whom.volunteer_id, g.now),
        leaving=privacy.erased_after(g.actor, whom.volunteer_id),
        person=person,
        told=told,
        done=request.args.get("done", ""),
    )
    return body, status


@pages.page("/me/privacy/<kind>/<deed>", SIGNED_IN, SELF, methods=("POST",))
def choose(kind: str, deed: str) -> Any:
    """Say yes to one thing, or take it back."""
    if kind not in set(ConsentKind) or deed not in ("give", "withdraw"):
        raise NotFound
    chosen, whom = ConsentKind(kind), links.whom(g.actor, request.form.get("volunteer_id", ""))
    if chosen is ConsentKind.REGISTRATION and deed == "withdraw":
        return redirect(url_for("privacy.leave_page", volunteer_id=whom.volunteer_id), 303)
    try:
        if deed == "give":
            version = request.form.get("version", "")
            consenting.give(g.actor, whom.volunteer_id, chosen, version, g.now, channel_of(g.actor))
        else:
            consenting.withdraw(g.actor, whom.volunteer_id, chosen, g.now, channel_of(g.actor))
    except VolunteerError as error:
        faults = forms.faults_of(error, "version")
        return _consents(whom, faults[0].message, error.status)
    return redirect(url_for("privacy.consents_page", volunteer_id=whom.volunteer_id, done=f"{deed}-{kind}"), 303)


@pages.page("/me/privacy/again", SIGNED_IN, SELF, methods=("GET", "POST"))
def again_page() -> Any:
    """Ask again where the purposes of a notice have changed; who does not answer now is asked at the next sign-in."""
    target = inside(request.values.get("next", "")) or url_for("accounts.me_page")
    questions = consenting.asked_again(g.actor.account, g.now)
    if request.method == "POST":
        chosen = set(request.form.getlist("agreed"))
        for one in questions:
            if one.key in chosen:
                own = links.find_own_person(g.actor) == one.person_id
                whose, notice = None if own else one.person_id, one.notice
                consenting.give(g.actor, whose, notice.kind, notice.version, g.now, channel_of(g.actor))
        return redirect(target, 303)
    if not questions:
        return redirect(target)
    return render_template("registration/consents_again.html", questions=questions, target=target)


@pages.page("/me/privacy/changes/<kind>", SIGNED_IN, SELF)
def changes_page(kind: str) -> Any:
    """Show what differs between the version that the caller agreed to and the one in force."""
    if kind not in set(ConsentKind):
        raise NotFound
    whom = links.whom(g.actor, request.args.get("volunteer_id", ""))
    standing = next(one for one in consenting.standings(g.actor, whom.volunteer_id, g.now) if one.kind == kind)
    before = notices.text_of(standing.kind, standing.given_version or "") or ""
    lines = compare(before, standing.notice.text)
    return render_template("registration/notice_changes.html", standing=standing, lines=lines, whom=whom)


@pages.page("/me/privacy/leave", SIGNED_IN, SELF, methods=("GET", "POST"))
def leave_page() -> Any:
    """Say what goes and what stays, ask, and take the request for erasure."""
    whom = links.whom(g.actor, request.values.get("volunteer_id", ""))
    if request.method == "GET":
        return render_template("registration/leave.html", whom=whom, is_fresh=privacy.is_fresh(g.actor, g.now))
    privacy.ask_erasure(g.actor, whom.volunteer_id, g.now, channel_of(g.actor))
    return redirect(url_for("privacy.consents_page", volunteer_id=whom.volunteer_id, done="leave"), 303)


@pages.page("/me/privacy/stay", SIGNED_IN, SELF, methods=("POST",))
def stay() -> Any:
    """Take the request for erasure back."""
    whom = links.whom(g.actor, request.form.get("volunteer_id", ""))
    privacy.take_back_erasure(g.actor, whom.volunteer_id, g.now, channel_of(g.actor))
    return redirect(url_for("privacy.consents_page", volunteer_id=whom.volunteer_id, done="stay"), 303)


def ask_after_sign_in(account_id: Any, now: Any, target: str) -> str:
    """Return where somebody goes who has just signed in: on to `target`, by way of what they are asked again."""
    return url_for("privacy.again_page", next=target) if consenting.asked_again(account_id, now) else target


@pages.page("/me/privacy/data", SIGNED_IN, SELF)
def data_page() -> Any:
    """Show who has seen the caller's data, and offer all of it to take away."""
    whom = links.whom(g.actor, request.args.get("volunteer_id", ""))
    return render_template(
        "registration/my_data.html",
        whom=whom,
        seen=my_data.seen_by(g.actor, whom.volunteer_id),
        is_fresh=privacy.is_fresh(g.actor, g.now),
    )


@pages.page("/me/privacy/data/<form>", SIGNED_IN, SELF, methods=("POST",))
def take_data(form: str) -> Any:
    """Give everything about the caller as a file: to read (HTML), or for a machine (JSON)."""
    if form not in (Format.HTML, Format.JSON):
        raise NotFound
    whom = links.whom(g.actor, request.form.get("volunteer_id", ""))
    data, stamp = my_data.take(g.actor, whom.volunteer_id, Format(form), g.now)
    plain = MyDataOut().dump(data)
    if form == Format.JSON:
        text = json.dumps(plain, ensure_ascii=False, indent=1)
        return attachment(text.encode(), "application/json", "my-data.json", stamp.number)
    page = render_template("registration/my_data_file.html", data=plain, stamp=stamp, word=word, value=value)
    return attachment(page.encode(), "text/html", "my-data.html", stamp.number)
