"""The drives of a relay, and why one that had ended went on: what S3 and S4 of design.md allow by name, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from relay.core.model import Attempt, AttemptStatus, FinalStatus, Relay, Step, TrailEntry
from relay.ports import Stored

from tests.simulator.history import Receipt
from tests.simulator.kinds import Kind
from tests.simulator.people.habits import Act
from tests.simulator.sim_twilio import Message
from tests.simulator.simulation import Simulation

_AWAITED = frozenset({AttemptStatus.ACCEPTED, AttemptStatus.UNCONFIRMED})
# What the trail says of an attempt that was taken for not sent, or was refused (core/attempts.py).
_EXISTS = "exists all the same"


def drives(run: Simulation, message_id: str) -> set[int]:
    """The attempts with which each drive of this relay began."""
    return {1, *(seen.first_attempt_of_drive for _, seen in run.history.commits[message_id])}


def reasons_to_go_on(run: Simulation, before: Relay, after: Relay, at: float) -> Iterator[str]:
    """Why the later of two commits may be at work again although the earlier had ended."""
    if len(after.redrive_ids) > len(before.redrive_ids):
        yield "redriven"
    if says_more(before, after):
        yield "a webhook said more"
    if is_passed(after.error_log[len(before.error_log) :]):
        yield "a handler passed it on"
    for old, new in zip(before.attempts, after.attempts, strict=False):
        was_told = old.status is AttemptStatus.DELIVERED and new.status is AttemptStatus.FAILED
        if was_told and failed_in_truth(run, before.message_id, old, at):
            yield "a failure followed `sent`"
        if old.status is AttemptStatus.DELIVERED and was_anothers(run, before.message_id, old, new):
            yield "what was delivered was another text"


def is_passed(lines: Sequence[TrailEntry]) -> bool:
    """Whether by one of these lines a handler passed the text on."""
    return any(entry.step is Step.PASSED for entry in lines)


def was_passed_at_its_end(run: Simulation, relay: Relay, tier: int) -> bool:
    """Whether it ended because the handler of this tier passed: one who stands at an earlier tier as well, or was sent
    another text of that customer, may do so before its own text left."""
    ended = next(entry for entry in reversed(relay.error_log) if entry.step is Step.EXHAUSTED)
    lines = [entry for entry in relay.error_log if entry.at == ended.at and entry.tier == tier]
    person = relay.policy.tier_or_last(tier).name
    said = run.people.said.values() if run.people is not None else ()
    passes = (each for each in said if each.person == person and each.act in (Act.PASS, Act.CODED_PASS))
    return is_passed(lines) and any(passes)


def was_passed_by_the_last_person(run: Simulation, relay: Relay, last: Attempt) -> bool:
    """Whether it ended because the person of the last tier, who had the customer by another text, passed: the tier
    before was being texted by then, so that each had its turn."""
    taken = next(each for _, each in reversed(run.history.commits[relay.message_id]) if not _is_exhausted(each))
    tier = relay.policy.last_tier
    is_next = last.tier == tier - 1 and last.status is not AttemptStatus.WITHDRAWN
    is_owner = taken.final_status is FinalStatus.CLAIMED and taken.claimed_by == relay.policy.tier(tier).name
    return is_next and is_owner and was_passed_at_its_end(run, relay, tier)


def _is_exhausted(relay: Relay) -> bool:
    return relay.final_status is FinalStatus.EXHAUSTED


def was_anothers(run: Simulation, message_id: str, old: Attempt, new: Attempt) -> bool:
    """Whether an attempt had another text's id by a receipt, until the answer to its POST told its own."""
    message = message_of(run, message_id, old.number)
    return message is not None and old.sent_id not in (None, message.sid) and new.sent_id == message.sid


