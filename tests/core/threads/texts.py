"""Handlers' texts and what is known of them, drawn: whatever a person, a phone or a network may make of one.

Most of it is plausible, so that most texts have an effect; the rest is what the flow hardly leaves behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from hypothesis import strategies as st
from relay.core.model import Consent
from relay.core.threads.grammar import CLAIM_WORDS, COMMANDS, RESERVED
from relay.core.threads.model import Shown, Thread
from relay.core.threads.verdict import Asked, EarlierText, Facts, HandlerText, Quoted

from tests.core.threads.making import ANA, BEN, CARA, NOW, a_thread

T = TypeVar("T")

_CODES = ("K71", "M24", "A10")
# What customers wrote.
CUSTOMERS_WORDS = "the code of my door is 9913"

_WORDS = (
    *CLAIM_WORDS,
    *COMMANDS,
    *RESERVED,
    *("yes", "on my way", "On my way to your house now", "mine on my way", "mine ok", "say ok", "say", "pass it on"),
    *("", "👍🏽", "tell K71 I am late", "A 10 minute walk", "M4 exit is closed", "I'm driving with Focus turned on."),
    f"Liked “K71 +1555010: {CUSTOMERS_WORDS}”",
    f"👍 to “M24 +1555010: {CUSTOMERS_WORDS}”",
    f"Disliked “{CUSTOMERS_WORDS}”",
    "Loved an image",
)
_IN_FRONT = ("", "", "", "K71 ", "K71 ", "k71: ", "K 71 ", "M24 ", "A10 ", "A 10 ", "T99, ", "K7 ", "#K71 ")

_words = st.one_of(st.sampled_from(_WORDS), st.sampled_from(_WORDS), st.text(max_size=30))
bodies = st.builds("{}{}".format, st.sampled_from(_IN_FRONT), _words)


def _rarely(dice: Random, one_in: int, value: T, otherwise: T) -> T:
    return value if dice.randrange(one_in) == 0 else otherwise


def _time(
    dice: Random, seconds: Sequence[int] = (0, 5, 59, 600, 1800, 7200, 40000, 50000, 604800, 1300000)
) -> datetime:
    return NOW - timedelta(seconds=_rarely(dice, 8, -9, dice.choice(seconds) + dice.randrange(3)))


def _thread(dice: Random, number: int) -> Thread:
    code = _CODES[number % 3]
    shown = [Shown(ANA, _rarely(dice, 6, dice.choice(_CODES), code), _time(dice))]
    shown += [Shown(dice.choice((ANA, BEN)), dice.choice(_CODES), _time(dice)) for _ in range(dice.randrange(2))]
    thread = a_thread(
        _rarely(dice, 6, dice.choice(("", *_CODES)), code),
        thread_id=f"thread {number}",
        shown=tuple(shown),
        opened_at=_time(dice),
        touched_at=_time(dice),
        closed_at=_rarely(dice, 5, _time(dice), None),
        customer_phone=_rarely(dice, 9, dice.choice(("72404", "ACME Bank")), f"+1555010{number:04d}"),
        channel=_rarely(dice, 9, "rcs", "sms"),
        answered_at=_rarely(dice, 3, _time(dice), None),
        pointed_at=_rarely(dice, 3, _time(dice), None),
        changed_at=_rarely(dice, 2, _time(dice), None),
    )
    owner = dice.choice((None, None, ANA, BEN, CARA))
    if owner is None:
        return thread
    return replace(thread, owner=owner, owner_since=_rarely(dice, 9, None, _time(dice)), owner_acted_at=_time(dice))


def _facts(dice: Random, body: str) -> Facts:
    threads = tuple(_thread(dice, number) for number in range(dice.choice((0, 1, 1, 1, 2, 3))))
    earlier = (
        EarlierText(f"earlier {number}", _time(dice), _rarely(dice, 2, body, "hello"), dice.choice((None, *Asked)))
        for number in range(_rarely(dice, 2, dice.randrange(3), 0))
    )
    return Facts(
        threads,
        code_holders={dice.choice(_CODES): _thread(dice, 9)} if dice.randrange(4) == 0 else {},
        earlier=tuple(earlier),
        sent_at=_rarely(dice, 2, _time(dice), None),
        quoted=tuple(Quoted(each.thread_id, f"{each.code} +1555010: {CUSTOMERS_WORDS}") for each in threads),
        blocked=frozenset(each.thread_id for each in threads if dice.randrange(8) == 0),
        relays_waiting={each.thread_id: dice.random() < 0.5 for each in threads},
    )


def _asked(seed: int, body: str) -> tuple[HandlerText, Facts]:
    dice = Random(seed)
    text = HandlerText(
        "text",
        ANA,
        body,
        NOW,
        media_count=_rarely(dice, 4, 1, 0),
        is_recovered=_rarely(dice, 5, True, False),
        consent=_rarely(dice, 15, dice.choice(tuple(Consent)), None),
        files_go=dice.random() < 0.5,
        is_unread=_rarely(dice, 15, True, False),
    )
    return text, _facts(dice, body)


# A text of Ana's, and what is known: all of it only threads that she was shown.
asked = st.builds(_asked, st.integers(0, 2**32), bodies)
