"""What the design promises beyond S1 to S10, judged the same way: by Twilio's own record and the order of commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from relay.core.comparing import comparable
from relay.core.fates import open_attempts
from relay.core.model import AttemptStatus, FinalStatus, Relay, Step
from relay.core.policy import LEASE_SECONDS, SEND_SECONDS_MAX, Success
from relay.flow.budget import TASK_LIMITS
from relay.flow.lookup import NOT_SENT
from relay.flow.sweep import GRACE

from tests.simulator.asked_after_end import was_asked_early
from tests.simulator.coexistence import left_behind, waits_for_a_person
from tests.simulator.denials import denials
from tests.simulator.drives import holds_anothers_id, is_passed, is_sent_again, lease_times, message_of, says_more
from tests.simulator.history import seconds_of
from tests.simulator.kinds import Kind
from tests.simulator.plan import BEFORE_US, HANDSET, OUR_PHONES
from tests.simulator.simulation import RECONCILE_SECONDS, SWEEP_SECONDS, Simulation
from tests.simulator.unsent import no_handler_is_passed_over_untried, the_last_tier_is_not_given_up_unsent

# A look-up and the commit that follows from it are at most so far apart, even if the process stands still in between.
_LOOKUP_SECONDS = 150.0
_SKEW_SECONDS = 300.0
# A lease's holder can no longer be sending so long after it was decided, which is at most so long before its commit.
_SENDING_SECONDS = LEASE_SECONDS + SEND_SECONDS_MAX
# Between the two lie three calls of the store: the thread, people, the commit.
_COMMITTING_SECONDS = 3.0 * (TASK_LIMITS.store_seconds + 30.0)
_DEAD_SENDER_SECONDS = 140.0 + 2.0 * RECONCILE_SECONDS + SWEEP_SECONDS + GRACE.total_seconds() + 30.0
_TAKEN_OVER_SECONDS = 2.0 * RECONCILE_SECONDS + SWEEP_SECONDS + GRACE.total_seconds() + 30.0


def never_lost(run: Simulation) -> Iterator[str]:
    """Of texts with the same words from the same customer (those that a provider may show alike are the same) no more
    are recorded as delivered than handlers truly got. For one text alone: what is recorded as delivered was delivered.

    (Not where an alarm told of a record which only the next revision can read: whose text is whose cannot be told.)"""
    claimed: Counter[tuple[str, str]] = Counter()
    truly: Counter[tuple[str, str]] = Counter()
    relays = [stored.relay for stored in run.fleet.store.relays.values()]
    lenient = {tier.reach.address for relay in relays for tier in relay.policy.tiers if tier.success is Success.SENT}
    for relay in relays:
        is_certain = not _may_have_failed(run, relay) and not holds_anothers_id(run, relay)
        if relay.final_status is FinalStatus.DELIVERED and is_certain:
            claimed[_words_of(relay)] += 1
    for message in run.fleet.twilio.messages.values():
        # An explicit failure outranks `sent`, also where that counts as success.
        if message.reached_at is not None or (message.status == "sent" and message.to in lenient):
            relay = run.fleet.store.relays[message.post.message_id].relay
            truly[_words_of(relay)] += 1
    unread = {_words_of(relay) for relay in relays if relay.message_id in run.history.left}
    for key, count in claimed.items():
        if count > truly[key] and (key not in unread or len(run.history.texts) == 1):
            yield f"LOST: {count} recorded as delivered, {truly[key]} truly were"


def _words_of(relay: Relay) -> tuple[str, str]:
    return relay.sender_phone, comparable(relay.message_body)


def _may_have_failed(run: Simulation, relay: Relay) -> bool:
    """Whether a carrier took the text, which is success at its tier, and a failure may still be found by asking, or was
    asked about too early to be found."""
    # A redrive may have brought fewer tiers than the one that delivered.
    tiers = relay.policy.tiers[(relay.delivered_tier or 0) - 1 : relay.delivered_tier]
    is_sent_enough = any(tier.success is Success.SENT for tier in tiers)
    return is_sent_enough and (relay.due_at is not None or was_asked_early(run, relay))


def nothing_from_before_us(run: Simulation) -> Iterator[str]:
    """A text that Twilio took before the relay was there is never relayed: somebody else dealt with it."""
    if BEFORE_US.message_id in run.fleet.store.relays:
        yield "BEFORE: a text from before the relay was there was relayed"


def customers_are_forwarded(run: Simulation) -> Iterator[str]:
    """Only a text from a handler, by the tiers before or after a change, or from one of our numbers is kept without
    being forwarded."""
    plan = run.plan
    policies = [plan.policy] if plan.new_policy is None else [plan.policy, plan.new_policy]
    kept = {*OUR_PHONES, *HANDSET, *(tier.reach.address for policy in policies for tier in policy.tiers)}
    for stored in run.fleet.store.relays.values():
        if stored.relay.final_status is FinalStatus.RECORDED and stored.relay.sender_phone not in kept:
            yield f"LOST: {stored.relay.message_id[-3:]} came from a customer and was not forwarded"


def the_policy_is_frozen(run: Simulation) -> Iterator[str]:
    """A relay's tiers change with a redrive and never otherwise, whatever the configuration does; and only what is
    exhausted is redriven."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (_, after) in pairwise(commits):
            redriven = len(after.redrive_ids) > len(before.redrive_ids)
            if after.policy is not before.policy and after.policy != before.policy and not redriven:
                yield f"FROZEN: the tiers of {message_id[-3:]} changed in mid-cascade"
            if redriven and before.final_status is not FinalStatus.EXHAUSTED:
                yield f"FROZEN: {message_id[-3:]} was redriven while it was {before.final_status}"


