"""About the store without the store: told at once, once an hour, by every channel that takes it."""

from __future__ import annotations

import pytest
from relay.operators.alerting.channel import Outcome

from tests.operators.alerting.office import Raised


@pytest.fixture
def desk() -> Raised:
    return Raised()


def test_a_full_disk_is_told_without_the_store_once_an_hour_and_its_end_once(desk: Raised) -> None:
    desk.records.is_down = True
    for _ in range(30):
        desk.alarms.store_fails("the disk is full", "make room on it")
        desk.clock.advance(60)
    desk.settle()
    assert len(desk.told()) == 3
    desk.alarms.store_works_again()
    desk.alarms.store_works_again()
    desk.settle()
    assert len(desk.told()) == 6
    assert desk.email.told[1].words.startswith("The relay's database can be used again")
    desk.clock.advance(3600)
    desk.alarms.store_fails("the disk is full", "make room on it")
    desk.settle()
    assert len(desk.told()) == 9
    assert desk.records.writes == 0


def test_a_channel_that_does_not_take_it_is_tried_again_and_the_others_are_not_told_twice(desk: Raised) -> None:
    desk.email.script(Outcome("it answers 451"), Outcome("it answers 451"))
    desk.alarms.store_fails("the disk is full", "")
    desk.settle()
    assert len(desk.told()) == 3
    assert (len(desk.text.tries), len(desk.webhook.tries), len(desk.email.tries)) == (1, 1, 3)
    assert desk.slept == [5, 20]


def test_one_that_no_channel_takes_is_given_up_with_a_line(desk: Raised) -> None:
    for channel in desk.channels.values():
        channel.script(*(Outcome("it answers 500"),) * 20)
    desk.alarms.store_fails("the disk is full", "")
    desk.settle()
    assert sum(words == "an operator was not told" for _, words, _ in desk.journal.notes) == 3
    assert len(desk.email.tries) == 7
