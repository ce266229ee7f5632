"""How the tables of registration, and those of the rooms below it, follow a merge."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.errors import Worded
from volunteer.exports import service as exports
from volunteer.notifications import service as notifications
from volunteer.registration import changing, consents, unit_changes
from volunteer.registration.credential_models import PersonChange
from volunteer.registration.merging import Merger, Moved, Turn, reassign, reassigning, staying
from volunteer.registration.models import (
    FAMILY,
    GUARDIAN,
    SELF,
    Consent,
    Denial,
    Invitation,
    Person,
    PersonAccount,
    PersonMerge,
    UnmaskRequest,
)
from volunteer.registration.rules import PersonStatus
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.statuses import today
from volunteer.units import memberships

STRENGTH: Final = (SELF, GUARDIAN, FAMILY)


class RecordNote(Worded):
    """What meets in a merge of records; the value is the permanent code."""

    BOTH_ACCOUNTS = "both-accounts", "两份记录各有登录账号。合并后两个账号都可以登录,看到的是同一个人。"
    BOTH_INVITED = "both-invited", "两份记录都在邀请名单中。合并后只保留一份邀请。"
    WITHDRAWN = "consent-withdrawn", "其中一份记录最后撤回过同意。合并后按最后一次的意思,这项同意不再有效。"
    TWO_UNITS = "two-units", "两份记录计入不同的单位。合并后按保留记录的单位计算,如不正确请随后办理转移。"


def _note_merge(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Say where the record went, and let those merged into it before lead there too."""
    done = reassign(session, PersonMerge.__table__, from_id, into_id, "into_id")
    session.add(PersonMerge(person_id=from_id, into_id=into_id, merged_at=now))
    return done


def _merge_accounts(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, _now: dt.datetime) -> Moved:
    """Let whoever is or acts for one record be or act for the other; of two relations the closer one stays."""
    query = sa.select(PersonAccount).where(PersonAccount.person_id.in_((from_id, into_id)))
    links = list(session.scalars(query))
    theirs = {link.account_id: (link.relation, link.created_at) for link in links if link.person_id == from_id}
    ours = {link.account_id: link for link in links if link.person_id == into_id}
    both_are_somebody = all(
        any(link.person_id == one and link.relation == SELF for link in links) for one in (from_id, into_id)
    )
    for link in links:  # an account is itself once, so theirs go before ours become closer
        if link.person_id == from_id:
            session.delete(link)
    session.flush()
    for account_id, (relation, created_at) in theirs.items():
        known = ours.get(account_id)
        if known is not None:
            known.relation = min(known.relation, relation, key=STRENGTH.index)
        else:
            session.add(
                PersonAccount(person_id=into_id, account_id=account_id, relation=relation, created_at=created_at)
            )
    ended = len(theirs.keys() & ours.keys())
    return Moved(len(theirs) - ended, ended, notes=(RecordNote.BOTH_ACCOUNTS,) if both_are_somebody else ())


def _merge_exports(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, _now: dt.datetime) -> Moved:
    """Let one person read of every export that either record was in."""
    return Moved(*exports.follow_merge(session, from_id, into_id))


def _merge_invitations(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Keep one invitation: the survivor's, else the other's, which is answered where the survivor is registered."""
    theirs, ours = session.get(Invitation, from_id), session.get(Invitation, into_id)
    if theirs is None:
        return Moved()
    if ours is not None:
        session.delete(theirs)
        return Moved(ended=1, notes=(RecordNote.BOTH_INVITED,))
    values: dict[str, object] = {"person_id": into_id}
    if theirs.claimed_at is None and session.get_one(Person, into_id).status != PersonStatus.INVITED:
        values |= {"claimed_at": now, "counts_on": None}
    session.execute(sa.update(Invitation).where(Invitation.person_id == from_id).values(values))
    session.expire(theirs)
    return Moved(1)


def _merge_consents(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Let the survivor have what was agreed to; of a yes and a withdrawal in the other record the last word holds.

    The consent to be registered at all is not asked: the registration itself is what is merged.
    """
    said = consents.history_of(session, (from_id, into_id))
    done = reassign(session, Consent.__table__, from_id, into_id)
    session.expire_all()
    closed = [kind for kind in ConsentKind if kind is not ConsentKind.REGISTRATION and _ends_with_no(said, kind)]
    if not consents.close(session, into_id, closed, now, "keeper"):
        return done
    return Moved(done.moved, notes=(RecordNote.WITHDRAWN,))


def _ends_with_no(said: Sequence[Consent], kind: ConsentKind) -> bool:
    """Whether the last that a person said of one kind, under either record, was a withdrawal."""
    about = [one for one in said if one.kind == kind]
    given = max((one.given_at for one in about), default=None)
    withdrawn = max((one.withdrawn_at for one in about if one.withdrawn_at), default=None)
    return given is not None and withdrawn is not None and withdrawn >= given


def _merge_memberships(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """End the merged record's memberships today and hand on what the survivor has not; past days stay as they were."""
    found = memberships.merge(session, from_id, into_id, today(now), now)
    notes = (RecordNote.TWO_UNITS,) if found.is_split else ()
    return Moved(found.joined, found.ended - found.joined, found.kept, notes)


def _merge_messages(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, _now: dt.datetime) -> Moved:
    """Let the survivor read the other's messages."""
    return Moved(notifications.hand_on(session, from_id, into_id))


def _merge_changes(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """End what waits about the merged record, and keep the rest as the survivor's history."""
    changing.end_open(session, from_id, now)
    return reassign(session, PersonChange.__table__, from_id, into_id)


TABLES: Final[Mapping[str, Merger]] = {
    "person_merges": Merger("以前合并的记录", _note_merge, frozenset({"person_id"}), Turn.RECORD),
    "memberships": Merger("所属单位", _merge_memberships, frozenset({"person_id"})),
    "person_accounts": Merger("登录账号", _merge_accounts),
    "invitations": Merger("邀请", _merge_invitations),
    "exported_persons": Merger("导出记录", _merge_exports),
    "consents": Merger("同意书", _merge_consents),
    "unit_requests": Merger("更换单位的申请", unit_changes.merge),
    "denials": reassigning(Denial.__table__, "否认注册的申诉"),
    "outbox_messages": Merger("站内消息", _merge_messages, turn=Turn.WORDS),
    "unmask_requests": reassigning(UnmaskRequest.__table__, "查看未成年人信息的申请"),
    "person_changes": Merger("更换手机号和更正身份的申请", _merge_changes),
    "person_statuses": staying("注册状态的历史", "person_id"),
}
