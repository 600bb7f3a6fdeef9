"""Who has a customer: what each step leaves behind, and whose tier comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.policy import Policy, Tier, sms
from relay.core.threads import ownership
from relay.core.threads.model import COARSE, Thread

from tests.core.threads.making import ANA, BEN, CARA, NOW, a_thread, ago, owned


def test_a_claim_gives_the_thread_to_a_person_from_when_the_text_came_in() -> None:
    thread = ownership.claimed(a_thread(pointed_at=ago(minutes=1)), ANA, NOW)
    assert (thread.owner, thread.owner_since, thread.owner_acted_at, thread.changed_at) == (ANA, NOW, NOW, NOW)
    assert thread.touched_at == NOW
    assert thread.pointed_at is None, "the new owner was told nothing yet"


def test_an_owner_who_claims_again_has_only_acted() -> None:
    before = owned(ANA, pointed_at=ago(minutes=1))
    after = ownership.claimed(before, ANA, NOW)
    assert after == replace(before, owner_acted_at=NOW, touched_at=NOW)


def test_times_never_go_back() -> None:
    before = owned(ANA, since=NOW, touched_at=NOW, answered_at=NOW)
    assert ownership.answered(before, ANA, ago(minutes=1)) == before


def test_passing_leaves_no_owner() -> None:
    thread = ownership.passed(owned(ANA), NOW)
    assert (thread.owner, thread.owner_since, thread.owner_acted_at, thread.changed_at) == (None, None, None, NOW)


def test_closing_claims_and_keeps_the_owner_for_the_thanks_that_follow() -> None:
    thread = ownership.closed(a_thread(), ANA, NOW)
    assert (thread.owner, thread.closed_at, thread.is_open(NOW)) == (ANA, NOW, False)


def test_a_thread_that_went_quiet_opens_again_too() -> None:
    quiet = a_thread(touched_at=ago(days=15))
    assert not quiet.is_open(NOW)
    assert ownership.opened(quiet, ANA, NOW).is_open(NOW)


@pytest.mark.parametrize(
    ("thread", "person", "minutes_ago", "may"),
    [
        (a_thread(), ANA, 0, True),
        (owned(ANA), ANA, 60, True),
        (owned(BEN, since=ago(minutes=5)), ANA, 0, True),
        (owned(BEN, since=ago(minutes=5)), ANA, 4.9, True),
        # Written before the present claim, or in the same instant.
        (owned(BEN, since=ago(minutes=5)), ANA, 5, False),
        (owned(BEN, since=ago(minutes=5)), ANA, 6, False),
    ],
)
def test_a_takeover_was_written_after_the_present_claim(
    thread: Thread, person: str, minutes_ago: float, may: bool
) -> None:
    assert ownership.may_take_over(thread, person, ago(minutes=minutes_ago)) is may


def test_an_owner_is_active_for_as_long_as_the_setting_says() -> None:
    two_hours = timedelta(hours=2)
    assert ownership.is_active(owned(ANA, since=ago(hours=2)), NOW, two_hours)
    assert not ownership.is_active(owned(ANA, since=ago(hours=2, seconds=1)), NOW, two_hours)
    assert not ownership.is_active(a_thread(), NOW, two_hours)
    assert ownership.is_active(owned(ANA, since=ago(hours=9), owner_acted_at=ago(hours=1)), NOW, two_hours)


def test_anything_may_hide_behind_a_coarse_time() -> None:
    thread = a_thread(touched_at=ago(minutes=90))
    assert ownership.may_have_moved_after(thread, ago(minutes=31))
    assert not ownership.may_have_moved_after(thread, ago(minutes=90) + COARSE)
    assert ownership.may_have_moved_after(replace(thread, changed_at=NOW), ago(minutes=1))


def _policy(*names: str) -> Policy:
    return Policy(tuple(Tier(name, sms(f"+1555010{100 + at:04d}")) for at, name in enumerate(names)), rest=(("x", 1),))


@pytest.mark.parametrize(
    ("names", "person", "in_order"),
    [
        ((ANA, BEN, CARA), ANA, (ANA, BEN, CARA)),
        ((ANA, BEN, CARA), CARA, (CARA, ANA, BEN)),
        # One person at two tiers: the first of them is moved, and there is never one more.
        ((ANA, BEN, CARA, BEN), BEN, (BEN, ANA, CARA, BEN)),
        ((ANA,), ANA, (ANA,)),
    ],
)
def test_the_owners_tier_comes_first_and_none_is_added_or_lost(
    names: tuple[str, ...], person: str, in_order: tuple[str, ...]
) -> None:
    policy = _policy(*names)
    moved = ownership.owner_first(policy, person)
    assert moved is not None
    assert tuple(tier.name for tier in moved.tiers) == in_order
    assert sorted(tier.reach.address for tier in moved.tiers) == [tier.reach.address for tier in policy.tiers]
    assert moved.rest == policy.rest


def test_two_tiers_that_are_alike_are_still_two() -> None:
    tier = Tier(BEN, sms("+15550100100"))
    moved = ownership.owner_first(Policy((Tier(ANA, sms("+15550100101")), tier, tier)), BEN)
    assert moved is not None
    assert [each.name for each in moved.tiers] == [BEN, ANA, BEN]


def test_an_owner_who_stands_in_no_tier_of_today_is_no_owner() -> None:
    assert ownership.owner_first(_policy(ANA, BEN), CARA) is None
