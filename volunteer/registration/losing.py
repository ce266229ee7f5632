"""A lost phone, told by its owner from another device: who finds it gets in nowhere, and the card is made worthless.

Source: domain.md g1 F4; peers.md §5 (a card is a paper key: one that may be copied is renewed).
"""

import datetime as dt

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import sessions
from volunteer.database import transaction
from volunteer.registration import facts, links


def lose_phone(actor: Actor, now: dt.datetime) -> None:
    """End every other session of the caller and renew their card, so that a copy kept on the phone is void."""
    person_id = links.find_own_person(actor)
    with transaction() as session:
        if person_id is not None:
            facts.renew_card(session, person_id)
            audit.record(session, actor, now, "card.renew", ("person", person_id))
        sessions.end_others(session, actor, now)
        audit.record(session, actor, now, "phone.lost", ("account", actor.account))
