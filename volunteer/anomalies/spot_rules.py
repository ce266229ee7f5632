"""Drawing by lot so that anybody can draw again: the order is that of SHA-256 over seed and id. Pure.

The population is published as a number and a digest, the seed is random and recorded at the draw; whoever has the list
of ids finds the same sample. Source: Order 67 Art. 21, 22 (random checks, results published); domain.md g1 F2, F13.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

QUESTIONS: Final = ("present", "content", "duration", "known")
"""Was the person there, is the content true, is the duration plausible, does the person know of it."""
QUESTION_WORDS: Final = {
    "present": "本人到场",
    "content": "内容属实",
    "duration": "时长合理",
    "known": "本人知情",
}
QUESTION_HELP: Final = {
    "present": "问本人和同班次的人,当天是否到场。",
    "content": "实际做的事与活动内容是否一致。",
    "duration": "开始和结束的时间与签到记录是否相符。",
    "known": "本人是否知道有这条记录。",
}


class Answer(StrEnum):
    """What a check found about one question."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"

    @property
    def label(self) -> str:
        """The Chinese word for it."""
        return {"yes": "是", "no": "否", "unclear": "不清楚"}[self]


class Involved(StrEnum):
    """Why somebody does not check a record: a checker has no part in what is checked."""

    SELF = "self"
    RECORDED = "recorded"
    OWN_STATION = "own-station"
    DECIDED = "decided"

    @property
    def message(self) -> str:
        """What it means for whoever is refused."""
        return _INVOLVED[self]


_INVOLVED: Final = {
    Involved.SELF: "您是本人或其监护人、家人,请由另一位管理员核查。",
    Involved.RECORDED: "这次签到由您记录,请由另一位管理员核查。",
    Involved.OWN_STATION: "您负责这个站点或班次,请由另一位管理员核查。",
    Involved.DECIDED: "这条时长由您审批,请由另一位管理员核查。",
}


def population_bytes(ids: Iterable[uuid.UUID]) -> bytes:
    """Return a population as it is kept and digested: its ids in order, each as 16 bytes."""
    return b"".join(one.bytes for one in sorted(ids))


def ids_of(population: bytes) -> list[uuid.UUID]:
    """Return the ids of a population that was kept."""
    return [uuid.UUID(bytes=population[start : start + 16]) for start in range(0, len(population), 16)]


def population_digest(ids: Iterable[uuid.UUID]) -> str:
    """Return the digest of a population: SHA-256 over its ids in order, each as 16 bytes."""
    return hashlib.sha256(population_bytes(ids)).hexdigest()


def draw(ids: Collection[uuid.UUID], seed: bytes, size: int) -> list[uuid.UUID]:
    """Return so many of the ids, in the order of SHA-256(seed, id); all of them where there are no more."""
    return sorted(set(ids), key=lambda one: (hashlib.sha256(seed + one.bytes).digest(), one))[:size]


def summary(answers: Collection[dict[str, str]]) -> dict[str, int]:
    """Return how many records were checked, passed whole, are unclear (nothing wrong), and failed by question."""
    found = {"checked": len(answers), "passed": sum(all(v == "yes" for v in one.values()) for one in answers)}
    found["unclear"] = sum(Answer.UNCLEAR in one.values() and Answer.NO not in one.values() for one in answers)
    for name in QUESTIONS:
        found[f"failed_{name}"] = sum(one.get(name) == Answer.NO for one in answers)
    return found
