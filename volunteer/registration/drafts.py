"""What was typed in the first steps of registering, carried to the next ones sealed.

The page holds it in a hidden field that nobody can read or change, bound to one browser and good for two hours; the
server keeps nothing of somebody who never comes to the end. So no identity number stands in a page or a log.
"""

import base64
import binascii
import datetime as dt
import json
import uuid
from collections.abc import Mapping

from volunteer.config import settings
from volunteer.sealing import SealError

LIFE = dt.timedelta(hours=2)
WHERE = ("registration_drafts", "typed")


def close(typed: Mapping[str, str], browser: uuid.UUID, now: dt.datetime) -> str:
    """Return what was typed, sealed for this browser."""
    text = json.dumps({"at": now.timestamp(), "typed": dict(typed)})
    return base64.urlsafe_b64encode(settings().keyring.seal(text, *WHERE, browser)).decode()


def reopen(sealed: str, browser: uuid.UUID, now: dt.datetime) -> dict[str, str] | None:
    """Return what was typed, or None if it is too old, another browser's, or not ours."""
    try:
        text = settings().keyring.open(base64.urlsafe_b64decode(sealed), *WHERE, browser)
    except (SealError, ValueError, binascii.Error):
        return None
    kept = json.loads(text)
    is_live = now.timestamp() - kept["at"] <= LIFE.total_seconds()
    return dict(kept["typed"]) if is_live else None
