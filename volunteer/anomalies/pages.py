"""Anomalies on pages: what waits, one with its evidence, its decision, what is proposed after it; the thresholds.

Source: PIPL 24 (reasons are shown, a person decides); domain.md g1; ux.md A1.
"""

import datetime as dt
import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from volunteer.access import Actor, Permission, Scope
from volunteer.accounts import directory
from volunteer.anomalies import evidence, hearing, rules, service
from volunteer.anomalies import schemas as s
from volunteer.anomalies.rules import FindingKind, FindingState, Thresholds
from volunteer.clock import Instant, site_day
from volunteer.config import settings
from volunteer.errors import Fault, VolunteerError
from volunteer.stations import service as stations
from volunteer.web.forms import faults_of, filled, load, tried, typed
from volunteer.web.layout import Card
from volunteer.web.pages import Pages
from volunteer.web.paging import decode_cursor, page

pages = Pages("anomalies")
READ, DO, SITE, BOTH = Permission.AUDIT, Permission.MANAGE_SITE, Scope.SITE, ("GET", "POST")
ROWS = 50
KINDS = [(kind.value, kind.label) for kind in FindingKind]
STATES = [(state.value, state.label) for state in FindingState]
FINDING = "/manage/anomalies/<uuid:finding_id>"


@pages.page("/manage/anomalies", READ, SITE)
def list_page() -> Any:
    """List findings: those that wait, unless another state is asked for."""
    return _list([], 200)


def _list(faults: list[Fault], status: int) -> Any:
    """Return the list, perhaps with what was wrong with a search."""
    asked = {name: request.args.get(name, "").strip() for name in ("kind", "state")}
    query, filter_faults = load(s.FindingFilter(), filled(asked))
    state = None if asked["state"] == "all" else query.get("state") or FindingState.OPEN.value
    if asked["state"] == "all":
        query, filter_faults = load(s.FindingFilter(), filled({"kind": asked["kind"]}))
    rows = []
    if not filter_faults:
        after = decode_cursor(request.args.get("cursor"), dt.date.fromisoformat, uuid.UUID)
        rows = service.list_findings(g.actor, service.Wanted(query["kind"], state), ROWS + 1, after)
    found = page(rows, ROWS, lambda row: (row.on_day, row.id))
    more: dict[str, Any] = {name: text or None for name, text in asked.items()}
    today = site_day(g.now, settings().zone)
    body = render_template(
        "anomalies/list.html",
        typed=asked | {name: request.form.get(name, "") for name in ("from", "to")},
        days={"from": today - dt.timedelta(days=service.policy()[1].lookback_days), "to": today},
        faults=faults + filter_faults,
        items=found["items"],
        next_url=url_for("anomalies.list_page", **more, cursor=found["next_cursor"]) if found["next_cursor"] else "",
        kinds=KINDS,
        states=STATES,
        words=dict(KINDS),
        state_words=dict(STATES),
        names=stations.station_briefs(row.station_id for row in rows if row.station_id),
        counts=service.open_counts(),
        is_admin=g.actor.is_admin,
        done=request.args.get("done", ""),
        fresh=request.args.get("fresh", ""),
    )
    return body, 422 if filter_faults else status


@pages.page("/manage/anomalies/search", DO, SITE, methods=("POST",))
def search_page() -> Any:
    """Search some days now."""
    body, faults = load(s.SearchForm(), filled(typed("from", "to")))
    if not faults:
        try:
            came = service.look(g.actor, body["from_on"], body["to_on"], g.now)
        except VolunteerError as error:
            if error.status == 403:
                raise
            faults = faults_of(error, "to")
        else:
            return redirect(url_for("anomalies.list_page", done="searched", fresh=came.fresh), 303)
    return _list(faults, 422)


@pages.page(FINDING, READ, SITE)
def finding_page(finding_id: uuid.UUID) -> Any:
    """Show a finding with its evidence, and what can be done."""
    return _finding(finding_id, {}, [], 200)


