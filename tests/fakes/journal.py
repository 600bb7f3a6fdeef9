"""A journal that remembers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from relay.core.failures import Failure
from relay.core.model import Relay, Step, TrailEntry


class MemoryJournal:
    """The port Journal. Everything reported is in lists, in order."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, TrailEntry]] = []  # (message_id, line of the trail)
        self.alarms: list[Relay] = []
        self.outages: list[tuple[str, Failure]] = []
        self.over: list[tuple[Failure, int]] = []  # outages that ended, and how many relays had waited
        self.lost: list[str] = []  # reasons
        self.clocks: list[tuple[float, int]] = []  # by how many seconds it was set, and how many relays were moved
        self.left: list[tuple[str, object]] = []  # records left to a newer revision: id and version
        self.aside: list[tuple[str, str]] = []  # relays that were set aside: id and why
        self.refused: list[tuple[str, str, str, str, int]] = []  # reason, path, URL checked against, hint, untold
        self.not_taken: list[tuple[str, str]] = []  # texts of the list that cannot be relayed: id and why
        self.notes: list[tuple[str, str, dict[str, object]]] = []  # (severity, message, labels)

    def steps(self, relay: Relay, entries: Sequence[TrailEntry]) -> None:
        self.entries.extend((relay.message_id, entry) for entry in entries)

    def exhausted(self, relay: Relay) -> None:
        self.alarms.append(relay)

    def not_forwarded(self, relay: Relay) -> None:
        self.alarms.append(relay)

    def answer_lost(self, relay: Relay) -> None:
        self.alarms.append(relay)

    def codes_used_up(self) -> None:
        self.notes.append(("ERROR", "codes used up", {}))

    def outage(self, message_id: str, failure: Failure, since: datetime) -> None:
        self.outages.append((message_id, failure))

    def outage_over(self, failure: Failure, since: datetime, relays: int) -> None:
        self.over.append((failure, relays))

    def database_lost(self, reason: str) -> None:
        self.lost.append(reason)

    def store_fails(self, reason: str, advice: str) -> None:
        self.lost.append(f"{reason}; {advice}")

    def clock_set(self, seconds: float, moved: int) -> None:
        self.clocks.append((seconds, moved))

    def store_works_again(self) -> None:
        self.lost.clear()

    def left_to_newer(self, message_id: str, word: object) -> None:
        self.left.append((message_id, word))

    def set_aside(self, message_id: str, because: str) -> None:
        if message_id not in dict(self.aside):
            self.aside.append((message_id, because))

    def webhook_refused(self, reason: str, path: str, url: str, hint: str, untold: int) -> None:
        self.refused.append((reason, path, url, hint, untold))

    def not_taken_in(self, message_id: str, because: str) -> None:
        self.not_taken.append((message_id, because))

    def note(self, severity: str, message: str, **labels: object) -> None:
        self.notes.append((severity, message, labels))

    def steps_of(self, message_id: str) -> list[Step]:
        """What happened to one relay, in order."""
        return [entry.step for owner, entry in self.entries if owner == message_id]
