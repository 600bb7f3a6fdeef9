"""What must hold at every single step of the machine, each as one function that says whether it does."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from relay.core import deadlines, failures, fates, moves, purposes
from relay.core.events import ArmTimer, CancelTimer, EventKind, RaiseAlarm, SendAttempt
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Purpose, Relay, SenderClass, Step
from relay.core.policy import UNSTARTED_RETRIES_MAX

from scripts.walk_machine import Walked
from tests.core.machine_rules_of_claims import BY_PEOPLE, RULES_OF_CLAIMS
from tests.core.machine_rules_of_handling import RULES_OF_HANDLING
from tests.core.machine_rules_of_the_text import (
    a_held_relay_goes_on_by_a_redrive_alone,
    a_record_is_never_kept_for_less_long,
    a_recorded_relay_never_moves,
    less_words_end_nothing,
    what_the_relay_is_about_never_changes,
    words_only_grow,
)

Rule = Callable[[Walked], bool]

_LIVE = (AttemptStatus.SCHEDULED, AttemptStatus.LEASED, AttemptStatus.UNKNOWN, AttemptStatus.ACCEPTED)
# Every status an attempt may change to. What is missing here would take back what a stronger word had said.
_CLIMBS = {
    AttemptStatus.SCHEDULED: {AttemptStatus.LEASED, AttemptStatus.WITHDRAWN},
    AttemptStatus.LEASED: set(AttemptStatus) - {AttemptStatus.SCHEDULED, AttemptStatus.WITHDRAWN},
    AttemptStatus.UNKNOWN: {
        AttemptStatus.ACCEPTED,
        AttemptStatus.UNCONFIRMED,
        AttemptStatus.FAILED,
        AttemptStatus.DELIVERED,
    },
    AttemptStatus.ACCEPTED: {AttemptStatus.UNCONFIRMED, AttemptStatus.FAILED, AttemptStatus.DELIVERED},
    AttemptStatus.UNCONFIRMED: {AttemptStatus.FAILED, AttemptStatus.DELIVERED},
    AttemptStatus.WITHDRAWN: {AttemptStatus.DELIVERED},
    AttemptStatus.FAILED: {AttemptStatus.DELIVERED},
    AttemptStatus.DELIVERED: set(),
}
# These are not requests that somebody could replay: each is derived anew from the record and a look-up at Twilio.
_LOOK_UPS = {*deadlines.ANSWERS, EventKind.LOOKED_UP, EventKind.LOOKUP_UNANSWERED} - {EventKind.DEADLINE_UNCONFIRMED}


def _sends(step: Walked) -> list[SendAttempt]:
    return [effect for effect in step.decision.effects if isinstance(effect, SendAttempt)]


def _changed(step: Walked) -> bool:
    return step.decision.relay is not step.before


def trail_only_grows(step: Walked) -> bool:
    """Every change has its line, but that a further try in an outage, or of asking about a queue, has none."""
    before, after = step.before.error_log, step.decision.relay.error_log
    waits_on = step.before.outage_since is not None or step.event.kind is EventKind.DEADLINE_QUEUED
    waits_on |= purposes.ways_of(step.before).fails_when_told and step.event.kind in deadlines.ANSWERS
    grows = len(after) > len(before)
    return after[: len(before)] == before and (grows == _changed(step) or (waits_on and not grows))


def an_ignored_event_leaves_the_relay_untouched_and_says_why(step: Walked) -> bool:
    return _changed(step) == (not step.decision.ignored_because)


def an_event_about_an_attempt_never_made_is_ignored_without_effects(step: Walked) -> bool:
    return step.event.attempt <= len(step.before.attempts) or (not _changed(step) and step.decision.effects == ())


def due_at_is_none_exactly_when_nothing_is_left(step: Walked) -> bool:
    relay = step.decision.relay
    if relay.final_status is FinalStatus.IN_PROGRESS:
        timer = moves.pending(relay)
        return timer is not None and relay.due_at == timer.due_at
    ends = (Step.EXHAUSTED, Step.HELD, Step.RECORDED)
    told = [entry.step for entry in relay.error_log if entry.step in (*ends, Step.ALARM_RAISED)]
    alarm_is_due = _is_alarmed(relay) and told[-1] in ends
    asked_about = relay.final_status is not FinalStatus.RECORDED and fates.due_after_end(relay, step.now) is not None
    return (relay.due_at is not None) == (alarm_is_due or asked_about)


def _is_alarmed(relay: Relay) -> bool:
    if relay.final_status in (FinalStatus.DELIVERED, FinalStatus.CLAIMED):
        return False
    if relay.final_status is FinalStatus.EXHAUSTED:
        return relay.purpose is not Purpose.NOTICE or relay.alarm_if_lost
    # Of what is recorded only a customer's text is alarmed.
    return relay.sender_class is SenderClass.CUSTOMER


def no_tier_is_skipped(step: Walked) -> bool:
    """Or only by the person who stands there, who passes on what was not sent yet."""
    relay = step.decision.relay
    passed = {entry.attempt for entry in relay.error_log if entry.reason == "the handler passed the text on"}
    made = [each for each in relay.attempts if each.status is not AttemptStatus.WITHDRAWN or each.number in passed]
    was_passed = any(entry.step is Step.PASSED for entry in relay.error_log)
    return (not made or made[0].tier == 1 or was_passed) and all(
        later.tier - earlier.tier in (0, 1) or later.number == relay.first_attempt_of_drive
        for earlier, later in itertools.pairwise(made)
    )


def a_tier_is_tried_at_most_once_more_than_it_has_retries_and_one_resend(step: Walked) -> bool:
    relay = step.decision.relay
    drive = relay.attempts[relay.first_attempt_of_drive - 1 :]
    for level, tier in enumerate(relay.policy.tiers, start=1):
        tries = [
            attempt for attempt in drive if attempt.tier == level and attempt.status is not AttemptStatus.WITHDRAWN
        ]
        resends = sum(attempt.is_resend for attempt in tries)
        # One that could not be begun in time was no try, up to a limit.
        unstarted = sum(attempt.failure == failures.NOT_STARTED for attempt in tries)
        allowed = len(tier.retry_delays_seconds) + 1 + resends + min(unstarted, UNSTARTED_RETRIES_MAX)
        if resends > (level == relay.policy.last_tier) or len(tries) > allowed:
            return False
    return True


def attempt_numbers_are_dense(step: Walked) -> bool:
    attempts = step.decision.relay.attempts
    return [attempt.number for attempt in attempts] == list(range(1, len(attempts) + 1))


def a_relay_in_progress_stands_at_its_last_attempt_that_was_not_given_up(step: Walked) -> bool:
    """What comes after it was planned because it had been refused, and is over: withdrawn, or refused as well."""
    relay = step.decision.relay
    if relay.final_status is FinalStatus.IN_PROGRESS:
        over = (AttemptStatus.WITHDRAWN, AttemptStatus.FAILED)
        later = relay.attempts[relay.current.number :]
        if relay.claim_until is not None:
            return all(attempt.status is AttemptStatus.WITHDRAWN for attempt in later)
        return relay.current.status in _LIVE and all(attempt.status in over for attempt in later)
    return all(attempt.status is not AttemptStatus.SCHEDULED for attempt in relay.attempts)


def a_final_relay_sends_nothing(step: Walked) -> bool:
    return step.decision.relay.final_status is FinalStatus.IN_PROGRESS or not _sends(step)


def only_the_holder_of_the_lease_is_told_to_send(step: Walked) -> bool:
    sends = _sends(step)
    current = step.decision.relay.current_attempt if sends else None
    return all(
        current is not None
        and send.number == current.number
        and current.status is AttemptStatus.LEASED
        and current.lease is not None
        and current.lease == step.event.lease
        for send in sends
    )


def a_timer_is_armed_before_anything_is_sent(step: Walked) -> bool:
    kinds = [type(effect) for effect in step.decision.effects]
    return SendAttempt not in kinds or kinds[: kinds.index(SendAttempt)][-1:] == [ArmTimer]


def whatever_becomes_pending_is_armed(step: Walked) -> bool:
    timer = moves.pending(step.decision.relay)
    return timer in (None, moves.pending(step.before)) or ArmTimer(timer) in step.decision.effects


def only_what_is_pending_is_armed(step: Walked) -> bool:
    armed = [effect.timer for effect in step.decision.effects if isinstance(effect, ArmTimer)]
    return not armed or {moves.pending(step.decision.relay)} == set(armed)


def a_delivery_cancels_the_pending_timer(step: Walked) -> bool:
    if not _changed(step) or step.decision.relay.final_status not in (FinalStatus.DELIVERED, FinalStatus.CLAIMED):
        return True
    timer = moves.pending(step.before)
    return timer is None or CancelTimer(timer) in step.decision.effects


def the_alarm_is_asked_for_exactly_while_it_is_due(step: Walked) -> bool:
    asked = RaiseAlarm() in step.decision.effects
    became_due = step.decision.relay.alarm_is_due and not step.before.alarm_is_due
    return (asked or not became_due) and (not asked or step.decision.relay.alarm_is_due)


def a_status_only_climbs(step: Walked) -> bool:
    """But for what a stronger word takes back: that it was not sent, and that its carrier had taken it."""
    pairs = zip(step.before.attempts, step.decision.relay.attempts, strict=False)
    return all(
        before.status is after.status or after.status in _CLIMBS[before.status] or _is_taken_back(before, after)
        for before, after in pairs
    )


def _is_taken_back(before: Attempt, after: Attempt) -> bool:
    if after.status is AttemptStatus.SCHEDULED:  # the same attempt once more, in an outage
        return after.is_refused and after.lease is not None
    if before.status is AttemptStatus.SCHEDULED:  # it waits for that, and exists after all
        return before.is_refused and before.lease is not None
    if before.is_refused or before.was_declared_not_sent:
        return after.status is AttemptStatus.ACCEPTED
    return before.is_handed_over and after.status is AttemptStatus.FAILED


def what_was_delivered_stays_delivered(step: Walked) -> bool:
    """Unless the text says more than what was delivered, or its carrier had only taken it and a failure is told."""
    before, after = step.before, step.decision.relay
    if before.message_body != after.message_body and before.final_status not in (
        FinalStatus.RECORDED,
        FinalStatus.HELD,
    ):
        return after.final_status is FinalStatus.IN_PROGRESS and after.delivered_tier is None
    told = step.before.attempt(step.event.attempt)
    if told is not None and told.is_handed_over and step.event.kind is EventKind.RECEIPT_FAILED:
        return True
    if step.event.kind in BY_PEOPLE or FinalStatus.CLAIMED in (before.final_status, after.final_status):
        return after.final_status in (FinalStatus.DELIVERED, FinalStatus.CLAIMED) or after.delivered_tier is None
    if before.final_status is not FinalStatus.DELIVERED:
        return (after.delivered_tier is None) == (after.final_status is not FinalStatus.DELIVERED)
    return (after.final_status, after.delivered_tier, after.delivery_confirmed_at, len(after.attempts)) == (
        before.final_status,
        before.delivered_tier,
        before.delivery_confirmed_at,
        len(before.attempts),
    )


def the_tier_on_record_is_one_whose_attempt_was_delivered(step: Walked) -> bool:
    relay = step.decision.relay
    return relay.delivered_tier is None or any(
        attempt.tier == relay.delivered_tier and attempt.status is AttemptStatus.DELIVERED for attempt in relay.attempts
    )


def _is_look_up(step: Walked) -> bool:
    asks_again = {EventKind.DEADLINE_UNCONFIRMED} if purposes.ways_of(step.before).fails_when_told else set()
    return step.event.kind in _LOOK_UPS | asks_again


def repeating_a_request_changes_nothing(step: Walked) -> bool:
    return _is_look_up(step) or not _changed(step) or step.again.relay is step.decision.relay


def whoever_repeats_an_event_that_made_something_pending_is_handed_it_again(step: Walked) -> bool:
    """The process died between commit and effects; Twilio, the timer or the caller itself comes again."""
    if _is_look_up(step) or not _changed(step):
        return True
    handed_out = [each for each in step.decision.effects if isinstance(each, ArmTimer | RaiseAlarm)]
    return all(effect in step.again.effects for effect in handed_out)


def a_repeated_lease_whose_reply_was_lost_is_still_the_callers(step: Walked) -> bool:
    """The commit went through, the reply did not: the caller repeats its event and finds its own token."""
    if not _sends(step) or not _changed(step):
        return True
    again = step.again
    return again.relay is step.decision.relay and SendAttempt(step.decision.relay.attempts[-1].number) in again.effects


# What an event may ask for, whether it changed anything or not.
RULES_OF_EFFECTS: tuple[Rule, ...] = (
    an_ignored_event_leaves_the_relay_untouched_and_says_why,
    an_event_about_an_attempt_never_made_is_ignored_without_effects,
    a_final_relay_sends_nothing,
    only_the_holder_of_the_lease_is_told_to_send,
    a_timer_is_armed_before_anything_is_sent,
    only_what_is_pending_is_armed,
    the_alarm_is_asked_for_exactly_while_it_is_due,
    a_recorded_relay_never_moves,
    a_held_relay_goes_on_by_a_redrive_alone,
)
# What a relay may be and become. Of one that did not change this was checked when it became what it is.
RULES_OF_CHANGE: tuple[Rule, ...] = (
    trail_only_grows,
    due_at_is_none_exactly_when_nothing_is_left,
    no_tier_is_skipped,
    a_tier_is_tried_at_most_once_more_than_it_has_retries_and_one_resend,
    attempt_numbers_are_dense,
    a_relay_in_progress_stands_at_its_last_attempt_that_was_not_given_up,
    whatever_becomes_pending_is_armed,
    a_delivery_cancels_the_pending_timer,
    a_status_only_climbs,
    what_was_delivered_stays_delivered,
    the_tier_on_record_is_one_whose_attempt_was_delivered,
    what_the_relay_is_about_never_changes,
    words_only_grow,
    less_words_end_nothing,
    a_record_is_never_kept_for_less_long,
    repeating_a_request_changes_nothing,
    whoever_repeats_an_event_that_made_something_pending_is_handed_it_again,
    a_repeated_lease_whose_reply_was_lost_is_still_the_callers,
    *RULES_OF_CLAIMS,
    *RULES_OF_HANDLING,
)
RULES = (*RULES_OF_EFFECTS, *RULES_OF_CHANGE)


def rules_of(step: Walked) -> tuple[Rule, ...]:
    """Returns the rules that this step could break: where nothing changes and nothing is asked for, only the first."""
    if _changed(step):
        return RULES
    return RULES_OF_EFFECTS if step.decision.effects else RULES_OF_EFFECTS[:1]
