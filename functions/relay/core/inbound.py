"""A text that came in, as the provider hands it over, and the files that came with it. model.py hands them on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from relay.core.foreign import Rest
from relay.core.words import Consent


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a text and is kept at the provider.

    Attributes:
        content_type: "" when it is not known.
        is_in_words: it held words, which are part of the text's own by now.
    """

    media_id: str
    content_type: str = ""
    is_in_words: bool = False
    rest: Rest = field(default=(), hash=False)


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text as the provider hands it over. Phones are E.164 where the sender has such a number.

    `attachments` are those of the `media_count` files whose ids were told. `recipient_address` is our address as the
    provider wrote it, where that says more than `recipient_phone`: by which channel the text came, to which agent.
    `consent` is None where nothing was said of it. `media_token` is the secret that its files can be opened by, made
    when it was taken in; "" for a text without files. `written_at` is when the provider took it in, where that
    was well before it came to us.
    """

    message_id: str
    sender_phone: str
    recipient_phone: str
    body: str
    media_count: int = 0
    attachments: tuple[Attachment, ...] = ()
    recipient_address: str = ""
    consent: Consent | None = None
    media_token: str = ""
    written_at: datetime | None = None
