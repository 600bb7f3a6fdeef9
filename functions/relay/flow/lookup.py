"""Looking an attempt up: its channel asks the provider what became of it, the machine gets the answer as an event."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.core import fates
from relay.core.events import Event, EventKind
from relay.core.model import Attempt, FinalStatus, Relay
from relay.errors import MessengerUnavailable
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.channel import Found, Undecidable
from relay.flow.receipts import receipt_event, success_for
from relay.flow.world import SendingWorld
from relay.ports import Stored

# How long after `fates.settled_at` sweep and reconcile wait before they declare a relay's current attempt not sent,
# ahead of its deadline: a deadline may be hours away, while most come earlier than this and then decide themselves.
PATIENCE = timedelta(minutes=2)
NOT_SENT = "the provider has no such text: declared not sent"
# So many relays in a row of which the provider could not be asked mean that it answers nothing. Fewer may be the fault
# of those texts alone, and the relays after them are asked about.
SILENT_AFTER = 5
# So many unanswered questions about one relay end its round.
_UNANSWERED_MAX = 2
_NOT_TOLD = "the provider cannot tell more of an attempt yet"
_SILENT = "the provider could not be asked what became of an attempt"
_ADOPTED, _DECLARED, _TAKEN_OVER = "adopted", "declared not sent", "taken over"


def find(world: SendingWorld, relay: Relay, attempt: Attempt, budget: Budget) -> Found | None:
    """Returns what the provider has of this attempt; None when it answers that it has nothing.

    Raises MessengerUnavailable when the provider did not answer (Undecidable: its answer fits several attempts), and
    StoreUnavailable.
    """
    channel = world.channels.get(attempt.reach.kind)
    if channel is None:
        raise Undecidable("only another revision has the channel of this attempt")
    return channel.find(relay, attempt, budget)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a round of look-ups changed in one relay. `is_answered`: every question was."""

    adopted: int = 0  # of unknown outcome, matched with a text that the provider has
    declared_not_sent: int = 0
    taken_over: int = 0  # a status that no callback had brought
    is_answered: bool = True

    @property
    def repaired(self) -> int:
        return self.adopted + self.declared_not_sent + self.taken_over


class Silence:
    """Counts the relays in a row of which the provider could not be asked."""

    def __init__(self) -> None:
        self._in_a_row = 0

    @property
    def is_certain(self) -> bool:
        """Whether so many were in a row that asking about the next relay is in vain."""
        return self._in_a_row >= SILENT_AFTER

    def note(self, settled: Settled) -> None:
        self._in_a_row = 0 if settled.is_answered else self._in_a_row + 1


def is_worth_asking(relay: Relay, now: datetime) -> bool:
    """Whether the provider may know more of one of its attempts than the record does."""
    asked = (fates.as_of(attempt, now) for attempt in fates.open_attempts(relay))
    return relay.due_at is not None and any(now >= fates.settled_at(attempt) for attempt in asked)


def settle(world: SendingWorld, stored: Stored, budget: Budget, by: str) -> Settled:
    """Look up every open attempt of a relay and apply the answers. Returns what changed. Raises StoreUnavailable."""
    counts: Counter[str] = Counter()
    unanswered, is_early = 0, False
    for number in [attempt.number for attempt in fates.open_attempts(stored.relay)]:
        now = world.clock.now()
        attempt = fates.as_of(stored.relay.attempts[number - 1], now)
        if now < fates.settled_at(attempt):
            is_early = True
            continue
        try:
            found = find(world, stored.relay, attempt, budget)
        except Undecidable:
            continue
        except MessengerUnavailable:
            unanswered += 1
            if unanswered == _UNANSWERED_MAX:
                break
            continue
        event = _fate(stored.relay, attempt, found, world.clock.now(), by)
        if event is None:
            continue
        applied = conductor.apply(world, stored, event, budget)
        if applied.stored is None:
            break
        counts[_counter(attempt, event)] += not applied.ignored_because
        stored = applied.stored
    if unanswered:
        put_off(world, stored, budget, by)
    else:
        # What was not asked about is no answer: machines' clocks differ, and the other one's lease is not over yet.
        kind = EventKind.LOOKUP_UNANSWERED if is_early else EventKind.LOOKED_UP
        _ask_again_later(world, stored, budget, Event(kind, reason=_NOT_TOLD, by=by))
    return Settled(counts[_ADOPTED], counts[_DECLARED], counts[_TAKEN_OVER], not unanswered)


def put_off(world: SendingWorld, stored: Stored, budget: Budget, by: str) -> None:
    """Plan the next round of look-ups of an ended relay: the provider does not answer. Raises StoreUnavailable."""
    _ask_again_later(world, stored, budget, Event(EventKind.LOOKUP_UNANSWERED, reason=_SILENT, by=by))


def _fate(relay: Relay, attempt: Attempt, found: Found | None, now: datetime, by: str) -> Event | None:
    """Returns the event that the provider's answer amounts to, or None when the record has it already."""
    if found is None:
        if not attempt.is_unresolved:
            return None
        if relay.final_status is not FinalStatus.IN_PROGRESS or attempt.number != relay.current.number:
            return Event(EventKind.NEVER_SENT, attempt.number, reason=NOT_SENT, by=by)
        if now < fates.settled_at(attempt) + PATIENCE:
            return None
        return Event(EventKind.DEADLINE_NOT_FOUND, attempt.number, reason=NOT_SENT, by=by)
    event = receipt_in(relay, attempt, found, by)
    if event is not None and event.kind is EventKind.RECEIPT_PROGRESS and not attempt.is_unresolved:
        return None
    return event


def receipt_in(relay: Relay, attempt: Attempt, found: Found, by: str) -> Event | None:
    """Returns the receipt's event that a look-up's answer amounts to; None when it says nothing of an outgoing text."""
    receipt = found.receipt
    if receipt is None:
        return None
    because = f": {receipt.failure.words}" if receipt.failure and receipt.failure.code is not None else ""
    reason = f"the provider says {receipt.word}{because}"
    asked_after, success = fates.last_leased(relay), success_for(relay, attempt)
    return receipt_event(receipt, success, attempt.number, reason=reason, by=by, asked_after=asked_after)


def _counter(attempt: Attempt, event: Event) -> str:
    if event.kind in (EventKind.NEVER_SENT, EventKind.DEADLINE_NOT_FOUND):
        return _DECLARED
    return _ADOPTED if attempt.is_unresolved else _TAKEN_OVER


def _ask_again_later(world: SendingWorld, stored: Stored, budget: Budget, event: Event) -> None:
    relay = stored.relay
    is_due = relay.due_at is not None and relay.due_at <= world.clock.now()
    if relay.final_status is not FinalStatus.IN_PROGRESS and is_due:
        conductor.apply(world, stored, event, budget)
