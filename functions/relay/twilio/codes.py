"""Twilio's error codes by what they mean for a cascade: a table, because it must be easy to change.

Sources: Twilio's error dictionary (docs/api/errors) for the meaning; the classes are this project's judgement.
Every row is tested, plus an unknown code: Twilio keeps splitting its codes, so what becomes of one without a row
matters more than the table.
"""

from __future__ import annotations

from relay.core.failures import NO_REASON, Failure, FailureClass

_N, _A, _T = FailureClass.NOT_PROCESSED, FailureClass.AMBIGUOUS, FailureClass.TRANSIENT
_R, _S, _C = FailureClass.RECIPIENT, FailureClass.SENDER, FailureClass.CONTENT
_HERE, _SET = FailureClass.SENDER_HERE, FailureClass.SETTINGS

NOT_FOUND = 20404
# Of a key that may do some things and not this one.
NOT_PERMITTED = 70051

_TRIAL = "our Twilio account is a trial account, which may only text numbers verified in its console"

_MEANINGS: dict[int, tuple[FailureClass, str]] = {
    20429: (_N, "Twilio was receiving too many requests"),
    20500: (_A, "Twilio had an internal error and may or may not have sent the text"),
    20503: (_A, "Twilio was temporarily unavailable and may or may not have sent the text"),
    30001: (_T, "Twilio's queue for this sender overflowed"),
    30003: (_T, "the handset is unreachable: off, or out of coverage"),
    30008: (_T, "the carrier failed for an unknown reason"),
    30017: (_T, "the carrier's network was congested"),
    30022: (_T, "the carrier's rate limit for this sender was exceeded"),
    30036: (_T, "the text was still queued when its validity period ended"),
    30410: (_T, "the provider timed out"),
    30500: (_T, "the provider had an internal error"),
    63017: (_T, "the account's rate limit was exceeded"),
    63018: (_T, "the rate limit of this sender was exceeded"),
    21211: (_R, "the handler's number is not a valid phone number"),
    21265: (_R, "the handler's number is a short code, which cannot be texted"),
    21610: (FailureClass.OPTED_OUT, "the handler has opted out by texting STOP"),
    21612: (_R, "Twilio cannot route a text to this handler's number"),
    21614: (_R, "the handler's number cannot receive texts (a landline?)"),
    21635: (_R, "the handler's number is a landline, which cannot receive texts"),
    30004: (_R, "the handler's phone or carrier blocks the text"),
    30005: (_R, "the handler's number does not exist or is switched off for good"),
    30006: (_R, "the handler's number is a landline or its carrier is unreachable"),
    10001: (_S, "the Twilio account is not active"),
    20003: (_S, "Twilio refused our credentials"),
    20005: (_S, "the Twilio account is not active"),
    20403: (_S, "our credentials may not send texts from this account"),
    20404: (_S, "Twilio does not know the account or the address that we asked"),
    21212: (_S, "our sending number is not valid"),
    21606: (_S, "our sending number may not send texts"),
    21611: (_S, "our sending number's queue is full"),
    21659: (_S, "our sending number is not a Twilio number"),
    21660: (_S, "our sending number does not belong to this account"),
    21661: (_S, "our sending number cannot send texts"),
    30002: (_S, "the Twilio account is suspended"),
    30024: (_S, "our sending number is not provisioned with the carrier"),
    30032: (_S, "our toll-free number is not verified"),
    30033: (_S, "the A2P 10DLC campaign of our number is suspended"),
    30034: (_S, "our number is not registered for A2P 10DLC"),
    30035: (_S, "our number is not in force in its A2P 10DLC campaign"),
    30037: (_S, "Twilio has switched off outgoing texts for this account"),
    63038: (_S, "the account's daily message limit is used up"),
    NOT_PERMITTED: (_S, "our API key lacks the permission to send texts"),
    21408: (_HERE, "the account may not text this handler's country"),
    21608: (_HERE, _TRIAL),
    30023: (_HERE, "the day's limit at this handler's carrier is used up"),
    572002: (_HERE, _TRIAL),
    572006: (_HERE, _TRIAL),
    21609: (_SET, "our PUBLIC_BASE_URL is not an address that Twilio can reach, so it refuses every text"),
    21910: (_SET, "our BUSINESS_PHONE_NUMBER and the handler's number are of different channels"),
    11200: (_C, "an attachment could not be fetched"),
    11751: (_C, "an attachment is too large"),
    12300: (_C, "an attachment is of a kind that cannot be sent"),
    21617: (_C, "the text is too long for one message"),
    21620: (_C, "an attachment's address is not valid"),
    21623: (_C, "there are too many attachments"),
    30007: (FailureClass.FILTERED, "a carrier filtered the text as unwanted"),
    30011: (_C, "the route cannot carry attachments"),
    30019: (_C, "the content is too large for the carrier"),
    63019: (_C, "an attachment could not be fetched"),
    63034: (_C, "an attachment is too large"),
}

TABLE: dict[int, Failure] = {code: Failure(*meaning, code) for code, meaning in _MEANINGS.items()}

# The code that stands for an HTTP status without one: an answer of a gateway, or of a server that is not Twilio.
_CODE_FOR_STATUS = {401: 20003, 403: 20403, 404: NOT_FOUND, 413: 21617, 429: 20429}
_TOO_MANY = 429
_UNKNOWN_WORDS = "Twilio gave a code that this relay does not know"


def failure_of(code: int | None) -> Failure:
    """Returns what this code means in a receipt; an unknown one is transient, a missing one too. Never raises."""
    if code is None:
        return NO_REASON
    return TABLE.get(code) or Failure(FailureClass.UNKNOWN_CODE, _UNKNOWN_WORDS, code)


def refusal_of(status: int, code: int | None) -> Failure:
    """Returns what an answer to a POST means that has this HTTP status, 400 to 499, and this code or none.

    Never raises. An answer of 400 to 404 whose code is unknown would be the same in two seconds.
    """
    known = TABLE.get(_CODE_FOR_STATUS.get(status, status) if code is None else code)
    if status == _TOO_MANY and (known is None or known.failure_class in (_A, _T)):
        return TABLE[_CODE_FOR_STATUS[_TOO_MANY]]  # never processed, as Twilio documents
    if known is not None:
        return known
    failure_class = FailureClass.REFUSED_UNKNOWN if status <= 404 else FailureClass.UNKNOWN_CODE
    return Failure(failure_class, "Twilio refused the text with a code that this relay does not know", code or status)
