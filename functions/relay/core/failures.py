"""Twilio's error codes by what they mean for a cascade: a table, because peers disagree and it must be easy to change.

Sources: Twilio's error dictionary (docs/api/errors) for the meaning; the classes are this project's judgement.
Every row is tested, plus an unknown code. No code elsewhere reads an error's message text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureClass(StrEnum):
    NOT_PROCESSED = "not_processed"  # Twilio never took it: safe to try again
    AMBIGUOUS = "ambiguous"  # it may have left: never blindly repeated
    TRANSIENT = "transient"  # this carrier, now: may work in a moment
    RECIPIENT = "recipient"  # this handler cannot be reached
    SENDER = "sender"  # our number or account: the next tier will fail too
    CONTENT = "content"  # this text, on this route
    UNKNOWN_CODE = "unknown_code"  # treated as transient, logged with its code


# The classes after which the same tier is tried again by its schedule. The others go to the next tier at once.
# A sender problem is retried because going on faster would only exhaust the tiers faster.
RETRIED_IN_TIER = frozenset(
    {
        FailureClass.NOT_PROCESSED,
        FailureClass.TRANSIENT,
        FailureClass.SENDER,
        FailureClass.UNKNOWN_CODE,
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What a code means, in words an operator can act on."""

    failure_class: FailureClass
    words: str
    advice: str


_WAIT = "Nothing to do: the relay tries again by itself."
_HANDLER = "Check this handler's number and phone; until then the next tier gets the texts."
_ACCOUNT = "Check the Twilio account and the sending number in the Twilio console, then redrive."
_CONTENT = "Read the text in the record and pass it on by hand if the next tier did not get it."

_N, _A, _T = FailureClass.NOT_PROCESSED, FailureClass.AMBIGUOUS, FailureClass.TRANSIENT
_R, _S, _C = FailureClass.RECIPIENT, FailureClass.SENDER, FailureClass.CONTENT

TABLE: dict[int, Failure] = {
    20429: Failure(_N, "Twilio was receiving too many requests", _WAIT),
    20503: Failure(_N, "Twilio was temporarily unavailable", _WAIT),
    20500: Failure(_A, "Twilio had an internal error and may or may not have sent the text", _WAIT),
    30001: Failure(_T, "Twilio's queue for this sender overflowed", _WAIT),
    30003: Failure(_T, "the handset is unreachable: off, or out of coverage", _WAIT),
    30008: Failure(_T, "the carrier failed for an unknown reason", _WAIT),
    30017: Failure(_T, "the carrier's network was congested", _WAIT),
    30022: Failure(_T, "the carrier's rate limit for this sender was exceeded", _WAIT),
    30036: Failure(_T, "the text was still queued when its validity period ended", _WAIT),
    30410: Failure(_T, "the provider timed out", _WAIT),
    30500: Failure(_T, "the provider had an internal error", _WAIT),
    21211: Failure(_R, "the handler's number is not a valid phone number", _HANDLER),
    21610: Failure(_R, "the handler has opted out by texting STOP", "Ask the handler to text START to the number."),
    21612: Failure(_R, "Twilio cannot route a text to this handler's number", _HANDLER),
    21614: Failure(_R, "the handler's number cannot receive texts (a landline?)", _HANDLER),
    30004: Failure(_R, "the handler's phone or carrier blocks the text", _HANDLER),
    30005: Failure(_R, "the handler's number does not exist or is switched off for good", _HANDLER),
    30006: Failure(_R, "the handler's number is a landline or its carrier is unreachable", _HANDLER),
    20003: Failure(_S, "Twilio refused our credentials", "Check the auth token or API key (docs: rotate a token)."),
    20005: Failure(_S, "the Twilio account is not active", _ACCOUNT),
    21212: Failure(_S, "our sending number is not valid", _ACCOUNT),
    21408: Failure(_S, "the account may not text this region", _ACCOUNT),
    21606: Failure(_S, "our sending number may not send texts", _ACCOUNT),
    21611: Failure(_S, "our sending number's queue is full", _ACCOUNT),
    30002: Failure(_S, "the Twilio account is suspended", _ACCOUNT),
    30024: Failure(_S, "our sending number is not provisioned with the carrier", _ACCOUNT),
    30032: Failure(_S, "our toll-free number is not verified", _ACCOUNT),
    30034: Failure(_S, "our number is not registered for A2P 10DLC", _ACCOUNT),
    63038: Failure(_S, "the account's daily message limit is used up", _ACCOUNT),
    21617: Failure(_C, "the text is too long for one message", _CONTENT),
    21620: Failure(_C, "an attachment's address is not valid", _CONTENT),
    30007: Failure(_C, "a carrier filtered the text as unwanted", _CONTENT),
    30011: Failure(_C, "the route cannot carry attachments", _CONTENT),
    30019: Failure(_C, "the content is too large for the carrier", _CONTENT),
}

_UNKNOWN = Failure(
    FailureClass.UNKNOWN_CODE,
    "Twilio gave a code that this relay does not know",
    "Look the code up in Twilio's error dictionary; the relay treats it as a passing failure.",
)
_NO_CODE = Failure(FailureClass.TRANSIENT, "no reason was given", _WAIT)
_REFUSED_CONNECTION = Failure(_N, "Twilio could not be reached at all", _WAIT)

_NOT_STARTED = Failure(_N, "there was no time left to send it in an orderly way", _WAIT)

# Our own stand-ins where Twilio gave no code and certainly processed nothing: the connection was refused, or we did not
# even try.
CONNECTION_REFUSED = 0
NOT_STARTED = -1


def classify(code: int | None) -> Failure:
    """What this error code means; an unknown one is transient, a missing one too. Never raises."""
    if code is None:
        return _NO_CODE
    if code == CONNECTION_REFUSED:
        return _REFUSED_CONNECTION
    if code == NOT_STARTED:
        return _NOT_STARTED
    return TABLE.get(code, _UNKNOWN)


def is_retried_in_tier(code: int | None) -> bool:
    """Whether the same tier is tried again by its schedule after this code."""
    return classify(code).failure_class in RETRIED_IN_TIER
