"""Relay events: each committed change that people or systems may want to hear of, made from the trail after the commit.

No process that works on a relay publishes. The trail is the outbox: what a write added to it is published by the
function that Firestore triggers for the write (google) or read from the local feed (embedded); a write that is reported
twice gives the same relay events with the same ids. No body and no phone number in it; of files how many there are and
of which types, and nothing that opens one. The form is
docs/schemas/relay-event-v1.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from relay.core.model import AttemptStatus, FinalStatus, Purpose, Relay, Step, TrailEntry
from relay.core.words import AN_OPERATOR, REPAIRERS

SCHEMA_VERSION = 1


class EventType(StrEnum):
    """What a relay event says happened."""

    RECEIVED = "received"
    RECOVERED = "recovered"
    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_FAILED = "attempt_failed"
    ESCALATED = "escalated"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    REDRIVEN = "redriven"
    HELD = "held"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    PASSED = "passed"
    RETURNED = "returned"
    HANDLED = "handled"
    UNHANDLED = "unhandled"


# The steps of the trail of a text that came in which become relay events; the others are details that subscribers have
# no use for.
TYPES: dict[Step, EventType] = {
    Step.RECEIVED: EventType.RECEIVED,
    Step.RECOVERED: EventType.RECOVERED,
    Step.ATTEMPT_STARTED: EventType.ATTEMPT_STARTED,
    Step.ATTEMPT_FAILED: EventType.ATTEMPT_FAILED,
    Step.ATTEMPT_UNCONFIRMED: EventType.ATTEMPT_FAILED,
    Step.ESCALATED: EventType.ESCALATED,
    Step.DELIVERED: EventType.DELIVERED,
    Step.EXHAUSTED: EventType.EXHAUSTED,
    Step.REDRIVEN: EventType.REDRIVEN,
    Step.HELD: EventType.HELD,
    Step.CLAIMED: EventType.CLAIMED,
    Step.PASSED: EventType.PASSED,
    Step.HANDLED: EventType.HANDLED,
    Step.UNHANDLED: EventType.UNHANDLED,
}
# Of an answer it is announced that the customer has it, or that it came back, and that people saw to that. What is
# said to a handler is no news.
TYPES_OF_ANSWER: dict[Step, EventType] = {
    Step.DELIVERED: EventType.ANSWERED,
    Step.EXHAUSTED: EventType.RETURNED,
    Step.HANDLED: EventType.HANDLED,
    Step.UNHANDLED: EventType.UNHANDLED,
}
_TYPES: dict[str, dict[Step, EventType]] = {Purpose.FORWARD: TYPES, Purpose.ANSWER: TYPES_OF_ANSWER}
# Which operator did it stays in the record: subscribers are told that one did.
_PUBLISHED_BY = ("", *REPAIRERS)


@dataclass(frozen=True, slots=True)
class RelayEvent:
    """One relay event. `event_id` is the relay's id and its trail's line number: the same change, the same id."""

    event_id: str
    type: EventType
    relay: str
    occurred_at: datetime
    tier: int | None
    attempt: int | None
    status: str | None
    error_code: int | None
    reason: str
    by: str
    file_count: int
    file_types: tuple[str, ...]

    def attributes(self) -> dict[str, str]:
        """Returns what subscribers may filter by."""
        values = {
            "schema_version": str(SCHEMA_VERSION),
            "event_id": self.event_id,
            "type": self.type.value,
            "relay": self.relay,
            "tier": str(self.tier or ""),
            "status": self.status or "",
            "by": self.by,
        }
        return {name: value for name, value in values.items() if value}

    def data(self) -> bytes:
        """Returns the message, JSON in UTF-8, as the schema has it."""
        document = {
            "schema_version": SCHEMA_VERSION,
            "event_id": self.event_id,
            "type": self.type.value,
            "relay": self.relay,
            "occurred_at": self.occurred_at.isoformat(),
            "tier": self.tier,
            "attempt": self.attempt,
            "status": self.status,
            "error_code": self.error_code,
            "reason": self.reason,
            "by": self.by,
            "file_count": self.file_count,
            "file_types": self.file_types,
        }
        return json.dumps(document).encode()


class EventPublisher(Protocol):
    """Where relay events go, at least once. Raises when one may not have arrived: the trigger then comes again."""

    def publish(self, topic: str, event: RelayEvent) -> None: ...


def events_of(relay: Relay, first_line: int = 0, end_line: int | None = None) -> list[RelayEvent]:
    """Returns the relay events of the trail's lines from number `first_line` up to, but not including, `end_line`."""
    end = relay.lines_logged if end_line is None else end_line
    types = _TYPES.get(relay.purpose, {})
    return [
        _event(relay, entry, types[entry.step])
        for entry in relay.error_log
        if first_line <= entry.number < end and entry.step in types
    ]


def new_events(before: Relay | None, after: Relay) -> list[RelayEvent]:
    """Returns the relay events of a write: of the lines that the trail did not have before it."""
    return events_of(after, before.lines_logged if before else 0)


def _event(relay: Relay, entry: TrailEntry, kind: EventType) -> RelayEvent:
    status = AttemptStatus.UNCONFIRMED.value if entry.step is Step.ATTEMPT_UNCONFIRMED else entry.status
    if entry.step is Step.EXHAUSTED:
        status = FinalStatus.EXHAUSTED.value
    return RelayEvent(
        event_id=f"{relay.message_id}-{entry.number}",
        type=kind,
        relay=relay.message_id,
        occurred_at=entry.at,
        tier=entry.tier,
        attempt=entry.attempt,
        status=status,
        error_code=entry.error_code,
        reason=entry.reason,
        by=entry.by if entry.by in _PUBLISHED_BY else AN_OPERATOR,
        file_count=relay.media_count,
        file_types=relay.file_types,
    )


def publish(publisher: EventPublisher, topic: str, dead_letter_topic: str, events: list[RelayEvent]) -> None:
    """Publish in order; an exhausted relay goes to the dead letters too. Raises what the publisher raises."""
    for event in events:
        publisher.publish(topic, event)
        if event.type is EventType.EXHAUSTED:
            publisher.publish(dead_letter_topic, event)
