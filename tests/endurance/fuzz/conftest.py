"""The entry points in this process, for the tests of one file: the environment is theirs meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.endurance.fuzz.world import World, open_world


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened
