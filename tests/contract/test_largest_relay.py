"""What every store promises of the largest relay there can be: it is kept, with room to spare."""

from __future__ import annotations

import json

import pytest
from relay.core.bounds import ATTEMPTS_MAX, REDRIVES_MAX, TIERS_MAX, TRAIL_LINES_MAX, attempts_of_a_drive
from relay.core.model import FinalStatus, Relay, Step
from relay.record.documents import DOCUMENT_BYTES_MAX, plain, to_document

from tests import largest, relays
from tests.contract.conftest import StoreRig

TIMEOUT = 120.0
HALF = DOCUMENT_BYTES_MAX / 2


@pytest.fixture(scope="module")
def relay() -> Relay:
    return largest.largest_relay()


def _bytes(relay: Relay) -> int:
    return len(json.dumps(plain(to_document(relay)), ensure_ascii=False).encode())


def test_it_stays_below_half_of_what_a_store_keeps(relay: Relay) -> None:
    assert _bytes(relay) < HALF - 30_000, "what the next revision adds to each attempt must fit too"
    assert relay.final_status is FinalStatus.EXHAUSTED
    assert ATTEMPTS_MAX - attempts_of_a_drive(largest.policy()) < len(relay.attempts) <= ATTEMPTS_MAX
    assert len(relay.error_log) == TRAIL_LINES_MAX
    assert len(relay.policy.tiers) == TIERS_MAX


def test_every_store_keeps_it_and_gives_it_back(rig: StoreRig, relay: Relay) -> None:
    version = rig.store.create(relay, [], timeout_seconds=TIMEOUT)
    stored = rig.store.get(relay.message_id, timeout_seconds=TIMEOUT)
    assert stored is not None
    assert (stored.relay, stored.version) == (relay, version)


def test_a_relay_that_is_redriven_again_and_again_is_refused_in_words_long_before() -> None:
    relay = relays.exhausted()
    for number in range(139):
        again, refusal = largest.redriven(relay, number)
        if refusal:
            break
        relay = largest.driven(again)
    assert len(relay.redrive_ids) <= REDRIVES_MAX
    assert "call the customer, and pass the text on by hand" in refusal
    assert _bytes(relay) < HALF


def test_one_of_a_single_try_may_be_redriven_fifty_times() -> None:
    relay = relays.exhausted()
    for number in range(REDRIVES_MAX):
        one = len(relay.attempts) + 1
        events = (relays.due(one), relays.accepted(one), relays.failed(one, relays.PERMANENT))
        relay = relays.after(relay, relays.redrive_of(relay, number), *events)
    assert len(relay.redrive_ids) == REDRIVES_MAX
    again = relays.after(relay, relays.redrive_of(relay, REDRIVES_MAX))
    assert again == relay
    assert relay.error_log[0].step is Step.RECEIVED
    assert sum(entry.step is Step.REDRIVEN for entry in relay.error_log) == REDRIVES_MAX
    assert len(relay.error_log) == TRAIL_LINES_MAX
    numbers = [entry.number for entry in relay.error_log]
    assert numbers == sorted(set(numbers)), "lines keep their numbers"
    assert relay.lines_folded == relay.lines_logged - TRAIL_LINES_MAX > 0
