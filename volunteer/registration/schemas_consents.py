"""Bodies and answers about consents and notices."""

from typing import Any

from marshmallow import fields, validate

from volunteer.registration.rules_consents import LONGEST_SUMMARY, LONGEST_TEXT, SEPARATE, ConsentKind
from volunteer.web.schemas import BaseSchema, Choice, Day, Id, Instant, QuerySchema, Text, Truth


class LongText(Text):
    """Text of several lines, as a form or JSON sends them."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return super()._deserialize(value.replace("\r\n", "\n") if isinstance(value, str) else value, *args, **kwargs)


class NoticesQuery(QuerySchema):
    """Which notice, and which version of it; by default that of registration, and the one in force."""

    kind = Choice(ConsentKind, load_default=ConsentKind.REGISTRATION.value)
    version = Text(40, load_default=None)


class NoticeOut(BaseSchema):
    """A notice in force; `summary` is what was new in it."""

    kind = Choice(ConsentKind)
    version = fields.String()
    text = fields.String()
    summary = fields.String()


class NoticeMadeOut(BaseSchema):
    """Which notice it is."""

    id = Id()


class StandingOut(BaseSchema):
    """Where a person stands with one consent: the version in force, and the one they agreed to, if any."""

    kind = Choice(ConsentKind)
    version = fields.String()
    given_version = fields.String(allow_none=True)
    given_at = Instant(allow_none=True)
    asks_again = Truth()


class ConsentIn(BaseSchema):
    """A yes to the version that was read; whose, where it is a ward's."""

    version = Text(40, required=True)
    volunteer_id = Id(load_default=None)


class PaperConsentsIn(BaseSchema):
    """What somebody signed on paper, and where the paper lies."""

    kinds = fields.List(
        Choice([kind.value for kind in SEPARATE]),
        required=True,
        validate=validate.Length(1, len(SEPARATE), error="length|请勾选同意书上签署的项目。"),
    )
    paper_consent_reference = Text(100, required=True)


class NoticeIn(BaseSchema):
    """A draft: the text, what is new in it, and whether its purposes differ from those before."""

    kind = Choice(ConsentKind, required=True)
    text = LongText(LONGEST_TEXT, required=True)
    summary = Text(LONGEST_SUMMARY, required=True)
    changes_purposes = Truth(load_default=False)


class PublishIn(BaseSchema):
    """From which day on."""

    from_on = Day(required=True)
