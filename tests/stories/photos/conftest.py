"""A desk for each story about photos, whose last tier gets no links. After each the second host's record is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.answering.conftest import open_desk
from tests.stories.answering.desk import Desk
from tests.stories.conftest import BACKENDS
from tests.stories.photos.links import judge_second_host
from tests.stories.town import Town


@pytest.fixture(params=BACKENDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(request, request.param, tmp_path, last_tier={"attachments": "none"}) as desk:
        yield desk
        judge_second_host(desk.fake)


@pytest.fixture
def town(shared_town: Town) -> Iterator[Town]:
    shared_town.begin_story()
    yield shared_town
    judge_second_host(shared_town.fake)
