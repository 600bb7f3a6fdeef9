"""The way in for timers: `fire` starts an attempt that is due, or goes on when no delivery was confirmed in time."""

from __future__ import annotations

from relay.core import fates
from relay.core.events import Event, EventKind, Meaning
from relay.core.model import AttemptStatus, Relay, Timer, TimerKind
from relay.errors import MayNotRead, MessengerUnavailable, StoreRefused, Unreadable
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.channel import Undecidable, Untold
from relay.flow.conductor import Applied
from relay.flow.lookup import NOT_SENT, find, receipt_in
from relay.flow.world import SendingWorld
from relay.ports import Stored

# How long `fire` may take. Below the queues' dispatch deadline (google/timers.py, 60 s), so that the escalation
# function answers before Cloud Tasks calls it again.
TASK_SECONDS = 40.0
# What the provider has by now cannot be such an attempt's.
_NOTHING_TO_ASK = frozenset({AttemptStatus.SCHEDULED, AttemptStatus.FAILED})


def fire(world: SendingWorld, timer: Timer, by: str = "") -> Applied:
    """Act on a timer, however late and however often it comes. Returns what that did.

    `by` is "sweep" when the sweep noticed that the timer is overdue. Raises StoreUnavailable when nothing could be
    recorded: the timer must come again. It need not where that would be in vain: such a relay is the sweep's to set
    aside.
    """
    budget = Budget(world.clock, TASK_SECONDS, TASK_LIMITS)
    try:
        stored = conductor.load(world, timer.message_id, budget)
        if stored is None:
            return Applied(None, "the relay is unknown or has expired")
        return act(world, stored, timer, budget, by)
    except (StoreRefused, Unreadable) as error:
        return Applied(None, f"left to the sweep to set aside: {error.reason}")


def act(world: SendingWorld, stored: Stored, timer: Timer, budget: Budget, by: str = "") -> Applied:
    """Act on a timer of a relay that was just read, as `fire` does."""
    lease = world.new_lease()
    attempt = stored.relay.attempt(timer.attempt)
    if timer.kind is TimerKind.ATTEMPT:
        if attempt is not None and attempt.lease is not None and attempt.starts_at > timer.due_at:
            return Applied(stored, "its next try was put off since this timer was armed")
        event = Event(EventKind.ATTEMPT_DUE, timer.attempt, lease=lease, by=by)
        return conductor.apply(world, stored, event, budget)
    if timer.kind is TimerKind.CLAIM:
        return _claim_due(world, stored, timer, Event(EventKind.CLAIM_DUE, lease=lease, by=by), budget)
    if attempt is not None and attempt.deadline_at is not None and attempt.deadline_at > timer.due_at:
        return Applied(stored, "the deadline was put off since this timer was armed")
    event = deadline_event(world, stored.relay, timer.attempt, lease, budget, by)
    return conductor.apply(world, stored, event, budget)


def _claim_due(world: SendingWorld, stored: Stored, timer: Timer, event: Event, budget: Budget) -> Applied:
    until = stored.relay.claim_until
    if until is not None and until > timer.due_at:
        return Applied(stored, "the time for a claim was put off since this timer was armed")
    return conductor.apply(world, stored, event, budget)


def deadline_event(world: SendingWorld, relay: Relay, number: int, lease: str, budget: Budget, by: str = "") -> Event:
    """Returns the machine's event at an attempt's deadline, after asking the provider for the attempt's true status.

    An attempt that was delivered after all then causes no escalation, and when the provider does not answer the event
    says so.
    """
    unconfirmed = EventKind.DEADLINE_UNCONFIRMED
    attempt = relay.attempt(number)
    waits_for_a_claim = relay.claim_until is not None
    is_current = attempt is not None and attempt is relay.current_attempt and not waits_for_a_claim
    if attempt is None or not is_current or attempt.standing in _NOTHING_TO_ASK:
        # Nothing to look up: the machine ignores it, or knows its own lease again.
        return Event(unconfirmed, number, lease=lease, by=by)
    try:
        found = find(world, relay, attempt, budget)
    except Untold as error:
        labels = {"relay": relay.message_id, "attempt": number}
        world.journal.note("WARNING", "a text of unknown outcome cannot be told apart", **labels)
        kind = EventKind.DEADLINE_UNTOLD if attempt.is_unresolved else unconfirmed
        return Event(kind, number, lease=lease, reason=str(error), by=by)
    except (Undecidable, MayNotRead) as error:
        kind = EventKind.DEADLINE_UNDECIDED if attempt.is_unresolved else unconfirmed
        return Event(kind, number, lease=lease, reason=str(error), by=by)
    except MessengerUnavailable:
        reason = "the provider could not be asked for its fate"
        return Event(EventKind.DEADLINE_UNANSWERED, number, lease=lease, reason=reason, by=by)
    if found is None:
        if attempt.is_unresolved:
            return Event(EventKind.DEADLINE_NOT_FOUND, number, lease=lease, reason=NOT_SENT, by=by)
        return Event(unconfirmed, number, lease=lease, reason="the provider no longer knows this text", by=by)
    receipt = receipt_in(relay, attempt, found, by)
    if receipt is not None and receipt.kind is not EventKind.RECEIPT_PROGRESS:
        return receipt
    word = found.receipt.word if found.receipt else "nothing of it"
    reason = f"no delivery confirmed in time; the provider says {word}"
    is_queued = found.receipt is not None and found.receipt.meaning is Meaning.QUEUED
    kind = EventKind.DEADLINE_QUEUED if is_queued else unconfirmed
    asked_after = fates.last_leased(relay)
    return Event(kind, number, lease=lease, sent_id=found.sent_id, reason=reason, by=by, asked_after=asked_after)
