"""The conductor lets the machine decide, commits the decision, performs its effects, and repeats with what they bring.

No other module performs a decision of the machine. The order matters: a relay is committed with compare-and-set before
any effect, timers are armed before a send. A process that dies on any line leaves a record from which a repeated event,
a timer or the sweep goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from relay.core import fuller, machine, moves
from relay.core.events import (
    CancelTimer,
    Decision,
    Effect,
    Event,
    EventKind,
    RaiseAlarm,
    SendAttempt,
    TellOutage,
    TellOutageOver,
    WithdrawAttempt,
)
from relay.core.model import InboundText, Relay
from relay.errors import Conflict, StoreRefused, StoreUnavailable, Unreadable
from relay.flow import incidents, sending, showing, unheard, without_files
from relay.flow.budget import Budget
from relay.flow.world import SendingWorld, World
from relay.ports import Stored, Write

# How often one decision is tried. Each conflict means that another process changed the relay in between; after so many
# in a row something is broken, and StoreUnavailable is raised.
_COMMIT_TRIES = 8


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying an event did: the relay as committed last (None: there is none), and why the event was ignored."""

    stored: Stored | None
    ignored_because: str = ""


def load(world: World, message_id: str, budget: Budget) -> Stored | None:
    """Returns the relay, or None when it is unknown or expired.

    Raises StoreUnavailable, of which NewerRecord when it is left to a newer revision: each way in answers both alike,
    so that the caller comes again.
    """
    return world.store.get(message_id, timeout_seconds=budget.store)


def create(world: World, decision: Decision, budget: Budget, beside: Sequence[Write] = ()) -> bool:
    """Store a new relay, then perform what it asks for. Returns whether it is new.

    For one that is stored already, what is pending is done. Raises StoreUnavailable only while it is not known whether
    the relay is durable, with all that the text says: then the provider must try again; StoreRefused when it cannot be
    stored as it is. What goes wrong later is left to the timers and the sweep.

    `beside` is stored in the same commit. Raises Conflict when one of those is not as its write presumed: then nothing
    is stored.
    """
    decision = sending.remembered(world, decision)
    relay = decision.relay
    began = world.clock.monotonic()
    try:
        version = _write(world, Write(relay), beside, decision, budget)
    except (Conflict, StoreUnavailable) as error:
        if isinstance(error, Conflict) and error.record_id != relay.message_id:
            raise
        try:
            existing = load(world, relay.message_id, budget)
        except Unreadable:
            return False  # it is stored; the store has raised the alarm, and a person must see to it
        if existing is None and isinstance(error, Conflict):
            return False  # the relay has expired since, or was deleted as a synthetic text: nothing is left to do
        if existing is None:
            raise StoreUnavailable("the relay could not be stored") from error
        if existing.relay != relay:
            repeated = _repeated(existing.relay, relay)
            if existing.relay.is_left_to_newer and repeated.kind is EventKind.INBOUND_SAYS_MORE:
                world.alarms.left_to_newer(relay.message_id, existing.relay.final_status.value)
            _come_again(world, existing, repeated, budget, began)
            return False
        # Our own create; its reply was lost, and perhaps its timers.
        version = existing.version
        _arm(world, decision, budget)
    world.journal.steps(relay, relay.error_log)
    stored = Stored(relay, version)
    after_durable(world, relay, lambda: carry_out(world, stored, decision.effects, budget, began))
    return True


def _come_again(world: World, existing: Stored, repeated: Event, budget: Budget, began: float) -> None:
    """Do what a text that is stored asks for when it comes in again.

    Raises StoreUnavailable and StoreRefused while what it says more is not durable: the provider must bring it again.
    """
    if repeated.kind is EventKind.INBOUND_REPEATED:
        after_durable(world, existing.relay, lambda: apply(world, existing, repeated, budget, began))
        return
    decided = decide(world, existing, repeated, budget)
    if decided is not None:
        stored, effects = decided.stored, decided.decision.effects
        after_durable(world, stored.relay, lambda: carry_out(world, stored, effects, budget, began))


def _repeated(known: Relay, again: Relay) -> Event:
    """Returns the event that the text of a relay which is known came in again, and made the relay `again`."""
    text = InboundText(
        again.message_id,
        again.sender_phone,
        again.recipient_phone,
        again.message_body,
        again.media_count,
        again.attachments,
        media_token=again.media_token,
    )
    lease = again.attempts[0].lease if again.attempts else None
    by = "reconcile" if again.recovered else ""
    event = Event(EventKind.INBOUND_SAYS_MORE, lease=lease, text=text, sender_class=again.sender_class, by=by)
    return event if fuller.says_more(known, event) else replace(event, kind=EventKind.INBOUND_REPEATED)


def after_durable(world: World, relay: Relay, go_on: Callable[[], object]) -> None:
    """Go on with a relay that is durable: even if the store fails now, the provider must not be asked to try again."""
    try:
        go_on()
    except (StoreUnavailable, StoreRefused, Unreadable) as error:
        labels = {"relay": relay.message_id, "reason": str(error)}
        world.journal.note("WARNING", "store unavailable after the text was durable", **labels)


