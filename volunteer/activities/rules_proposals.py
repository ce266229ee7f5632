"""What becomes of an activity that a unit proposes to a station: who holds the pen, and who may do what next. Pure.

A proposal is a draft that names the unit. The unit writes it and hands it in; the station takes it over, after which it
is a draft of the station like any other, or sends it back with a reason. It is published only by the way that every
activity goes. Source: ux.md U8; decisions 6 (where, who), 14; contract, Activities (second person).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from volunteer.errors import Worded


class ProposalState(StrEnum):
    """Where a proposal stands."""

    WRITING = "writing"
    PROPOSED = "proposed"
    SENT_BACK = "sent-back"
    TAKEN_OVER = "taken-over"
    DROPPED = "dropped"


_P = ProposalState
MOVES: Final[Mapping[ProposalState, frozenset[ProposalState]]] = MappingProxyType(
    {
        _P.WRITING: frozenset({_P.PROPOSED, _P.DROPPED}),
        _P.PROPOSED: frozenset({_P.WRITING, _P.SENT_BACK, _P.TAKEN_OVER}),
        _P.SENT_BACK: frozenset({_P.PROPOSED, _P.DROPPED}),
        _P.TAKEN_OVER: frozenset(),
        _P.DROPPED: frozenset(),
    }
)
"""The one table of allowed moves of a proposal."""

WITH_UNIT: Final = frozenset({_P.WRITING, _P.SENT_BACK})
"""The unit holds the pen: it may change the draft."""

UNSEEN: Final = frozenset({_P.WRITING, _P.DROPPED})
"""The station is not concerned: it does not see the draft."""

BY_STATION: Final = frozenset({_P.SENT_BACK, _P.TAKEN_OVER})
"""What the station decides; all other moves are the unit's."""


class ProposalRefusal(Worded):
    """Why a step is refused; the value is the permanent code."""

    NOT_TAKEN_OVER = "not-taken-over", "这是单位提议的活动,请先接手,再修改或提交。"
    WITH_STATION = "with-station", "已交给站点,请等站点接手或退回;要修改,请先收回。"
    TAKEN_OVER = "taken-over", "站点已经接手,现在由站点修改和提交;有变动请联系站点。"
    DROPPED = "dropped", "这个提议已经放弃,请另外新建一个。"
    NOT_WITH_STATION = "not-with-station", "这个提议现在不在站点手里,请等单位重新交来。"
    ALREADY_BACK = "already-back", "站点已经退回,现在就可以修改,再交给站点。"
    ALL_OVER = "all-over", "班次都已经结束,请先修改班次时间,再交给站点。"


def why_not(state: ProposalState, new: ProposalState) -> ProposalRefusal | None:
    """Return why a proposal cannot go from `state` to `new`; None where it can, and where it is there already."""
    if new is state or new in MOVES[state]:
        return None
    if state is _P.TAKEN_OVER:
        return ProposalRefusal.TAKEN_OVER
    if state is _P.DROPPED:
        return ProposalRefusal.DROPPED
    if new in BY_STATION:
        return ProposalRefusal.NOT_WITH_STATION
    return ProposalRefusal.ALREADY_BACK if state is _P.SENT_BACK else ProposalRefusal.WITH_STATION


def why_not_rewrite(state: ProposalState) -> ProposalRefusal | None:
    """Return why the unit may not change the draft as it stands; None where it may."""
    if state in WITH_UNIT:
        return None
    found = {_P.TAKEN_OVER: ProposalRefusal.TAKEN_OVER, _P.DROPPED: ProposalRefusal.DROPPED}
    return found.get(state, ProposalRefusal.WITH_STATION)
