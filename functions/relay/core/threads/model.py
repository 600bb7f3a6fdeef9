"""The records of threads: immutable values that know nothing of storage. All times are aware datetimes in UTC.

A thread is one customer with one of our numbers. The thread alone says who has the customer; relays are told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relay.core.foreign import Rest
from relay.core.numbers import E164

# A thread without a text for so long is closed, as if by `done`.
QUIET_CLOSES = timedelta(days=14)
# The same customer gets the same thread and code back within this time after it was closed; its code is given to no
# other thread before that is over.
CODE_KEPT = timedelta(days=7)
# The times of a thread are coarse: what only moves one of them is written once in so long.
COARSE = timedelta(hours=1)
# A person who was a handler within this time is no customer.
FORMER_HANDLER = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Shown:
    """That a person was texted about a thread under a code. `at` is the latest time, up to COARSE too early."""

    person: str
    code: str
    at: datetime
    rest: Rest = field(default=(), hash=False)


@dataclass(frozen=True, slots=True)
class Thread:
    """One customer with one of our numbers.

    Attributes:
        thread_id: keyed hash of both canonical numbers; holds no number.
        our_phone, customer_phone: as the customer's latest text had them; an answer goes from the one to the other.
        channel: how the customer wrote last: "sms", or the channel's name (`rcs`, `whatsapp`), which no text answers.
        code: the short name that handlers are shown, like `K71`; "" where none was free, or none is needed.
        opened_at: when its present code was given.
        touched_at: the latest text of it, up to COARSE too early.
        closed_at: when `done` closed it; None while it is open, or closed by QUIET_CLOSES alone.
        owner: id of the person who has the customer; None when no person has.
        owner_since: when the present owner's text that claimed it came in.
        owner_acted_at: the owner's latest text in this thread.
        changed_at: the latest text that claimed, passed, closed or opened it: what was written earlier may be too late.
        shown: which persons were texted about it, under which code.
        introduced_at: when the customer was first told the business's name, with the first answer that was not lost.
        answered_at: when the handler's text of the latest answer came in: earlier ones are returned, not sent.
        pointed_at: when its owner was last told that words went to this thread.
    """

    thread_id: str
    our_phone: str
    customer_phone: str
    opened_at: datetime
    touched_at: datetime
    code: str = ""
    channel: str = "sms"
    closed_at: datetime | None = None
    owner: str | None = None
    owner_since: datetime | None = None
    owner_acted_at: datetime | None = None
    changed_at: datetime | None = None
    shown: tuple[Shown, ...] = ()
    introduced_at: datetime | None = None
    answered_at: datetime | None = None
    pointed_at: datetime | None = None
    rest: Rest = field(default=(), hash=False)

    def is_open(self, now: datetime) -> bool:
        """Whether it is open: `done` has not closed it, and a text of it came in within QUIET_CLOSES."""
        return self.closed_at is None and now - self.touched_at < QUIET_CLOSES

    def closed_since(self) -> datetime:
        """Returns when it was closed, or will be if no further text comes."""
        return self.closed_at if self.closed_at is not None else self.touched_at + QUIET_CLOSES

    def keeps_its_code(self, now: datetime) -> bool:
        """Whether a further text of this customer gets the same thread and code back."""
        return bool(self.code) and now < self.closed_since() + CODE_KEPT

    @property
    def is_answerable(self) -> bool:
        """Whether a text can answer the customer: short codes, names and other channels cannot be answered."""
        return self.channel == "sms" and E164.fullmatch(self.customer_phone) is not None

    def shown_to(self, person: str, code: str | None = None) -> Shown | None:
        """Returns that this person was texted about it, under this code if one is given; None when never."""
        fitting = [each for each in self.shown if each.person == person and code in (None, each.code)]
        return max(fitting, key=lambda each: each.at, default=None)


@dataclass(frozen=True, slots=True)
class ThreadCode:
    """Which thread a code was given to, and when. There is one record for each code, over all our numbers."""

    code: str
    thread_id: str
    given_at: datetime
    rest: Rest = field(default=(), hash=False)


@dataclass(frozen=True, slots=True)
class OptOut:
    """That a customer wants no texts from us; it stays until it is lifted (`lifted_at`).

    `customer_id` is a keyed hash of the canonical number, over all our numbers. `because` is one of the words
    "consent" (the provider's OptOutType), "words", "block", "refused", "operator".
    """

    customer_id: str
    at: datetime
    because: str
    lifted_at: datetime | None = None
    rest: Rest = field(default=(), hash=False)

    @property
    def holds(self) -> bool:
        """Whether nothing may be sent to this customer now."""
        return self.lifted_at is None


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """A handler as the store knows one: for those who were one until lately, and for what is said to each only once.

    Attributes:
        person: the id (core/people.py).
        name, numbers: as configured when last seen.
        seen_at: when the person was last among today's handlers, up to a day too early.
        hinted_at: when the line on how to answer was sent; None when never.
    """

    person: str
    name: str
    numbers: tuple[str, ...]
    seen_at: datetime
    hinted_at: datetime | None = None
    rest: Rest = field(default=(), hash=False)


# What the store keeps beside relays.
ThreadRecord = Thread | ThreadCode | OptOut | PersonRecord
