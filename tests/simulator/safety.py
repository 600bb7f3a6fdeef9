"""The safety invariants S1 to S10 of design.md, each as one function that says how it judges a finished run.

Each takes the run and yields a sentence for every violation. The judges believe Twilio's own record of what it took and
delivered, the order of the store's commits, and the moment each POST was called for; never the relay's opinion.
S1 is judged where it happens, when a webhook is answered (twilio_calls.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from relay.core.model import Attempt, AttemptStatus, FinalStatus, Purpose, Relay, Step
from relay.core.policy import LEASE_SECONDS

from tests.simulator.drives import (
    drives,
    failed_in_truth,
    holds_anothers_id,
    lease_times,
    message_of,
    s3_one_first_delivery,
    s4_nothing_goes_on_after_the_end,
    s6_no_tier_skipped,
    was_anothers,
    was_disbelieved,
)
from tests.simulator.history import Post, Receipt
from tests.simulator.plan import BODY_MARK, OUR_PHONES
from tests.simulator.sim_twilio import Message
from tests.simulator.simulation import Simulation

_RANK = {
    AttemptStatus.SCHEDULED: 0,
    AttemptStatus.LEASED: 1,
    AttemptStatus.UNKNOWN: 2,
    AttemptStatus.ACCEPTED: 3,
    AttemptStatus.UNCONFIRMED: 3,
    AttemptStatus.WITHDRAWN: 4,
    AttemptStatus.FAILED: 4,
    AttemptStatus.DELIVERED: 5,
}
_SECRET = re.compile(rf"{BODY_MARK}|\+\d{{8,}}")
_OPTED_OUT = 21610
_FAILED = frozenset({"undelivered", "failed"})


def s1_durable_before_200(run: Simulation) -> Iterator[str]:
    """What was answered 200 is still there at the end: no commit ever takes a relay away."""
    for message_id in run.history.commits:
        if message_id not in run.fleet.store.relays:
            yield f"S1: {message_id[-3:]} was stored and is gone"


def s2_one_relay_per_message(run: Simulation) -> Iterator[str]:
    """Each MessageSid was created once, and its trail begins with being taken in and says so nowhere else."""
    for message_id, created in run.history.creates.items():
        if created != 1:
            yield f"S2: {message_id[-3:]} was created {created} times"
    for relay in _relays(run):
        if relay.cause_id:
            continue  # what we text by ourselves came in by no one
        taken_in = [n for n, entry in enumerate(relay.error_log) if entry.step in (Step.RECEIVED, Step.RECOVERED)]
        if taken_in != [0]:
            yield f"S2: {relay.message_id[-3:]} was taken in at lines {taken_in} of its trail"


def s4_every_send_is_leased(run: Simulation) -> Iterator[str]:
    """Every POST is called for within its own attempt's lease, counted from that lease's commit.

    So a send that starts after a final state is one that was leased before it and starts in that time: the one
    unavoidable race, since no store can take back what a process has just been allowed to do. Any other is a violation.
    """
    leases = lease_times(run)
    for post in run.history.posts:
        earlier = [at for at in leases[post.message_id, post.attempt].values() if at <= post.at]
        leased_at = max(earlier, default=None)
        if leased_at is None:
            yield f"S4: {_named(post)} was sent without a committed lease"
        elif post.at > leased_at + LEASE_SECONDS:
            yield f"S4: {_named(post)} was sent {post.at - leased_at:.1f} s after its lease"


def s5_one_post_per_attempt(run: Simulation) -> Iterator[str]:
    """No attempt is POSTed again unless every earlier POST of it was answered by a refusal, or never left."""
    may_have_left: set[tuple[str, int]] = set()
    for post in run.history.posts:
        if (post.message_id, post.attempt) in may_have_left:
            yield f"S5: {_named(post)} was POSTed again"
        if not post.was_refused:
            may_have_left.add((post.message_id, post.attempt))


def s5_no_double_outside_the_window(run: Simulation) -> Iterator[str]:
    """No handler can have got two texts of one relay in one drive: when the later was POSTed, the earlier had failed.
    But for the documented window: at the last tier, one too many per drive, with an attempt marked as a resend."""
    taken: dict[tuple[str, int, str], list[Message]] = defaultdict(list)
    for message in run.fleet.twilio.messages.values():
        relay = run.fleet.store.relays[message.post.message_id].relay
        drive = max(start for start in drives(run, relay.message_id) if start <= message.post.attempt)
        taken[relay.message_id, drive, message.to].append(message)
    for (message_id, drive, to), messages in taken.items():
        if len(messages) < 2:
            continue
        messages.sort(key=lambda message: message.post.at)
        at_once = max(len(_may_arrive(run, messages[: count + 1])) for count in range(len(messages)))
        relay = run.fleet.store.relays[message_id].relay
        resent = any(attempt.is_resend for attempt in relay.attempts[drive - 1 :])
        # One person may stand at several tiers; a redrive takes others.
        commits = run.history.commits[message_id]
        policy = [seen.policy for _, seen in commits if seen.first_attempt_of_drive <= drive][-1]
        tiers = sum(tier.reach.address == to for tier in policy.tiers)
        if at_once > max(1, tiers) + int(resent):
            numbers = [message.post.attempt for message in messages]
            yield f"S5: {message_id[-3:]} went to one handler as attempts {numbers}"


def _may_arrive(run: Simulation, messages: list[Message]) -> list[Message]:
    """Those that had not failed when the last of them was POSTed, as far as Twilio had told: so many may arrive.

    Not one that an answer had refused for certain, and that exists all the same, unless a callback had told of it
    before the later one's lease: no more does docs/reliability.md excuse.
    """
    last = messages[-1]
    return [
        message
        for message in messages
        if not (message.status in _FAILED and message.status_since <= last.post.at)
        and not (message.post.refused and message is not last and not _told_before(run, message, last.post))
    ]


def _told_before(run: Simulation, message: Message, later: Post) -> bool:
    """Whether a callback about this text, which Twilio had refused, was answered before the later attempt's lease."""
    leases = lease_times(run)[later.message_id, later.attempt].values()
    leased_at = max((at for at in leases if at <= later.at), default=later.at)
    return any(receipt.sid == message.sid and receipt.at < leased_at for receipt in run.history.receipts)


