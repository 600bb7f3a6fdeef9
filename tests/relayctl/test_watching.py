"""watch: a line for every change, as it happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.relayctl import ROOT
from scripts.relayctl.api import ApiError, RelayApi
from scripts.relayctl.tokens import Tokens
from scripts.relayctl.watching import Watcher
from tests.played import Played
from tests.relayctl.conftest import Ctl, PlayedApi, now
from tests.stack_fixtures import DELIVERS, PATIENCE_SECONDS, REFUSED, SILENT, RunningStack


@contextmanager
def _watching(stack: RunningStack) -> Iterator[Queue[dict[str, Any]]]:
    """The rows that `relayctl watch --json` prints, as they come."""
    command = [sys.executable, "-m", "scripts.relayctl", "--url", stack.address, "watch", "--json"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RELAYCTL_")}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    rows: Queue[dict[str, Any]] = Queue()
    assert process.stdout is not None
    lines = process.stdout

    def read() -> None:
        for line in lines:
            rows.put(json.loads(line))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield rows
    finally:
        process.terminate()
        process.wait()
        reader.join()
        lines.close()


def _wait_for_its_first_look(stack: RunningStack, rows: Queue[dict[str, Any]]) -> None:
    """What ended before the first look is not told: send until a text is. A silent tier lasts six seconds."""
    for _ in range(int(PATIENCE_SECONDS / 5)):
        stack.text("Is it looking?", stack.customer(), SILENT)
        with suppress(Empty):
            rows.get(timeout=5)
            return
    pytest.fail("the command tells of no text")


def test_a_text_is_seen_to_come_and_to_be_delivered(stack: RunningStack) -> None:
    with _watching(stack) as rows:
        _wait_for_its_first_look(stack, rows)
        message_id = stack.text("Watch me", stack.customer(), REFUSED, DELIVERS)
        seen: list[str] = []
        while "delivered" not in seen:
            row = rows.get(timeout=PATIENCE_SECONDS)
            if row["message_id"] == message_id:
                seen.append(row["final_status"])
        # Tier 2, or, where a machine has much to do, tier 3.
        assert row["tier_reached"] == stack.wait_until(message_id, "delivered")["summary"]["tier_reached"] > 1


def test_a_look_tells_only_what_is_new(stack: RunningStack) -> None:
    watcher = Watcher(RelayApi(stack.address, Tokens(stack.address)))
    before = stack.text("Before", stack.customer(), DELIVERS)
    stack.wait_until(before, "delivered")
    assert before not in [row["message_id"] for row in watcher.look()]
    exhausted = stack.text("Nobody there", stack.customer(), REFUSED, REFUSED, REFUSED)
    stack.wait_until(exhausted, "exhausted")
    rows = {row["message_id"]: row["final_status"] for row in watcher.look()}
    assert rows[exhausted] == "exhausted"
    assert list(watcher.look()) == []


def _watched(played: Played) -> Watcher:
    return Watcher(PlayedApi(played))  # type: ignore[arg-type]


def test_what_ended_before_the_first_look_is_never_told() -> None:
    played = Played(start=now())
    watcher = _watched(played)
    for _ in range(3):
        played.delivered()
    assert list(watcher.look()) == []
    assert list(watcher.look()) == []


def test_the_first_text_of_all_is_told_even_if_it_has_ended_by_the_next_look() -> None:
    played = Played(start=now())
    watcher = _watched(played)
    assert list(watcher.look()) == []
    message_id = played.delivered()
    assert [(row["message_id"], row["final_status"]) for row in watcher.look()] == [(message_id, "delivered")]
    assert list(watcher.look()) == []


def test_what_is_under_way_at_the_first_look_is_followed_to_its_end() -> None:
    played = Played(start=now())
    message_id = played.text()
    watcher = _watched(played)
    assert [row["final_status"] for row in watcher.look()] == ["in_progress"]
    played.wait(50)
    played.receipt(message_id, "delivered")
    assert [row["final_status"] for row in watcher.look()] == ["delivered"]


def test_what_reached_nobody_is_told_when_a_slow_carrier_delivers_it_after_all() -> None:
    played = Played(start=now())
    message_id = played.exhausted()
    watcher = _watched(played)
    assert list(watcher.look()) == []
    played.wait(600)
    other = played.delivered()
    assert [row["message_id"] for row in watcher.look()] == [other]
    played.receipt(message_id, "delivered")
    assert [(row["message_id"], row["final_status"]) for row in watcher.look()] == [(message_id, "delivered")]
    assert list(watcher.look()) == []


def test_it_stops_after_the_time_it_was_given(ctl: Ctl) -> None:
    ran = ctl("watch", "--seconds", "0")
    assert (ran.code, "Watching" in ran.out) == (0, True)


def test_trouble_that_may_pass_is_told_and_waited_out(
    ctl: Ctl, stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    slept: list[float] = []
    # Time passes by what is slept alone.
    told = SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append)
    monkeypatch.setattr("scripts.relayctl.watching.time", told)

    def look(watcher: Watcher) -> Iterator[dict[str, Any]]:
        looks.append(watcher)
        if len(looks) == 1:
            raise ApiError("The relay does not answer.", may_pass=True)
        return iter(())

    monkeypatch.setattr(Watcher, "look", look)
    ran = ctl("watch", "--seconds", "3")
    assert ran.code == 0
    assert "does not answer. Trying again in 2 s." in ran.err
    assert len(looks) == 2
