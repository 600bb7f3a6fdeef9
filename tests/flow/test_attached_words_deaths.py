"""Words that come as a file, where a process dies or the store fails between taking the text in and sending it."""

from __future__ import annotations

import pytest
from relay.core.model import FinalStatus, TimerKind
from relay.flow import sweep
from relay.flow.attached_words import WAIT

from tests.flow.attaching import LONG, WORDS, bodies, comes_in
from tests.relays import BODY, CUSTOMER, MESSAGE_ID
from tests.worlds import Doubles, Killed, Observed, inbound_request, kill, status_request

PLACES = (
    *("before create", "after create", "before arm attempt 1", "after arm attempt 1", "before open", "after open"),
    *("before get", "after get", "before update", "after update", "before arm deadline 1", "before send"),
)


def dies(place: str, content: bytes | None) -> Observed:
    """The process that takes the text in dies there; the next one has the same store and timers."""
    doubles = Observed()
    when, _, call = place.partition(" ")
    (doubles.before if when == "before" else doubles.after)[call] = kill
    with pytest.raises(Killed):
        comes_in(doubles, content)
    doubles.before.clear()
    doubles.after.clear()
    return doubles


@pytest.mark.parametrize(
    ("place", "content"),
    [(place, content) for place in PLACES for content in (WORDS.encode(), b"")],
)
def test_a_process_that_dies_anywhere_leaves_a_text_that_goes_on_by_itself(place: str, content: bytes) -> None:
    doubles = dies(place, content)
    if place == "before create":
        assert doubles.store.get(MESSAGE_ID, timeout_seconds=1.0) is None
        return
    # No webhook comes again: timers alone, and the sweep for one that was not armed.
    for _ in range(3):
        doubles.wait(60)
        sweep.sweep(doubles.world)
    sent = [one.attempt for one in doubles.messenger.sends]
    assert sent, "lost"
    assert len(set(sent)) == len(sent), "an attempt was sent twice"


@pytest.mark.parametrize("place", ["after create", "before open", "after open", "before update"])
def test_a_webhook_that_comes_again_after_a_death_brings_the_words(place: str) -> None:
    doubles = dies(place, WORDS.encode())
    assert doubles.inbound(inbound_request(**LONG)).status == 200
    assert bodies(doubles) == [f"{CUSTOMER}: {BODY}\n{WORDS}"]
    doubles.wait(30)
    assert len(bodies(doubles)) == 1


def test_a_timer_that_fires_while_they_are_fetched_sends_the_text_and_they_are_not_sent_after_it() -> None:
    doubles = Doubles()
    fired = iter([True])

    def late() -> None:
        if next(fired, False):
            doubles.fire_next()

    doubles.media.before = late
    comes_in(doubles)
    assert doubles.clock.now() - doubles.relay().timestamp >= WAIT
    assert len(bodies(doubles)) == 1
    assert doubles.inbound(inbound_request(**LONG)).status == 200
    assert len(bodies(doubles)) == 1


def test_a_store_that_fails_once_the_text_is_durable_leaves_it_to_its_timer() -> None:
    doubles = Observed()

    def fails() -> None:
        doubles.store.is_down = True

    doubles.after["open"] = fails
    comes_in(doubles)
    assert bodies(doubles) == []
    assert [timer.kind for timer in doubles.timers.armed] == [TimerKind.ATTEMPT]
    doubles.store.is_down = False
    doubles.wait(WAIT.total_seconds())
    assert len(bodies(doubles)) == 1
    doubles.status(status_request())
    assert doubles.relay().final_status is FinalStatus.DELIVERED
