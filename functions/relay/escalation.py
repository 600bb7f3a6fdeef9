"""The way in for timers: start an attempt that is due, or go on when its delivery was not confirmed in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from relay import failures, shell
from relay.errors import MessengerUnavailable
from relay.events import Event, EventKind
from relay.forwarded_text import comparable
from relay.model import Attempt, AttemptStatus, Relay, Timer, TimerKind
from relay.ports import Search, SentMessage, Stored
from relay.receipts import receipt_event
from relay.shell import TASK_LIMITS, Applied, Budget, World
from relay.webhook import Word, word_for

# Well below the dispatch deadline of the queues, so that a slow handler answers before it is called again.
TASK_SECONDS = 40.0

# How far Twilio's clock and ours may differ when a text of ours is looked for by its time.
_CLOCK_TOLERANCE = timedelta(minutes=5)

_UNRESOLVED = frozenset({AttemptStatus.CLAIMED, AttemptStatus.UNKNOWN})


def fire(world: World, timer: Timer, by: str = "") -> Applied:
    """Act on a timer, however late and however often it comes. `by` names who noticed, if it was not the timer.

    Raises StoreUnavailable when nothing could be recorded: the timer must come again.
    """
    budget = Budget(world.clock, TASK_SECONDS, TASK_LIMITS)
    stored = shell.load(world, timer.message_id, budget)
    if stored is None:
        return Applied(None, "the relay is unknown or has expired")
    return act(world, stored, timer, budget, by)


def act(world: World, stored: Stored, timer: Timer, budget: Budget, by: str = "") -> Applied:
    """The same for a relay that was just read."""
    claim = world.new_claim()
    if timer.kind is TimerKind.ATTEMPT:
        event = Event(EventKind.ATTEMPT_DUE, timer.attempt, claim=claim, by=by)
        return shell.apply(world, stored, event, budget)
    attempt = stored.relay.attempt(timer.attempt)
    if attempt is not None and attempt.deadline_at is not None and attempt.deadline_at > timer.due_at:
        return Applied(stored, "the deadline was put off since this timer was armed")
    event = deadline_event(world, stored.relay, timer.attempt, claim, budget, by)
    return shell.apply(world, stored, event, budget)


def deadline_event(world: World, relay: Relay, number: int, claim: str, budget: Budget, by: str = "") -> Event:
    """What to tell the machine at an attempt's deadline: its true status, asked of Twilio first.

    A needless escalation is saved when it was delivered after all, and nothing is guessed when Twilio is silent.
    """
    unconfirmed = EventKind.DEADLINE_UNCONFIRMED
    attempt = relay.attempt(number)
    if attempt is None or attempt is not relay.current_attempt or attempt.status is AttemptStatus.SCHEDULED:
        # Nothing to look up: the machine ignores it, or knows its own claim again.
        return Event(unconfirmed, number, claim=claim, by=by)
    try:
        found = find(world, relay, attempt, budget)
    except MessengerUnavailable:
        reason = "Twilio could not be asked for its fate"
        kind = EventKind.DEADLINE_UNANSWERED if attempt.status in _UNRESOLVED else unconfirmed
        return Event(kind, number, claim=claim, reason=reason, by=by)
    if found is None:
        if attempt.status in _UNRESOLVED:
            reason = "Twilio has no such text: declared not sent"
            return Event(EventKind.DEADLINE_NOT_FOUND, number, claim=claim, reason=reason, by=by)
        return Event(unconfirmed, number, claim=claim, reason="Twilio no longer knows this text", by=by)
    if word_for(found.status) in (Word.DELIVERED, Word.FAILED, Word.SENT):
        success = relay.policy.tier(attempt.tier).success
        reason = f"Twilio says {found.status}" + _because(found)
        told = receipt_event(found.status, found.error_code, success, number, found.message_sid, reason=reason, by=by)
        if told is not None and told.kind is not EventKind.RECEIPT_PROGRESS:
            return told
    reason = f"no delivery confirmed in time; Twilio says {found.status}"
    return Event(unconfirmed, number, claim=claim, message_sid=found.message_sid, reason=reason, by=by)


def _because(found: SentMessage) -> str:
    return "" if found.error_code is None else f": {failures.classify(found.error_code).words}"


def find(world: World, relay: Relay, attempt: Attempt, budget: Budget) -> SentMessage | None:
    """The attempt's text at Twilio: by its id, or, when the id was never learned, by number, time and content.

    None when Twilio answers that it has no such text. Raises MessengerUnavailable.
    """
    if attempt.message_sid is not None:
        return world.messenger.fetch(attempt.message_sid, timeout_seconds=budget.send)
    since = attempt.starts_at - _CLOCK_TOLERANCE
    phone = relay.policy.tier(attempt.tier).phone
    candidates = world.messenger.sent_to(phone, relay.recipient_phone, since, timeout_seconds=budget.send)
    words = comparable(shell.body_of(relay))
    matching = [found for found in candidates if comparable(found.body) == words]
    if matching:
        taken = _known_elsewhere(world, relay, attempt, since, budget)
        matching = [found for found in matching if found.message_sid not in taken]
    return max(matching, key=lambda found: found.created_at, default=None)


def _known_elsewhere(world: World, relay: Relay, attempt: Attempt, since: datetime, budget: Budget) -> set[str]:
    """Twilio's ids that belong to other attempts: of this relay, or of one with the same words from the same customer,
    who may well text the same thing twice in a row."""
    search = Search(sender_phone=relay.sender_phone, since=since - _CLOCK_TOLERANCE, limit=100)
    page = world.store.search(search, timeout_seconds=budget.store)
    others = [other for found in page.relays if found.message_id != relay.message_id for other in found.attempts]
    others += [other for other in relay.attempts if other.number != attempt.number]
    return {other.message_sid for other in others if other.message_sid is not None}
