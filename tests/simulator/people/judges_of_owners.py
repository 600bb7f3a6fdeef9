"""C1 and C2 of threads.md: how each customer's text ends, and that one person at most has a customer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from relay.core.model import FinalStatus, Purpose, Relay, Step
from relay.core.threads.model import Thread

from tests.simulator.coexistence import was_left_alone
from tests.simulator.history import time_of
from tests.simulator.people.acting import Said
from tests.simulator.people.consents import (
    came_at_once,
)
from tests.simulator.people.evidence import Evidence
from tests.simulator.people.habits import TAKE_NOTHING, Act
from tests.simulator.people.words import AUTOMATIC

# Clocks may differ by minutes.
_ACTIVE = timedelta(hours=2, minutes=10)
_UNCLAIMED = (FinalStatus.DELIVERED, FinalStatus.EXHAUSTED)
_TAKE_BACK = frozenset({Step.RELEASED, Step.PASSED})


def c1_every_text_ends_with_a_person(found: Evidence) -> Iterator[str]:
    """Every customer's text has ended as claimed by a person who did claim, as delivered at a tier that asks for no
    claim, or with an alarm (L1 asks for that); and its tiers are the configured ones, in whatever order."""
    for at, relay in found.claims():
        is_by_delivery = relay.delivered_tier is not None and relay.claimed_at == relay.delivery_confirmed_at
        if is_by_delivery and not _reached_its_owner(found, relay):
            yield f"C1: {relay.message_id[-3:]} counts as taken by its delivery"
        person = relay.claimed_by
        own = [each for each in found.people.said.values() if each.person == person and _may_take(found, each)]
        if not any(_was_decided(found, each, at) for each in own) and not _reached_its_owner(found, relay):
            yield f"C1: {relay.message_id[-3:]} counts as {person}'s, who took nothing"
    for message_id in filter(found.is_customers, found.run.fleet.store.relays):
        relay = found.run.fleet.store.relays[message_id].relay
        if relay.final_status is FinalStatus.RECORDED:
            yield f"C1: {message_id[-3:]} came from a customer and goes to no handler"
        tier = relay.policy.tier_or_last(relay.delivered_tier or 1)
        was_released = any(
            seen.final_status is FinalStatus.CLAIMED for _, seen in found.run.history.commits[message_id]
        )
        if relay.final_status is FinalStatus.DELIVERED and tier.claim_timeout_seconds > 0 and not was_released:
            yield f"C1: {message_id[-3:]} waits for no claim any more, and no person took it"
        if not any(_names(relay) == names for names in _configured(found)):
            yield f"C1: {message_id[-3:]} has other tiers than were configured"


def _may_take(found: Evidence, said: Said) -> bool:
    """Whether a text may claim: it is a person's, or looks like one's."""
    if said.act is Act.AUTO:
        return said.body == AUTOMATIC[-1] and not came_at_once(found, said)
    return said.act not in TAKE_NOTHING


def _was_decided(found: Evidence, said: Said, until: float) -> bool:
    decided = found.decided_at(said.message_id)
    return decided is not None and decided <= until


def _reached_its_owner(found: Evidence, relay: Relay) -> bool:
    """Whether it was forwarded to a person who had the customer then, and had acted within two hours."""
    created = found.decided_at(relay.message_id) or 0.0
    thread = found.thread_at(relay.thread_id, created)
    acted = thread is not None and thread.owner == relay.claimed_by and thread.owner_acted_at is not None
    is_first = relay.policy.tier(1).name == relay.claimed_by
    return acted and is_first and time_of(created) - thread.owner_acted_at <= _ACTIVE  # type: ignore


def _names(relay: Relay) -> list[str]:
    return sorted(tier.name for tier in relay.policy.tiers)


def _configured(found: Evidence) -> Iterator[list[str]]:
    for policy in (found.run.plan.policy, found.run.plan.new_policy):
        if policy is not None:
            yield sorted(tier.name for tier in policy.tiers)


def c2_one_owner(found: Evidence) -> Iterator[str]:
    """When a text becomes a person's, or an answer of a person's is created, that person has its thread by the commit
    of that moment; and a person whose customer another takes over is told so in the same commit."""
    for at, relay in found.claims():
        thread = found.thread_at(relay.thread_id, at)
        owners = {seen.owner for when, seen in found.threads.get(relay.thread_id, []) if when >= at - 60.0}
        is_its = thread is not None and (thread.owner == relay.claimed_by or relay.claimed_by in owners)
        if not is_its and not _reached_its_owner(found, relay):
            yield f"C2: {relay.message_id[-3:]} is {relay.claimed_by}'s, and its thread is not"
    for said in found.people.said.values():
        answer, decided = found.relay(f"{said.message_id}-a"), found.decided_at(said.message_id)
        if answer is None or decided is None:
            continue
        thread = found.thread_at(answer.thread_id, decided)
        if thread is None or thread.owner != said.person:
            yield f"C2: an answer of {said.person}'s left who did not have the customer"
    for thread_id, commits in found.threads.items():
        for (_, before), (at, after) in pairwise(commits):
            is_taken_over = before.owner is not None and after.owner not in (None, before.owner)
            if is_taken_over and not _was_told(found, before, at):
                yield f"C2: {after.owner} took {thread_id[:4]} from {before.owner}, who was not told"
            since, until = before.owner_since, after.owner_since
            if is_taken_over and since is not None and until is not None and until <= since:
                yield f"C2: {after.owner} took {thread_id[:4]} over by words older than {before.owner}'s claim"
    yield from _open_texts_are_told(found)
    yield from _a_claim_takes_all(found)
    for message_id, records in found.run.history.commits.items():
        for (_, earlier), (_, later) in pairwise(records):
            steps = {entry.step for entry in later.error_log[len(earlier.error_log) :]}
            is_taken_back = earlier.final_status is FinalStatus.CLAIMED and later.final_status in _UNCLAIMED
            if is_taken_back and not steps & _TAKE_BACK:
                yield f"C2: {message_id[-3:]} was claimed, and is {later.final_status}"


def _a_claim_takes_all(found: Evidence) -> Iterator[str]:
    """What was open when a person took the thread is claimed by that, or told by its next lease."""
    for thread_id, commits in found.threads.items():
        for (_, before), (at, after) in pairwise(commits):
            if after.owner is None or after.owner_since is None or after.owner_since == before.owner_since:
                continue
            for message_id, seen in found.run.history.commits.items():
                first_at, first = seen[0]
                # One that was stored while the claim was decided is told by the next lease.
                if first.thread_id != thread_id or not found.is_customers(message_id) or first_at > at - 30.0:
                    continue
                was = [relay for when, relay in seen if when < at][-1]
                is_open = was.final_status in (*_UNCLAIMED, FinalStatus.IN_PROGRESS)
                is_later = was.timestamp > after.owner_since
                if not is_open or is_later or was_left_alone(found.run, message_id, at):
                    continue
                if not any(_is_told(relay) for when, relay in seen if when >= at):
                    yield f"C2: {message_id[-3:]} was open when {after.owner} took its customer, and was not told"


def _is_told(relay: Relay) -> bool:
    return relay.final_status is FinalStatus.CLAIMED


def _was_told(found: Evidence, before: Thread, at: float) -> bool:
    """Whether the former owner gets a notice that was created in that commit."""
    return any(
        commits[0][0] == at
        and commits[0][1].purpose is Purpose.NOTICE
        and commits[0][1].policy.tier(1).name == before.owner
        for commits in found.run.history.commits.values()
    )


def _open_texts_are_told(found: Evidence) -> Iterator[str]:
    """Once a person has a thread, no text that came in before that is sent to anybody else for it, but what was leased
    already."""
    for message_id, commits in found.run.history.commits.items():
        if not found.is_customers(message_id):
            continue
        for (_, before), (at, after) in pairwise(commits):
            new = [each for each in after.attempts[len(before.attempts) :] if each.lease is not None]
            new += [
                each
                for old, each in zip(before.attempts, after.attempts, strict=False)
                if each.lease is not None and old.lease is None
            ]
            thread = found.thread_at(after.thread_id, at - 1e-9)
            if not new or thread is None or thread.owner is None or thread.owner_since is None:
                continue
            person = after.policy.tier_or_last(new[-1].tier).name
            if person != thread.owner and thread.owner_since >= after.timestamp:
                yield f"C2: {message_id[-3:]} was sent to {person}, and {thread.owner} has the customer"
