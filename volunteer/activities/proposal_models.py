"""What units propose: where each proposal stands, and every step it took, which nobody changes."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.activities.rules_proposals import ProposalState
from volunteer.database import Base, one_of


class ActivityProposal(Base):
    """That a draft was proposed by the unit that organises it, and where it stands since when."""

    __tablename__ = "activity_proposals"

    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activities.id"), primary_key=True)
    state: Mapped[str] = mapped_column(sa.String(12), index=True)
    changed_at: Mapped[dt.datetime]

    __table_args__ = (one_of("state", ProposalState),)


class ProposalStep(Base):
    """One step: what a proposal became, at which station it lay, by whom, and why it was sent back."""

    __tablename__ = "activity_proposal_steps"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    activity_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("activity_proposals.activity_id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(12))
    station_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("stations.id"))
    taken_by: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("accounts.id"))
    taken_at: Mapped[dt.datetime]
    reason: Mapped[str | None] = mapped_column(sa.String(500))

    __table_args__ = (
        one_of("state", ProposalState),
        sa.CheckConstraint("(state = 'sent-back') = (reason IS NOT NULL)", name="sent_back_says_why"),
    )
