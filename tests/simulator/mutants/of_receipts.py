"""Mutants of what is learned of an attempt: receipts in any order, look-ups, open fates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from relay.core import attempts, fates, machine, reversals
from relay.core.changes import log_relay_attempt, with_attempt
from relay.core.events import Decision, Event, EventKind, State
from relay.core.model import AttemptStatus, FinalStatus, Step

from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher

_ENDED = (State.DELIVERED, State.EXHAUSTED)
_SENT = (State.LEASED, State.UNKNOWN, State.ACCEPTED)
_IGNORED = "ignored by a mutant"


def _receipt_without_rank(patch: Patcher) -> None:
    patch.put(attempts, "RANK", dict.fromkeys(AttemptStatus, 0) | {AttemptStatus.SCHEDULED: -1})

    def note(relay: Any, event: Any, now: Any) -> Any:
        learned = attempts.LEARNED[event.kind]
        relay = with_attempt(relay, event.attempt, status=learned)
        return Decision(log_relay_attempt(relay, Step.LATE_STATUS, now, event.attempt, status=learned.value))

    patch.put(attempts, "learn", note)


def _late_delivery_ignored(patch: Patcher) -> None:
    patch.answer((State.EARLIER,), (EventKind.RECEIPT_DELIVERED,), _IGNORED)


def _delivery_after_exhaustion_ignored(patch: Patcher) -> None:
    patch.answer((State.EXHAUSTED,), (EventKind.RECEIPT_DELIVERED,), _IGNORED)


def _failure_undoes_delivery(patch: Patcher) -> None:
    def failed(relay: Any, event: Any, now: Any) -> Any:
        return machine.failed(replace(relay, final_status=FinalStatus.IN_PROGRESS), event, now)

    patch.answer((State.DELIVERED,), (EventKind.RECEIPT_FAILED,), failed)


def _early_failure_ignored(patch: Patcher) -> None:
    patch.answer((State.LEASED,), (EventKind.RECEIPT_FAILED,), _IGNORED)


def _early_delivery_ignored(patch: Patcher) -> None:
    patch.answer((State.LEASED,), (EventKind.RECEIPT_DELIVERED,), _IGNORED)


def _late_failure_ignored(patch: Patcher) -> None:
    patch.answer((State.EARLIER, *_ENDED), (EventKind.RECEIPT_FAILED,), _IGNORED)


def _late_id_ignored(patch: Patcher) -> None:
    kinds = (EventKind.RECEIPT_PROGRESS, EventKind.SEND_ACCEPTED)
    patch.answer((State.EARLIER, State.UNKNOWN, State.LEASED, *_ENDED), kinds, _IGNORED)


def _delivered_again_by_another_tier(patch: Patcher) -> None:
    patch.answer((State.DELIVERED,), (EventKind.RECEIPT_DELIVERED,), attempts.deliver)


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
        relay = with_attempt(relay, event.attempt, status=failed)
        return Decision(log_relay_attempt(relay, Step.LATE_STATUS, now, event.attempt, reason=event.reason))

    patch.answer((State.EARLIER, *_ENDED), (EventKind.NEVER_SENT,), never_sent)


def _trail_rewritten(patch: Patcher) -> None:
    real = attempts.deliver

    def deliver(relay: Any, event: Event, now: Any) -> Any:
        decision = real(relay, event, now)
        return replace(decision, relay=replace(decision.relay, error_log=decision.relay.error_log[-3:]))

    patch.answer((*_SENT, State.EARLIER, State.EXHAUSTED), (EventKind.RECEIPT_DELIVERED,), deliver)


def _anothers_failure_stays(patch: Patcher) -> None:
    """As it once was: a failure stands although the answer to the POST shows that it was another text's."""
    patch.put(reversals, "failed_as_another", lambda attempt, event: False)


def _one_that_exists_is_passed_over(patch: Patcher) -> None:
    """As it once was: what had been told of an earlier try while the next one was being sent did not matter."""
    patch.put(reversals, "waits_for_earlier", lambda *told: None)


def _read_before_the_answer(patch: Patcher) -> None:
    """As it once was: only who brings a receipt compares ids, by the record as it had read it."""
    real = reversals.is_another_text
    patch.put(reversals, "is_another_text", lambda relay, event: event.is_found and real(relay, event))


RECEIPTS = (
    Mutant("receipt without rank", "Any later word overwrites an earlier one.", _receipt_without_rank),
    Mutant("late delivery ignored", "A delivery of an earlier attempt does not count.", _late_delivery_ignored),
    Mutant("delivery after the end ignored", "An exhausted relay stays so.", _delivery_after_exhaustion_ignored),
    Mutant("failure undoes delivery", "A failure after a delivery goes on.", _failure_undoes_delivery),
    Mutant(
        "early failure ignored",
        "A failure told before the POST returned is dropped.",
        _early_failure_ignored,
        first_seed=194,
    ),
    Mutant("early delivery ignored", "A delivery told before the POST returned is dropped.", _early_delivery_ignored),
    Mutant("late failure ignored", "A failure of an earlier attempt is dropped.", _late_failure_ignored),
    Mutant("late id ignored", "Twilio's id is not learned afterwards.", _late_id_ignored),
    Mutant("delivered twice", "A second delivery takes the first one's place.", _delivered_again_by_another_tier),
    Mutant(
        "open fates forgotten",
        "An ended relay never asks what became of a send.",
        _open_fates_forgotten,
        first_seed=194,
    ),
    Mutant("open fates for ever", "An ended relay is due for ever.", _open_fates_for_ever),
    Mutant(
        "declared not sent too early",
        "A negative look-up outranks any word.",
        _never_sent_too_early,
        case="coincidence: a look-up, and a text that arrives late",
    ),
    Mutant("trail rewritten", "A delivery shortens the trail.", _trail_rewritten),
    Mutant(
        "one that exists is passed over",
        "A try is planned beside an earlier one that was refused, and of which the provider told that it exists.",
        _one_that_exists_is_passed_over,
        1,
        first_seed=84937115,
    ),
    Mutant(
        "another's failure stays",
        "A failure that was told of another text stays the attempt's.",
        _anothers_failure_stays,
        1,
        first_seed=54191360,
    ),
    Mutant(
        "receipt read before the answer",
        "A receipt about another text counts where its id became known while it was being taken in.",
        _read_before_the_answer,
        1,
        first_seed=105050,
        kind=Kind.RECEIPTS_OF_OTHERS,
    ),
)
