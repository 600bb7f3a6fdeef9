"""Mutants of effects: leases, sends and how they are recorded, alarms, what is logged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relay import ports
from relay.core import machine
from relay.core.events import Event, EventKind, RaiseAlarm, SendAttempt
from relay.core.failures import UNREACHABLE
from relay.flow import conductor, sending, sms
from relay.ports import Accepted, Ambiguous, Refused

from tests.simulator.fleet import Fleet
from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher


def _effects_before_commit(patch: Patcher) -> None:
    real = conductor.commit

    def commit(world: Any, stored: Any, decision: Any, budget: Any, beside: Any = ()) -> Any:
        for effect in decision.effects:
            if isinstance(effect, SendAttempt):
                sending.attempt_forward(world, decision.relay, effect.number, budget)
        return real(world, stored, decision, budget, beside)

    patch.put(conductor, "commit", commit)


def _ambiguous_is_sent_again(patch: Patcher) -> None:
    real = sending.attempt_forward

    def attempt_forward(*arguments: Any) -> Any:
        outcome = real(*arguments)
        return real(*arguments) if isinstance(outcome, Ambiguous) else outcome

    patch.put(sending, "attempt_forward", attempt_forward)


def _ambiguous_counts_as_refused(patch: Patcher) -> None:
    real = sending.event_of

    def event_of(outcome: Any, number: int, *under: Any) -> Any:
        if isinstance(outcome, Ambiguous):
            outcome = Refused(UNREACHABLE)
        return real(outcome, number, *under)

    patch.put(sending, "event_of", event_of)


def _ambiguous_counts_as_accepted(patch: Patcher) -> None:
    real = sending.event_of

    def event_of(outcome: Any, number: int, *under: Any) -> Any:
        if isinstance(outcome, Ambiguous):
            return Event(EventKind.SEND_ACCEPTED, number)
        return real(outcome, number, *under)

    patch.put(sending, "event_of", event_of)


def _no_lease(patch: Patcher) -> None:
    def send(world: Any, relay: Any, number: int, budget: Any, began: float) -> Any:
        return sending.event_of(sending.attempt_forward(world, relay, number, budget), number)

    patch.put(sending, "send", send)


def _lease_by_time_of_day_only(patch: Patcher) -> None:
    patch.put(sending, "LEASE_SECONDS", 1e9)


def _sends_without_recording(patch: Patcher) -> None:
    def send(world: Any, relay: Any, number: int, budget: Any, began: float) -> None:
        sending.attempt_forward(world, relay, number, budget)

    patch.put(sending, "send", send)


def _all_leases_alike(patch: Patcher) -> None:
    patch.put(Fleet, "new_lease", lambda fleet: "lease")


def _alarm_on_record_first(patch: Patcher) -> None:
    """The record says that people were told before they are."""
    real = conductor.perform

    def perform(world: Any, stored: Any, effect: Any, budget: Any, began: float) -> Any:
        if isinstance(effect, RaiseAlarm):
            conductor.decide(world, stored, Event(EventKind.ALARM_RAISED), budget)
            world.alarms.exhausted(stored.relay)
            return None
        return real(world, stored, effect, budget, began)

    patch.put(conductor, "perform", perform)


def _callback_names_first_attempt(patch: Patcher) -> None:
    real = ports.OutgoingText
    patch.put(sms, "OutgoingText", lambda *values, **named: real(*values, **{**named, "attempt": 1}))


def _refusal_not_recorded(patch: Patcher) -> None:
    real = sending.event_of

    def event_of(outcome: Any, *arguments: Any) -> Any:
        return real(outcome if isinstance(outcome, Accepted) else Ambiguous("whatever it was"), *arguments)

    patch.put(sending, "event_of", event_of)


def _pending_is_remembered_as_leased(patch: Patcher) -> None:
    real = sending.remembered

    def remembered(world: Any, decision: Any) -> Any:
        return real(world, decision) if decision.changed else decision

    patch.put(sending, "remembered", remembered)


def _body_in_the_log(patch: Patcher) -> None:
    real = sending.attempt_forward

    def attempt_forward(world: Any, relay: Any, *arguments: Any) -> Any:
        world.journal.note("INFO", "sending", body=relay.message_body)
        return real(world, relay, *arguments)

    patch.put(sending, "attempt_forward", attempt_forward)


def _phone_in_the_trail(patch: Patcher) -> None:
    real = machine.transition

    def transition(relay: Any, event: Any, now: Any) -> Any:
        if event.kind is EventKind.SEND_ACCEPTED:
            event = replace(event, reason=f"sent to {relay.attempts[event.attempt - 1].reach.address}")
        return real(relay, event, now)

    patch.put(machine, "transition", transition)


CONDUCTOR = (
    Mutant("send before the lease", "The text leaves before its lease is committed.", _effects_before_commit),
    Mutant("ambiguous sent again", "A send of unknown outcome is repeated at once.", _ambiguous_is_sent_again),
    Mutant("ambiguous is refused", "A send of unknown outcome counts as refused.", _ambiguous_counts_as_refused),
    Mutant("ambiguous is accepted", "A send of unknown outcome counts as accepted.", _ambiguous_counts_as_accepted),
    Mutant("no lease", "A lease allows to send for ever.", _no_lease),
    Mutant(
        "lease by time of day",
        "The lease is not held against the monotonic clock.",
        _lease_by_time_of_day_only,
        case="coincidence: a send, and a clock that is set back",
    ),
    Mutant("all leases alike", "Everybody has the same token.", _all_leases_alike),
    Mutant(
        "alarm on record first",
        "The alarm is recorded before it is raised.",
        _alarm_on_record_first,
        first_seed=352,
    ),
    Mutant("callback names attempt 1", "Every callback is about the first attempt.", _callback_names_first_attempt),
    Mutant(
        "refusal not recorded",
        "A clean refusal counts as an unknown outcome.",
        _refusal_not_recorded,
        kind=Kind.OUTAGE_OURS,
    ),
    Mutant("body in the log", "A line of the journal holds the customer's words.", _body_in_the_log),
    Mutant("phone in the trail", "The trail holds a handler's number.", _phone_in_the_trail),
    Mutant(
        "other words than remembered",
        "What changed an attempt's words after its lease is sent, and not remembered.",
        _pending_is_remembered_as_leased,
        1,
        first_seed=44056062,
    ),
    Mutant("outcome not recorded", "Nobody writes down how a send went.", _sends_without_recording),
)
