"""Another phone for oneself: the one to sign in with and the one in one's registration move together.

Source: contract, POST /me/phone and PATCH /volunteers/{id}; ux.md V7.
"""

import datetime as dt

from volunteer import audit
from volunteer.access import Actor
from volunteer.accounts import sign_in
from volunteer.database import transaction
from volunteer.registration import facts, links, vault


def change_own_phone(actor: Actor, phone: str, code: str, now: dt.datetime) -> None:
    """Move the caller, account and person, to a phone that a code for `register` proves; other sessions end.

    Raises:
        InvalidInput: `wrong-code` on `phone_code`; `phone-taken` on `phone` where it has an account already.
    """
    code_id = sign_in.verify_code(phone, "register", code, now)
    if code_id is None:
        raise sign_in.wrong_code()
    person_id = links.find_own_person(actor)
    with transaction() as session:
        person = facts.locked(session, person_id) if person_id else None
        sign_in.use_code(session, code_id, now)
        sign_in.move_account(session, actor, phone, now)
        if person is not None:
            vault.put_phone(person, phone)
            person.phone_proved_at = now
            audit.record(session, actor, now, "person.change", ("person", person.id), fields=["phone"])
