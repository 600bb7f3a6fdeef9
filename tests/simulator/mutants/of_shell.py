"""Mutants of what meets the world: the store's promises, the order of commit and effects, claims, sends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relay import failures, machine, shell, webhook
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict
from relay.events import ArmTimer, Event, EventKind, SendAttempt
from relay.ports import Accepted, Ambiguous, Refused, Stored

from tests.simulator.fleet import Fleet
from tests.simulator.mutants.mutant import Mutant, Patcher
from tests.simulator.sim_store import ProcessStore
from tests.simulator.sim_timers import ProcessTimers


def _no_compare_and_set(patch: Patcher) -> None:
    def update(store: Any, relay: Any, version: object) -> object:
        return store._put(relay)

    patch.put(ProcessStore, "_update", update)


def _create_overwrites(patch: Patcher) -> None:
    def create(store: Any, relay: Any) -> object:
        creates = store._state.history.creates
        creates[relay.message_id] = creates.get(relay.message_id, 0) + 1
        return store._put(relay)

    patch.put(ProcessStore, "_create", create)


def _conflict_is_ignored(patch: Patcher) -> None:
    """After a conflict the decision is performed as if it had been committed."""

    def commit(world: Any, stored: Any, decision: Any, budget: Any) -> Any:
        try:
            version = world.store.update(decision.relay, stored.version, (), timeout_seconds=budget.store)
        except VersionConflict:
            version = stored.version
        return Stored(decision.relay, version)

    patch.put(shell, "_commit", commit)


def _effects_before_commit(patch: Patcher) -> None:
    real = shell._commit

    def commit(world: Any, stored: Any, decision: Any, budget: Any) -> Any:
        for effect in decision.effects:
            if isinstance(effect, SendAttempt):
                relay = decision.relay
                phone = relay.attempts[effect.number - 1].phone
                shell.attempt_forward(world, relay, effect.number, phone, budget)
        return real(world, stored, decision, budget)

    patch.put(shell, "_commit", commit)


def _ambiguous_is_sent_again(patch: Patcher) -> None:
    real = shell.attempt_forward

    def attempt_forward(*arguments: Any) -> Any:
        outcome = real(*arguments)
        return real(*arguments) if isinstance(outcome, Ambiguous) else outcome

    patch.put(shell, "attempt_forward", attempt_forward)


def _ambiguous_counts_as_refused(patch: Patcher) -> None:
    real = shell._event_of

    def event_of(outcome: Any, number: int) -> Any:
        if isinstance(outcome, Ambiguous):
            outcome = Refused(failures.CONNECTION_REFUSED)
        return real(outcome, number)

    patch.put(shell, "_event_of", event_of)


def _ambiguous_counts_as_accepted(patch: Patcher) -> None:
    real = shell._event_of

    def event_of(outcome: Any, number: int) -> Any:
        if isinstance(outcome, Ambiguous):
            return Event(EventKind.SEND_ACCEPTED, number)
        return real(outcome, number)

    patch.put(shell, "_event_of", event_of)


def _no_lease(patch: Patcher) -> None:
    def send(world: Any, stored: Any, number: int, budget: Any, began: float) -> None:
        phone = stored.relay.attempts[number - 1].phone
        outcome = shell.attempt_forward(world, stored.relay, number, phone, budget)
        shell.apply(world, stored, shell._event_of(outcome, number), budget)

    patch.put(shell, "_send_and_record", send)


def _lease_by_time_of_day_only(patch: Patcher) -> None:
    patch.put(shell, "LEASE_SECONDS", 1e9)


def _sends_without_recording(patch: Patcher) -> None:
    def send(world: Any, stored: Any, number: int, budget: Any, began: float) -> None:
        phone = stored.relay.policy.tier(stored.relay.attempts[number - 1].tier).phone
        shell.attempt_forward(world, stored.relay, number, phone, budget)

    patch.put(shell, "_send_and_record", send)


def _all_claims_alike(patch: Patcher) -> None:
    patch.put(Fleet, "_new_claim", lambda fleet: "claim")


def _own_write_not_recognised(patch: Patcher) -> None:
    def commit(world: Any, stored: Any, decision: Any, budget: Any) -> Any:
        timers = shell._timers(decision)
        try:
            version = world.store.update(decision.relay, stored.version, timers, timeout_seconds=budget.store)
        except (VersionConflict, StoreUnavailable):
            return shell.load(world, stored.relay.message_id, budget)
        return Stored(decision.relay, version)

    patch.put(shell, "_commit", commit)


def _known_text_is_dropped(patch: Patcher) -> None:
    """AlreadyExists means "a duplicate, nothing to do", also for one's own create."""
    real = shell.create

    def create(world: Any, decision: Any, budget: Any) -> bool:
        class Dropping:
            def __getattr__(self, name: str) -> Any:
                return getattr(world.store, name)

            def create(self, *arguments: Any, **named: Any) -> object:
                try:
                    return world.store.create(*arguments, **named)
                except AlreadyStored:
                    raise _Dropped from None

        try:
            return real(replace(world, store=Dropping()), decision, budget)
        except _Dropped:
            return False

    patch.put(shell, "create", create)


class _Dropped(Exception):
    pass


def _unsure_create_counts_as_stored(patch: Patcher) -> None:
    real = shell.create

    def create(world: Any, decision: Any, budget: Any) -> bool:
        try:
            return real(world, decision, budget)
        except StoreUnavailable:
            return True

    patch.put(shell, "create", create)


def _timers_never_armed(patch: Patcher) -> None:
    patch.put(ProcessTimers, "arm", lambda timers, timer, timeout_seconds: False)


