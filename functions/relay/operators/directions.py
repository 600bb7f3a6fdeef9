"""Which way a relay goes: a customer's text to the handlers, a handler's words to us, an answer, a notice.

Pure. Of all but customers' texts this module has the words too: how each stands, and what to do about it.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from relay.core import handling
from relay.core.model import FinalStatus, Purpose, Relay, SenderClass, Step
from relay.core.numbers import same
from relay.core.policy import SMS
from relay.operators.signature import begun

NOTHING_TO_DO = "Nothing to do."
_TRY = "Nothing to do. To try the number out as a customer, an operator begins with the word test."
_START = "Have the handler text START to the business number: until then Twilio blocks every text to that phone."
_CALL = "Call the customer, or send it again."
_ASK_THE_HANDLER = "Tell the handler, or call the customer: the customer did not get that answer."


class Kind(StrEnum):
    """What a relay is, as lists and conversations tell it apart."""

    CUSTOMER = "customer"  # a customer's text, for the handlers
    HANDLER = "handler"  # a handler's text
    ANSWER = "answer"  # words that go to a customer
    NOTICE = "notice"  # what we say to a handler
    OPERATOR = "operator"  # what an operator did with a thread
    OWN_NUMBER = "own number"  # a text from one of our own numbers
    OPERATORS_TEXT = "operator's text"  # from an operator's own phone


# What the ends of an answer and a notice are called, with their signs: "exhausted" would speak of tiers.
OUTCOMES = {FinalStatus.DELIVERED: ("✓", "went out"), FinalStatus.EXHAUSTED: ("✕", "lost")}

# What a handler's text was taken for (core/threads/verdict.Asked) in words.
_ASKED = {
    "answer": "its words went to the customer",
    "mine": "it took the customer over",
    "claim": "it took the customer, without a word to them",
    "done": "it closed the thread",
    "pass": "it passed the text on",
    "open": "it opened the thread again",
    "block": "it blocked the customer",
    "list": "it asked for the list of threads",
    "unclear": "nothing was done, and the handler was told why",
    "machine": "taken for a machine's, so that it did nothing",
    "reserved": "a word that Twilio acts on, so that it did nothing",
    "replies off": "replies are off, and the handler was told so",
    "sign-in code": "a code that signs in at the console; it went nowhere",
}
_SENDERS = {
    SenderClass.HANDLER: "a handler",
    SenderClass.HANDLER_OPT_OUT: "a handler who opted out with it",
    SenderClass.OWN_NUMBER: "one of our own numbers",
    SenderClass.OPERATOR: "an operator",
}

_ADVICE = {SenderClass.HANDLER_OPT_OUT: _START, SenderClass.OPERATOR: _TRY}


def kind_of(relay: Relay) -> Kind:
    """Returns what a relay is."""
    if relay.purpose is Purpose.ANSWER:
        return Kind.ANSWER
    if relay.purpose is Purpose.NOTICE:
        return Kind.NOTICE
    if relay.sender_class is SenderClass.CUSTOMER:
        return Kind.CUSTOMER
    if relay.sender_class is SenderClass.OWN_NUMBER:
        return Kind.OPERATOR if relay.asked else Kind.OWN_NUMBER
    return Kind.OPERATORS_TEXT if relay.sender_class is SenderClass.OPERATOR else Kind.HANDLER


def writer_of(relay: Relay) -> str:
    """Returns who wrote a handler's text, by name; "a handler" for one who stands at none of its tiers."""
    for tier in relay.policy.tiers:
        if tier.reach.kind == SMS and same(tier.reach.address, relay.sender_phone):
            return tier.name
    return "a handler"


def receiver_of(relay: Relay) -> str:
    """Returns whom an answer or a notice is for, in words."""
    return "the customer" if relay.purpose is Purpose.ANSWER else relay.policy.tier(1).name


def receiver_shown(relay: Relay) -> str:
    """Returns what a list shows of whom an answer or a notice is for: the customer's number, a handler's name."""
    if relay.purpose is Purpose.ANSWER:
        return relay.policy.tier(1).reach.address
    return relay.policy.tier(1).name if relay.purpose is Purpose.NOTICE else ""


def recorded(relay: Relay) -> tuple[str, str]:
    """Returns how a text stands that is kept and goes no further, and what to do."""
    if kind_of(relay) is Kind.OPERATOR:
        did, by = next(((line.reason, line.by) for line in relay.error_log if line.step is Step.RECORDED), ("", ""))
        return f"{begun(did, by)}.", NOTHING_TO_DO
    if relay.sender_class is SenderClass.HANDLER and relay.asked in _ASKED:
        return f"From {writer_of(relay)}: {_ASKED[relay.asked]}.", NOTHING_TO_DO
    who = _SENDERS.get(relay.sender_class, "a sender whose texts are not forwarded")
    return f"From {who}: kept, not forwarded.", _ADVICE.get(relay.sender_class, NOTHING_TO_DO)


def ended(relay: Relay) -> tuple[str, str]:
    """Returns how an answer or a notice ended, and what to do."""
    who = receiver_of(relay)
    if relay.final_status is not FinalStatus.EXHAUSTED:
        attempts = [one for one in relay.attempts if one.tier == relay.delivered_tier]
        is_sent = bool(attempts) and attempts[-1].is_handed_over
        return f"{'Sent to' if is_sent else 'Delivered to'} {who}.", NOTHING_TO_DO
    returned = next((line for line in reversed(relay.error_log) if line.step is Step.RETURNED), None)
    why = f": {returned.reason}" if returned is not None and returned.reason else ""
    if relay.purpose is Purpose.NOTICE:
        return f"{who} did not get it{why}.", _ASK_THE_HANDLER if relay.alarm_if_lost else NOTHING_TO_DO
    handler = " The handler was told." if relay.handler_is_told else ""
    verb = "It was not sent to" if returned is not None else "It did not reach"
    return f"{verb} {who}{why}.{handler}", _CALL


def needs_a_person(relay: Relay) -> bool:
    """Whether it waits for an operator to see to it, and none has. Of a lost answer a handler may have been told."""
    if relay.is_handled or not handling.is_for_people(relay):
        return False
    is_lost_answer = relay.purpose is Purpose.ANSWER and relay.final_status is FinalStatus.EXHAUSTED
    return not is_lost_answer or not (relay.alarm_is_due or relay.handler_is_told)


def handled(relay: Relay) -> dict[str, object] | None:
    """Returns who saw to it, what was said of that, and when; None while no operator has."""
    if not relay.is_handled:
        return None
    return {"by": relay.handled_by, "note": relay.handled_note, "at": relay.handled_at}


def taken_after(relay: Relay) -> float | None:
    """Returns the seconds from taking a customer's text in to the claim that it was taken by; None without one."""
    at: datetime | None = relay.claimed_at
    if relay.final_status is not FinalStatus.CLAIMED or at is None:
        return None
    return max(0.0, round((at - relay.timestamp).total_seconds(), 3))


def span(seconds: float) -> str:
    """Returns a length of time with the two units that matter: 40 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    for size, name, small, small_name in ((60, "min", 1, "s"), (3600, "h", 60, "min"), (86400, "d", 3600, "h")):
        if whole < size * (60 if size == 60 else 24) or size == 86400:
            rest = whole % size // small
            return f"{whole // size} {name}{f' {rest} {small_name}' if rest else ''}"
    raise AssertionError("days have no end")