def what_twilio_told_of_was_sent(run: Simulation) -> Iterator[str]:
    """No attempt of which the record knows Twilio's id is ever declared not sent, nor sent once more."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (_, after) in pairwise(commits):
            for entry in after.error_log[len(before.error_log) :]:
                if entry.reason == NOT_SENT and before.attempts[(entry.attempt or 0) - 1].sent_id is not None:
                    yield f"RESEND: attempt {entry.attempt} of {message_id[-3:]} was told of and declared not sent"


def what_twilio_had_is_not_denied(run: Simulation) -> Iterator[str]:
    """No attempt is declared not sent while Twilio has long had its text to show. (Not of one that another text has the
    same words as: whose one is may be told wrongly, once no callback can tell any more; nor of one that is on record as
    another try of the same relay; nor of one whose row the list skipped when it was read for that very decision.)"""
    for message_id, commits in run.history.commits.items():
        if all(entry.reason != NOT_SENT for entry in commits[-1][1].error_log) or _has_a_twin(run, message_id):
            continue
        for denial in denials(run, message_id):
            if denial.was_skipped or denial.is_a_siblings:
                continue
            if denial.message.listed < denial.at - _LOOKUP_SECONDS:
                yield f"DENIED: attempt {denial.attempt} of {message_id[-3:]} was declared not sent; Twilio had it"


# Why an attempt is given up of which Twilio tells nothing: it does not answer, or refuses to.
_NOT_TOLD = ("could not be asked", "may not read")


def asked_before_escalating(run: Simulation) -> Iterator[str]:
    """An attempt that had long arrived is given up as unconfirmed only if Twilio was asked shortly before (and, then,
    had not known better yet), did not answer, or refused to. (Not of a relay that holds another text's id: it is asked
    for that one.)"""
    if run.plan.wide is not None and run.plan.wide.kind is Kind.MAY_NOT_READ:
        return
    for message_id, commits in run.history.commits.items():
        if holds_anothers_id(run, commits[-1][1]):
            continue
        for (_, before), (at, after) in pairwise(commits):
            new = after.error_log[len(before.error_log) :]
            for entry in new if not (says_more(before, after) or is_passed(new)) else ():
                is_known = not any(why in entry.reason for why in _NOT_TOLD)
                if entry.step is Step.ATTEMPT_UNCONFIRMED and is_known:
                    message = message_of(run, message_id, entry.attempt)
                    if message is None or message.status != "delivered" or message.status_since > at - 25.0:
                        continue
                    asked = [when for when, to in run.fleet.twilio.asked if to == message.to]
                    if not any(at - _LOOKUP_SECONDS < when <= at for when in asked):
                        yield f"ASKED: attempt {entry.attempt} of {message_id[-3:]} was given up, but had arrived"


def resends_only_in_the_window(run: Simulation) -> Iterator[str]:
    """A resend is at the last tier, one per drive (by what was known when it was made), and follows an attempt declared
    not sent.

    Not before the holder of that one's lease could no longer be sending, by the run's own time (where clocks differ by
    minutes it may still be: docs/reliability.md says so); and Twilio did not have that attempt's text to show (or one
    with the same words, of which either may be meant; or its list skipped it when it was read last)."""
    skewed = any(run.plan.skews)
    for stored in run.fleet.store.relays.values():
        relay = stored.relay
        for before, after in pairwise(relay.attempts):
            if not after.is_resend:
                continue
            where = f"attempt {after.number} of {relay.message_id[-3:]}"
            # Of earlier drives the tiers are not kept.
            if after.number >= relay.first_attempt_of_drive and after.tier != relay.policy.last_tier:
                yield f"RESEND: {where} is not at the last tier"
            leased_at, as_made = _made(run, relay, after.number)
            was = as_made.attempts[before.number - 1]
            if was.status is not AttemptStatus.FAILED:
                yield f"RESEND: {where} followed one that was {was.status}"
            sending_until = _decided_at(run, relay.message_id, before.number) + _SENDING_SECONDS
            # A lease that was stored after its process was told that it was not: that process sent nothing under it.
            is_held = _committed_at(run, relay.message_id, before.number) not in run.faults.applied_late
            if not skewed and is_held and leased_at < sending_until:
                yield f"RESEND: {where} came while the one before could still be sent"
            message = message_of(run, relay.message_id, before.number)
            since = leased_at - _LOOKUP_SECONDS
            its = (each for each in denials(run, relay.message_id) if each.attempt == before.number)
            denied = [each for each in its if each.at <= leased_at]
            is_shown = message is not None and message.listed < since and not (denied and denied[-1].was_skipped)
            if is_shown and not _has_a_twin(run, relay.message_id):
                yield f"RESEND: {where} repeats a text that Twilio had to show"
            if sum(is_sent_again(run, as_made, attempt) for attempt in as_made.attempts_of_drive) > 1:
                yield f"RESEND: {relay.message_id[-3:]} was sent again more than once"


def a_delivery_is_taken_over(run: Simulation) -> Iterator[str]:
    """When every callback about a delivery was lost, the record knows of it within two runs of reconcile and a sweep,
    however far away the attempt's deadline is. (Not of one that another text has the same words as: whose one is may
    take longer to tell; not of one that Twilio cannot show; and not of what a handler has or a person took, whose other
    attempts are asked about ever more rarely.)"""
    if _cannot_be_told(run):
        return
    calm = _calm_at(run)
    left = left_behind(run) | waits_for_a_person(run)
    for message in run.fleet.twilio.messages.values():
        known_by = max(message.status_since, calm) + _TAKEN_OVER_SECONDS
        if message.sid == run.fleet.twilio.broken:
            continue
        if message.status != "delivered" or known_by > run.kernel.now or message.post.message_id in left:
            continue
        commits = run.history.commits[message.post.message_id]
        relay = [seen for at, seen in commits if at <= known_by][-1]
        attempt = relay.attempts[message.post.attempt - 1]
        has_it = relay.final_status in (FinalStatus.DELIVERED, FinalStatus.CLAIMED)
        if has_it or _has_a_twin(run, relay.message_id) or holds_anothers_id(run, relay):
            continue
        if relay.due_at is not None and attempt in open_attempts(relay):
            yield f"TOLD: attempt {attempt.number} of {relay.message_id[-3:]} had long arrived, and nobody had asked"


def nobody_waits_for_a_dead_sender(run: Simulation) -> Iterator[str]:
    """An attempt whose outcome nobody can tell is settled, or given up, within two minutes, two runs of reconcile and a
    sweep, however far away its deadline is. (Not of one that another text has the same words as, and where Twilio
    shows it.)"""
    if _cannot_be_told(run):
        return
    calm = _calm_at(run)
    left = left_behind(run) | waits_for_a_person(run)
    for message_id, commits in run.history.commits.items():
        for (at, seen), (until, _) in pairwise([*commits, (run.kernel.now, commits[-1][1])]):
            waiting = seen.final_status is FinalStatus.IN_PROGRESS and seen.attempts[-1].is_unresolved
            is_long = waiting and message_id not in left and until > max(at, calm) + _DEAD_SENDER_SECONDS
            if is_long and not _has_a_twin(run, message_id):
                yield f"WAITED: attempt {len(seen.attempts)} of {message_id[-3:]} was left unknown for long"


def _has_a_twin(run: Simulation, message_id: str) -> bool:
    """Whether texts of another relay read the same, those that the list alone has told of among them: a customer's same
    words, or the notice of words that were filtered."""
    own = run.fleet.store.relays[message_id].relay
    relays = (stored.relay for stored in run.fleet.store.relays.values())
    others = [relay for relay in relays if relay.message_id != message_id]
    if any(comparable(relay.message_body) == comparable(own.message_body) for relay in others):
        return True
    messages = run.fleet.twilio.messages.values()
    sent = {(message.to, message.body) for message in messages if message.post.message_id == message_id}
    if any((message.to, message.body) in sent for message in messages if message.post.message_id != message_id):
        return True
    # One that never left, or was refused, may have.
    leased = _leased(own)
    return any(leased & _leased(other) for other in others)


def _leased(relay: Relay) -> set[tuple[str, str]]:
    """Returns whom its texts were for, with what they are recognised by."""
    return {(attempt.reach.address, attempt.sent_digest) for attempt in relay.attempts if attempt.sent_digest}


def _cannot_be_told(run: Simulation) -> bool:
    """Whether Twilio shows nothing by which a text of ours could be known."""
    wide = run.plan.wide
    return wide is not None and (wide.shown_body == "redacted" or wide.kind is Kind.MAY_NOT_READ)


def _calm_at(run: Simulation) -> float:
    """When nothing goes wrong any more, the time that wrong clocks wrote into due times included."""
    plan = run.plan
    rolled_out = plan.rollout.changes[-1][0] if plan.rollout is not None else 0.0
    outage_ends = plan.wide.during[1] if plan.wide is not None else 0.0
    return max(plan.faults_stop_at, rolled_out, outage_ends) + (2.0 * _SKEW_SECONDS if any(plan.skews) else 0.0)


def _committed_at(run: Simulation, message_id: str, number: int) -> float:
    return max(lease_times(run)[message_id, number].values())


def _decided_at(run: Simulation, message_id: str, number: int) -> float:
    """When the latest lease of the attempt was decided: by the record, or, if its clock was wrong, when committed."""
    committed = _committed_at(run, message_id, number)
    first = next(relay for at, relay in run.history.commits[message_id] if at == committed)
    until = first.attempts[number - 1].lease_until
    recorded = committed if until is None else seconds_of(until) - LEASE_SECONDS
    return recorded if committed - _COMMITTING_SECONDS <= recorded <= committed else committed


def _made(run: Simulation, relay: Relay, number: int) -> tuple[float, Relay]:
    """When a commit made this attempt, and the relay as that left it: a later word may show an earlier one's text."""
    commits = run.history.commits[relay.message_id]
    return next((commit for commit in commits if len(commit[1].attempts) >= number), (run.kernel.now, relay))


PROMISES: tuple[Callable[[Simulation], Iterator[str]], ...] = (
    never_lost,
    customers_are_forwarded,
    nothing_from_before_us,
    what_twilio_told_of_was_sent,
    what_twilio_had_is_not_denied,
    no_handler_is_passed_over_untried,
    the_policy_is_frozen,
    asked_before_escalating,
    a_delivery_is_taken_over,
    nobody_waits_for_a_dead_sender,
    resends_only_in_the_window,
    the_last_tier_is_not_given_up_unsent,
)