def _timers_never_cancelled(patch: Patcher) -> None:
    patch.put(ProcessTimers, "cancel", lambda timers, timer, timeout_seconds: None)


def _timer_before_commit(patch: Patcher) -> None:
    real = shell._commit

    def commit(world: Any, stored: Any, decision: Any, budget: Any) -> Any:
        for effect in decision.effects:
            if isinstance(effect, ArmTimer):
                world.timers.arm(effect.timer, timeout_seconds=budget.timers)
        return real(world, stored, decision, budget)

    patch.put(shell, "_commit", commit)


def _alarm_on_record_first(patch: Patcher) -> None:
    """The record says that people were told before they are."""
    real = shell._perform

    def perform(world: Any, stored: Any, decision: Any, budget: Any, began: float) -> None:
        class Late:
            def __getattr__(self, name: str) -> Any:
                return getattr(world.journal, name)

            def exhausted(self, relay: Any) -> None:
                shell.apply(world, stored, Event(EventKind.ALARM_RAISED), budget)
                world.journal.exhausted(relay)

        real(replace(world, journal=Late()), stored, decision, budget, began)

    patch.put(shell, "_perform", perform)


def _callback_names_first_attempt(patch: Patcher) -> None:
    real = webhook.status_callback_url
    patch.put(shell, "status_callback_url", lambda base, relay, tier, attempt: real(base, relay, tier, 1))


def _refusal_not_recorded(patch: Patcher) -> None:
    real = shell._event_of

    def event_of(outcome: Any, number: int) -> Any:
        return real(outcome if isinstance(outcome, Accepted) else Ambiguous("whatever it was"), number)

    patch.put(shell, "_event_of", event_of)


def _decides_on_a_stale_relay(patch: Patcher) -> None:
    """After a conflict the version is read again, the relay is not."""

    def commit(world: Any, stored: Any, decision: Any, budget: Any) -> Any:
        version = stored.version
        for _ in range(5):
            try:
                version = world.store.update(decision.relay, version, (), timeout_seconds=budget.store)
                return Stored(decision.relay, version)
            except VersionConflict:
                again = shell.load(world, stored.relay.message_id, budget)
                version = again.version if again else version
        raise StoreUnavailable("the relay kept changing")

    patch.put(shell, "_commit", commit)


def _body_in_the_log(patch: Patcher) -> None:
    real = shell.attempt_forward

    def attempt_forward(world: Any, relay: Any, *arguments: Any) -> Any:
        world.journal.note("INFO", "sending", body=relay.message_body)
        return real(world, relay, *arguments)

    patch.put(shell, "attempt_forward", attempt_forward)


def _phone_in_the_trail(patch: Patcher) -> None:
    real = machine.transition

    def transition(relay: Any, event: Any, now: Any) -> Any:
        if event.kind is EventKind.SEND_ACCEPTED:
            event = replace(event, reason=f"sent to {relay.attempts[event.attempt - 1].phone}")
        return real(relay, event, now)

    patch.put(machine, "transition", transition)


SHELL = (
    Mutant("no compare-and-set", "An update ignores that the relay has changed.", _no_compare_and_set),
    Mutant("create overwrites", "A second create replaces the relay.", _create_overwrites),
    Mutant("conflict ignored", "After a conflict the decision is performed all the same.", _conflict_is_ignored),
    Mutant("stale decision committed", "After a conflict only the version is read again.", _decides_on_a_stale_relay),
    Mutant("send before the claim", "The text leaves before its claim is committed.", _effects_before_commit),
    Mutant("ambiguous sent again", "A send of unknown outcome is repeated at once.", _ambiguous_is_sent_again),
    Mutant("ambiguous is refused", "A send of unknown outcome counts as refused.", _ambiguous_counts_as_refused),
    Mutant("ambiguous is accepted", "A send of unknown outcome counts as accepted.", _ambiguous_counts_as_accepted),
    Mutant("no lease", "A claim allows to send for ever.", _no_lease),
    Mutant(
        "lease by time of day",
        "The lease is not held against the monotonic clock.",
        _lease_by_time_of_day_only,
        600,
        first_seed=3500,
    ),
    Mutant("all claims alike", "Everybody has the same token.", _all_claims_alike),
    Mutant("unsure create counts", "A create that failed is taken for stored.", _unsure_create_counts_as_stored),
    Mutant("alarm on record first", "The alarm is recorded before it is raised.", _alarm_on_record_first),
    Mutant("callback names attempt 1", "Every callback is about the first attempt.", _callback_names_first_attempt),
    Mutant(
        "refusal not recorded",
        "A clean refusal counts as an unknown outcome.",
        _refusal_not_recorded,
        covered_by="Twilio is asked at the deadline and has no such text: later, but nothing is lost or doubled.",
    ),
    Mutant("body in the log", "A line of the journal holds the customer's words.", _body_in_the_log),
    Mutant("phone in the trail", "The trail holds a handler's number.", _phone_in_the_trail),
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
    Mutant("outcome not recorded", "Nobody writes down how a send went.", _sends_without_recording),
    Mutant(
        "own write not recognised",
        "A lost reply is taken for somebody else's write.",
        _own_write_not_recognised,
        covered_by="The machine knows its caller's own claim; what was not armed is found by the sweep.",
    ),
    Mutant(
        "known text dropped",
        "AlreadyExists counts as a duplicate, one's own create too.",
        _known_text_is_dropped,
        covered_by="The deadline was armed with the create: an attempt nobody sends is looked up and goes on.",
    ),
)
