"""Relays for tests: made by the machine itself, so that no test starts from something that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from relay.core import machine, moves
from relay.core.events import Decision, Event, EventKind
from relay.core.model import InboundText, Relay, SenderClass, Step
from relay.core.policy import Policy, Success, Tier, sms
from relay.core.routes import Forward, Record, Route
from relay.twilio.codes import failure_of

T0 = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MESSAGE_ID = "SM" + "0" * 32
CUSTOMER, OUR_NUMBER = "+15557654321", "+15551234567"
BODY = "The boiler is leaking, please come"
TRANSIENT, PERMANENT, SENDER_FAULT = 30003, 30006, 30034


def at(seconds: float) -> datetime:
    """So many seconds after the text came in."""
    return T0 + timedelta(seconds=seconds)


def sid(number: int) -> str:
    """Twilio's id of an outgoing text."""
    return f"SM{number:032x}"


def policy(
    tiers: int = 3,
    delays: tuple[float, ...] = (2.0, 4.0, 8.0),
    timeout: float = 60.0,
    success: Success = Success.DELIVERED,
) -> Policy:
    return Policy(
        tuple(
            Tier(f"handler {level}", sms(f"+155501{level:05d}"), delays, timeout, success)
            for level in range(1, tiers + 1)
        )
    )


def text(message_id: str = MESSAGE_ID, body: str = BODY, sender: str = CUSTOMER, media_count: int = 0) -> InboundText:
    return InboundText(message_id, sender, OUR_NUMBER, body, media_count)


def route(of: Policy, sender: SenderClass) -> Route:
    """What becomes of a text from such a sender."""
    return Forward(of) if sender is SenderClass.CUSTOMER else Record(of, "not from a customer")


def received(of: Policy | None = None, lease: str | None = "webhook") -> Decision:
    """A customer's text that just came in."""
    return moves.receive(text(), SenderClass.CUSTOMER, Forward(of or policy()), T0, lease)


def after(relay: Relay, *events: Event, seconds: float = 1.0) -> Relay:
    """The relay after these events, one every so many seconds."""
    for event in events:
        relay = machine.transition(relay, event, (relay.error_log[-1].at) + timedelta(seconds=seconds)).relay
    return relay


def accepted(attempt: int) -> Event:
    return Event(EventKind.SEND_ACCEPTED, attempt, sent_id=sid(attempt))


def refused(attempt: int, code: int = PERMANENT) -> Event:
    return Event(EventKind.SEND_REFUSED, attempt, failure=failure_of(code))


def unknown(attempt: int) -> Event:
    return Event(EventKind.SEND_UNKNOWN, attempt, reason="no answer in time")


def due(attempt: int, lease: str | None = None) -> Event:
    return Event(EventKind.ATTEMPT_DUE, attempt, lease=lease or f"task {attempt}")


def progress(attempt: int) -> Event:
    return Event(EventKind.RECEIPT_PROGRESS, attempt, sent_id=sid(attempt))


def handed_over(attempt: int) -> Event:
    """The carrier took the text, at a tier where that counts."""
    return Event(EventKind.RECEIPT_HANDED_OVER, attempt, sent_id=sid(attempt))


def delivered(attempt: int) -> Event:
    return Event(EventKind.RECEIPT_DELIVERED, attempt, sent_id=sid(attempt))


def failed(attempt: int, code: int | None = TRANSIENT) -> Event:
    return Event(EventKind.RECEIPT_FAILED, attempt, sent_id=sid(attempt), failure=failure_of(code))


def unconfirmed(attempt: int, lease: str | None = None) -> Event:
    return Event(EventKind.DEADLINE_UNCONFIRMED, attempt, lease=lease)


def not_found(attempt: int, lease: str | None = None) -> Event:
    return Event(EventKind.DEADLINE_NOT_FOUND, attempt, lease=lease)


def unanswered(attempt: int, lease: str | None = None) -> Event:
    return Event(EventKind.DEADLINE_UNANSWERED, attempt, lease=lease)


def redrive_of(relay: Relay, number: int) -> Event:
    """An operator's redrive under the relay's own policy."""
    return Event(EventKind.REDRIVE_REQUESTED, policy=relay.policy, request_id=f"request-{number}", reason="tier 1")


def undecided(attempt: int, lease: str | None = None) -> Event:
    return Event(EventKind.DEADLINE_UNDECIDED, attempt, lease=lease)


def queued(attempt: int, lease: str | None = None) -> Event:
    return Event(
        EventKind.DEADLINE_QUEUED, attempt, lease=lease, sent_id=sid(attempt), reason="the provider says queued"
    )


def exhausted() -> Relay:
    """A relay whose only tier refused it for good; its alarm is still due."""
    return after(received(policy(tiers=1)).relay, refused(1))


def statuses(relay: Relay) -> list[tuple[int, str]]:
    """Returns the tier and the status of every attempt."""
    return [(attempt.tier, attempt.status.value) for attempt in relay.attempts]


def steps(relay: Relay) -> list[Step]:
    """Returns what the trail tells, line by line."""
    return [entry.step for entry in relay.error_log]