def was_disbelieved(run: Simulation, relay: Relay, attempt: Attempt) -> bool:
    """Whether what its own receipts told is not on record, since another text's id was, until the answer to its POST
    told its own; and no look-up has said it since: the relay is still to ask, or another attempt was delivered."""
    has_it = relay.final_status in (FinalStatus.DELIVERED, FinalStatus.CLAIMED)
    if attempt.status not in _AWAITED or not (has_it or relay.due_at is not None):
        return False
    commits = ((before, after) for (_, before), (_, after) in pairwise(run.history.commits[relay.message_id]))
    known = ((before.attempt(attempt.number), after.attempt(attempt.number)) for before, after in commits)
    return any(old and new and was_anothers(run, relay.message_id, old, new) for old, new in known)


def is_the_same_but_believed(run: Simulation, before: object, after: object) -> bool:
    """Whether what is stored is as it was, or a relay's attempts differ whose receipts were not believed before."""
    if before == after or not (isinstance(before, Stored) and isinstance(after, Stored)):
        return before == after
    told = zip(before.relay.attempts, after.relay.attempts, strict=False)
    differ = [old for old, new in told if new != old]
    are_as_many = len(before.relay.attempts) == len(after.relay.attempts)
    return are_as_many and bool(differ) and all(was_disbelieved(run, before.relay, old) for old in differ)


def says_more(before: Relay, after: Relay) -> bool:
    """Whether the later record holds more of what the customer sent."""
    return len(after.message_body) > len(before.message_body) or after.media_count > before.media_count


def failed_in_truth(run: Simulation, message_id: str, attempt: Attempt, at: float) -> bool:
    """Whether Twilio's own record says that this text failed, and until then nothing had told of a delivery. It is the
    one that the attempt has the id of: of two tries of a relay to one handler a look-up takes either, and a receipt may
    have named another's, in the one case in which that is believed."""
    if _has_anothers_id(run, message_id, attempt):
        return True
    message = run.fleet.twilio.messages.get(attempt.sent_id or "")
    if message is None or message.post.message_id != message_id:
        message = message_of(run, message_id, attempt.number)
    if message is None or message.status not in ("undelivered", "failed"):
        return False
    told = any(receipt.sid == message.sid and receipt.status == "delivered" for receipt in _told_until(run, at))
    return message.reached_at is None or not told


def _told_until(run: Simulation, at: float) -> Iterator[Receipt]:
    return (receipt for receipt in run.history.receipts if receipt.at <= at)


def message_of(run: Simulation, message_id: str, attempt: int | None) -> Message | None:
    """The text of an attempt, if Twilio took it."""
    for message in run.fleet.twilio.messages.values():
        if message.post.message_id == message_id and message.post.attempt == attempt:
            return message
    return None


def is_sent_again(run: Simulation, relay: Relay, attempt: Attempt) -> bool:
    """Whether it is a resend that takes up the documented window: not one that was withdrawn, of whose text this record
    of the relay holds no sign, and each POST of which was refused."""
    if not attempt.is_resend or attempt.status is not AttemptStatus.WITHDRAWN or attempt.sent_id is not None:
        return attempt.is_resend
    key = relay.message_id, attempt.number
    return not all(post.was_refused for post in run.history.posts if (post.message_id, post.attempt) == key)


def holds_anothers_id(run: Simulation, relay: Relay) -> bool:
    """Whether the id on record of an attempt is another text's, told by a receipt, and no answer to the attempt's POST
    got on record, which says which text is its own: the one case in which a receipt about another text is believed."""
    return any(_has_anothers_id(run, relay.message_id, attempt) for attempt in relay.attempts)


def _has_anothers_id(run: Simulation, message_id: str, attempt: Attempt) -> bool:
    if run.plan.wide is None or run.plan.wide.kind is not Kind.RECEIPTS_OF_OTHERS or attempt.sent_id is None:
        return False
    ids = {message.sid for message in run.fleet.twilio.messages.values() if message.post.message_id == message_id}
    own = {(post.message_id, post.attempt): post for post in run.history.posts if post.sid}
    post = own.get((message_id, attempt.number))
    if post is None or attempt.sent_id in ids:
        return False
    return not _was_on_record(run, message_id, attempt.number, post.sid)


