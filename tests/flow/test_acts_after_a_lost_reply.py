"""A handler's text whose commit went through and whose reply was lost: what others did since is never overwritten."""

from __future__ import annotations

from relay.core.model import Relay, Timer
from relay.core.moves import pending
from relay.flow import timers

from tests.fakes.world import Calls
from tests.office import ANA, CARLA, Office


def test_an_answer_that_another_process_went_on_with_is_left_to_it() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    calls = Calls()
    calls.of(office.store, "get", lambda *_: "get")
    answer_id = f"SM{77:032x}-a"
    left: list[Relay] = []

    def another_process() -> None:
        """Its clock is a minute ahead: it finds that the answer was never sent, and sends it."""
        calls.before.clear()
        office.clock.advance(70.0)
        timer = pending(office.relay(answer_id))
        assert isinstance(timer, Timer)
        timers.fire(office.world, timer)
        left.append(office.relay(answer_id))

    calls.before["get"] = another_process
    office.store.replies_to_lose = 1
    office.text(ANA, "On my way", message_id=f"SM{77:032x}")
    assert [office.relay(answer_id)] == left
    assert len(office.to(CARLA)) == 1