@pages.page(f"{FINDING}/ask", DO, SITE, methods=("POST",))
def ask_page(finding_id: uuid.UUID) -> Any:
    """Ask those whom it concerns."""
    faults = tried(lambda: hearing.ask(g.actor, finding_id, g.now), "reason")
    if faults:
        return _finding(finding_id, {}, faults, 422)
    return redirect(url_for("anomalies.finding_page", finding_id=finding_id, done="asked"), 303)


@pages.page(f"{FINDING}/dismiss", DO, SITE, methods=("POST",))
def dismiss_page(finding_id: uuid.UUID) -> Any:
    """Say that nothing is wrong."""
    return _decided(finding_id, FindingState.DISMISSED)


@pages.page(f"{FINDING}/uphold", DO, SITE, methods=("POST",))
def uphold_page(finding_id: uuid.UUID) -> Any:
    """Say that it was so."""
    return _decided(finding_id, FindingState.UPHELD)


def _decided(finding_id: uuid.UUID, state: FindingState) -> Any:
    """Decide with the reason that was typed."""
    texts = typed("reason")
    body, faults = load(s.FindingReasonIn(), filled(texts))
    faults = faults or tried(lambda: service.decide(g.actor, finding_id, state, body["reason"], g.now), "reason")
    if faults:
        return _finding(finding_id, texts, faults, 422)
    return redirect(url_for("anomalies.finding_page", finding_id=finding_id, done=state.value), 303)


@pages.page(f"{FINDING}/propose", DO, SITE, methods=("POST",))
def propose_page(finding_id: uuid.UUID) -> Any:
    """Ask for a correction of one line."""
    texts = typed("entry_id", "minutes", "reason")
    body, faults = load(s.ProposalForm(), filled(texts))
    faults = faults or tried(
        lambda: service.propose(g.actor, finding_id, body["entry_id"], body["minutes"], body["reason"], g.now),
        "minutes",
    )
    if faults:
        return _finding(finding_id, texts, faults, 422)
    return redirect(url_for("anomalies.finding_page", finding_id=finding_id, done="proposed"), 303)


def _finding(finding_id: uuid.UUID, texts: dict[str, str], faults: list[Fault], status: int) -> Any:
    """Return the page of a finding."""
    row = service.get_finding(g.actor, finding_id)
    body = render_template(
        "anomalies/finding.html",
        finding=row,
        kind=FindingKind(row.kind),
        state=FindingState(row.state),
        threshold=rules.threshold_said(FindingKind(row.kind), service.policy_of(row.policy_version)),
        shown=evidence.shown(g.actor, row),
        statements=hearing.statements_of(g.actor, row),
        by=directory.names_of(g.actor, {row.decided_by} if row.decided_by else set()).get(row.decided_by or row.id, ""),
        why_not=service.why_not_decide(g.actor, finding_id),
        typed={"reason": "", "minutes": "", "entry_id": ""} | texts,
        faults=faults,
        done=request.args.get("done", "") if not faults else "",
    )
    return body, status


@pages.page("/manage/anomalies/policy", DO, SITE, methods=BOTH)
def policy_page() -> Any:
    """Show the thresholds with their history, and save them."""
    g.actor.require_admin()
    version, current = service.policy()
    texts, faults = typed(*rules.NAMES), list[Fault]()
    if request.method == "POST":
        body, faults = load(s.PolicyForm(), filled(texts))
        if not faults:
            service.set_policy(g.actor, Thresholds(**body), g.now)
            return redirect(url_for("anomalies.policy_page", saved=1), 303)
    else:
        texts = {name: str(value) for name, value in rules.as_values(current).items()}
    history = service.policy_changes()
    body_text = render_template(
        "anomalies/policy.html",
        typed=texts,
        faults=faults,
        version=version,
        history=history,
        limits=rules.LIMITS,
        names=directory.names_of(g.actor, {row.set_by for row, _changed in history if row.set_by}),
        is_saved="saved" in request.args and not faults,
    )
    return body_text, 422 if faults else 200


def card(actor: Actor, now: Instant) -> Card | None:
    """Tell an administrator how many findings wait."""
    count = sum(service.open_counts().values()) if actor.is_admin else 0
    if not count:
        return None
    text = _("findings wait for somebody to look at them.")
    return Card(_("What looks wrong"), str(count), text, url_for("anomalies.list_page"), _("Look and decide"))
