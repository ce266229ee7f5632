"""The table of the site's settings, a row for each time that they were saved."""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from volunteer.database import Base


class SiteVersion(Base):
    """The settings as they were saved: appended, never changed; the highest version is in force. None = not set."""

    __tablename__ = "site_versions"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str | None] = mapped_column(sa.String(50))
    issuer: Mapped[str | None] = mapped_column(sa.String(100))
    organizer: Mapped[str | None] = mapped_column(sa.String(100))
    helpline: Mapped[str | None] = mapped_column(sa.String(30))
    helpline_hours: Mapped[str | None] = mapped_column(sa.String(100))
    filing_number: Mapped[str | None] = mapped_column(sa.String(60))
    set_by: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("accounts.id"))
    set_at: Mapped[dt.datetime]