def s6_no_tier_left_untried(run: Simulation) -> Iterator[str]:
    """A relay that ends as exhausted had no tier after the last one that was tried, or that its handler passed."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (_, after) in pairwise(commits):
            new = after.error_log[len(before.error_log) :]
            ended = after.final_status is FinalStatus.EXHAUSTED and before.final_status is not FinalStatus.EXHAUSTED
            is_handed_back = any(entry.step is Step.RELEASED for entry in new)
            if not ended or is_handed_back or after.purpose is not Purpose.FORWARD:
                continue
            tried = {each.tier for each in after.attempts_of_drive if each.status is not AttemptStatus.WITHDRAWN}
            tried |= {entry.tier or 0 for entry in new if entry.step is Step.PASSED}
            if max(tried, default=0) < after.policy.last_tier:
                yield f"S6: {message_id[-3:]} was given up before its last tier was tried"


def s7_a_status_only_climbs(run: Simulation) -> Iterator[str]:
    """From commit to commit no attempt falls in rank, none disappears, and the trail only grows."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (at, after) in pairwise(commits):
            if after.error_log[: len(before.error_log)] != before.error_log:
                yield f"S7: the trail of {message_id[-3:]} was rewritten"
            if len(after.attempts) < len(before.attempts):
                yield f"S7: {message_id[-3:]} lost an attempt"
            for old, new in zip(before.attempts, after.attempts, strict=False):
                falls = new is not old and _RANK[new.status] < _RANK[old.status]
                if falls and not _is_corrected(run, message_id, old, new, at):
                    yield f"S7: attempt {old.number} of {message_id[-3:]} fell from {old.status} to {new.status}"


def _is_corrected(run: Simulation, message_id: str, old: Attempt, new: Attempt, at: float) -> bool:
    """Whether Twilio's own record says that the later status is the truth: a failure that followed `sent`, a text that
    exists although its POST was refused, or declared not sent, or one of which another text's receipt told."""
    if old.status is AttemptStatus.DELIVERED:
        is_accepted = new.status is AttemptStatus.ACCEPTED and was_anothers(run, message_id, old, new)
        return is_accepted or (new.status is AttemptStatus.FAILED and failed_in_truth(run, message_id, old, at))
    if new.status is AttemptStatus.SCHEDULED:
        # In an outage the same attempt is tried again.
        tried = [post for post in run.history.posts if (post.message_id, post.attempt) == (message_id, new.number)]
        return new.is_refused and any(post.was_refused for post in tried)
    if new.status is AttemptStatus.UNCONFIRMED:
        return old.status is AttemptStatus.FAILED and was_anothers(run, message_id, old, new)
    is_taken = message_of(run, message_id, old.number) is not None
    return old.status is AttemptStatus.FAILED and new.status is AttemptStatus.ACCEPTED and is_taken


