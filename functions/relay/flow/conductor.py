"""Decide, commit, perform, and again with what that brought about, until nothing is left to do.

The one place where a decision of the machine meets the world. Order is everything here: a relay is committed with
compare-and-set before any effect, timers are armed before a send. A process that dies on any line leaves a record from
which a repeated event, a timer or the sweep goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from relay.core import machine
from relay.core.events import (
    ArmTimer,
    CancelTimer,
    Decision,
    Effect,
    Event,
    EventKind,
    RaiseAlarm,
    SendAttempt,
    WithdrawAttempt,
)
from relay.core.model import Timer
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict
from relay.flow import sending
from relay.flow.budget import Budget
from relay.flow.world import SendingWorld, World
from relay.ports import Stored

# Each conflict means that another process got on with the relay; so many in a row mean that something is broken.
_COMMIT_TRIES = 8


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an event: the relay as committed last (None: there is no such relay), and why it was ignored."""

    stored: Stored | None
    ignored_because: str = ""


def load(world: World, message_id: str, budget: Budget) -> Stored | None:
    """Returns the relay, or None when it is unknown or expired.

    Raises StoreUnavailable, of which NewerRecord when it is left to a newer revision: each way in answers both alike,
    so that the caller comes again.
    """
    return world.store.get(message_id, timeout_seconds=budget.store)


def create(world: World, decision: Decision, budget: Budget) -> bool:
    """Store a new relay, then perform what it asks for. Returns whether it is new.

    One that is stored already is resumed. Raises StoreUnavailable only while it is not known whether the relay is
    durable: then the provider must try again. What goes wrong later is left to the timers and the sweep.
    """
    relay = decision.relay
    began = world.clock.monotonic()
    try:
        version = world.store.create(relay, timers_of(decision), timeout_seconds=budget.store)
    except (AlreadyStored, StoreUnavailable) as error:
        existing = load(world, relay.message_id, budget)
        if existing is None and isinstance(error, AlreadyStored):
            return False  # it was dealt with and has expired since, or was cleaned up: nothing is left to do
        if existing is None:
            raise StoreUnavailable("the relay could not be stored") from error
        if existing.relay != relay:
            lease = relay.attempts[0].lease if relay.attempts else None
            _after_durable(world, existing, Event(EventKind.INBOUND_REPEATED, lease=lease), (), budget, began)
            return False
        # Our own create; its reply was lost, and perhaps its timers.
        version = existing.version
        _arm(world, decision, budget)
    world.journal.steps(relay, relay.error_log)
    _after_durable(world, Stored(relay, version), None, decision.effects, budget, began)
    return True


def _after_durable(
    world: World, stored: Stored, event: Event | None, effects: Iterable[Effect], budget: Budget, began: float
) -> None:
    """Go on with a relay that is durable: whatever the store does now, the sender must not be asked to try again."""
    try:
        if event is not None:
            apply(world, stored, event, budget, began)
        else:
            carry_out(world, stored, effects, budget, began)
    except StoreUnavailable:
        world.journal.note("WARNING", "store unavailable after the text was durable", relay=stored.relay.message_id)


def apply(world: World, stored: Stored, event: Event, budget: Budget, began: float | None = None) -> Applied:
    """Let an event act on a relay that was read before, and everything that follows from it.

    `began` is the monotonic time since when the caller may hold a lease, if that is earlier than now. Raises
    StoreUnavailable when something could not be recorded: whatever brought the event must bring it again.
    """
    began = world.clock.monotonic() if began is None else began
    step = decide(world, stored, event, budget)
    if step is None:
        return Applied(None, "the relay is gone")
    latest = carry_out(world, step.stored, step.decision.effects, budget, began)
    return Applied(latest, step.decision.ignored_because)


def carry_out(world: World, stored: Stored, effects: Iterable[Effect], budget: Budget, began: float) -> Stored:
    """Perform effects in order, and those of what they bring about. Returns the relay as committed last."""
    waiting = deque(effects)
    while waiting:
        event = perform(world, stored, waiting.popleft(), budget, began)
        if event is None:
            continue
        step = decide(world, stored, event, budget)
        if step is None:
            break  # the relay is gone, and with it all that was left to do
        stored = step.stored
        waiting.extend(step.decision.effects)
    return stored


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, and the relay as it is stored after it."""

    stored: Stored
    decision: Decision


def decide(world: World, stored: Stored, event: Event, budget: Budget) -> Step | None:
    """Let the machine decide and commit what changed; on a conflict the relay is read and decided again.

    Returns None when the relay is gone. Raises StoreUnavailable when it could not be committed.
    """
    for _ in range(_COMMIT_TRIES):
        decision = machine.transition(stored.relay, event, world.clock.now())
        if not decision.changed:
            _arm(world, decision, budget)
            return Step(stored, decision)
        before = stored.relay
        stored_now, is_ours = commit(world, stored, decision, budget)
        if stored_now is None:
            return None
        stored = stored_now
        if is_ours:
            world.journal.steps(
                stored.relay, [entry for entry in stored.relay.error_log if entry.number >= before.lines_logged]
            )
            return Step(stored, decision)
        # Another process got on with it: decide again. The machine knows our own lease.
        if budget.is_used_up:
            break  # the caller's caller does not wait for an answer any more
    raise StoreUnavailable("the relay kept changing")


def commit(world: World, stored: Stored, decision: Decision, budget: Budget) -> tuple[Stored | None, bool]:
    """Write what was decided. Returns what is stored then, None if it is gone, and whether that is what we wrote."""
    try:
        version = world.store.update(decision.relay, stored.version, timers_of(decision), timeout_seconds=budget.store)
    except (VersionConflict, StoreUnavailable):
        again = load(world, stored.relay.message_id, budget)
        if again is None or again.relay != decision.relay:
            return again, False
        # Our own write; its reply was lost, and perhaps its timers.
        version = again.version
        _arm(world, decision, budget)
    return Stored(decision.relay, version), True


def timers_of(decision: Decision) -> tuple[Timer, ...]:
    """Returns the timers that a decision arms."""
    return tuple(effect.timer for effect in decision.effects if isinstance(effect, ArmTimer))


def _arm(world: World, decision: Decision, budget: Budget) -> None:
    for timer in timers_of(decision):
        world.timers.arm(timer, timeout_seconds=budget.timers)


def perform(world: World, stored: Stored, effect: Effect, budget: Budget, began: float) -> Event | None:
    """Perform one effect of a committed decision. Returns what the machine must be told of it.

    Timers to arm went with the commit.
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
        world.alarms.exhausted(stored.relay)
        return Event(EventKind.ALARM_RAISED)
    return None
