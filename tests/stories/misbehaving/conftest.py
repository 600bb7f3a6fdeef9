"""Stories of what the world does wrong, each on the embedded home alone: what is tried is decided above both homes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.stories.conftest import TownMaker, open_town
from tests.stories.misbehaving.comparison import Comparison
from tests.stories.town import Town


@pytest.fixture(scope="session")
def shared_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_town(request, "embedded", tmp_path_factory.mktemp("misbehaving")) as town:
        yield town


@pytest.fixture(scope="session")
def comparison(shared_town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Comparison]:
    """The comparison with Twilio's list, to be had at any time."""
    with Comparison(shared_town, tmp_path_factory.mktemp("comparison")) as running:
        yield running


@pytest.fixture
def own_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TownMaker]:
    """Towns for one story alone, with a relay that has settings of its own."""
    with ExitStack() as running:

        def make(**options: object) -> Town:
            return running.enter_context(open_town(request, "embedded", tmp_path, **options))  # type: ignore[arg-type]

        yield make
