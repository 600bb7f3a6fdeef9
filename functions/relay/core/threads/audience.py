"""Whom a handler's text is for: the thread of a code, the only one it can be, or none. Pure.

Also what makes a text without a code suspicious: that a machine sent it, or that it is the same text once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from relay.core.comparing import smart_encoded
from relay.core.threads.auto_replies import is_auto_reply
from relay.core.threads.codes import code_in_front
from relay.core.threads.model import COARSE, Thread
from relay.core.threads.tapbacks import Tapback
from relay.core.threads.verdict import Asked, EarlierText, Facts, HandlerText

# A text without a code can be about every thread that its writer was texted about within this time.
WINDOW = timedelta(hours=12)
# A text so soon after ours is a machine's: a person has not read ours yet.
TOO_SOON = timedelta(seconds=10)
# A text of more characters than this that comes once more within AGAIN_WITHIN is a machine's.
SHORT = 20
AGAIN_WITHIN = timedelta(hours=24)
# Identical words within this time are taken for one text that a network brought twice.
TWICE_WITHIN = timedelta(seconds=60)
# A person is asked about the same words once in this time: the question may be what a machine answers.
ASKED_ONCE_IN = timedelta(minutes=30)

# What an earlier text was taken for if its words may have gone to a customer; None: not known.
_WENT_OUT = (Asked.ANSWER, Asked.TAKEOVER, None)
_WAS_IN_VAIN = (Asked.UNCLEAR, Asked.MACHINE, None)


def with_code(code: str, text: HandlerText, facts: Facts) -> Thread | None:
    """Returns the thread that has this code, if the person was texted about it under this very code; else None."""
    holder = holder_of(code, text, facts)
    if holder is None or holder not in facts.threads or holder.shown_to(text.person, code) is None:
        return None
    # A text that was found late may have been written while the code was another customer's.
    is_older = holder.opened_at > text.at and len(_having(code, text, facts)) > 1
    return None if is_older else holder


def holder_of(code: str, text: HandlerText, facts: Facts) -> Thread | None:
    """Returns the thread that has this code, whether or not the person may use it: only to say whose it is."""
    return max(_having(code, text, facts), key=lambda each: each.opened_at, default=None)


def _having(code: str, text: HandlerText, facts: Facts) -> list[Thread]:
    """Returns the threads whose records have this code: one keeps it when another thread has it now."""
    having = [each for each in facts.threads if each.code == code and each.keeps_its_code(text.at)]
    other = facts.code_holders.get(code)
    return having if other is None else [*having, other]


def codes_known_to(text: HandlerText, facts: Facts) -> frozenset[str]:
    """Returns every code that the person was ever shown."""
    shown = (each for thread in facts.threads for each in thread.shown)
    return frozenset(each.code for each in shown if each.person == text.person and each.code)


def candidates(text: HandlerText, facts: Facts) -> tuple[Thread, ...]:
    """Returns all threads that a text without a code can be about, the one shown last first.

    What became of them does not matter, and neither does whether they were shown again after the text was written: a
    set that shrinks while a person types would send one customer's words to another.
    """
    # `Shown.at` is up to COARSE too early.
    earliest = text.at - WINDOW - COARSE
    shown = [(each, thread) for thread in facts.threads if (each := thread.shown_to(text.person)) is not None]
    recent = [(each.at, thread) for each, thread in shown if each.at >= earliest]
    return tuple(thread for _, thread in sorted(recent, key=lambda pair: pair[0], reverse=True))


def quoted_by(tapback: Tapback, text: HandlerText, facts: Facts) -> tuple[Thread, ...]:
    """Returns the threads of the forwarded texts that a reaction may be about."""
    ids = {each.thread_id for each in facts.quoted if tapback.is_about(each.words)}
    return tuple(each for each in facts.threads if each.thread_id in ids and each.shown_to(text.person) is not None)


def automatic_because(text: HandlerText, facts: Facts) -> str | None:
    """Returns why a text without a code is taken for a machine's; None when it is a person's."""
    if is_auto_reply(text.body):
        return "a machine is known to send these words"
    if facts.sent_at is not None and timedelta() <= text.at - facts.sent_at <= TOO_SOON:
        return f"it came within {TOO_SOON.seconds} s of our text"
    if _is_long(text) and any(_same_within(AGAIN_WITHIN, text, facts)):
        return "the same words came before"
    return None


def looked_back(text: HandlerText) -> timedelta:
    """Returns how old the person's own earlier texts are that can matter to this one, at most."""
    if code_in_front(text.body) is not None:
        return TWICE_WITHIN
    return AGAIN_WITHIN if _is_long(text) else ASKED_ONCE_IN


def came_twice(text: HandlerText, facts: Facts) -> bool:
    """Whether the same words under another id went, or may have gone, to a customer a moment ago."""
    return any(each.asked in _WENT_OUT for each in _same_within(TWICE_WITHIN, text, facts))


def was_asked_about(text: HandlerText, facts: Facts) -> bool:
    """Whether the person was asked about the same words a while ago, and has done nothing since."""
    asked = [each.at for each in _same_within(ASKED_ONCE_IN, text, facts) if each.asked is Asked.UNCLEAR]
    if not asked:
        return False
    between = (each for each in facts.earlier if max(asked) < each.at < text.at)
    return all(each.asked in _WAS_IN_VAIN for each in between)


def _same_within(time: timedelta, text: HandlerText, facts: Facts) -> Iterator[EarlierText]:
    words = _compared(text.body)
    return (
        each
        for each in facts.earlier
        if each.message_id != text.message_id and abs(text.at - each.at) <= time and _compared(each.body) == words
    )


def _is_long(text: HandlerText) -> bool:
    return len(text.body.strip()) > SHORT


def _compared(body: str) -> str:
    return " ".join(smart_encoded(body).casefold().split())
