"""Answers and notices are relays of their own: `answer` and `notice` make them, from what caused them.

They are stored with their cause and leave through the one conductor: an answer at once where its creation leases it to
a process that can send, a notice by a timer that is due at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from relay.core import moves
from relay.core.events import Decision
from relay.core.files import FILES_ALONE
from relay.core.model import Attachment, InboundText, Purpose, Relay, SenderClass
from relay.core.policy import sms
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


def notice_of_files(message_id: str) -> str:
    """Returns the id of the notice that this answer goes without its files; there is one."""
    return f"{message_id}-f"


def hint_of(message_id: str, attempt: int) -> str:
    """Returns the id of the line on how to answer that follows this attempt to forward a text.

    By the attempt: at the same tier there may be another person after a redrive.
    """
    return f"{message_id}-h{attempt}"


@dataclass(frozen=True, slots=True)
class Taken:
    """The files that an answer takes along, and the secret by which the provider may fetch them."""

    files: tuple[Attachment, ...] = ()
    token: str = ""


_NO_FILES = Taken()


def answer(
    message_id: str,
    cause_id: str,
    thread: Thread,
    words: str,
    business_name: str,
    now: datetime,
    lease: str | None,
    taken: Taken = _NO_FILES,
) -> Decision:
    """Returns the decision to create the answer with this id and these words to the thread's customer.

    It is leased to the caller with this token, if there is one. The first one of a thread names the business and says
    how to opt out. It holds no number of a handler. The `words` may be "" where files are `taken` along.
    """
    asked = "" if words else FILES_ALONE
    if thread.introduced_at is None:
        introduced = ": ".join(filter(None, (business_name, words)))
        words = "\n".join(filter(None, (introduced, _OPT_OUT_HINT)))
    policy = policy_of(Purpose.ANSWER, _CUSTOMER, sms(thread.customer_phone))
    # Its sender is our own number: a handler's stands in no text to a customer, and in no record of one.
    text = InboundText(
        message_id,
        thread.our_phone,
        thread.our_phone,
        words,
        len(taken.files),
        taken.files,
        media_token=taken.token,
    )
    route = Forward(policy, Purpose.ANSWER, thread.thread_id, thread.code, cause_id, asked)
    return moves.receive(text, SenderClass.OWN_NUMBER, route, now, lease)


def notice(
    message_id: str,
    cause_id: str,
    to: tuple[str, str],
    our_phone: str,
    words: str,
    now: datetime,
    *,
    of: tuple[str, str] = ("", ""),
    alarm_if_lost: bool = False,
) -> Decision:
    """Returns the decision to create a notice with this id to a person, `to` (id and phone), from this number.

    It is about one thread, `of` (id and code), or about none.
    """
    person, phone = to
    text = InboundText(message_id, our_phone, our_phone, words)
    policy = policy_of(Purpose.NOTICE, person, sms(phone))
    route = Forward(policy, Purpose.NOTICE, *of, cause_id, alarm_if_lost=alarm_if_lost)
    return moves.receive(text, SenderClass.OWN_NUMBER, route, now, None)


def about_files(answer: Relay, phone: str, words: str, now: datetime) -> Decision:
    """Returns the decision to create the notice to a handler, at this phone, that an answer goes without its files."""
    ids, of = (notice_of_files(answer.message_id), answer.message_id), (answer.thread_id, answer.code)
    return notice(*ids, (HANDLER, phone), answer.recipient_phone, words, now, of=of)


def customer_phone_of(relay: Relay) -> str:
    """Returns the customer's number of an answer."""
    return relay.policy.tier(1).reach.address
