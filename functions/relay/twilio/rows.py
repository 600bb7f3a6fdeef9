"""Rows of Twilio's message list as the relay's values. Nearly every field of a row may be missing.

A row that is not whole says so, and hides no other row: what lacks an id, a number, a time or its words is left to the
caller, who knows what that means for a text of ours and for one that came in.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from relay.ports import ReceivedMessage, SentMessage
from relay.twilio.statuses import receipt_of
from relay.twilio.texts import MESSAGE_SID, address, canonical, text_of

# What a trial account's texts begin with, in Twilio's own words.
_TRIAL_PREFIX = re.compile(r"\s*Sent from (?:your|a) Twilio trial account\s*-?\s*", re.IGNORECASE)
# What stands in the place of words, or of the end of a number, that Twilio was told to redact.
_REDACTED_WORDS = re.compile(r"[\W_xX]*|\W*redacted\W*", re.IGNORECASE)
# The status of a text that Twilio has taken in, whose row is whole; and those of one that it does not hand over.
_WHOLE = frozenset({"received"})
_STOPPED = frozenset({"failed", "undelivered", "canceled"})
# Twilio took the text for one of two machines that answer each other, and kept it from us.
_LOOPS = frozenset({"30039"})
# Before it Twilio sent no texts.
_FIRST_YEAR = 2010
_REDACTED_NUMBER = re.compile(r"[xX*#\u2022\u2588]{2}")
_READ = "sid status error_code to from_ body num_media direction date_created date_sent"
# A row that cannot be read at all: it shows nothing.
UNREADABLE = SimpleNamespace(**dict.fromkeys(_READ.split()))


def is_sent(message: Any) -> bool:
    """Whether a row can be one of a text of ours: also when it does not say in which direction it went."""
    return message.direction is None or str(message.direction).startswith("outbound")


def is_received(message: Any) -> bool:
    """Whether a row can be one of a text that came in: any that does not say that we sent it."""
    return not str(message.direction).startswith("outbound")


def sent_message(message: Any) -> SentMessage:
    """Returns what a row says of a text of ours; "" and None for what it does not show."""
    sid = canonical(_text(message.sid))
    status = _text(message.status)
    return SentMessage(
        sent_id=sid,
        receipt=receipt_of(sid, status, str(message.error_code or "")) if status else None,
        to=number_of(message.to),
        from_=number_of(message.from_),
        body=words_of(message.body),
        created_at=time_of(message.date_created),
    )


def received_message(message: Any) -> ReceivedMessage:
    """Returns what a row says of a text that came in, and why it cannot become a relay if it cannot."""
    sid, sender, ours = _text(message.sid), _text(message.from_), _text(message.to)
    # The list tells how many attachments there are, and not their ids.
    count = str(message.num_media)
    media_count = int(count) if re.fullmatch(r"[0-9]{1,2}", count) else 0
    sid, status = sid if MESSAGE_SID.fullmatch(sid) else "", str(message.status)
    at = time_of(message.date_created)
    because = ""
    if status in _STOPPED or str(message.error_code) in _LOOPS:
        because = f"Twilio stopped it ({status}, error {message.error_code})"
    shown = {"no id": sid, "no sender": sender.strip(), "no number of ours": ours, "no time": at}
    lacking = ", ".join(name for name, value in shown.items() if not value)
    text = text_of(sid, sender, ours, _text(message.body), media_count)
    # Without words or status it may get them yet; where it has neither for long, that is all there is.
    is_arriving = status not in _WHOLE or not isinstance(message.body, str)
    return ReceivedMessage(text, at, f"it has {lacking}" if lacking else because, is_arriving)


def number_of(value: object) -> str:
    """Returns a number as a row shows it; "" when it shows none, or one whose digits are redacted."""
    number = _text(value)
    return "" if _REDACTED_NUMBER.search(number) else address(number)


def words_of(body: object) -> str:
    """Returns the words that were sent, as far as a row shows them; "" when it shows none, or redacted ones."""
    words = _TRIAL_PREFIX.sub("", _text(body), count=1)
    return "" if _REDACTED_WORDS.fullmatch(words) else words


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def time_of(value: object) -> datetime | None:
    """Returns one of Twilio's times, which its client has parsed; None when there is none that it could parse.

    The year 1 or 1970 is none either: such a row would count as one of long ago, and never be looked at.
    """
    return value.astimezone(UTC) if isinstance(value, datetime) and value.year >= _FIRST_YEAR else None
