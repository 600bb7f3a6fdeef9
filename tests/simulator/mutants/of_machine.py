"""Mutants of the protocol itself: the table of states and events, and the moves it is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relay import failures, fates, machine, outcomes, steps
from relay.events import Decision, Event, EventKind, RaiseAlarm, SendAttempt, State
from relay.model import AttemptStatus, FinalStatus, Step

from tests.simulator.mutants.mutant import Mutant, Patcher

_ENDED = (State.DELIVERED, State.EXHAUSTED)
_SENT = (State.CLAIMED, State.UNKNOWN, State.ACCEPTED)
_IGNORED = "ignored by a mutant"


def _receipt_without_rank(patch: Patcher) -> None:
    patch.put(outcomes, "_RANK", dict.fromkeys(AttemptStatus, 0) | {AttemptStatus.SCHEDULED: -1})

    def note(relay: Any, event: Any, now: Any) -> Any:
        learned = outcomes._LEARNED[event.kind]
        relay = steps.set_attempt(relay, event.attempt, status=learned)
        return Decision(steps.log_relay_attempt(relay, Step.LATE_STATUS, now, event.attempt, status=learned.value))

    patch.put(outcomes, "note", note)


def _late_delivery_ignored(patch: Patcher) -> None:
    patch.answer((State.EARLIER,), (EventKind.RECEIPT_DELIVERED,), _IGNORED)


def _delivery_after_exhaustion_ignored(patch: Patcher) -> None:
    patch.answer((State.EXHAUSTED,), (EventKind.RECEIPT_DELIVERED,), _IGNORED)


def _failure_undoes_delivery(patch: Patcher) -> None:
    def failed(relay: Any, event: Any, now: Any) -> Any:
        return machine._failed(replace(relay, final_status=FinalStatus.IN_PROGRESS), event, now)

    patch.answer((State.DELIVERED,), (EventKind.RECEIPT_FAILED,), failed)


def _early_failure_ignored(patch: Patcher) -> None:
    patch.answer((State.CLAIMED,), (EventKind.RECEIPT_FAILED,), _IGNORED)


def _early_delivery_ignored(patch: Patcher) -> None:
    patch.answer((State.CLAIMED,), (EventKind.RECEIPT_DELIVERED,), _IGNORED)


def _late_failure_ignored(patch: Patcher) -> None:
    patch.answer((State.EARLIER, *_ENDED), (EventKind.RECEIPT_FAILED,), _IGNORED)


def _late_id_ignored(patch: Patcher) -> None:
    kinds = (EventKind.RECEIPT_PROGRESS, EventKind.SEND_ACCEPTED)
    patch.answer((State.EARLIER, State.UNKNOWN, State.CLAIMED, *_ENDED), kinds, _IGNORED)


def _delivered_again_by_another_tier(patch: Patcher) -> None:
    patch.answer((State.DELIVERED,), (EventKind.RECEIPT_DELIVERED,), outcomes.deliver)


def _claim_is_stolen(patch: Patcher) -> None:
    """A second timer for an attempt that is being sent claims it once more."""
    patch.answer((State.CLAIMED,), (EventKind.ATTEMPT_DUE,), machine._claim)


def _anybody_may_send(patch: Patcher) -> None:
    def resume(relay: Any, event: Any, now: Any) -> Any:
        pending = steps.pending_timer(relay)
        if relay.attempts[-1].status is AttemptStatus.CLAIMED and event.claim is not None:
            return Decision(relay, (pending, SendAttempt(len(relay.attempts))), "resumed by a mutant")
        return Decision(relay, (pending,), "resumed by a mutant")

    states = (State.CLAIMED, State.UNKNOWN, State.ACCEPTED, State.EARLIER)
    patch.answer(states, (EventKind.INBOUND_REPEATED, EventKind.ATTEMPT_DUE), resume)


def _own_claim_not_recognised(patch: Patcher) -> None:
    def resume(relay: Any, event: Any, now: Any) -> Any:
        return Decision(relay, (steps.pending_timer(relay),), "resumed by a mutant")

    patch.answer((State.CLAIMED,), (EventKind.INBOUND_REPEATED, EventKind.ATTEMPT_DUE), resume)
    patch.answer((State.EARLIER,), tuple(machine._DEADLINES), resume)


def _ended_relay_sends(patch: Patcher) -> None:
    def claim(relay: Any, event: Any, now: Any) -> Any:
        if not event.claim or not relay.attempts:
            return Decision(relay, (), _IGNORED)
        return Decision(replace(steps._claimed(relay, event.claim, now, "").relay), (SendAttempt(len(relay.attempts)),))

    patch.answer(_ENDED, (EventKind.ATTEMPT_DUE,), claim)


def _tier_skipped(patch: Patcher) -> None:
    real = steps._new_attempt

    def new_attempt(relay: Any, tier: int, *arguments: Any) -> Any:
        if relay.attempts and tier > relay.attempts[-1].tier:
            tier = min(tier + 1, relay.policy.last_tier)
        return real(relay, tier, *arguments)

    patch.put(steps, "_new_attempt", new_attempt)


def _permanent_is_retried(patch: Patcher) -> None:
    patch.put(failures, "is_retried_in_tier", lambda code: True)


def _resent_as_often_as_not_found(patch: Patcher) -> None:
    def not_found(relay: Any, event: Any, now: Any) -> Any:
        changed = outcomes.give_up(relay, event, now, AttemptStatus.FAILED)
        if relay.attempts[-1].tier == relay.policy.last_tier and len(relay.attempts) < 30:
            return steps.send_again(changed, event, now)
        return steps.escalate_on_failure(changed, event, now)

    patch.answer((State.CLAIMED, State.UNKNOWN), (EventKind.DEADLINE_NOT_FOUND,), not_found)


def _resent_at_any_tier(patch: Patcher) -> None:
    def not_found(relay: Any, event: Any, now: Any) -> Any:
        changed = outcomes.give_up(relay, event, now, AttemptStatus.FAILED)
        if not any(attempt.is_resend for attempt in relay.attempts):
            return steps.send_again(changed, event, now)
        return steps.escalate_on_failure(changed, event, now)

    patch.answer((State.CLAIMED, State.UNKNOWN), (EventKind.DEADLINE_NOT_FOUND,), not_found)


def _resent_without_an_answer(patch: Patcher) -> None:
    states = (State.CLAIMED, State.UNKNOWN)
    patch.answer(states, (EventKind.DEADLINE_UNANSWERED,), machine._deadline_not_found)


def _never_resent(patch: Patcher) -> None:
    def not_found(relay: Any, event: Any, now: Any) -> Any:
        changed = outcomes.give_up(relay, event, now, AttemptStatus.FAILED)
        return steps.escalate_on_failure(changed, event, now)

    patch.answer((State.CLAIMED, State.UNKNOWN), (EventKind.DEADLINE_NOT_FOUND,), not_found)


def _resent_while_being_sent(patch: Patcher) -> None:
    states = (State.CLAIMED, State.UNKNOWN)
    patch.answer(states, (EventKind.DEADLINE_NOT_FOUND,), machine._deadline_not_found)


def _stale_look_up_resends(patch: Patcher) -> None:
    """As it once was: what was looked up before Twilio told of the text counts all the same."""
    patch.answer((State.ACCEPTED,), (EventKind.DEADLINE_NOT_FOUND,), machine._deadline_not_found)


def _old_deadline_escalates(patch: Patcher) -> None:
    def deadline(relay: Any, event: Any, now: Any) -> Any:
        return machine._deadline_unconfirmed(relay, replace(event, attempt=len(relay.attempts)), now)

    patch.answer((State.EARLIER,), tuple(machine._DEADLINES), deadline)


def _claim_without_due_time(patch: Patcher) -> None:
    real = steps._claimed

    def claimed(*arguments: Any, **named: Any) -> Any:
        decision = real(*arguments, **named)
        return replace(decision, relay=replace(decision.relay, due_at=None))

    patch.put(steps, "_claimed", claimed)


def _exhausted_without_due_time(patch: Patcher) -> None:
    real = steps.escalate_on_failure

    def escalate(*arguments: Any, **named: Any) -> Any:
        decision = real(*arguments, **named)
        if RaiseAlarm() in decision.effects:
            return replace(decision, relay=replace(decision.relay, due_at=None))
        return decision

    patch.put(steps, "escalate_on_failure", escalate)


def _no_alarm(patch: Patcher) -> None:
    real = steps.escalate_on_failure

    def escalate(*arguments: Any, **named: Any) -> Any:
        decision = real(*arguments, **named)
        kept = tuple(effect for effect in decision.effects if not isinstance(effect, RaiseAlarm))
        return (
            replace(decision, effects=kept, relay=replace(decision.relay, due_at=None))
            if (len(kept) < len(decision.effects))
            else decision
        )

    patch.put(steps, "escalate_on_failure", escalate)


def _scheduled_not_withdrawn(patch: Patcher) -> None:
    patch.put(outcomes, "_withdraw_scheduled", lambda relay, now: relay)


def _redrive_repeats(patch: Patcher) -> None:
    def redrive(relay: Any, event: Any, now: Any) -> Any:
        return steps.redrive(relay, event, now)

    patch.answer((State.EXHAUSTED,), (EventKind.REDRIVE_REQUESTED,), redrive)


def _redrive_in_progress(patch: Patcher) -> None:
    states = (State.SCHEDULED, State.CLAIMED, State.UNKNOWN, State.ACCEPTED)
    patch.answer(states, (EventKind.REDRIVE_REQUESTED,), steps.redrive)


def _open_fates_forgotten(patch: Patcher) -> None:
    patch.put(fates, "due_after_end", lambda relay, now: None)


def _open_fates_for_ever(patch: Patcher) -> None:
    real = fates.due_after_end

    def due_after_end(relay: Any, now: Any) -> Any:
        return real(relay, now) or now

    patch.put(fates, "due_after_end", due_after_end)


def _never_sent_too_early(patch: Patcher) -> None:
    """An attempt is declared not sent on any negative look-up, even if it has been told of since."""

    def never_sent(relay: Any, event: Any, now: Any) -> Any:
        failed = AttemptStatus.FAILED
        relay = steps.set_attempt(relay, event.attempt, status=failed)
        return Decision(steps.log_relay_attempt(relay, Step.LATE_STATUS, now, event.attempt, reason=event.reason))

    patch.answer((State.EARLIER, *_ENDED), (EventKind.NEVER_SENT,), never_sent)


def _unstarted_is_a_try(patch: Patcher) -> None:
    patch.put(machine, "UNSTARTED_RETRIES_MAX", 0)


def _trail_rewritten(patch: Patcher) -> None:
    real = outcomes.deliver

    def deliver(relay: Any, event: Event, now: Any) -> Any:
        decision = real(relay, event, now)
        return replace(decision, relay=replace(decision.relay, error_log=decision.relay.error_log[-3:]))

    patch.answer((*_SENT, State.EARLIER, State.EXHAUSTED), (EventKind.RECEIPT_DELIVERED,), deliver)


MACHINE = (
    Mutant("receipt without rank", "Any later word overwrites an earlier one.", _receipt_without_rank),
    Mutant("late delivery ignored", "A delivery of an earlier attempt does not count.", _late_delivery_ignored),
    Mutant("delivery after the end ignored", "An exhausted relay stays so.", _delivery_after_exhaustion_ignored),
    Mutant("failure undoes delivery", "A failure after a delivery goes on.", _failure_undoes_delivery),
    Mutant("early failure ignored", "A failure told before the POST returned is dropped.", _early_failure_ignored),
    Mutant("early delivery ignored", "A delivery told before the POST returned is dropped.", _early_delivery_ignored),
    Mutant("late failure ignored", "A failure of an earlier attempt is dropped.", _late_failure_ignored),
    Mutant("late id ignored", "Twilio's id is not learned afterwards.", _late_id_ignored),
    Mutant("delivered twice", "A second delivery takes the first one's place.", _delivered_again_by_another_tier),
    Mutant("claim stolen", "A doubled timer claims an attempt again.", _claim_is_stolen),
    Mutant("anybody may send", "Whoever repeats an event is handed the send.", _anybody_may_send),
    Mutant("ended relay sends", "A timer after the end claims and sends.", _ended_relay_sends),
    Mutant("tier skipped", "Escalation passes over a tier.", _tier_skipped),
    Mutant("permanent failure retried", "A handler who opted out is texted again.", _permanent_is_retried),
    Mutant("resent without limit", "The last tier is sent again as often as not found.", _resent_as_often_as_not_found),
    Mutant("resent at any tier", "Not only the last tier is sent again.", _resent_at_any_tier),
    Mutant("resent without an answer", "Silence counts as a negative look-up.", _resent_without_an_answer),
    Mutant("never resent", "The last tier gives up on a negative look-up.", _never_resent),
    Mutant("resent while being sent", "Nobody waits for the claim's holder.", _resent_while_being_sent),
    Mutant("stale look-up resends", "A look-up older than Twilio's word counts.", _stale_look_up_resends),
    Mutant("old deadline escalates", "An earlier attempt's deadline ends the current one.", _old_deadline_escalates),
    Mutant("claim without due time", "Nobody looks after a claimed attempt.", _claim_without_due_time),
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
    Mutant("open fates forgotten", "An ended relay never asks what became of a send.", _open_fates_forgotten),
    Mutant("open fates for ever", "An ended relay is due for ever.", _open_fates_for_ever),
    Mutant(
        "declared not sent too early",
        "A negative look-up outranks any word.",
        _never_sent_too_early,
        case="coincidence: a look-up, and a text that arrives late",
    ),
    Mutant("unstarted is a try", "A send that was never begun uses up a retry.", _unstarted_is_a_try),
    Mutant("trail rewritten", "A delivery shortens the trail.", _trail_rewritten),
    Mutant(
        "own claim not recognised",
        "A lost reply costs the claim.",
        _own_claim_not_recognised,
        covered_by="The shell knows its own write as a whole; otherwise the deadline looks the attempt up.",
    ),
)
