"""What is printed: times with their zone, a text's beginning, and bars that fit the terminal."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from rich.console import Console

from scripts.relayctl import counting, output, story_text, watching
from scripts.relayctl.output import Context
from scripts.relayctl.times import clock, named_clock, zone
from tests.operators.operator_calls import state, told
from tests.played import CUSTOMER, Played
from tests.relayctl.conftest import PlayedApi, Ran, now

WINTER, SUMMER = "2026-01-15T13:04:05+00:00", "2026-07-15T13:04:05+00:00"


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("in_zone", "winter", "summer"),
    [
        ("Europe/Berlin", "14:04:05 CET", "15:04:05 CEST"),
        ("UTC", "13:04:05 UTC", "13:04:05 UTC"),
        ("Asia/Kathmandu", "18:49:05 GMT+5:45", "18:49:05 GMT+5:45"),
        ("America/Sao_Paulo", "10:04:05 GMT-3", "10:04:05 GMT-3"),
    ],
    indirect=["in_zone"],
)
@pytest.mark.usefixtures("in_zone")
def test_a_time_is_told_in_24_hours_with_its_zone(winter: str, summer: str) -> None:
    for at, wanted in ((WINTER, winter), (SUMMER, summer)):
        assert named_clock(at, datetime.fromisoformat(at)) == wanted
        assert clock(at, datetime(2026, 3, 1, tzinfo=UTC)) == f"{at[:10]} {wanted.partition(' ')[0]}"


def _printed(width: int = 100) -> tuple[Context, io.StringIO]:
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, highlight=False)
    return Context("https://relay.example.com", "", "", console=console), file


def test_a_list_says_once_which_zone_its_times_have() -> None:
    played = Played()
    message_id = played.delivered()
    row = told(state(played, {"message_id": message_id}))["summary"]
    context, file = _printed()
    context.say_rows([row, row])
    assert file.getvalue().count(f"Times are {zone(row['timestamp'])}.") == 1


def test_a_handlers_text_is_told_by_his_name_where_that_is_known() -> None:
    played = Played()
    row = told(state(played, {"message_id": played.delivered()}))["summary"]
    context, file = _printed()
    context.say_rows([{**row, "kind": "handler", "writer": "Dana"}, {**row, "kind": "handler", "writer": "a handler"}])
    assert "  Dana " in file.getvalue()
    assert "a handler" not in file.getvalue()
    assert file.getvalue().count(CUSTOMER) == 1


def test_what_is_rare_is_marked_by_the_consoles_words() -> None:
    played = Played()
    row = told(state(played, {"message_id": played.delivered()}))["summary"]
    by = {"by": "Ana", "note": "", "at": row["timestamp"]}
    rare = {"is_overdue": True, "recovered": True, "sender_class": "handler_opt_out", "handled": by}
    context, file = _printed()
    context.say_rows([row, {**row, **rare}])
    usual, marked = (line for line in file.getvalue().splitlines() if "delivered" in line)
    assert "delivered overdue recovered opted out handled " in marked
    assert not any(word in usual for word in ("overdue", "recovered", "opted out", "handled"))


def test_each_try_and_step_has_its_time_of_day_and_how_long_after_the_beginning_it_was() -> None:
    played = Played()  # on a day that is not going to end meanwhile
    answer = told(state(played, {"message_id": played.delivered()}))
    context, file = _printed(200)
    story_text.draw(context.console, answer, with_trail=True)
    at = answer["relay"]["timestamp"]
    assert f"try 1 at {clock(at)} (+0.0 s): " in file.getvalue()
    assert f"At ({zone(at)})" in file.getvalue()
    assert any(line.startswith(f"{clock(at)}  +0.0 s ") for line in file.getvalue().splitlines())


def test_a_handlers_text_asks_for_nothing() -> None:
    played = Played(start=now())
    played.text("On my way", "+12025550111")
    (row,) = PlayedApi(played).rows()
    context, file = _printed()
    story_text.draw(context.console, PlayedApi(played).one(row["message_id"]), with_trail=False)
    assert "What to do" not in file.getvalue()
    message_id = played.delivered()
    story_text.draw(context.console, PlayedApi(played).one(message_id), with_trail=False)
    assert "What to do: Nothing to do." in file.getvalue()


def _hour(**counts: int) -> dict[str, object]:
    return {"hour": WINTER, **counts}


@pytest.mark.parametrize("width", [120, 60, 40, 30])
def test_bars_fit_the_terminal(width: int) -> None:
    context, file = _printed(width)
    numbers = counting.counted([])
    hours = [
        _hour(delivered=900, claimed=50, in_progress=1, exhausted=1, held=1, recorded=1),
        _hour(delivered=3, exhausted=1),
        _hour(recorded=1),
    ]
    counting.draw(context.console, {**numbers, "by_hour": hours}, WINTER)
    drawn = [line for line in file.getvalue().splitlines() if "█" in line]
    assert [line.split()[-1] for line in drawn] == ["954", "4", "1"]
    assert max(map(len, drawn)) <= width
    # What is rare is seen all the same: an outcome has a character at least.
    assert drawn[1].count("█") >= 2


def test_following_shows_the_beginning_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played()
    message_id = played.exhausted(body="My couch\nis on fire and " + "so on " * 20)
    context, file = _printed(60)
    watching._tell(context, told(state(played, {"message_id": message_id}))["summary"])
    assert f"“My couch is on fire and so on so on so…”  {message_id}" in file.getvalue()


def test_one_relay_is_followed_until_it_ends() -> None:
    played = Played(start=now())
    message_id = played.text("Follow me", CUSTOMER)
    watcher = watching.OneWatcher(PlayedApi(played), message_id)  # type: ignore[arg-type]
    assert [row["final_status"] for row in watcher.look()] == ["in_progress"]
    assert list(watcher.look()) == []
    assert not watcher.is_over
    played.receipt(message_id, "delivered")
    assert [row["final_status"] for row in watcher.look()] == ["delivered"]
    assert watcher.is_over


def test_following_one_relay_returns_when_it_has_ended(
    run: Callable[[str, tuple[str, ...]], Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(start=now())
    message_id = played.delivered()
    monkeypatch.setattr(output, "RelayApi", lambda *_: PlayedApi(played))
    ran = run("https://relay.example.com", ("watch", message_id))
    assert (ran.code, message_id in ran.out) == (0, True)
