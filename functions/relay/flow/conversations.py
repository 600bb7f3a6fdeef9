"""Conversations: what a process knows of threads beside the store: settings, people, and the key of threads' ids."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relay.core.numbers import canonical, same
from relay.core.people import People, Person
from relay.core.threads.model import FORMER_HANDLER, PersonRecord
from relay.errors import Conflict, StoreUnavailable
from relay.flow.budget import Budget
from relay.flow.world import World
from relay.ports import Kept, RelayStore, Write

KEY_BOOKMARK = "thread key"
# How long what the store says of people is believed.
PEOPLE_KNOWN = timedelta(minutes=10)
# How often the store is told that a person still is a handler.
SEEN_EVERY = timedelta(days=1)
# More handlers than this within two weeks are no small business's.
PEOPLE_MAX = 500
# What the ids of those end with who have a number that a handler had before.
_FORMERLY = " …before"
_CHANNEL = re.compile(r"([A-Za-z]{2,20}):")


@dataclass
class Conversations:
    """Today's settings of threads, and what this process remembers of the store.

    Attributes:
        is_on: handlers' answers reach customers (RELAY_REPLIES).
        business_name: what a customer reads in the first answer.
        owner_active_for: an owner who acted within this time is taken to read what reaches the phone.
        people: today's handlers.
        random_below: returns a random number from 0 up to, but not including, this one.
        new_key: returns a new secret in hexadecimal, for a store that has none yet.
    """

    is_on: bool
    business_name: str
    owner_active_for: timedelta
    people: People
    random_below: Callable[[int], int]
    new_key: Callable[[], str]
    _key: bytes = b""
    _known: dict[str, Kept[PersonRecord]] = field(default_factory=dict)
    _known_at: datetime | None = None

    def thread_id_of(self, world: World, our_phone: str, customer_phone: str, budget: Budget) -> str:
        """Returns the id of a customer's thread with one of our numbers. Raises StoreUnavailable."""
        return self._keyed(world, f"{canonical(our_phone)} {canonical(customer_phone)}", budget)

    def customer_id_of(self, world: World, customer_phone: str, budget: Budget) -> str:
        """Returns the id of a customer over all our numbers, as opt-outs have it. Raises StoreUnavailable."""
        return self._keyed(world, canonical(customer_phone), budget)

    def _keyed(self, world: World, what: str, budget: Budget) -> str:
        if not self._key:
            self._key = _key_of(world, self.new_key, budget)
        return _keyed(self._key, what)

    def person_with_number(self, world: World, number: str, budget: Budget) -> Person | None:
        """Returns who texts from this number: one of today's handlers, or of lately. Raises StoreUnavailable.

        A number that another person has today is that person's.
        """
        today = self.people.with_number(number)
        if today is not None:
            return today
        since = world.clock.now() - FORMER_HANDLER
        for kept in self.known(world, budget).values():
            record = kept.record
            if record.seen_at >= since and any(same(number, own) for own in record.numbers):
                return Person(record.person, record.name, record.numbers)
        return None

    def person(self, world: World, person_id: str, budget: Budget) -> Person | None:
        """Returns the person with this id, of today or of lately; None when the store knows none.

        One who was a handler in another process a moment ago is not among those that were read before.
        """
        for one in self.people.handlers:
            if one.id == person_id:
                return one
        if person_id not in self.known(world, budget):
            self.forget()
        kept = self.known(world, budget).get(person_id)
        return Person(kept.record.person, kept.record.name, kept.record.numbers) if kept else None

    def reader(self, world: World, person_id: str, budget: Budget) -> tuple[str, str] | None:
        """Returns the id of the person with this id and the number at which notices are read; None without one."""
        person = self.person(world, person_id, budget)
        return (person.id, person.numbers[0]) if person is not None and person.numbers else None

    def known(self, world: World, budget: Budget) -> dict[str, Kept[PersonRecord]]:
        """Returns what the store has of people, by id; at most PEOPLE_KNOWN old. Raises StoreUnavailable."""
        now = world.clock.now()
        if self._known_at is None or not timedelta() <= now - self._known_at < PEOPLE_KNOWN:
            kept = world.store.people(PEOPLE_MAX, timeout_seconds=budget.store)
            self._known = {one.record.person: one for one in kept}
            self._known_at = now
        return self._known

    def forget(self) -> None:
        """Have the next call read the people anew."""
        self._known_at = None

    def remember_today(self, world: World, budget: Budget) -> None:
        """Tell the store who is a handler today, so that each is known as one for two weeks after the last day."""
        now = world.clock.now()
        known = self.known(world, budget)
        for person in self.people.handlers:
            kept = known.get(person.id)
            before = kept.record if kept else None
            is_same = before is not None and (before.name, before.numbers) == (person.name, person.numbers)
            if before is not None and is_same and abs(now - before.seen_at) < SEEN_EVERY:
                continue
            hinted_at = before.hinted_at if before is not None else None
            rest = before.rest if before is not None else ()
            record = PersonRecord(person.id, person.name, person.numbers, now, hinted_at, rest)
            writes = (Write(record, kept.version if kept else None), *self._former(before, known, now))
            with contextlib.suppress(Conflict):  # then another process has
                world.store.commit(writes, (), timeout_seconds=budget.store)
            self.forget()

    def _former(
        self, before: PersonRecord | None, known: dict[str, Kept[PersonRecord]], now: datetime
    ) -> tuple[Write, ...]:
        """Returns the write by which the numbers that a person had until now are no customer's for two weeks.

        They are another person's, who was told of no customer: an old phone may be in other hands.
        """
        gone = () if before is None else tuple(each for each in before.numbers if self.people.with_number(each) is None)
        if before is None or not gone:
            return ()
        kept = known.get(before.person + _FORMERLY)
        if kept is not None and kept.record.seen_at >= now - FORMER_HANDLER:
            gone = tuple(dict.fromkeys((*gone, *kept.record.numbers)))
        record = PersonRecord(before.person + _FORMERLY, before.name, gone, before.seen_at)
        return (Write(record, kept.version if kept is not None else None),)


def known_customer_id(store: RelayStore, customer_phone: str, seconds: float) -> str | None:
    """Returns the id of a customer as opt-outs have it; None where the store has no key, and so no opt-out either.

    For who only reads. Raises StoreUnavailable.
    """
    key = store.get_bookmark(KEY_BOOKMARK, timeout_seconds=seconds)
    return _keyed(bytes.fromhex(key), canonical(customer_phone)) if key else None


def _keyed(key: bytes, what: str) -> str:
    return hmac.new(key, what.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:40]


def channel_of(recipient_address: str, sender_phone: str) -> str:
    """Returns by which channel a text to this address came: "sms", or another one's name in small letters."""
    found = _CHANNEL.match(recipient_address) or _CHANNEL.match(sender_phone)
    return found[1].lower() if found else "sms"


def _key_of(world: World, new_key: Callable[[], str], budget: Budget) -> bytes:
    key = world.store.get_bookmark(KEY_BOOKMARK, timeout_seconds=budget.store)
    if not key:
        world.store.swap_bookmark(KEY_BOOKMARK, "", new_key(), timeout_seconds=budget.store)
        # Whether that was stored or another process was faster: what is stored counts.
        key = world.store.get_bookmark(KEY_BOOKMARK, timeout_seconds=budget.store)
    if not key:
        raise StoreUnavailable("the key of threads could not be stored")
    return bytes.fromhex(key)
