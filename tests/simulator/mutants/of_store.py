"""Mutants of what the store and the timers promise, and of how commits are made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relay.core.events import ArmTimer
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict
from relay.flow import conductor
from relay.ports import Stored, Write

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher
from tests.simulator.sim_store import ProcessStore
from tests.simulator.sim_timers import ProcessTimers


def _no_compare_and_set(patch: Patcher) -> None:
    real = ProcessStore._check

    def check(store: Any, write: Any) -> None:
        if write.version is None:
            real(store, write)

    patch.put(ProcessStore, "_check", check)


def _create_overwrites(patch: Patcher) -> None:
    real = ProcessStore._check

    def check(store: Any, write: Any) -> None:
        if write.version is not None:
            real(store, write)

    patch.put(ProcessStore, "_check", check)


def _update(world: Any, decision: Any, version: object, budget: Any, beside: Any, timers: Any = ()) -> object:
    writes = (Write(decision.relay, version), *beside)
    return world.store.commit(writes, timers, timeout_seconds=budget.store)[0]


def _conflict_is_ignored(patch: Patcher) -> None:
    """After a conflict the decision is performed as if it had been committed."""

    def commit(world: Any, stored: Any, decision: Any, budget: Any, beside: Any = ()) -> Any:
        try:
            version = _update(world, decision, stored.version, budget, beside)
        except VersionConflict:
            version = stored.version
        return Stored(decision.relay, version), True

    patch.put(conductor, "commit", commit)


def _own_write_not_recognised(patch: Patcher) -> None:
    def commit(world: Any, stored: Any, decision: Any, budget: Any, beside: Any = ()) -> Any:
        timers = decision.timers
        try:
            version = _update(world, decision, stored.version, budget, beside, timers)
        except (VersionConflict, StoreUnavailable):
            return conductor.load(world, stored.relay.message_id, budget), False
        return Stored(decision.relay, version), True

    patch.put(conductor, "commit", commit)


def _known_text_is_dropped(patch: Patcher) -> None:
    """AlreadyExists means "a duplicate, nothing to do", also for one's own create."""
    real = conductor.create

    def create(world: Any, decision: Any, budget: Any, beside: Any = ()) -> bool:
        class Dropping:
            def __getattr__(self, name: str) -> Any:
                return getattr(world.store, name)

            def create(self, *arguments: Any, **named: Any) -> object:
                try:
                    return world.store.create(*arguments, **named)
                except AlreadyStored:
                    raise _Dropped from None

        try:
            return real(replace(world, store=Dropping()), decision, budget, beside)
        except _Dropped:
            return False

    patch.put(conductor, "create", create)


class _Dropped(Exception):
    pass


def _unsure_create_counts_as_stored(patch: Patcher) -> None:
    real = conductor.create

    def create(world: Any, decision: Any, budget: Any, beside: Any = ()) -> bool:
        try:
            return real(world, decision, budget, beside)
        except StoreUnavailable:
            return True

    patch.put(conductor, "create", create)


def _timers_never_armed(patch: Patcher) -> None:
    patch.put(ProcessTimers, "arm", lambda timers, timer, timeout_seconds: False)


def _timers_never_cancelled(patch: Patcher) -> None:
    patch.put(ProcessTimers, "cancel", lambda timers, timer, timeout_seconds: None)


def _timer_before_commit(patch: Patcher) -> None:
    real = conductor.commit

    def commit(world: Any, stored: Any, decision: Any, budget: Any, beside: Any = ()) -> Any:
        for effect in decision.effects:
            if isinstance(effect, ArmTimer):
                world.timers.arm(effect.timer, timeout_seconds=budget.timers)
        return real(world, stored, decision, budget, beside)

    patch.put(conductor, "commit", commit)


def _decides_on_a_stale_relay(patch: Patcher) -> None:
    """After a conflict the version is read again, the relay is not."""

    def commit(world: Any, stored: Any, decision: Any, budget: Any, beside: Any = ()) -> Any:
        version = stored.version
        for _ in range(5):
            try:
                version = _update(world, decision, version, budget, beside)
                return Stored(decision.relay, version), True
            except VersionConflict:
                again = conductor.load(world, stored.relay.message_id, budget)
                version = again.version if again else version
        raise StoreUnavailable("the relay kept changing")

    patch.put(conductor, "commit", commit)


STORE = (
    Mutant("no compare-and-set", "An update ignores that the relay has changed.", _no_compare_and_set),
    Mutant("create overwrites", "A second create replaces the relay.", _create_overwrites),
    Mutant("conflict ignored", "After a conflict the decision is performed all the same.", _conflict_is_ignored),
    Mutant("stale decision committed", "After a conflict only the version is read again.", _decides_on_a_stale_relay),
    Mutant("unsure create counts", "A create that failed is taken for stored.", _unsure_create_counts_as_stored),
    Mutant(
        "timers never armed",
        "Nothing wakes anybody up.",
        _timers_never_armed,
        covered_by="due_at and the sweep stand behind every timer: each step is up to a minute later.",
    ),
    Mutant(
        "timer before commit",
        "A timer is armed before the commit that asks for it.",
        _timer_before_commit,
        covered_by="A timer that says something the record does not is ignored.",
    ),
    Mutant(
        "timers never cancelled",
        "A delivered relay's timers still fire.",
        _timers_never_cancelled,
        covered_by="A timer of an ended relay or an earlier attempt is ignored.",
    ),
    Mutant(
        "own write not recognised",
        "A lost reply is taken for somebody else's write.",
        _own_write_not_recognised,
        covered_by="The machine knows its caller's own lease; what was not armed is found by the sweep.",
    ),
    Mutant(
        "known text dropped",
        "AlreadyExists counts as a duplicate, one's own create too.",
        _known_text_is_dropped,
        kind=Kind.FULLER_WEBHOOK,
    ),
)
