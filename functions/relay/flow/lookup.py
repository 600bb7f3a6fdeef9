"""Asking Twilio what became of an attempt, and telling the machine.

A text whose id was never learned is found by number, time and words. That is ambiguous between texts with the same
words from the same customer to the same handler, and a text given to the wrong one of them would be a text lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from relay.core import failures, fates
from relay.core.events import Event, EventKind
from relay.core.model import Attempt, FinalStatus, Relay
from relay.errors import MessengerUnavailable
from relay.flow import conductor
from relay.flow.conductor import Budget, World
from relay.flow.receipts import receipt_event, success_for
from relay.flow.wording import comparable
from relay.ports import Search, SentMessage, Stored

# How far Twilio's clock and ours may differ, and its list be behind, when a text is looked for by its time. Generous:
# a text looked for too late costs a few rows, one not found for a clock's sake is sent twice.
_TOLERANCE = timedelta(minutes=10)
# For so long after a text a callback may still tell whose it is; later the order of sending decides.
_CALLBACKS_COME = timedelta(hours=1)
# How far back a customer's other texts are compared: only one that was redriven could matter and be older.
_PAGE, _PAGES_MAX = 100, 3
# When the process that was sending died, its text need not wait for a deadline that may be hours away. Most deadlines
# come earlier than this.
_PATIENCE = timedelta(minutes=2)
NOT_SENT = "Twilio has no such text: declared not sent"
_NOT_TOLD = "Twilio cannot tell more of an attempt yet"
_SILENT = "Twilio could not be asked what became of an attempt"
_ADOPTED, _DECLARED, _TAKEN_OVER = "adopted", "declared not sent", "taken over"


class Undecidable(MessengerUnavailable):
    """Twilio has a text that may be this attempt's, and may as well be that of another one of unknown outcome."""


def find(world: World, relay: Relay, attempt: Attempt, budget: Budget) -> SentMessage | None:
    """The attempt's text at Twilio: by its id, or, when the id was never learned, by number, time and words.

    None when Twilio answers that it has no such text. Raises MessengerUnavailable when nobody can tell (Undecidable:
    yet), and StoreUnavailable when it must be known to whom a text belongs.
    """
    if attempt.message_sid is not None:
        return world.messenger.fetch(attempt.message_sid, timeout_seconds=budget.send)
    since, until = _created_between(attempt)
    phone = _phone(relay, attempt)
    candidates = world.messenger.sent_to(phone, relay.recipient_phone, since, timeout_seconds=budget.send)
    words = comparable(conductor.body_of(relay))
    matching = [text for text in candidates if _can_be(text, relay, attempt) and comparable(text.body) == words]
    if not matching:
        return None
    others = list(_others_with_the_same_words(world, relay, attempt, words, until, budget))
    taken = {other.message_sid for _, other in others}
    free = sorted((text for text in matching if text.message_sid not in taken), key=_age)
    rivals = [
        _Rival(other.starts_at, owner.message_id, other.number)
        for owner, other in others
        if _may_own(relay, owner, other) and any(_can_be(text, owner, other) for text in free)
    ]
    me = _Rival(attempt.starts_at, relay.message_id, attempt.number)
    others_might = any(rival.message_id != me.message_id for rival in rivals)
    # A callback may yet tell whose each is. Only when none can be expected any more the order of sending decides: it is
    # told by clocks that may differ.
    if others_might and world.clock.now() < until + _CALLBACKS_COME:
        raise Undecidable("another text with the same words is of unknown outcome too")
    before_me = sum(rival < me for rival in rivals)
    return free[before_me] if before_me < len(free) else None


class _Rival(NamedTuple):
    """An attempt of unknown outcome that a text may belong to, in the order of sending."""

    starts_at: datetime
    message_id: str
    number: int


def _may_own(relay: Relay, owner: Relay, attempt: Attempt) -> bool:
    """Whether a text may be this attempt's, for all that its record tells.

    One of another relay that was declared not sent counts: its text may have come to Twilio after that answer, and
    whoever took it for his own would be recorded as delivered without being so. Within one relay it is the same text.
    So does one whose status only a newer revision knows.
    """
    is_unsettled = attempt.is_unresolved or attempt.standing is not attempt.status
    may_have_left = is_unsettled or (attempt.was_declared_not_sent and owner is not relay)
    return may_have_left and attempt.message_sid is None


def _created_between(attempt: Attempt) -> tuple[datetime, datetime]:
    """When Twilio can have made the attempt's text."""
    return attempt.starts_at - _TOLERANCE, fates.settled_at(attempt) + _TOLERANCE


def _can_be(text: SentMessage, owner: Relay, attempt: Attempt) -> bool:
    """Whether the text is one that this attempt can have sent, by number and time."""
    since, until = _created_between(attempt)
    return text.to == _phone(owner, attempt) and since <= text.created_at <= until


def _age(text: SentMessage) -> tuple[object, str]:
    return (text.created_at, text.message_sid)


def _phone(relay: Relay, attempt: Attempt) -> str:
    # Attempts that an earlier revision stored have no phone of their own.
    return attempt.phone or relay.policy.tier(min(attempt.tier, relay.policy.last_tier)).phone


