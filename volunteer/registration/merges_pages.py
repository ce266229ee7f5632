"""Making two records of one person one, on pages: who may be the same, what would follow, and a confirmation.

For administrators. Nothing of a person stands in an address but the ids of records. Source: ux.md A6; ADR on merging.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from flask import g, redirect, render_template, request, url_for

from volunteer.access import Permission, Scope
from volunteer.errors import Conflict, Fault, NotFound
from volunteer.registration import deeds, merges, people
from volunteer.registration import merging_schemas as s
from volunteer.registration.merges import Preview
from volunteer.registration.people import PersonView
from volunteer.registration.rules import IdType, PersonStatus
from volunteer.registration.rules_merging import MergeReason
from volunteer.units import service as units
from volunteer.web.forms import faults_of, filled, load, typed
from volunteer.web.pages import Pages

pages = Pages("merging")
MOST_GROUPS, MOST_FOUND = 50, 20
PERSON = "/people/<uuid:person_id>/merge"
#: How papers are called where two records are compared.
PAPERS = {
    IdType.RESIDENT_ID: "居民身份证",
    IdType.PASSPORT: "护照",
    IdType.HK_MACAO_PERMIT: "港澳居民来往内地通行证",
    IdType.TAIWAN_PERMIT: "台湾居民来往大陆通行证",
    IdType.FOREIGN_PERMANENT_RESIDENT: "外国人永久居留身份证",
}


@pages.page("/people/duplicates", Permission.MANAGE_SITE, Scope.SITE)
def duplicates_page() -> Any:
    """List people with one name who were born on one day."""
    groups = merges.duplicates(g.actor, MOST_GROUPS + 1, g.now)
    return render_template(
        "registration/duplicates.html",
        groups=groups[:MOST_GROUPS],
        more=len(groups) > MOST_GROUPS,
        names=_unit_names([person for group in groups for person in group]),
        label_of=lambda status: PersonStatus(status).label,
    )


@pages.page(PERSON, Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def choose_page(person_id: uuid.UUID) -> Any:
    """Show who may be the same person; a POST looks for the other record by a name, a number or the end of a phone."""
    shown = deeds.person_file(g.actor, person_id, g.now)
    q = typed("q")["q"]
    alike = merges.alike(g.actor, person_id, g.now)
    found = people.list_people(g.actor, None, q, (), MOST_FOUND, None, g.now) if q else []
    found = [one for one in found if one.id != person_id]
    return render_template(
        "registration/merge_choose.html",
        shown=shown,
        alike=alike,
        q=q,
        found=found[:MOST_FOUND],
        more=len(found) > MOST_FOUND,
        names=_unit_names([*(one.person for one in alike), *found]),
        label_of=lambda status: PersonStatus(status).label,
    )


@pages.page(PERSON + "/<uuid:other_id>", Permission.MANAGE_SITE, Scope.SITE, methods=("GET", "POST"))
def look_page(person_id: uuid.UUID, other_id: uuid.UUID) -> Any:
    """Show what would become of everything if the other record were merged into this one; a POST does it."""
    faults, told = list[Fault](), typed("reason", "digest")
    is_paper_seen = request.values.get("is_paper_seen", "") == "1"
    status = 200
    if request.method == "POST":
        body, faults = load(s.MergeIn(), {**filled(told), "from_id": str(other_id), "is_paper_seen": is_paper_seen})
        status = 422
        if not faults:
            try:
                merges.merge(
                    g.actor,
                    person_id,
                    other_id,
                    body["reason"],
                    g.now,
                    digest=body["digest"],
                    is_paper_seen=is_paper_seen,
                )
            except Conflict as error:
                faults, status = faults_of(error, "reason"), 409
            else:
                return redirect(url_for("people.person_page", person_id=person_id, done="merge"), 303)
    found = merges.preview(g.actor, person_id, other_id, g.now, is_paper_seen=is_paper_seen)
    if MergeReason.GONE in found.reasons and status == 200:
        raise NotFound
    return _look(found, faults, told["reason"], is_paper_seen=is_paper_seen), status


def _look(found: Preview, faults: Sequence[Fault], reason: str, *, is_paper_seen: bool) -> str:
    """Return the page that compares two records and asks."""
    return render_template(
        "registration/merge_look.html",
        found=found,
        faults=faults,
        reason=reason,
        is_paper_seen=is_paper_seen,
        may_see_paper=found.reasons == (MergeReason.TWO_RESIDENT_IDS,),
        names=_unit_names([found.kept.person, found.merged.person]),
        papers={kind.value: word for kind, word in PAPERS.items()},
        label_of=lambda status: PersonStatus(status).label,
    )


def _unit_names(rows: Sequence[PersonView]) -> dict[uuid.UUID, str]:
    """Return the names of the units in which these people count."""
    found = units.unit_briefs({row.unit_id for row in rows if row.unit_id})
    return {unit_id: unit.name for unit_id, unit in found.items()}
