"""A list that is behind by minutes, hours or a day, and a busy one: every text is recovered, and what that costs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from relay.errors import MessengerUnavailable
from relay.flow import taking_in
from relay.flow.taking_in import COMPARED_AT_ONCE
from relay.ports import Clock, ReceivedMessage, ReceivedPage

from tests.fakes import ScriptedMessenger
from tests.flow.reconciling import EVERY, is_stored, listed_id, reconciled_before, run, runs
from tests.relays import text
from tests.worlds import Doubles

MINUTES, HOURS = 60.0, 3600.0


class LateList(ScriptedMessenger):
    """A list that shows a text only some time after it came in, and then with the time at which it did."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.shown_at: dict[str, datetime] = {}

    def received_page(self, our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        every, now = self.received, self._clock.now()
        self.received = [one for one in every if self.shown_at.get(one.text.message_id, now) <= now]
        try:
            return super().received_page(our_phone, place, timeout_seconds=timeout_seconds)
        finally:
            self.received = every


def _late(doubles: Doubles) -> LateList:
    late = LateList(doubles.clock)
    channels = doubles.world.channels
    doubles.messenger = late
    doubles.world = type(doubles.world)(
        doubles.store,
        doubles.timers,
        doubles.clock,
        doubles.journal,
        doubles.journal,
        channels,
        lambda _: late,
        doubles.world.new_lease,
    )
    return late


def _comes_in(doubles: Doubles, late: LateList, number: int, lag: float) -> None:
    now = doubles.clock.now()
    late.received.append(ReceivedMessage(text(listed_id(number)), now))
    late.shown_at[listed_id(number)] = now + timedelta(seconds=lag)


@pytest.mark.parametrize(
    "lag",
    [
        0,
        5 * MINUTES,
        10 * MINUTES,
        20 * MINUTES,
        60 * MINUTES,
        2 * HOURS,
        6 * HOURS,
        12 * HOURS,
        23 * HOURS,
        24 * HOURS,
    ],
)
def test_every_text_whose_webhook_was_lost_is_recovered_however_far_the_list_is_behind(lag: float) -> None:
    doubles = reconciled_before()
    late = _late(doubles)
    for number in range(60):
        _comes_in(doubles, late, number, lag)
        doubles.clock.advance(2 * MINUTES)
        if number % 10 == 0:
            run(doubles)
    runs(doubles, hours=lag / HOURS + 1.2)
    assert [number for number in range(60) if not is_stored(doubles, listed_id(number))] == []


def test_rows_that_come_late_among_punctual_ones_are_recovered() -> None:
    """The list is behind for some texts and not for others, so that its newest text says nothing of the older ones."""
    doubles = reconciled_before()
    late = _late(doubles)
    lags = itertools.cycle((0, 20 * MINUTES, 0, 60 * MINUTES, 24 * HOURS, 0))
    for number in range(36):
        _comes_in(doubles, late, number, next(lags))
        doubles.clock.advance(EVERY)
        run(doubles)
    runs(doubles, hours=25.5)
    assert [number for number in range(36) if not is_stored(doubles, listed_id(number))] == []


def test_a_text_that_is_listed_is_recovered_within_a_run_when_it_is_fresh_and_within_an_hour_when_not() -> None:
    for lag, at_most in ((0.0, EVERY), (10 * MINUTES, EVERY), (3 * HOURS, HOURS)):
        doubles = reconciled_before()
        late = _late(doubles)
        run(doubles)
        _comes_in(doubles, late, 1, lag)
        waited = -lag - 30.0
        while not is_stored(doubles, listed_id(1)):
            doubles.clock.advance(EVERY)
            waited += EVERY
            run(doubles)
        assert waited <= at_most + EVERY


# A busy list.

PER_DAY = 10_000


def _busy(doubles: Doubles, hours: float, known: bool) -> None:
    """So many hours of a list of 10,000 texts a day; `known`: their webhooks came."""
    every = 86400.0 / PER_DAY
    now = doubles.clock.now()
    count = round(hours * HOURS / every)
    doubles.messenger.received = [
        ReceivedMessage(text(listed_id(number)), now - timedelta(seconds=every * (count - number)))
        for number in range(count)
    ]
    if known:
        doubles.store.missing = lambda *_, **__: set()  # type: ignore[method-assign]


@pytest.mark.parametrize(("per_day", "requests", "looks_at_most", "billed"), [(900, 13, 16, 60), (10_000, 23, 60, 430)])
def test_what_a_list_costs_in_an_hour_is_bounded(
    per_day: int, requests: int, looks_at_most: int, billed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures of docs/reliability.md."""
    doubles = reconciled_before()
    start, every = doubles.clock.now(), 86400.0 / per_day
    pages_read = [0]

    def received_page(our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        """One text every so many seconds since the start; a place is the number of the next one."""
        pages_read[0] += 1
        newest = int(place) if place else int((doubles.clock.now() - start).total_seconds() / every)
        numbers = range(newest, max(newest - 1000, -1), -1)
        rows = [ReceivedMessage(text(listed_id(each)), start + timedelta(seconds=each * every)) for each in numbers]
        return ReceivedPage(tuple(rows), str(newest - 1000) if newest >= 1000 else "")

    doubles.messenger.received_page = received_page  # type: ignore[method-assign]
    looks: list[int] = []

    def missing(message_ids: Sequence[str], *, timeout_seconds: float) -> set[str]:
        looks.append(len(message_ids))
        return set()

    monkeypatch.setattr(doubles.store, "missing", missing)
    doubles.clock.advance(27 * HOURS)
    runs(doubles, hours=1)
    looks.clear()
    pages_read[0] = doubles.store.writes = 0
    runs(doubles, hours=1)
    assert pages_read[0] <= requests
    assert len(looks) <= looks_at_most
    assert sum(-(-number // 30) for number in looks) <= billed
    assert max(looks) <= COMPARED_AT_ONCE
    assert doubles.store.writes <= 3, "how far it has come is written when that changes"


def test_a_quiet_list_costs_one_request_a_run_and_next_to_no_reads() -> None:
    doubles = reconciled_before()
    _busy(doubles, hours=2, known=True)
    runs(doubles, hours=2)
    doubles.messenger.pages_read = 0
    runs(doubles, hours=1)
    assert doubles.messenger.pages_read == 12


def test_a_day_of_lost_webhooks_is_recovered_over_many_runs_and_new_texts_do_not_wait_for_it() -> None:
    doubles = reconciled_before()
    doubles.clock.advance(24 * HOURS)
    _busy(doubles, hours=2, known=False)
    doubles.messenger.page_size = 100
    backlog = len(doubles.messenger.received)
    doubles.clock.advance(60)
    came: list[int] = []
    for number in range(50):
        fresh = listed_id(50_000 + number)
        doubles.messenger.received.append(ReceivedMessage(text(fresh), doubles.clock.now() - timedelta(seconds=40)))
        assert run(doubles, limit=40).recovered <= 41
        came.append(sum(is_stored(doubles, listed_id(50_000 + each)) for each in range(number + 1)))
        doubles.clock.advance(EVERY)
    behind = [number + 1 - stored for number, stored in enumerate(came)]
    assert max(behind) <= 12, "a page is taken in oldest first; behind it no text waits"
    assert behind[-1] <= 1
    missing = doubles.store.missing([listed_id(number) for number in range(backlog)], timeout_seconds=1.0)
    assert missing == set()


@pytest.mark.parametrize("page_size", [1000, 400])
def test_what_came_in_while_the_relay_was_down_for_hours_is_recovered_within_one_by_as_many_runs_as_it_takes(
    page_size: int,
) -> None:
    """More of it is on the list's first page than one run takes in."""
    doubles = reconciled_before()
    run(doubles)
    doubles.messenger.page_size = page_size
    doubles.clock.advance(5 * HOURS)
    _busy(doubles, hours=2.2, known=False)
    ids = [one.text.message_id for one in doubles.messenger.received]
    reports = runs(doubles, hours=1)
    assert max(report.recovered for report in reports) < len(ids)
    assert doubles.store.missing(ids, timeout_seconds=1.0) == set()


def test_a_deep_pass_that_a_run_has_no_time_for_goes_on_in_the_next_one_where_it_was() -> None:
    doubles = reconciled_before()
    doubles.clock.advance(24 * HOURS)
    _busy(doubles, hours=24, known=True)
    doubles.messenger.page_size = 100
    page = doubles.messenger.received_page
    places: list[str] = []

    def slow(our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        doubles.clock.advance(10)
        places.append(place)
        return page(our_phone, place, timeout_seconds=timeout_seconds)

    doubles.messenger.received_page = slow  # type: ignore[method-assign]
    reports = runs(doubles, hours=1.5)
    further = [place for place in places if place]
    assert len(set(further)) == 99
    last = further.index(min(further))
    assert last < 99 + len(reports), "each further page once, and at the end of a run one that it had no time for"
    assert any(report.more for report in reports)


def test_a_place_that_the_provider_no_longer_knows_ends_the_pass_and_the_next_one_begins_anew() -> None:
    doubles = reconciled_before()
    doubles.clock.advance(24 * HOURS)
    _busy(doubles, hours=2, known=False)
    doubles.messenger.page_size = 50
    page = doubles.messenger.received_page
    broken = [True]

    def forgetful(our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        if place and broken[0]:
            raise MessengerUnavailable("HTTP status 400")
        return page(our_phone, place, timeout_seconds=timeout_seconds)

    doubles.messenger.received_page = forgetful  # type: ignore[method-assign]
    assert not runs(doubles, hours=0.5)[0].provider_answered
    broken[0] = False
    assert sum(report.recovered for report in runs(doubles, hours=3)) > 700


@pytest.mark.parametrize("hours_ago", [0.1, 3.0])
def test_a_list_that_goes_round_in_a_circle_is_given_up(monkeypatch: pytest.MonkeyPatch, hours_ago: float) -> None:
    monkeypatch.setattr(taking_in, "PAGES_MAX", 50)
    doubles = reconciled_before()
    doubles.clock.advance(24 * HOURS)
    _busy(doubles, hours=1, known=True)
    doubles.clock.advance(hours_ago * HOURS)
    doubles.messenger.page_size = 2
    page = doubles.messenger.received_page

    def circle(our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        shown = page(our_phone, "", timeout_seconds=timeout_seconds)
        return ReceivedPage(shown.messages, "again")

    doubles.messenger.received_page = circle  # type: ignore[method-assign]
    run(doubles)
    (labels,) = [labels for _, message, labels in doubles.journal.notes if "does not end" in message]
    assert labels["pages"] == 50
