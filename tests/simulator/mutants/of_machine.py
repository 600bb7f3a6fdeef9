"""Mutants of the cascade: the table of states and events, leases, retries, escalation, the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relay.core import attempts, deadlines, failures, machine, moves
from relay.core.events import Decision, EventKind, RaiseAlarm, SendAttempt, State
from relay.core.failures import FailureClass
from relay.core.model import AttemptStatus

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher

_ENDED = (State.DELIVERED, State.EXHAUSTED)
_SENT = (State.LEASED, State.UNKNOWN, State.ACCEPTED)
_IGNORED = "ignored by a mutant"


def _lease_is_stolen(patch: Patcher) -> None:
    """A second timer for an attempt that is being sent leases it once more."""
    patch.answer((State.LEASED,), (EventKind.ATTEMPT_DUE,), machine.lease)


def _anybody_may_send(patch: Patcher) -> None:
    def resume(relay: Any, event: Any, now: Any) -> Any:
        pending = moves.pending_timer(relay)
        if relay.attempts[-1].status is AttemptStatus.LEASED and event.lease is not None:
            return Decision(relay, (pending, SendAttempt(len(relay.attempts))), "resumed by a mutant")
        return Decision(relay, (pending,), "resumed by a mutant")

    states = (State.LEASED, State.UNKNOWN, State.ACCEPTED, State.EARLIER)
    patch.answer(states, (EventKind.INBOUND_REPEATED, EventKind.ATTEMPT_DUE), resume)


def _own_lease_not_recognised(patch: Patcher) -> None:
    def resume(relay: Any, event: Any, now: Any) -> Any:
        return Decision(relay, (moves.pending_timer(relay),), "resumed by a mutant")

    patch.answer((State.LEASED,), (EventKind.INBOUND_REPEATED, EventKind.ATTEMPT_DUE), resume)
    patch.answer((State.EARLIER,), tuple(deadlines.ANSWERS), resume)


def _ended_relay_sends(patch: Patcher) -> None:
    def lease(relay: Any, event: Any, now: Any) -> Any:
        if not event.lease or not relay.attempts:
            return Decision(relay, (), _IGNORED)
        return Decision(replace(moves.leased(relay, event.lease, now, "").relay), (SendAttempt(len(relay.attempts)),))

    patch.answer(_ENDED, (EventKind.ATTEMPT_DUE,), lease)


def _tier_skipped(patch: Patcher) -> None:
    real = moves.new_attempt

    def new_attempt(relay: Any, tier: int, *arguments: Any) -> Any:
        if relay.attempts and tier > relay.attempts[-1].tier:
            tier = min(tier + 1, relay.policy.last_tier)
        return real(relay, tier, *arguments)

    patch.put(moves, "new_attempt", new_attempt)


def _last_tier_left_untried(patch: Patcher) -> None:
    real = moves.escalate_on_failure

    def escalate(relay: Any, event: Any, now: Any, **named: Any) -> Any:
        tier = relay.attempts[(named.get("of") or event.attempt) - 1].tier
        if tier + 1 == relay.policy.last_tier:
            return moves.exhausted(relay, tier, "no tiers left", now, event.by)
        return real(relay, event, now, **named)

    patch.put(moves, "escalate_on_failure", escalate)


def _permanent_is_retried(patch: Patcher) -> None:
    patch.put(failures, "RETRIED_IN_TIER", frozenset(FailureClass))


def _resent_as_often_as_not_found(patch: Patcher) -> None:
    def not_found(relay: Any, event: Any, now: Any) -> Any:
        changed = attempts.give_up(relay, event, now, AttemptStatus.FAILED)
        if relay.attempts[-1].tier == relay.policy.last_tier and len(relay.attempts) < 30:
            return moves.send_again(changed, event, now)
        return moves.escalate_on_failure(changed, event, now)

    patch.answer((State.LEASED, State.UNKNOWN), (EventKind.DEADLINE_NOT_FOUND,), not_found)


def _resent_at_any_tier(patch: Patcher) -> None:
    def not_found(relay: Any, event: Any, now: Any) -> Any:
        changed = attempts.give_up(relay, event, now, AttemptStatus.FAILED)
        if not any(attempt.is_resend for attempt in relay.attempts):
            return moves.send_again(changed, event, now)
        return moves.escalate_on_failure(changed, event, now)

    patch.answer((State.LEASED, State.UNKNOWN), (EventKind.DEADLINE_NOT_FOUND,), not_found)


def _withdrawn_resend_counts(patch: Patcher) -> None:
    def not_found(relay: Any, event: Any, now: Any) -> Any:
        if not any(attempt.is_resend for attempt in relay.attempts_of_drive):
            return real(relay, event, now)
        return moves.escalate_on_failure(attempts.give_up(relay, event, now, AttemptStatus.FAILED), event, now)

    real = patch.put(deadlines, "not_found", not_found)


def _resent_without_an_answer(patch: Patcher) -> None:
    states = (State.LEASED, State.UNKNOWN)
    patch.answer(states, (EventKind.DEADLINE_UNANSWERED,), deadlines.not_found)


def _never_resent(patch: Patcher) -> None:
    def not_found(relay: Any, event: Any, now: Any) -> Any:
        changed = attempts.give_up(relay, event, now, AttemptStatus.FAILED)
        return moves.escalate_on_failure(changed, event, now)

    patch.answer((State.LEASED, State.UNKNOWN), (EventKind.DEADLINE_NOT_FOUND,), not_found)


def _resent_while_being_sent(patch: Patcher) -> None:
    states = (State.LEASED, State.UNKNOWN)
    patch.answer(states, (EventKind.DEADLINE_NOT_FOUND,), deadlines.not_found)


def _stale_look_up_resends(patch: Patcher) -> None:
    """As it once was: what was looked up before Twilio told of the text counts all the same."""
    patch.answer((State.ACCEPTED,), (EventKind.DEADLINE_NOT_FOUND,), deadlines.not_found)


def _old_deadline_escalates(patch: Patcher) -> None:
    def deadline(relay: Any, event: Any, now: Any) -> Any:
        return deadlines.unconfirmed(relay, replace(event, attempt=len(relay.attempts)), now)

    patch.answer((State.EARLIER,), tuple(deadlines.ANSWERS), deadline)


def _lease_without_due_time(patch: Patcher) -> None:
    real = moves.leased

    def leased(*arguments: Any, **named: Any) -> Any:
        decision = real(*arguments, **named)
        return replace(decision, relay=replace(decision.relay, due_at=None))

    patch.put(moves, "leased", leased)


def _exhausted_without_due_time(patch: Patcher) -> None:
    real = moves.escalate_on_failure

    def escalate(*arguments: Any, **named: Any) -> Any:
        decision = real(*arguments, **named)
        if RaiseAlarm() in decision.effects:
            return replace(decision, relay=replace(decision.relay, due_at=None))
        return decision

    patch.put(moves, "escalate_on_failure", escalate)


def _no_alarm(patch: Patcher) -> None:
    real = moves.escalate_on_failure

    def escalate(*arguments: Any, **named: Any) -> Any:
        decision = real(*arguments, **named)
        kept = tuple(effect for effect in decision.effects if not isinstance(effect, RaiseAlarm))
        return (
            replace(decision, effects=kept, relay=replace(decision.relay, due_at=None))
            if (len(kept) < len(decision.effects))
            else decision
        )

    patch.put(moves, "escalate_on_failure", escalate)


def _scheduled_not_withdrawn(patch: Patcher) -> None:
    patch.put(attempts, "withdraw_scheduled", lambda relay, *_: relay)


def _redrive_repeats(patch: Patcher) -> None:
    def redrive(relay: Any, event: Any, now: Any) -> Any:
        return moves.redrive(relay, event, now)

    patch.answer((State.EXHAUSTED,), (EventKind.REDRIVE_REQUESTED,), redrive)


def _redrive_in_progress(patch: Patcher) -> None:
    states = (State.SCHEDULED, State.LEASED, State.UNKNOWN, State.ACCEPTED)
    patch.answer(states, (EventKind.REDRIVE_REQUESTED,), moves.redrive)


def _unstarted_is_a_try(patch: Patcher) -> None:
    patch.put(machine, "UNSTARTED_RETRIES_MAX", 0)


def _repetition_resumes_nothing(patch: Patcher) -> None:
    """Whoever repeats the event that an attempt ended with is told that it is over, and no more."""
    deadlines = (EventKind.DEADLINE_UNCONFIRMED, EventKind.DEADLINE_NOT_FOUND, EventKind.DEADLINE_UNANSWERED)
    patch.answer((State.EARLIER,), deadlines, _IGNORED)
    patch.put(moves, "still_pending", lambda relay: ())


MACHINE = (
    Mutant(
        "lease stolen",
        "A doubled timer leases an attempt again.",
        _lease_is_stolen,
        first_seed=194,
    ),
    Mutant("anybody may send", "Whoever repeats an event is handed the send.", _anybody_may_send),
    Mutant("ended relay sends", "A timer after the end leases and sends.", _ended_relay_sends),
    Mutant("tier skipped", "Escalation passes over a tier.", _tier_skipped),
    Mutant("last tier untried", "A text is given up before its last tier.", _last_tier_left_untried),
    Mutant("permanent failure retried", "A handler who opted out is texted again.", _permanent_is_retried),
    Mutant("resent without limit", "The last tier is sent again as often as not found.", _resent_as_often_as_not_found),
    Mutant("resent at any tier", "Not only the last tier is sent again.", _resent_at_any_tier),
    Mutant(
        "resent without an answer",
        "Silence counts as a negative look-up.",
        _resent_without_an_answer,
        600,
        kind=Kind.OUTAGE_SILENT,
    ),
    Mutant(
        "withdrawn resend counts",
        "A resend that never left uses up the only one.",
        _withdrawn_resend_counts,
        1,
        first_seed=54275458,
    ),
    Mutant("never resent", "The last tier gives up on a negative look-up.", _never_resent),
    Mutant("resent while being sent", "Nobody waits for the lease's holder.", _resent_while_being_sent),
    Mutant(
        "stale look-up resends",
        "A look-up older than Twilio's word counts.",
        _stale_look_up_resends,
        20,
        first_seed=2800,
    ),
    Mutant("old deadline escalates", "An earlier attempt's deadline ends the current one.", _old_deadline_escalates),
    Mutant("lease without due time", "Nobody looks after a leased attempt.", _lease_without_due_time),
    Mutant(
        "exhausted without due time",
        "Nobody makes up for a lost alarm.",
        _exhausted_without_due_time,
        case="interleaved: sweep and lost alarm, twice",
    ),
    Mutant("no alarm", "An exhausted relay tells nobody.", _no_alarm),
    Mutant("scheduled not withdrawn", "A planned attempt outlives the relay.", _scheduled_not_withdrawn, runs=4000),
    Mutant("redrive repeats", "A repeated redrive starts again.", _redrive_repeats),
    Mutant("redrive in progress", "A relay under way can be redriven.", _redrive_in_progress),
    Mutant("unstarted is a try", "A send that was never begun uses up a retry.", _unstarted_is_a_try),
    Mutant(
        "repetition resumes nothing",
        "A repeated event hands out nothing that is pending.",
        _repetition_resumes_nothing,
        covered_by="The sweep resumes what is overdue, an alarm that is due included.",
    ),
    Mutant(
        "own lease not recognised",
        "A lost reply costs the lease.",
        _own_lease_not_recognised,
        covered_by="The conductor knows its own write as a whole; otherwise the deadline looks the attempt up.",
    ),
)
