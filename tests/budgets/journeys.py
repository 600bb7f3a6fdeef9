"""Whole relays, from webhook to end, over the real ways in and on doubles that keep every call in order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from relay.core.model import Relay
from relay.core.people import handlers_of
from relay.flow import timers
from relay.flow.intake import Intake
from relay.twilio.delivery_status import handle_delivery_status
from relay.twilio.inbound import handle_inbound_webhook

from scripts.cost.operations import Operations
from tests.fakes import FakeClock, MemoryJournal, MemoryStore, MemoryTimers, ScriptedMessenger
from tests.fakes.world import sending_world
from tests.relays import CUSTOMER, MESSAGE_ID, OUR_NUMBER, PERMANENT, policy, sid
from tests.worlds import ACCOUNT, inbound_request, status_request


class Recorded:
    """Any port, with the name of each of its calls put down when it is made."""

    def __init__(self, name: str, port: object, calls: list[str]) -> None:
        self._name, self._port, self._calls = name, port, calls

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*arguments: object, **options: object) -> object:
            self._calls.append(f"{self._name}.{method}")
            return getattr(self._port, method)(*arguments, **options)

        return call


@dataclass
class Journey:
    """One relay on its way, with three tiers. Each method is something that happens to it."""

    calls: list[str] = field(default_factory=list)
    callbacks: int = 0
    timers_fired: int = 0

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self.journal = MemoryJournal()
        self.timers = MemoryTimers()
        self.twilio = ScriptedMessenger(self.clock)
        self._store = MemoryStore(self.clock, Recorded("timers", self.timers, self.calls))
        claims = itertools.count(1)
        self.world = sending_world(
            Recorded("store", self._store, self.calls),
            Recorded("timers", self.timers, self.calls),
            Recorded("twilio", self.twilio, self.calls),
            self.clock,
            self.journal,
            lambda: f"claim {next(claims)}",
        )

    def comes_in(self, sender: str = CUSTOMER) -> None:
        intake = Intake(policy(), (OUR_NUMBER,), handlers_of(policy()))
        assert handle_inbound_webhook(self.world, ACCOUNT, intake, inbound_request(From=sender)).status == 200

    def is_reported(self, *statuses: str) -> None:
        """Twilio reports these of the latest attempt, with a code where it is a failure."""
        attempt = self.relay.attempts[-1]
        for status in statuses:
            code = str(PERMANENT) if status == "undelivered" else ""
            request = status_request(
                status, attempt.number, tier=attempt.tier, MessageSid=sid(attempt.number), ErrorCode=code
            )
            assert handle_delivery_status(self.world, ACCOUNT, request).status == 204
            self.callbacks += 1

    def goes_on(self) -> None:
        """Time passes until the next timer, which fires."""
        due_at = self.timers.armed[0].due_at
        self.clock.advance(max(0.0, (due_at - self.clock.now()).total_seconds()))
        for timer in self.timers.take_due(self.clock.now()):
            self.timers_fired += 1
            timers.fire(self.world, timer)

    @property
    def relay(self) -> Relay:
        stored = self._store.get(MESSAGE_ID, timeout_seconds=1.0)
        assert stored is not None
        return stored.relay

    def count(self, *names: str) -> int:
        return sum(self.calls.count(name) for name in names)

    def operations(self) -> Operations:
        return Operations(
            writes=self.count("store.create", "store.update"),
            reads=self.count("store.get"),
            timer_calls=self.count("timers.arm", "timers.cancel"),
            timers_fired=self.timers_fired,
            callbacks=self.callbacks,
            sends=self.count("twilio.send"),
            log_lines=len(self.journal.entries) + len(self.journal.notes) + len(self.journal.alarms),
            lookups=self.count("twilio.fetch", "twilio.sent_to"),
        )


def delivered_at_tier_1() -> Journey:
    journey = Journey()
    journey.comes_in()
    journey.is_reported("sent", "delivered")
    return journey


def delivered_after_refusals(refusals: int) -> Journey:
    """Carriers say that they cannot deliver, then one delivers."""
    journey = Journey()
    journey.comes_in()
    for _ in range(refusals):
        journey.is_reported("sent", "undelivered")
        journey.goes_on()
    journey.is_reported("sent", "delivered")
    return journey


def delivered_after_silences(silences: int) -> Journey:
    """Nothing is ever heard of some tiers; at the deadline Twilio only knows that it took the text."""
    journey = Journey()
    journey.comes_in()
    for _ in range(silences):
        journey.goes_on()
    journey.is_reported("sent", "delivered")
    return journey


def exhausted_after_three_refusals() -> Journey:
    journey = Journey()
    journey.comes_in()
    for _ in range(2):
        journey.is_reported("sent", "undelivered")
        journey.goes_on()
    journey.is_reported("sent", "undelivered")
    return journey


JOURNEYS: dict[str, Callable[[], Journey]] = {
    "delivered at tier 1": delivered_at_tier_1,
    "delivered at tier 2, after one refusal": lambda: delivered_after_refusals(1),
    "delivered at tier 3, after two refusals": lambda: delivered_after_refusals(2),
    "delivered at tier 3, after two silences": lambda: delivered_after_silences(2),
    "exhausted after three refusals": exhausted_after_three_refusals,
}
