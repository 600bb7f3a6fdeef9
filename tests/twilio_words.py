"""What tests say in Twilio's words, codes and statuses, as the values that its room makes of them."""

from __future__ import annotations

from datetime import datetime

from relay.ports import OutgoingText, Refused, SentMessage
from relay.twilio.codes import refusal_of
from relay.twilio.forms import status_callback_url
from relay.twilio.statuses import receipt_of

BASE_URL = "https://relay.example.com"


def refusal(code: int, status: int = 400) -> Refused:
    """Twilio's answer to a POST with this HTTP status and code; below 1000 the status stands for a code."""
    return Refused(refusal_of(status, code) if code >= 1000 else refusal_of(code, None))


def seen(sid: str, status: str, code: int | None, to: str, from_: str, body: str, created_at: datetime) -> SentMessage:
    """A text of ours as Twilio's list shows it."""
    return SentMessage(sid, receipt_of(sid, status, str(code or "")), to, from_, body, created_at)


def callback_of(text: OutgoingText) -> str:
    """The URL that Twilio is given for the receipts of this text."""
    return status_callback_url(BASE_URL, text.message_id, text.tier, text.attempt)


def word_and_code(found: SentMessage) -> tuple[str, int | None]:
    """The status of a text of ours in Twilio's word, with its code."""
    assert found.receipt is not None
    failure = found.receipt.failure
    return found.receipt.word, failure.code if failure else None
