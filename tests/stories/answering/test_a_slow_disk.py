"""What the disk of this machine takes is no part of a story: a commit that takes seconds changes nothing in it."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from relay.embedded.database import Database

from tests.stories.answering.conftest import open_desk
from tests.stories.town import code_of

# Longer than a webhook gives its store, outside of stories.
_STALL_SECONDS = 1.5


def test_an_answer_leaves_at_once_in_moved_time_however_slow_the_disk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, stalls = Database.write, [0.0]

    def slow(self: Database, work: Any, *, timeout_seconds: float) -> Any:
        def stalled(connection: sqlite3.Connection) -> Any:
            time.sleep(stalls.pop() if stalls else 0.0)
            return work(connection)

        return write(self, stalled, timeout_seconds=timeout_seconds)

    monkeypatch.setattr(Database, "write", slow)
    with open_desk(request, "embedded", tmp_path) as desk:
        customer = desk.customer()
        desk.texts(customer, "the boiler is leaking")
        code = code_of(desk.reads(desk.dana, "boiler"))
        desk.reads_how_to_answer(desk.dana)
        stalls.append(_STALL_SECONDS)
        desk.texts(desk.dana, f"{code} On my way")
        desk.reads(customer, "On my way")
