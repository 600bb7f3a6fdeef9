"""Twilio's error codes by what they mean for a cascade: a table, because it must be easy to change.

Sources: Twilio's error dictionary (docs/api/errors) for the meaning; the classes are this project's judgement.
Every row is tested, plus an unknown code.
"""

from __future__ import annotations

from relay.core.failures import NO_REASON, Failure, FailureClass

_N, _A, _T = FailureClass.NOT_PROCESSED, FailureClass.AMBIGUOUS, FailureClass.TRANSIENT
_R, _S, _C = FailureClass.RECIPIENT, FailureClass.SENDER, FailureClass.CONTENT

NOT_FOUND = 20404

_MEANINGS: dict[int, tuple[FailureClass, str]] = {
    20429: (_N, "Twilio was receiving too many requests"),
    20503: (_N, "Twilio was temporarily unavailable"),
    20500: (_A, "Twilio had an internal error and may or may not have sent the text"),
    30001: (_T, "Twilio's queue for this sender overflowed"),
    30003: (_T, "the handset is unreachable: off, or out of coverage"),
    30008: (_T, "the carrier failed for an unknown reason"),
    30017: (_T, "the carrier's network was congested"),
    30022: (_T, "the carrier's rate limit for this sender was exceeded"),
    30036: (_T, "the text was still queued when its validity period ended"),
    30410: (_T, "the provider timed out"),
    30500: (_T, "the provider had an internal error"),
    21211: (_R, "the handler's number is not a valid phone number"),
    21610: (FailureClass.OPTED_OUT, "the handler has opted out by texting STOP"),
    21612: (_R, "Twilio cannot route a text to this handler's number"),
    21614: (_R, "the handler's number cannot receive texts (a landline?)"),
    30004: (_R, "the handler's phone or carrier blocks the text"),
    30005: (_R, "the handler's number does not exist or is switched off for good"),
    30006: (_R, "the handler's number is a landline or its carrier is unreachable"),
    20003: (_S, "Twilio refused our credentials"),
    20005: (_S, "the Twilio account is not active"),
    21212: (_S, "our sending number is not valid"),
    21408: (_S, "the account may not text this region"),
    21606: (_S, "our sending number may not send texts"),
    21611: (_S, "our sending number's queue is full"),
    30002: (_S, "the Twilio account is suspended"),
    30024: (_S, "our sending number is not provisioned with the carrier"),
    30032: (_S, "our toll-free number is not verified"),
    30034: (_S, "our number is not registered for A2P 10DLC"),
    63038: (_S, "the account's daily message limit is used up"),
    21617: (_C, "the text is too long for one message"),
    21620: (_C, "an attachment's address is not valid"),
    30007: (_C, "a carrier filtered the text as unwanted"),
    30011: (_C, "the route cannot carry attachments"),
    30019: (_C, "the content is too large for the carrier"),
}

TABLE: dict[int, Failure] = {code: Failure(*meaning, code) for code, meaning in _MEANINGS.items()}

_UNKNOWN_WORDS = "Twilio gave a code that this relay does not know"


def failure_of(code: int | None) -> Failure:
    """Returns what this error code means; an unknown one is transient, a missing one too. Never raises."""
    if code is None:
        return NO_REASON
    return TABLE.get(code) or Failure(FailureClass.UNKNOWN_CODE, _UNKNOWN_WORDS, code)
