"""The budget of a relay in billed operations, counted over the real core. The cost calculator works with these."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core.model import FinalStatus
from relay.core.people import handlers_of
from relay.flow import reconcile
from relay.flow.intake import Intake
from relay.google.queries import IDS_MAX
from relay.homes import RECONCILE_EVERY_SECONDS
from relay.ports import ReceivedMessage

from scripts.cost import operations
from tests.budgets.journeys import (
    JOURNEYS,
    Journey,
    delivered_after_refusals,
    delivered_after_silences,
    delivered_at_tier_1,
    exhausted_after_three_refusals,
)
from tests.relays import OUR_NUMBER, policy, text
from tests.worlds import inbound_request


def test_a_relay_delivered_at_tier_1_takes_at_most_three_writes_and_two_reads() -> None:
    journey = delivered_at_tier_1()
    assert journey.relay().delivered_tier == 1
    assert journey.count("create", "update") <= 3
    assert journey.count("get", "search", "due") <= 2


@pytest.mark.parametrize("name", JOURNEYS)
def test_the_cost_table_has_what_the_core_does(name: str) -> None:
    assert JOURNEYS[name]().operations() == operations.RELAY[name]


def test_the_cost_table_has_no_journey_that_nobody_counts() -> None:
    assert set(operations.RELAY) == set(JOURNEYS)


def test_the_journeys_end_as_their_names_say() -> None:
    assert delivered_after_refusals(1).relay().delivered_tier == 2
    assert delivered_after_refusals(2).relay().delivered_tier == 3
    assert delivered_after_silences(2).relay().delivered_tier == 3
    assert exhausted_after_three_refusals().relay().final_status is FinalStatus.EXHAUSTED


def test_each_refusal_costs_three_writes_and_three_reads() -> None:
    """The failure and the next attempt in one write, its lease, its outcome; two callbacks and the timer read."""
    one, two = delivered_after_refusals(1).operations(), delivered_after_refusals(2).operations()
    assert (two.writes - one.writes, two.reads - one.reads) == (3, 3)


def test_each_silence_costs_two_writes_and_one_read() -> None:
    """Giving up one tier and leasing the next one's attempt in one write, then the outcome; only the timer reads."""
    one, two = delivered_after_silences(1).operations(), delivered_after_silences(2).operations()
    assert (two.writes - one.writes, two.reads - one.reads) == (2, 1)


def test_a_callback_without_consequence_is_not_written() -> None:
    journey = Journey()
    journey.comes_in()
    before = journey.count("update")
    journey.is_reported("queued", "sending", "sent")
    assert journey.count("update") == before


def test_a_timer_is_cancelled_when_the_relay_ends_so_that_it_never_costs_a_call() -> None:
    for journey in (delivered_at_tier_1(), delivered_after_refusals(2), exhausted_after_three_refusals()):
        assert journey.timers.armed == []


def test_reconcile_looks_for_a_text_three_times_and_then_once_an_hour_for_a_day_and_never_reads_it() -> None:
    journey = delivered_at_tier_1()
    intake = Intake(policy(), (OUR_NUMBER,), handlers_of(policy()))
    reconcile.reconcile(journey.world, intake)
    journey.clock.advance(600)
    journey.messenger.received.append(ReceivedMessage(text(), journey.clock.now()))
    before = journey.count("get")
    looks: list[int] = []
    for run in range(round(30 * 3600 / RECONCILE_EVERY_SECONDS)):
        if run % 12 == 6:
            # On a line where further texts come in, as they do where costs matter.
            later = text(f"SM{run:032x}")
            journey.inbound(inbound_request(MessageSid=later.message_id, From=OUR_NUMBER))
            journey.messenger.received.append(ReceivedMessage(later, journey.clock.now()))
            before = journey.count("get")
        looked = journey.asked_for[text().message_id]
        reconcile.reconcile(journey.world, intake)
        looks.append(journey.asked_for[text().message_id] - looked)
        journey.clock.advance(timedelta(seconds=RECONCILE_EVERY_SECONDS).total_seconds())
    assert looks[-12:] == [0] * 12
    assert sum(looks) == operations.RECONCILE_LOOKS_PER_RELAY
    assert journey.count("get") == before
    # Firestore bills a count as one read, and this many texts are counted at once.
    assert operations.RECONCILE_READS_PER_RELAY == operations.RECONCILE_LOOKS_PER_RELAY / IDS_MAX