def s7_every_receipt_counts(run: Simulation) -> Iterator[str]:
    """Whatever was answered 204 is in the record at the end, in whatever order it came: a delivery ends the relay as
    delivered, a failure leaves the attempt failed (or delivered, if that was told too), any word tells Twilio's id."""
    told_delivered = {receipt.sid for receipt in run.history.receipts if receipt.status == "delivered"}
    for receipt in run.history.receipts:
        relay = run.fleet.store.relays[receipt.message_id].relay
        attempt = relay.attempts[receipt.attempt - 1]
        if holds_anothers_id(run, relay) or was_disbelieved(run, relay, attempt):
            continue
        # What was delivered before a webhook said more is less than the text.
        is_whole = receipt.attempt >= relay.first_attempt_of_words
        ends = relay.final_status in (FinalStatus.DELIVERED, FinalStatus.CLAIMED)
        if receipt.status == "delivered" and is_whole and not ends and not _waited_for_a_claim(run, receipt):
            yield f"S7: {_named(receipt)} was reported delivered, the relay is {relay.final_status}"
        if receipt.status in _FAILED and _RANK[attempt.status] < _RANK[AttemptStatus.FAILED]:
            yield f"S7: {_named(receipt)} was reported undelivered and is {attempt.status}"
        is_reached = receipt.sid in told_delivered or run.fleet.twilio.messages[receipt.sid].reached_at is not None
        if receipt.status in _FAILED and attempt.status is AttemptStatus.DELIVERED and not is_reached:
            yield f"S7: {_named(receipt)} was reported undelivered and is recorded as delivered"
        if attempt.sent_id is None:
            yield f"S7: {_named(receipt)} was reported on and its id is not known"


def _waited_for_a_claim(run: Simulation, receipt: Receipt) -> bool:
    """Whether this delivery was at a tier that asks for a claim, so that it does not end the relay."""
    relay = [seen for at, seen in run.history.commits[receipt.message_id] if at <= receipt.at][-1]
    return relay.policy.tier_or_last(relay.attempts[receipt.attempt - 1].tier).asks_for_a_claim


def s8_only_to_handlers(run: Simulation) -> Iterator[str]:
    """Every POST goes to the handler of its attempt, and of a text that is to be forwarded at all.

    Never to a number of ours, never for a text that came from one of our numbers or from a handler (by the tiers in
    force then, or the new ones), and at one tier never again to a handler whom Twilio told us to have opted out.
    (The relay keeps no list of opted-out numbers: Twilio itself refuses them, so that nothing ever reaches one. One
    who stands at a later tier, too, is tried there once more and refused at once.)
    """
    for post in run.history.posts:
        relay = run.fleet.store.relays[post.message_id].relay
        attempt = relay.attempts[post.attempt - 1]
        if post.to in OUR_PHONES or post.to != attempt.reach.address:
            yield f"S8: {_named(post)} went to a wrong number"
        if relay.purpose is not Purpose.FORWARD:
            continue  # judged by C3, C6 and C9
        sender = relay.sender_phone
        if sender in OUR_PHONES or all(sender in handlers for handlers in _handlers(run)):
            yield f"S8: {_named(post)} forwards a text that did not come from a customer"
        start = max(start for start in drives(run, relay.message_id) if start <= post.attempt)
        for earlier in relay.attempts[start - 1 : post.attempt - 1]:
            if (earlier.error_code, earlier.tier, earlier.reach.address) == (_OPTED_OUT, attempt.tier, post.to):
                yield f"S8: {_named(post)} went to a handler known to have opted out"


def _handlers(run: Simulation) -> list[set[str]]:
    plan = run.plan
    policies = [plan.policy] if plan.new_policy is None else [plan.policy, plan.new_policy]
    return [{tier.reach.address for tier in policy.tiers} for policy in policies]


def s9_nothing_secret_in_logs(run: Simulation) -> Iterator[str]:
    """No word of a body and no phone number in the trail or in any note of the journal."""
    words = list(run.history.notes)
    for relay in _relays(run):
        words.extend(entry.reason for entry in relay.error_log if entry.reason)
    if _SECRET.search("\n".join(words)):
        yield "S9: a log line holds a body or a phone number"


def _relays(run: Simulation) -> list[Relay]:
    return [stored.relay for stored in run.fleet.store.relays.values()]


def _named(one: Post | Receipt) -> str:
    return f"attempt {one.attempt} of {one.message_id[-3:]}"


SAFETY: tuple[Callable[[Simulation], Iterator[str]], ...] = (
    s1_durable_before_200,
    s2_one_relay_per_message,
    s3_one_first_delivery,
    s4_nothing_goes_on_after_the_end,
    s4_every_send_is_leased,
    s5_one_post_per_attempt,
    s5_no_double_outside_the_window,
    s6_no_tier_skipped,
    s6_no_tier_left_untried,
    s7_a_status_only_climbs,
    s7_every_receipt_counts,
    s8_only_to_handlers,
    s9_nothing_secret_in_logs,
)
