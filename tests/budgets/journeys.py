"""Whole relays, from webhook to end, over the real ways in and on doubles that keep every call in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from scripts.cost.operations import Operations
from tests.relays import CUSTOMER, PERMANENT, sid
from tests.worlds import Observed, inbound_request, status_request


class Journey(Observed):
    """One relay on its way, with three tiers. Each method is something that happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.callbacks = 0
        self.timers_fired = 0
        self.asked_for: Counter[str] = Counter()  # how often reconcile looked for the text with this id
        missing = self.store.missing

        def counted(message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
            self.asked_for.update(message_ids)
            return missing(message_ids, timeout_seconds=timeout_seconds)

        self.store.missing = counted  # type: ignore[method-assign]

    def comes_in(self, sender: str = CUSTOMER) -> None:
        assert self.inbound(inbound_request(From=sender)).status == 200

    def is_reported(self, *statuses: str) -> None:
        """Twilio reports these of the latest attempt, with a code where it is a failure."""
        attempt = self.relay().attempts[-1]
        for status in statuses:
            code = str(PERMANENT) if status == "undelivered" else ""
            request = status_request(
                status, attempt.number, tier=attempt.tier, MessageSid=sid(attempt.number), ErrorCode=code
            )
            assert self.status(request).status == 204
            self.callbacks += 1

    def goes_on(self) -> None:
        """Time passes until the next timer, which fires."""
        self.timers_fired += len(self.fire_next())

    def count(self, *words: str) -> int:
        return self.observer.count(*words)

    def operations(self) -> Operations:
        return Operations(
            writes=self.count("create", "update"),
            reads=self.count("get"),
            timer_calls=self.count("arm", "cancel"),
            timers_fired=self.timers_fired,
            callbacks=self.callbacks,
            sends=self.count("send"),
            log_lines=len(self.journal.entries) + len(self.journal.notes) + len(self.journal.alarms),
            lookups=self.count("fetch", "sent_to"),
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