def apply(world: World, stored: Stored, event: Event, budget: Budget, began: float | None = None) -> Applied:
    """Apply an event to a relay that was read before, and every event that its effects bring about.

    `began` is the monotonic time since when the caller may hold a lease, if that is earlier than now. Raises
    StoreUnavailable when something could not be recorded: the caller must bring the event again; StoreRefused when it
    never can be.
    """
    began = world.clock.monotonic() if began is None else began
    decided = decide(world, stored, event, budget)
    if decided is None:
        return Applied(None, "the relay is gone")
    latest = carry_out(world, decided.stored, decided.decision.effects, budget, began)
    return Applied(latest, decided.decision.ignored_because)


def carry_out(world: World, stored: Stored, effects: Iterable[Effect], budget: Budget, began: float) -> Stored:
    """Perform effects in order, then those of the events that they bring about. Returns the relay as committed last."""
    waiting = deque(effects)
    while waiting:
        event = perform(world, stored, waiting.popleft(), budget, began)
        if event is None:
            continue
        decided = decide(world, stored, event, budget)
        if decided is None:
            break  # the relay is gone: its other effects have nothing to act on
        stored = decided.stored
        waiting.extend(decided.decision.effects)
    return stored


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision, and the relay as it is stored after it."""

    stored: Stored
    decision: Decision


def decide(world: World, stored: Stored, event: Event, budget: Budget) -> Decided | None:
    """Let the machine decide and commit what changed; on a conflict the relay is read and decided again.

    Returns None when the relay is gone. Raises StoreUnavailable when it could not be committed.
    """
    for _ in range(_COMMIT_TRIES):
        decision = machine.transition(stored.relay, event, world.clock.now())
        beside: Sequence[Write] = ()
        if decision.changed:
            prepared = showing.with_thread(world, stored.relay, decision, event, budget)
            decision, beside = prepared.decision, prepared.beside
        # Also of what is only pending: since its lease another process may have learned what makes it other words.
        decision = sending.remembered(world, decision)
        if not decision.changed and decision.relay == stored.relay:
            _arm(world, decision, budget)
            return Decided(stored, decision)
        if decision.changed:
            beside = (*beside, *without_files.beside_words_alone(world, decision, budget))
        before = stored.relay
        stored_now, is_ours = commit(world, stored, decision, budget, beside)
        if stored_now is None:
            return None
        stored = stored_now
        if is_ours:
            world.journal.steps(
                stored.relay, [entry for entry in stored.relay.error_log if entry.number >= before.lines_logged]
            )
            return Decided(stored, decision)
        # Another process changed the relay: decide again. The event's lease tells the machine what we committed
        # ourselves.
        if budget.is_used_up:
            break  # the client of the request does not wait for an answer any more
    raise StoreUnavailable("the relay kept changing")


def commit(
    world: World, stored: Stored, decision: Decision, budget: Budget, beside: Sequence[Write] = ()
) -> tuple[Stored | None, bool]:
    """Write what was decided, and what is stored with it.

    Returns what is stored of the relay then, None if it is gone, and whether that is our own write.
    """
    try:
        version = _write(world, Write(decision.relay, stored.version), beside, decision, budget)
    except (Conflict, StoreUnavailable):
        again = load(world, stored.relay.message_id, budget)
        if again is None or again.relay != decision.relay:
            return again, False
        # Our own write; its reply was lost, and perhaps its timers.
        version = again.version
        _arm(world, decision, budget)
    return Stored(decision.relay, version), True


def _write(world: World, own: Write, beside: Sequence[Write], decision: Decision, budget: Budget) -> object:
    """Store a relay, with what is stored beside it. Returns the relay's version."""
    store, relay, seconds = world.store, decision.relay, budget.store
    if beside:
        new = (moves.pending(write.record) for write in beside if isinstance(write.record, Relay))
        timers = (*decision.timers, *(timer for timer in new if timer is not None))
        return store.commit((own, *beside), timers, timeout_seconds=seconds)[0]
    if own.version is None:
        return store.create(relay, decision.timers, timeout_seconds=seconds)
    return store.update(relay, own.version, decision.timers, timeout_seconds=seconds)


def _arm(world: World, decision: Decision, budget: Budget) -> None:
    for timer in decision.timers:
        world.timers.arm(timer, timeout_seconds=budget.timers)


def perform(world: World, stored: Stored, effect: Effect, budget: Budget, began: float) -> Event | None:
    """Perform one effect of a committed decision. Returns the event that it brings about, or None.

    ArmTimer needs nothing here: the store armed the timers with the commit.
    """
    if isinstance(effect, CancelTimer):
        world.timers.cancel(effect.timer, timeout_seconds=budget.timers)
    elif isinstance(effect, SendAttempt):
        if not isinstance(world, SendingWorld):
            raise TypeError("an attempt was handed out where nothing can be sent")
        return sending.send(world, stored.relay, effect.number, budget, began)
    elif isinstance(effect, WithdrawAttempt):
        sending.withdraw(world, stored.relay, effect.number, budget)
    elif isinstance(effect, RaiseAlarm):
        return unheard.tell(world, stored.relay, budget)
    elif isinstance(effect, TellOutage):
        incidents.join(world, stored.relay, effect.failure, budget)
    elif isinstance(effect, TellOutageOver):
        incidents.close(world, budget)
    return None