def _others_with_the_same_words(
    world: World, relay: Relay, attempt: Attempt, words: str, until: datetime, budget: Budget
) -> Iterator[tuple[Relay, Attempt]]:
    """All other attempts, of this relay or of one with the same words from the same customer, who may well text the
    same thing twice in a row; each with its relay."""
    yield from ((relay, other) for other in relay.attempts if other.number != attempt.number)
    token = None
    for _ in range(_PAGES_MAX):
        search = Search(sender_phone=relay.sender_phone, until=until + _TOLERANCE, limit=_PAGE, page_token=token)
        page = world.store.search(search, timeout_seconds=budget.store)
        for found in page.relays:
            if found.message_id != relay.message_id and comparable(conductor.body_of(found)) == words:
                yield from ((found, other) for other in found.attempts)
        token = page.next_page_token
        if token is None:
            return


@dataclass(frozen=True, slots=True)
class Settled:
    """What asking about a relay's open attempts brought. `is_answered` is False when Twilio was silent."""

    adopted: int = 0  # of unknown outcome, matched with a text that Twilio has
    declared_not_sent: int = 0
    taken_over: int = 0  # a status of which no callback had told
    is_answered: bool = True

    @property
    def repaired(self) -> int:
        return self.adopted + self.declared_not_sent + self.taken_over


def is_worth_asking(relay: Relay, now: datetime) -> bool:
    """Whether Twilio may know more of one of its attempts than the record does."""
    return relay.due_at is not None and any(now >= fates.settled_at(attempt) for attempt in fates.open_attempts(relay))


def settle(world: World, stored: Stored, budget: Budget, by: str) -> Settled:
    """Ask Twilio about every open attempt of a relay and let the record learn the answers. Raises StoreUnavailable."""
    counts: Counter[str] = Counter()
    answered = True
    for number in [attempt.number for attempt in fates.open_attempts(stored.relay)]:
        attempt = stored.relay.attempts[number - 1]
        if world.clock.now() < fates.settled_at(attempt):
            continue
        try:
            found = find(world, stored.relay, attempt, budget)
        except Undecidable:
            continue
        except MessengerUnavailable:
            answered = False
            break
        event = _fate(stored.relay, attempt, found, world.clock.now(), by)
        if event is None:
            continue
        applied = conductor.apply(world, stored, event, budget)
        if applied.stored is None:
            break
        counts[_counter(attempt, event)] += not applied.ignored_because
        stored = applied.stored
    if answered:
        _ask_again_later(world, stored, budget, Event(EventKind.LOOKED_UP, reason=_NOT_TOLD, by=by))
    else:
        put_off(world, stored, budget, by)
    return Settled(counts[_ADOPTED], counts[_DECLARED], counts[_TAKEN_OVER], answered)


def put_off(world: World, stored: Stored, budget: Budget, by: str) -> None:
    """Twilio is silent: ask about this relay another time, if it has ended and is due. Raises StoreUnavailable."""
    _ask_again_later(world, stored, budget, Event(EventKind.LOOKUP_UNANSWERED, reason=_SILENT, by=by))


def _fate(relay: Relay, attempt: Attempt, found: SentMessage | None, now: datetime, by: str) -> Event | None:
    """What the answer says of an open attempt, or None when the record knows it already."""
    if found is None:
        if not attempt.is_unresolved:
            return None
        if relay.final_status is not FinalStatus.IN_PROGRESS or attempt is not relay.current_attempt:
            return Event(EventKind.NEVER_SENT, attempt.number, reason=NOT_SENT, by=by)
        if now < fates.settled_at(attempt) + _PATIENCE:
            return None
        return Event(EventKind.DEADLINE_NOT_FOUND, attempt.number, reason=NOT_SENT, by=by)
    event = told(relay, attempt, found, by)
    if event is not None and event.kind is EventKind.RECEIPT_PROGRESS and not attempt.is_unresolved:
        return None
    return event


def told(relay: Relay, attempt: Attempt, found: SentMessage, by: str) -> Event | None:
    """The receipt that a look-up's answer amounts to; None when it says nothing of an outgoing text."""
    because = "" if found.error_code is None else f": {failures.classify(found.error_code).words}"
    return receipt_event(
        found.status,
        found.error_code,
        success_for(relay, attempt),
        attempt.number,
        found.message_sid,
        reason=f"Twilio says {found.status}{because}",
        by=by,
    )


def _counter(attempt: Attempt, event: Event) -> str:
    if event.kind in (EventKind.NEVER_SENT, EventKind.DEADLINE_NOT_FOUND):
        return _DECLARED
    return _ADOPTED if attempt.is_unresolved else _TAKEN_OVER


def _ask_again_later(world: World, stored: Stored, budget: Budget, event: Event) -> None:
    relay = stored.relay
    is_due = relay.due_at is not None and relay.due_at <= world.clock.now()
    if relay.final_status is not FinalStatus.IN_PROGRESS and is_due:
        conductor.apply(world, stored, event, budget)
