"""What carries an SMS: `demo` shows codes in the answer instead, `console` writes to the log, a provider sends.

`none` has no SMS at all. Source: contract, Start (VOLUNTEER_SMS).
"""

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from volunteer.config import Settings
from volunteer.notifications.aliyun import Aliyun
from volunteer.notifications.rules import Outcome
from volunteer.notifications.texts import TEXTS, template_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sms:
    """One message to one phone; `id` is the same at every try, and the provider keeps it."""

    id: uuid.UUID
    kind: str
    phone: str
    values: Mapping[str, str]
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try: the provider's word for it, and its reference where it took the message."""

    outcome: Outcome
    code: str
    reference: str | None = None


class Sender(Protocol):
    """One way to send a text message. Neither call raises."""

    def send(self, sms: Sms, now: dt.datetime) -> Result:
        """Try once."""

    def was_taken(self, sms: Sms, now: dt.datetime) -> bool | None:
        """Whether a try of which no answer came was taken after all; None where that cannot be learnt now."""


class DemoSender:
    """Sends nothing: with VOLUNTEER_SMS=demo the answer to a code request carries the code."""

    def send(self, sms: Sms, now: dt.datetime) -> Result:
        """Do nothing; the demo runs on loopback alone."""
        return Result(Outcome.SENT, "demo")

    def was_taken(self, sms: Sms, now: dt.datetime) -> bool | None:
        """Nothing was."""
        return False


class ConsoleSender:
    """Writes messages to the log of the process, phone, code and all: for developing, on loopback alone."""

    def send(self, sms: Sms, now: dt.datetime) -> Result:
        """Write the message."""
        log.info("SMS to %s: %s", sms.phone, TEXTS[sms.kind].fill(sms.values))
        return Result(Outcome.SENT, "console")

    def was_taken(self, sms: Sms, now: dt.datetime) -> bool | None:
        """Nobody knows; a second line in a log harms nobody."""
        return False


class AliyunSender:
    """Alibaba Cloud's SMS: one template a kind, the message's id as the provider's OutId."""

    def __init__(self, client: Aliyun, templates: Mapping[str, str]) -> None:
        self.client, self.templates = client, templates

    def send(self, sms: Sms, now: dt.datetime) -> Result:
        """Send by the template of the kind; a kind whose template was taken out of the settings is refused."""
        template = template_of(sms.kind, self.templates)
        if template is None:
            return Result(Outcome.REFUSED, "no-template")
        return Result(*self.client.send(sms.phone, template, dict(sms.values), str(sms.id), now))

    def was_taken(self, sms: Sms, now: dt.datetime) -> bool | None:
        """Look the message up among those sent to the phone that day."""
        return self.client.was_taken(sms.phone, str(sms.id), sms.created_at, now)


def _aliyun(conf: Settings) -> Sender:
    """Return the sender of the account in the settings."""
    account = conf.sms_account
    assert account is not None  # noqa: S101 - read_settings has seen to it
    return AliyunSender(
        Aliyun(account.url, account.key_id, account.key_secret, account.sign, conf.zone), account.templates
    )


SENDERS: Final[Mapping[str, Callable[[Settings], Sender]]] = {
    "demo": lambda _: DemoSender(),
    "console": lambda _: ConsoleSender(),
    "aliyun": _aliyun,
}


def sender_of(conf: Settings) -> Sender | None:
    """Return what carries an SMS of this installation; None where there is none."""
    make = SENDERS.get(conf.sms)
    return make(conf) if make else None


def carries(conf: Settings, kind: str) -> bool:
    """Whether messages of this kind go by SMS here."""
    if kind not in TEXTS or conf.sms not in SENDERS:
        return False
    return conf.sms_account is None or template_of(kind, conf.sms_account.templates) is not None
