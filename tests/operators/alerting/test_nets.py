"""Nets: what catches lost texts is told of when it has failed for too long, whichever process ran it."""

from __future__ import annotations

import pytest
from relay.errors import StoreUnavailable
from relay.operators.alerting.messages import ChannelKind
from relay.operators.alerting.nets import CUT_AFTER, Net

from tests.operators.alerting.office import Raised


class _Nets(Raised):
    def net(self, name: str = "sweep") -> Net:
        """The net as one process has it."""
        return Net(name, self.records, self.alarms, self.clock)

    def run_of(self, name: str, minutes: int, *, is_good: bool = False, processes: int = 1) -> None:
        nets = [self.net(name) for _ in range(processes)]
        for minute in range(minutes):
            nets[minute % processes].watched(lambda: is_good)
            self.run_in(60)


@pytest.fixture
def desk() -> _Nets:
    return _Nets()


@pytest.mark.parametrize(("name", "by"), [("sweep", 3), ("reconcile", 2)])
def test_a_net_that_is_cut_for_long_is_told_once_and_its_end_once(desk: _Nets, name: str, by: int) -> None:
    minutes = round(CUT_AFTER[name].total_seconds() / 60)
    desk.run_of(name, minutes)
    assert desk.told() == []
    desk.run_of(name, 120)
    assert len(desk.told()) == by
    assert f"({name}) has not worked since 12:00 UTC" in desk.email.told[0].words
    desk.run_of(name, 5, is_good=True)
    assert len(desk.told()) == 2 * by
    assert f"({name}) works again; it had not since 12:00 UTC." in desk.email.told[1].words


def test_a_run_that_fails_now_and_then_is_no_alarm(desk: _Nets) -> None:
    for _ in range(30):
        desk.run_of("sweep", 4)
        desk.run_of("sweep", 1, is_good=True)
    assert desk.told() == []


def test_runs_of_several_processes_are_counted_together(desk: _Nets) -> None:
    desk.run_of("sweep", 10, processes=3)
    assert len(desk.email.told) == 1


def test_a_run_that_raises_has_failed_and_raises_on(desk: _Nets) -> None:
    def run() -> bool:
        raise StoreUnavailable("made up")

    for _ in range(10):
        with pytest.raises(StoreUnavailable):
            desk.net().watched(run)
        desk.run_in(60)
    assert len(desk.email.told) == 1


def test_a_good_run_costs_no_write(desk: _Nets) -> None:
    desk.run_of("sweep", 10, is_good=True)
    assert desk.records.writes == 0


def test_a_store_that_is_out_of_order_stops_no_net(desk: _Nets) -> None:
    desk.records.is_down = True
    ran: list[int] = []

    def run() -> bool:
        ran.append(1)
        return False

    for _ in range(3):
        desk.net().watched(run)
    assert len(ran) == 3


def test_reconcile_is_about_the_provider_so_no_text_tells_of_it(desk: _Nets) -> None:
    desk.run_of("reconcile", 40)
    assert {message.channel for message in desk.told()} == {ChannelKind.EMAIL, ChannelKind.WEBHOOK}


def test_a_disk_that_fills_is_told_once_by_every_channel_and_once_that_it_has_room(desk: _Nets) -> None:
    net, rooms = desk.net("disk"), [True, False, False, None, False, None, True, True, False]
    told: list[int] = []
    for room in rooms:
        net.watched(lambda room=room: room)  # type: ignore[misc]
        desk.run_in(3600)
        told.append(len(desk.told()))
    assert told == [0, 3, 3, 3, 3, 3, 6, 6, 9]
    first, again, _ = (message.words for message in desk.email.told)
    assert first.startswith("The disk of the relay's database is nearly full.")
    assert again == "The disk of the relay's database has room again; it had not since 13:00 UTC."
    assert "a net is cut" not in str(desk.journal.notes), "its job says a line of its own"
