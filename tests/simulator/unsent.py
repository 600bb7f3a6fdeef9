"""What the design promises of tiers that are given up: each was tried, and the last one's text was not left unsent."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.failures import NOT_STARTED
from relay.core.model import FinalStatus, Purpose, Step
from relay.core.policy import UNSTARTED_RETRIES_MAX

from tests.simulator.drives import is_sent_again, message_of, was_passed_at_its_end, was_passed_by_the_last_person
from tests.simulator.simulation import Simulation


def no_handler_is_passed_over_untried(run: Simulation) -> Iterator[str]:
    """A tier whose attempts could none of them be begun in time is given up only after the retries for that."""
    for stored in run.fleet.store.relays.values():
        relay = stored.relay
        drive = relay.attempts[relay.first_attempt_of_drive - 1 :]
        for tier in {attempt.tier for attempt in drive}:
            tries = [attempt for attempt in drive if attempt.tier == tier]
            is_over = tier < drive[-1].tier or relay.final_status is FinalStatus.EXHAUSTED
            failures = [entry for entry in relay.error_log if entry.step is Step.ATTEMPT_FAILED]
            unstarted = {entry.attempt for entry in failures if entry.error_code == NOT_STARTED.code}
            begun = any(attempt.number not in unstarted for attempt in tries)
            if is_over and not begun and len(tries) <= UNSTARTED_RETRIES_MAX:
                yield f"UNSENT: tier {tier} of {relay.message_id[-3:]} was given up without one POST"


def the_last_tier_is_not_given_up_unsent(run: Simulation) -> Iterator[str]:
    """A relay that is exhausted had its last attempt taken by Twilio, or refused, or told of as failed; or it was sent
    once more; or Twilio could not be asked about it; or its handler, or the last tier's owner, passed.

    A resend that was withdrawn unsent, and followed by another try, is none."""
    for stored in run.fleet.store.relays.values():
        relay = stored.relay
        if relay.final_status is not FinalStatus.EXHAUSTED or relay.purpose is not Purpose.FORWARD:
            continue
        last = relay.attempts[-1]
        ended = next(entry for entry in reversed(relay.error_log) if entry.step is Step.EXHAUSTED)
        resends = [attempt for attempt in relay.attempts_of_drive if attempt.is_resend]
        sent_again = any(attempt is last or is_sent_again(run, relay, attempt) for attempt in resends)
        never_taken = message_of(run, relay.message_id, last.number) is None and last.error_code is None
        if was_passed_at_its_end(run, relay, last.tier) or was_passed_by_the_last_person(run, relay, last):
            continue
        if never_taken and not sent_again and "unknown" not in ended.reason:
            yield f"UNSENT: {relay.message_id[-3:]} was given up, and Twilio never had its last attempt"
