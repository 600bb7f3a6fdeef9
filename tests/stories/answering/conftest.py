"""A desk for each story, in both homes. Its handlers have been told how to answer before the story begins."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from relay import wiring

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.issuer import TokenIssuer
from tests.stories.answering.desk import Desk
from tests.stories.conftest import BACKENDS, google_settings
from tests.stories.moved_time import MovedClock


@pytest.fixture(params=BACKENDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    clock = MovedClock()
    with ExitStack() as running:
        if request.param == "google":
            tasks = running.enter_context(CloudTasksServer(issuer=TokenIssuer(), now=clock.time))
            settings = google_settings(request, tasks, f"desk-{uuid.uuid4().hex[:12]}")
            desk = Desk("google", tmp_path, clock, settings, tasks.wake)
        else:
            desk = Desk("embedded", tmp_path, clock, {}, _wake_ticker)
        running.enter_context(desk)
        yield desk
        desk.judge()


def _wake_ticker() -> None:
    wiring._shared[os.getpid(), "background"].wake()  # type: ignore[attr-defined]