def _was_on_record(run: Simulation, message_id: str, number: int, sid: str) -> bool:
    """Whether this was the attempt's id, and told: what a look-up finds can be taken back by a receipt."""
    known = (seen.attempt(number) for _, seen in run.history.commits[message_id])
    return any(attempt is not None and attempt.sent_id == sid and not attempt.is_adopted for attempt in known)


def lease_times(run: Simulation) -> dict[tuple[str, int], dict[str, float]]:
    """When each lease of an attempt was committed first: in an outage an attempt is leased again."""
    times: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    for message_id, commits in run.history.commits.items():
        for at, relay in commits:
            if relay.attempts and (lease := relay.attempts[-1].lease) is not None:
                times[message_id, len(relay.attempts)].setdefault(lease, at)
    return times


def s3_one_first_delivery(run: Simulation) -> Iterator[str]:
    """Once a tier is on record as the first to deliver, no later commit changes it, or that the relay is delivered,
    unless the relay goes on for a reason that S4 names."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (at, after) in pairwise(commits):
            first = before.delivered_tier
            ended = after.final_status in (FinalStatus.DELIVERED, FinalStatus.CLAIMED)
            if first is None or (after.delivered_tier == first and ended):
                continue
            if not any(reasons_to_go_on(run, before, after, at)):
                yield f"S3: {message_id[-3:]} was delivered by tier {first}, then {after.delivered_tier}"


def s4_nothing_goes_on_after_the_end(run: Simulation) -> Iterator[str]:
    """A relay that has ended goes on for a reason that is named, and no attempt is leased while it is at its end."""
    for message_id, commits in run.history.commits.items():
        for (_, before), (at, after) in pairwise(commits):
            if before.final_status is FinalStatus.IN_PROGRESS:
                continue
            if after.final_status is FinalStatus.IN_PROGRESS:
                if not any(reasons_to_go_on(run, before, after, at)):
                    yield f"S4: {message_id[-3:]} went on after it was {before.final_status}"
            elif len(_leases(after)) > len(_leases(before)):
                yield f"S4: an attempt of {message_id[-3:]} was leased after it was {before.final_status}"


def _leases(relay: Relay) -> list[int]:
    return [attempt.number for attempt in relay.attempts if attempt.lease is not None]


def s6_no_tier_skipped(run: Simulation) -> Iterator[str]:
    """Within a drive each attempt is at the tier of the one before it or at the next; the first drive begins at 1.

    (Where an attempt that was taken for not sent exists all the same, the cascade goes on at its tier, and from there
    past those that were tried meanwhile.)"""
    for relay in (stored.relay for stored in run.fleet.store.relays.values()):
        starts = drives(run, relay.message_id)
        # A handler may pass on what was not even sent to that tier.
        passed = {entry.tier for entry in relay.error_log if entry.step is Step.PASSED}
        made = [
            attempt
            for attempt in relay.attempts
            if attempt.status is not AttemptStatus.WITHDRAWN or attempt.tier in passed
        ]
        back_at = {entry.tier for entry in relay.error_log if _EXISTS in entry.reason}
        for before, after in pairwise(made):
            if after.number in starts or after.tier - before.tier in (0, 1):
                continue
            tried = {each.tier for each in made if each.number < after.number}
            skipped = set(range(before.tier + 1, after.tier)) - tried
            goes_on = after.tier in back_at if after.tier < before.tier else bool(back_at) and not skipped
            if not goes_on:
                yield f"S6: {relay.message_id[-3:]} went from tier {before.tier} to {after.tier}"
        if relay.attempts and relay.attempts[0].tier != 1:
            yield f"S6: {relay.message_id[-3:]} began at tier {relay.attempts[0].tier}"
