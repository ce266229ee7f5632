"""What carries an SMS. `demo` shows codes in the answer instead of sending; `none` has no SMS at all."""

from typing import Protocol


class Sender(Protocol):
    """One way to send a text message."""

    def send(self, phone: str, text: str) -> None:
        """Send `text` to the mobile number `phone`; raise SendError if the provider did not take it."""


class SendError(Exception):
    """The provider did not take the message; it stays in the outbox and is tried again."""


class DemoSender:
    """Sends nothing: with VOLUNTEER_SMS=demo the answer to a code request carries the code."""

    def send(self, phone: str, text: str) -> None:
        """Do nothing; the demo runs on loopback alone."""


SENDERS: dict[str, Sender] = {"demo": DemoSender()}
