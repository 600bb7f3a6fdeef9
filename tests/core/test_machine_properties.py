"""Properties of the machine over made-up histories: the promises S3, S4, S6, S7, S10 and L1 of the design."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core import machine, moves
from relay.core.events import ABOUT_THE_RELAY, Event, EventKind, SendAttempt
from relay.core.model import AttemptStatus, FinalStatus, InboundText, Relay, SenderClass
from relay.core.policy import Policy, Success, Tier, sms
from relay.core.routes import Forward
from relay.twilio.codes import failure_of

from scripts.walk_machine import MAY_LEASE, Walked, policy_of
from tests.core.machine_rules import RULES
from tests.relays import (
    BODY,
    CUSTOMER,
    OUR_NUMBER,
    PERMANENT,
    T0,
    TRANSIENT,
    accepted,
    after,
    delivered,
    due,
    failed,
    handed_over,
    policy,
    progress,
    received,
    refused,
    route,
    sid,
    unconfirmed,
    unknown,
)

_CODES = (None, -1, 0, 20429, 20500, 21610, 30003, 30006, 30007, 30034, 99999)

policies = st.builds(
    lambda tiers: Policy(
        tuple(
            Tier(f"handler {n}", sms(f"+155501{n:05d}"), tuple(delays), timeout, claim_timeout_seconds=claim)
            for n, (delays, timeout, claim) in enumerate(tiers)
        )
    ),
    st.lists(
        st.tuples(st.lists(st.floats(0, 10), max_size=2), st.floats(1, 90), st.sampled_from([0.0, 0.0, 300.0])),
        min_size=1,
        max_size=4,
    ),
)


@st.composite
def events(draw: st.DrawFn, relay: Relay) -> Event:
    """Any event about this relay, mostly about its latest attempts."""
    kind = draw(st.sampled_from(EventKind))
    last = len(relay.attempts)
    number = 0 if kind in ABOUT_THE_RELAY else draw(st.sampled_from([last, last, last - 1, 1, last + 1]))
    own = relay.attempts[-1].lease if relay.attempts else None
    return Event(
        kind,
        number,
        lease=draw(st.sampled_from([None, own, f"lease {len(relay.error_log)}"])) if kind in MAY_LEASE else None,
        sent_id=draw(st.sampled_from([None, sid(number)])),
        failure=failure_of(draw(st.sampled_from(_CODES))),
        by=draw(st.sampled_from(["", "sweep"])),
        policy=draw(st.sampled_from([None, policy_of(2)])),
        tier=draw(st.integers(-1, 5)),
        request_id=draw(st.sampled_from(["request 1", "request 2"])),
        note=draw(st.sampled_from(["", "called"])),
        person=draw(st.sampled_from(["", *{tier.name for tier in relay.policy.tiers}, "of no tier"])),
    )


@given(policies, st.data())
def test_every_rule_of_the_walk_holds_in_any_history(policy: Policy, data: st.DataObject) -> None:
    """Longer cascades and odder times than the walk can take; clocks may go backwards."""
    relay = received(policy, data.draw(st.sampled_from([None, "webhook"]))).relay
    now = T0
    for _ in range(data.draw(st.integers(1, 25))):
        now += timedelta(seconds=data.draw(st.floats(-5, 100)))
        event = data.draw(events(relay))
        frozen = repr(relay)
        step = Walked(relay, event, now, machine.transition(relay, event, now))
        assert repr(relay) == frozen, "the input was touched"
        broken = [rule.__name__ for rule in RULES if not rule(step)]
        assert not broken
        relay = step.decision.relay


def test_a_redrive_to_a_later_tier_is_the_operators_own_skip() -> None:
    """The rule that no tier is skipped is about one drive: where it begins is up to the operator."""
    relay = after(received(policy_of(1)).relay, Event(EventKind.SEND_REFUSED, 1, failure=failure_of(30006)))
    redriven = after(
        relay, Event(EventKind.REDRIVE_REQUESTED, policy=policy_of(3), tier=3, request_id="1", by="operator")
    )
    assert [attempt.tier for attempt in redriven.attempts] == [1, 3]


# S7: receipts.


def _fate(relay: Relay) -> tuple[object, ...]:
    attempt = relay.attempts[0]
    return (relay.final_status, relay.delivered_tier, attempt.status, attempt.sent_id, attempt.error_code)


_BEFORE_RECEIPTS = (
    (),
    (accepted(1),),
    (unknown(1),),
    (refused(1, TRANSIENT),),
    (refused(1, PERMANENT),),
    (accepted(1), unconfirmed(1, "task")),
)


@given(
    st.sampled_from(_BEFORE_RECEIPTS),
    st.sampled_from([Success.DELIVERED, Success.SENT]),
    st.sampled_from([TRANSIENT, PERMANENT]),
    st.lists(st.sampled_from(["progress", "handed over", "delivered", "failed"]), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
def test_receipts_in_any_order_and_number_end_the_same(
    before: tuple[Event, ...], success: Success, code: int, words: list[str], randomness: random.Random
) -> None:
    """Also where `sent` counts as success, and also about a text that had been refused."""
    handed = handed_over(1) if success is Success.SENT else progress(1)
    told = {"progress": progress(1), "handed over": handed, "delivered": delivered(1), "failed": failed(1, code)}
    receipts = [told[word] for word in words]
    sent = after(received(policy(success=success)).relay, *before)
    shuffled = [*receipts, *randomness.choices(receipts, k=3)]
    randomness.shuffle(shuffled)
    assert _fate(after(sent, *receipts)) == _fate(after(sent, *shuffled))


@given(st.permutations([progress(1), failed(1), progress(2), delivered(2), progress(3), failed(3)]))
def test_receipts_of_several_attempts_interleave_freely(receipts: list[Event]) -> None:
    sent = after(received().relay, accepted(1), unconfirmed(1, "a"), accepted(2), unconfirmed(2, "b"), accepted(3))
    relay = after(sent, *receipts)
    assert [attempt.status.value for attempt in relay.attempts[:3]] == ["failed", "delivered", "failed"]
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 2)


@given(st.permutations([handed_over(1), failed(1), handed_over(2), failed(2), delivered(2), handed_over(3), failed(3)]))
def test_receipts_of_several_attempts_interleave_freely_where_sent_counts(receipts: list[Event]) -> None:
    ask = policy(success=Success.SENT)
    sent = after(received(ask).relay, accepted(1), unconfirmed(1, "a"), accepted(2), unconfirmed(2, "b"), accepted(3))
    relay = after(sent, *receipts)
    assert [attempt.status.value for attempt in relay.attempts[:3]] == ["failed", "delivered", "failed"]
    assert (relay.final_status, relay.delivered_tier) == (FinalStatus.DELIVERED, 2)


@given(st.permutations([accepted(1), progress(1), delivered(1)]))
def test_the_posts_reply_may_come_before_between_or_after_its_receipts(order: list[Event]) -> None:
    relay = after(received().relay, *order)
    assert _fate(relay) == (FinalStatus.DELIVERED, 1, AttemptStatus.DELIVERED, sid(1), None)


# L1: whatever happens to each attempt, firing what is pending ends the relay.


@given(policies, st.randoms(use_true_random=False))
def test_firing_what_is_pending_always_ends_the_relay(policy: Policy, randomness: random.Random) -> None:
    relay, now, sends = received(policy).relay, T0, 1
    for _ in range(500):
        timer = moves.pending(relay)
        if timer is None:
            break
        now = max(now, timer.due_at)
        number = relay.attempts[-1].number
        kinds = [EventKind.DEADLINE_UNCONFIRMED, EventKind.DEADLINE_NOT_FOUND, EventKind.DEADLINE_UNANSWERED]
        event = due(number) if relay.attempts[-1].status is AttemptStatus.SCHEDULED else None
        event = event or Event(randomness.choice(kinds), number, lease=f"lease {number}")
        decision = machine.transition(relay, event, now)
        relay = decision.relay
        sends += decision.effects.count(SendAttempt(relay.attempts[-1].number))
        if SendAttempt(relay.attempts[-1].number) in decision.effects:
            number = relay.attempts[-1].number
            outcome = randomness.choice([accepted(number), unknown(number), refused(number, TRANSIENT)])
            relay = machine.transition(relay, outcome, now).relay
    assert relay.final_status is FinalStatus.EXHAUSTED
    assert sends <= sum(len(tier.retry_delays_seconds) + 1 for tier in policy.tiers) + 1


# S9: what the trail may hold.


@given(st.text(max_size=40), st.lists(st.sampled_from([accepted, failed, unconfirmed, due]), max_size=8))
def test_the_trail_never_holds_the_body_or_a_number(words: str, happens: list[Callable[[int], Event]]) -> None:
    body = f"\N{SNOWMAN}{words}"
    inbound = InboundText("SM" + "1" * 32, CUSTOMER, OUR_NUMBER, body)
    relay = moves.receive(inbound, SenderClass.CUSTOMER, Forward(policy_of(3)), T0, "webhook").relay
    for event in happens:
        relay = after(relay, event(relay.attempts[-1].number))
    trail = repr(relay.error_log)
    assert "\N{SNOWMAN}" not in trail
    for phone in (CUSTOMER, OUR_NUMBER, *(tier.reach.address for tier in relay.policy.tiers)):
        assert phone not in trail


@pytest.mark.parametrize("sender", [each for each in SenderClass if each is not SenderClass.CUSTOMER])
@given(st.data())
def test_what_is_not_a_customers_is_never_sent_whatever_happens(sender: SenderClass, data: st.DataObject) -> None:
    inbound = InboundText("SM" + "1" * 32, CUSTOMER, OUR_NUMBER, BODY)
    relay = moves.receive(inbound, sender, route(policy_of(2), sender), T0, "webhook").relay
    event = data.draw(events(relay))
    decision = machine.transition(relay, event, T0)
    # That an operator saw to it changes nothing of what is done.
    assert decision.relay is relay or event.kind is EventKind.HANDLED
    assert (decision.effects, decision.relay.attempts, decision.relay.due_at) == ((), (), None)
