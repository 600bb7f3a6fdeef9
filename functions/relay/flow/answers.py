"""Answers and notices are relays of their own: `answer` and `notice` make them, from what caused them.

They are stored with their cause and leave through the one conductor: an answer at once where its creation leases it to
a process that can send, a notice by a timer that is due at once.
"""

from __future__ import annotations

from datetime import datetime

from relay.core import moves
from relay.core.events import Decision
from relay.core.model import InboundText, Purpose, Relay, SenderClass
from relay.core.policy import Policy, sms
from relay.core.purposes import policy_of
from relay.core.routes import Forward
from relay.core.threads.model import Thread

_CUSTOMER = "customer"
# What the reader of a notice about an answer is called there: the answer's record does not say who wrote it.
HANDLER = "handler"
_OPT_OUT_HINT = "Reply STOP to opt out."


def answer_of(message_id: str) -> str:
    """Returns the id of the answer that this text of a handler causes."""
    return f"{message_id}-a"


def anew(message_id: str, lines: int) -> str:
    """Returns what the ids begin with of all that a text causes which said more, after so many lines of its trail."""
    return f"{message_id}-m{lines}"


def notice_of(message_id: str, number: int) -> str:
    """Returns the id of the notice with this number, from 1, that this text or relay causes."""
    return f"{message_id}-n{number}"


def hint_of(message_id: str, attempt: int) -> str:
    """Returns the id of the line on how to answer that follows this attempt to forward a text.

    By the attempt: at the same tier there may be another person after a redrive.
    """
    return f"{message_id}-h{attempt}"


def answer(
    message_id: str, cause_id: str, thread: Thread, words: str, business_name: str, now: datetime, lease: str | None
) -> Decision:
    """Returns the decision to create the answer with this id and these words to the thread's customer.

    It is leased to the caller with this token, if there is one. The first one of a thread names the business and says
    how to opt out. It holds no number of a handler.
    """
    if thread.introduced_at is None:
        words = f"{business_name}: {words}\n{_OPT_OUT_HINT}" if business_name else f"{words}\n{_OPT_OUT_HINT}"
    policy = policy_of(Purpose.ANSWER, _CUSTOMER, sms(thread.customer_phone))
    what = (thread.our_phone, words, policy, Purpose.ANSWER, thread, now)
    return _created(message_id, cause_id, *what, lease=lease)


def notice(
    message_id: str,
    cause_id: str,
    to: tuple[str, str],
    our_phone: str,
    words: str,
    now: datetime,
    *,
    thread: Thread | None = None,
    alarm_if_lost: bool = False,
) -> Decision:
    """Returns the decision to create a notice with this id to a person, `to` (id and phone), from this number."""
    person, phone = to
    policy = policy_of(Purpose.NOTICE, person, sms(phone))
    what = (our_phone, words, policy, Purpose.NOTICE, thread, now)
    return _created(message_id, cause_id, *what, alarm_if_lost=alarm_if_lost)


def _created(
    message_id: str,
    cause_id: str,
    our_phone: str,
    words: str,
    policy: Policy,
    purpose: Purpose,
    thread: Thread | None,
    now: datetime,
    *,
    lease: str | None = None,
    alarm_if_lost: bool = False,
) -> Decision:
    # Its sender is our own number: a handler's stands in no text to a customer, and in no record of one.
    text = InboundText(message_id, our_phone, our_phone, words)
    thread_id, code = (thread.thread_id, thread.code) if thread is not None else ("", "")
    return moves.receive(
        text,
        SenderClass.OWN_NUMBER,
        Forward(policy, purpose, thread_id, code, cause_id, alarm_if_lost=alarm_if_lost),
        now,
        lease,
    )


def customer_phone_of(relay: Relay) -> str:
    """Returns the customer's number of an answer."""
    return relay.policy.tier(1).reach.address
