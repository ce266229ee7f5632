"""How proofs follow a merge of two records: what was issued to the merged one is superseded, and stays verifiable."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from volunteer.certificates.models import Certificate
from volunteer.errors import Worded
from volunteer.registration.merging import Merger, Moved, reassign


class CertificateNote(Worded):
    """What becomes of proofs in a merge; the value is the permanent code."""

    SUPERSEDED = "certificates-superseded", "被合并的记录开具过证明。合并后这些证明失效,可以免费重新开具。"


def merge_certificates(session: Session, from_id: uuid.UUID, into_id: uuid.UUID, now: dt.datetime) -> Moved:
    """Supersede what still holds of the merged record, and let the survivor have all of them."""
    holding = sa.update(Certificate).where(
        Certificate.person_id == from_id, Certificate.superseded_at.is_(None), Certificate.revoked_at.is_(None)
    )
    ended = int(session.execute(holding.values(superseded_at=now)).rowcount)  # type: ignore[attr-defined]
    done = reassign(session, Certificate.__table__, from_id, into_id)
    session.expire_all()
    return Moved(done.moved, notes=(CertificateNote.SUPERSEDED,) if ended else ())


TABLES: Final[Mapping[str, Merger]] = {"certificates": Merger("服务证明", merge_certificates)}
