"""Records of threads for tests, with made-up people."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from relay.core.threads.model import OptOut, PersonRecord, Shown, Thread, ThreadCode, ThreadRecord

from tests.fakes.clock import START
from tests.strategies import BUSINESS, CUSTOMER, later

_numbers = itertools.count(1)


def an_id() -> str:
    """What a keyed hash looks like; no other call in this process gives it."""
    return f"{next(_numbers):032x}"


def a_thread(**changes: Any) -> Thread:
    """An open thread of one customer, shown to no person, touched at the fake clock's start."""
    thread_id = changes.pop("thread_id", None) or an_id()
    return replace(Thread(thread_id, BUSINESS, CUSTOMER, START, START, "K71"), **changes)


def shown(person: str, code: str = "K71", at: datetime = START) -> Shown:
    return Shown(person, code, at)


# One record of each kind with every field set, and with what another revision may have added.
FULL: dict[str, Callable[[], ThreadRecord]] = {
    "thread": lambda: Thread(
        thread_id=an_id(),
        our_phone=BUSINESS,
        customer_phone=CUSTOMER,
        opened_at=START,
        touched_at=later(1),
        code="M24",
        channel="rcs",
        closed_at=later(2),
        owner="Ann",
        owner_since=later(3),
        owner_acted_at=later(4),
        changed_at=later(5),
        shown=(Shown("Ann", "K71", later(6)), Shown("Bob", "M24", later(7), (("x_by", "call"),))),
        introduced_at=later(8),
        answered_at=later(9),
        pointed_at=later(10),
        rest=(("x_mood", {"at": [1, "two", None]}),),
    ),
    "code": lambda: ThreadCode("K71", an_id(), START, (("x_color", "red"),)),
    "opt-out": lambda: OptOut(an_id(), START, "words", later(60), (("x_where", "shop"),)),
    "person": lambda: PersonRecord("Ann", "Ann Ek", ("+15550102001", "+15550102002"), START, later(5), (("x_n", 7),)),
}
# The same with nothing set that need not be.
BARE: dict[str, Callable[[ThreadRecord], ThreadRecord]] = {
    "thread": lambda full: Thread(full.thread_id, BUSINESS, CUSTOMER, START, START),  # type: ignore[union-attr]
    "code": lambda full: ThreadCode(full.code, "another", START),  # type: ignore[union-attr]
    "opt-out": lambda full: OptOut(full.customer_id, START, "block"),  # type: ignore[union-attr]
    "person": lambda full: PersonRecord(full.person, "Ann", (), START),  # type: ignore[union-attr]
}
