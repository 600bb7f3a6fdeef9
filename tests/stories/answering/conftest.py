"""A desk for each story, in both homes. Its handlers have been told how to answer before the story begins."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from relay import shared

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.issuer import TokenIssuer
from tests.stories.answering.desk import Desk
from tests.stories.conftest import BACKENDS, google_settings
from tests.stories.moved_time import MovedClock


@pytest.fixture(params=BACKENDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(request, request.param, tmp_path) as desk:
        yield desk


@contextmanager
def open_desk(
    request: pytest.FixtureRequest, backend: str, folder: Path, last_tier: Mapping[str, object] | None = None
) -> Iterator[Desk]:
    """A desk that is judged when its story has ended well; `last_tier` has further keys of the front desk's tier."""
    clock = MovedClock()
    with ExitStack() as running:
        if backend == "google":
            tasks = running.enter_context(CloudTasksServer(issuer=TokenIssuer(), now=clock.time))
            settings = google_settings(request, tasks, f"desk-{uuid.uuid4().hex[:12]}")
            desk = Desk("google", folder, clock, settings, tasks.wake, last_tier)
        else:
            desk = Desk("embedded", folder, clock, {}, _wake_ticker, last_tier)
        running.enter_context(desk)
        yield desk
        desk.judge()


def _wake_ticker() -> None:
    shared.shared[os.getpid(), "background"].wake()  # type: ignore[attr-defined]
