"""Every table that names a person is known to merging, erasure and export (decisions 19).

Who adds such a table says here what erasure does with its rows and where `GET /me/data` tells them, and gives merging a
handler: `volunteer/registration/merging.py` says how.
"""

import sqlalchemy as sa

from volunteer import app
from volunteer.database import metadata
from volunteer.registration import erasure, merging, privacy

STAYS = "stays: "
#: By table: the handler in `erasure.ERASERS` that sees to it, "erase" for what registration's own erasure does, or
#: `STAYS` and why nothing in it says who the person was.
ERASED = {
    "unmask_requests": "erase",
    "exported_persons": "erase",
    "attendances": STAYS + "ids, times and minutes under the tombstone's id (decisions 15)",
    "certificates": "volunteer.certificates.service.forget_person",
    "consents": "erase",
    "denials": STAYS + "who registered whom falsely, without a name; volunteer.registration.erasure closes it",
    "external_records": "volunteer.hours.privacy.forget_person",
    "finding_people": "volunteer.anomalies.privacy.forget_person",
    "finding_statements": "volunteer.anomalies.privacy.forget_person",
    "hour_requests": "volunteer.hours.privacy.forget_person",
    "invitations": STAYS + "ids and days; who refused is erased at once",
    "ledger_chains": STAYS + "the ledger's seals (decisions 2, 15)",
    "ledger_head_chains": STAYS + "the ledger's seals (decisions 2, 15)",
    "ledger_lines": STAYS + "minutes without words (decisions 2, 15)",
    "memberships": STAYS + "past counts do not move (decisions 15)",
    "outbox_messages": STAYS + "nothing personal is in messages; nobody can read them any more",
    "person_accounts": "erase",
    "person_changes": "erase",
    "person_merges": STAYS + "which id became which; the records are erased together",
    "person_statuses": STAYS + "past counts do not move (decisions 15)",
    "qualifications": "volunteer.talents.privacy.forget_person",
    "scans": STAYS + "times under the tombstone's id; places go (checkin.jobs.forget_person)",
    "talent_times": "volunteer.talents.privacy.forget_person",
    "talents": "volunteer.talents.privacy.forget_person",
    "signups": "volunteer.activities.signups.leave",
    "team_leaders": "volunteer.teams.privacy.forget_person",
    "team_members": "volunteer.teams.privacy.forget_person",
    "team_requests": "volunteer.teams.privacy.forget_person",
    "unit_requests": "erase",
    "unmatched_scans": STAYS + "ids of scans",
}
#: By table: where `GET /me/data` tells it, or `STAYS` and why it does not. tests/registration/test_merging.py asks.
EXPORTED = {
    "unmask_requests": "records.unmask_requests",
    "exported_persons": "records.exports",
    "attendances": "records.attendances",
    "certificates": "records.certificates",
    "consents": "consents",
    "denials": "records.denials",
    "external_records": "records.external_records",
    "finding_people": "records.findings",
    "finding_statements": "records.finding_statements",
    "hour_requests": "records.hour_requests",
    "invitations": STAYS + "told as the status invited, with its days",
    "ledger_chains": STAYS + "seals of the lines",
    "ledger_head_chains": STAYS + "seals of the lines",
    "ledger_lines": "records.ledger_lines",
    "memberships": "records.memberships",
    "outbox_messages": "messages",
    "person_accounts": "records.accounts",
    "person_changes": "records.identity_changes",
    "person_merges": "records.merged_records",
    "person_statuses": "statuses",
    "qualifications": "records.qualifications",
    "scans": "records.scans",
    "talent_times": "records.available_times",
    "talents": "records.talent_pool",
    "signups": "records.signups",
    "team_leaders": "records.teams_led",
    "team_members": "records.teams",
    "team_requests": "records.team_requests",
    "unit_requests": "records.unit_requests",
    "unmatched_scans": STAYS + "told as scans",
}


def missing(tables: set[str], known: set[str], what: str) -> list[str]:
    """Return a sentence for each table that nobody has seen to."""
    return [
        f"{table} ({', '.join(sorted(merging.person_columns()[table]))}): {what}" for table in sorted(tables - known)
    ]


def test_every_table_that_names_a_person_is_merged_erased_and_exported() -> None:
    app.wire()
    tables = set(merging.person_columns())

    assert (
        missing(
            tables,
            set(merging.MERGERS),
            "give merging a handler in app.wire(); see volunteer/registration/merging.py",
        )
        == []
    )
    assert missing(tables, set(ERASED), "say in ERASED of this test what erasure does with it") == []
    assert missing(tables, set(EXPORTED), "say in EXPORTED of this test where GET /me/data tells it") == []


def test_nothing_is_said_of_tables_that_are_not_there() -> None:
    app.wire()
    tables = merging.person_columns()

    assert set(merging.MERGERS) <= set(tables)
    assert {*ERASED, *EXPORTED} <= set(tables)
    assert {name for name, merger in merging.MERGERS.items() if not merger.stays <= tables[name]} == set()


def test_what_is_said_to_erase_does_run() -> None:
    app.wire()
    running = {f"{eraser.__module__}.{eraser.__qualname__}" for eraser in erasure.ERASERS}

    named = {said for said in ERASED.values() if said != "erase" and not said.startswith(STAYS)}

    assert named <= running
    assert privacy.EXPORTERS


def test_a_person_is_found_by_key_and_by_name() -> None:
    known = merging.person_columns()
    by_name = {"outbox_messages"}  # no foreign key: notifications stand below registration

    assert by_name <= set(known)
    assert not any(
        column.foreign_keys for name in by_name for column in metadata.tables[name].c if "person" in column.name
    )
    with_key = {table.name for table in metadata.sorted_tables if _has_key(table)}
    assert with_key <= set(known)
    assert len(with_key) >= 14


def _has_key(table: sa.Table) -> bool:
    return any(key.target_fullname == "persons.id" for column in table.columns for key in column.foreign_keys)
