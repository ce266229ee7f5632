"""The room's promises to the rooms above: facts about people, whom an account acts for, and who may reach whom.

One door to many small files; what each promises stands there.
"""

from volunteer.registration.facts import (
    PersonFacts,
    age_of,
    display_names,
    facts_of,
    find_by_pass,
    find_by_passes,
    find_whole,
    full_name,
    lock_people,
    lock_person,
    match_people,
    person_exists,
    phone_for_messages,
    renew_card,
    survivors,
)
from volunteer.registration.links import (
    Dependant,
    Whom,
    account_ids_of,
    accounts_of,
    acting_as,
    find_own_person,
    linked_persons,
    may_act_for,
    own_person,
    person_of,
    persons_of,
    whom,
)
from volunteer.registration.queries import merged_records
from volunteer.registration.reach import KEEPER_SEES, has_confirmed, require_person

__all__ = [
    "KEEPER_SEES",
    "Dependant",
    "PersonFacts",
    "Whom",
    "account_ids_of",
    "accounts_of",
    "acting_as",
    "age_of",
    "display_names",
    "facts_of",
    "find_by_pass",
    "find_by_passes",
    "find_own_person",
    "find_whole",
    "full_name",
    "has_confirmed",
    "linked_persons",
    "lock_people",
    "lock_person",
    "match_people",
    "may_act_for",
    "merged_records",
    "own_person",
    "person_exists",
    "person_of",
    "persons_of",
    "phone_for_messages",
    "renew_card",
    "require_person",
    "survivors",
    "whom",
]
