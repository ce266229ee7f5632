"""Which two records may be made one, and which way round. Pure decisions.

Source: peers.md T37 (never by name or phone alone), T38; decisions 17; domain.md H2.
"""

import datetime as dt
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from volunteer.errors import Worded
from volunteer.registration.rules import IdType, PersonStatus

_S = PersonStatus
STANDING: Final = MappingProxyType({_S.INVITED: 0, _S.UNPROVEN: 1, _S.LEFT: 2, _S.REGISTERED: 3, _S.SUSPENDED: 4})
"""How far along a record is: the one further along is kept, so that a merge neither registers nor lifts anything."""

PROVED: Final = frozenset({_S.LEFT, _S.REGISTERED, _S.SUSPENDED})
"""The statuses of whose paper or phone was proved; the number of anybody else may be a slip of the pen."""


class MergeReason(Worded):
    """Why two records may not be merged; the value is the permanent code."""

    SAME_RECORD = "same-record", "这是同一份记录,请选择另一份记录。"
    GONE = "gone", "其中一份记录已注销或已合并,请刷新后重新选择。"
    KEEP_THE_OTHER = (
        "keep-the-other",
        "另一份记录的注册状态更进一步(例如已核实或已暂停),请保留那一份,把这一份合并过去。",
    )
    TWO_RESIDENT_IDS = (
        "two-resident-ids",
        "两份记录的居民身份证号码不同,通常是两个人。确属同一个人(例如号码更正过)的,请核对公安机关的证明后勾选确认。",
    )
    ERASURE_ASKED = "erasure-asked", "其中一份记录已申请注销,请等注销完成,或请本人先撤回申请。"
    DENIED = "denied", "有人否认其中一份记录是本人注册的,请先处理这项申诉。"
    OWN_RECORD = "own-record", "其中一份是您本人或您代办的人的记录,请由另一位管理员办理。"


class MergeWarning(Worded):
    """What speaks against two records being one person, without forbidding it; the value is the permanent code."""

    BIRTH_DATES = "birth-dates-differ", "两份记录的出生日期不同,请对照证件核对。"
    SEXES = "sexes-differ", "两份记录的性别不同,请对照证件核对。"
    NAMES = "names-differ", "两份记录的姓名不同,请对照证件核对。"


class Likeness(Worded):
    """Why a record is shown as perhaps the same person; the value is the permanent code."""

    NAME_AND_BIRTH_DATE = "same-name-and-birth-date", "姓名和出生日期相同,也可能是同名的人,请核对证件。"
    PHONE = "same-phone", "手机号相同,也可能是家人共用,请核对证件。"


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """One record as this judgement sees it.

    Attributes:
        is_denied: somebody says that they never agreed to it, and nobody has decided yet.
        is_own: the caller is this person or acts for them.
    """

    status: PersonStatus
    id_type: IdType | None
    identity: bytes | None
    birth_date: dt.date
    sex: str | None
    name: str
    is_erasure_asked: bool
    is_denied: bool
    is_own: bool


def merge_reasons(kept: RecordFacts, merged: RecordFacts, *, is_paper_seen: bool = False) -> tuple[MergeReason, ...]:
    """Return everything that forbids merging `merged` into `kept`.

    Two different resident numbers are two people, unless one of the two was never proved (a slip of the pen on a list
    or form), or whoever merges has seen the paper that says so (`is_paper_seen`).
    """
    if not {kept.status, merged.status} <= STANDING.keys():
        return (MergeReason.GONE,)
    tests = {
        MergeReason.KEEP_THE_OTHER: STANDING[merged.status] > STANDING[kept.status],
        MergeReason.TWO_RESIDENT_IDS: not is_paper_seen and _are_two_people(kept, merged),
        MergeReason.ERASURE_ASKED: kept.is_erasure_asked or merged.is_erasure_asked,
        MergeReason.DENIED: kept.is_denied or merged.is_denied,
        MergeReason.OWN_RECORD: kept.is_own or merged.is_own,
    }
    return tuple(reason for reason, is_so in tests.items() if is_so)


def _are_two_people(kept: RecordFacts, merged: RecordFacts) -> bool:
    """Whether both were proved by resident numbers, and these differ."""
    both = (kept, merged)
    proved = all(one.id_type is IdType.RESIDENT_ID and one.status in PROVED for one in both)
    return proved and kept.identity != merged.identity


def keeps_identity(kept: RecordFacts, merged: RecordFacts) -> bool:
    """Whether the merged record goes on holding its identity, so that a registration with that paper is recognised.

    A resident number that was never proved and is not the other's is taken for a slip: kept, it would bar whoever
    really has it.
    """
    resident = IdType.RESIDENT_ID
    is_slip = merged.status not in PROVED and merged.id_type is resident and kept.id_type is resident
    return not is_slip


def merge_warnings(kept: RecordFacts, merged: RecordFacts) -> tuple[MergeWarning, ...]:
    """Return what whoever merges should look at once more."""
    tests = {
        MergeWarning.NAMES: kept.name != merged.name,
        MergeWarning.BIRTH_DATES: kept.birth_date != merged.birth_date,
        MergeWarning.SEXES: None not in (kept.sex, merged.sex) and kept.sex != merged.sex,
    }
    return tuple(warning for warning, is_so in tests.items() if is_so)


def takes_identity(kept: RecordFacts, merged: RecordFacts) -> bool:
    """Whether the record that is kept takes the other's identity: a proved resident number goes before other papers."""
    return (
        merged.id_type is IdType.RESIDENT_ID
        and merged.status in PROVED
        and kept.id_type is not None
        and kept.id_type is not IdType.RESIDENT_ID
    )
