"""LogAlarms tells people what they must know now as lines of the log, which alerts pass on to them."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from relay.core.failures import Failure
from relay.core.model import FinalStatus, Relay
from relay.core.numbers import canonical
from relay.log.journal import JsonJournal, about, masked
from relay.log.throttle import Throttle

# About how many records that must be left to a newer revision one process raises the alarm; further ones are not
# logged, because the operators know by then.
_LEFT_TOLD_MAX = 1000
# How many set aside relays one process remembers, the latest: about the others it raises the alarm again.
_ASIDE_TOLD_MAX = 10_000

# For how long texts that are not forwarded for one cause share one alarm, and about how many causes a process knows.
FOLDED_FOR = timedelta(minutes=10)
_CAUSES_MAX = 1000


class LogAlarms:
    """The port Alarms as lines of the log: the alerts on the log (terraform/alerts.tf) pass them on to people."""

    def __init__(self, journal: JsonJournal) -> None:
        self._journal = journal
        self._left_told: set[str] = set()
        self._aside_told: dict[str, None] = {}
        self._last_told: dict[tuple[str, str], datetime] = {}
        self._codes_told = Throttle(FOLDED_FOR.total_seconds())

    def exhausted(self, relay: Relay) -> None:
        fields = {"from": masked(relay.sender_phone), "tiers": relay.policy.last_tier}
        self._journal.named("alarm", relay, fields)

    def not_forwarded(self, relay: Relay) -> None:
        if relay.final_status is FinalStatus.HELD:
            name, phone = "sender_held_back", relay.sender_phone
        else:
            name, phone = "handlers_number_is_ours", relay.recipient_phone
        cause = (name, canonical(phone))
        last = self._last_told.get(cause)
        if last is not None and abs(relay.timestamp - last) < FOLDED_FOR:
            return
        if len(self._last_told) >= _CAUSES_MAX:
            self._last_told.clear()  # at worst a cause is told once more
        self._last_told[cause] = relay.timestamp
        self._journal.named(name, relay, {"number": masked(phone)})

    def answer_lost(self, relay: Relay) -> None:
        self._journal.named("answer_lost", relay, {"thread": relay.code})

    def codes_used_up(self) -> None:
        untold = self._codes_told.held_back("codes_used_up", time.monotonic())
        if untold is not None:
            self._journal.named("codes_used_up", None, {"untold": untold or ""})

    def outage(self, message_id: str, failure: Failure, since: datetime) -> None:
        self._journal.named("outage", None, {**about(message_id), **_of(failure, since)})

    def outage_over(self, failure: Failure, since: datetime, relays: int) -> None:
        self._journal.named("outage_over", None, {**_of(failure, since), "relays": relays})

    def database_lost(self, reason: str) -> None:
        self._journal.named("database_lost", None, {"reason": reason})

    def store_fails(self, reason: str, advice: str) -> None:
        self._journal.named("store_fails", None, {"reason": reason, "advice": advice})

    def store_works_again(self) -> None:
        self._journal.named("store_works_again", None, {})

    def clock_set(self, seconds: float, moved: int) -> None:
        self._journal.named("clock_set", None, {"seconds": round(seconds, 1), "moved": moved})

    def left_to_newer(self, message_id: str, word: object) -> None:
        # Timers, callbacks and the sweep come by it again and again: one line each would bury the log.
        if message_id in self._left_told or len(self._left_told) >= _LEFT_TOLD_MAX:
            return
        self._left_told.add(message_id)
        self._journal.named("left_to_newer", None, {**about(message_id), "word": word})

    def set_aside(self, message_id: str, because: str) -> None:
        # Whatever meets the relay tells of it: sweep, webhooks, look-ups, lists.
        if message_id in self._aside_told:
            return
        self._aside_told[message_id] = None
        if len(self._aside_told) > _ASIDE_TOLD_MAX:
            self._aside_told.pop(next(iter(self._aside_told)), None)
        self._journal.named("set_aside", None, {**about(message_id), "reason": because})

    def webhook_refused(self, reason: str, path: str, url: str, hint: str, untold: int) -> None:
        fields: dict[str, object] = {"reason": reason, "path": path, "checked_against": url, "hint": hint}
        self._journal.named("webhook_refused", None, {**fields, "untold": untold or ""})

    def not_taken_in(self, message_id: str, because: str) -> None:
        self._journal.named("not_taken_in", None, {**about(message_id), "reason": because})


def _of(failure: Failure, since: datetime) -> dict[str, object]:
    words = {"status": failure.failure_class.value, "reason": failure.words, "error_code": failure.code}
    return {**words, "since": since.isoformat()}
