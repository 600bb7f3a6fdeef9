"""How soon texts leave once Twilio is back, after an outage that was long enough for the longest waits."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from relay import shared
from relay.core.model import FinalStatus

from scripts.fake_twilio import Behaviour
from scripts.fake_twilio.behaviour import refuse, refused_connection, throttled
from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.issuer import TokenIssuer
from tests.stories.conftest import BACKENDS, google_settings
from tests.stories.moved_time import MovedClock, TimedTown
from tests.stories.town import TIERS

OUTAGE_SECONDS = 300.0
OUTAGES = {
    "connections are refused": refused_connection(),
    "too many requests, wait a minute": throttled(retry_after="60"),
    "our account is refused": refuse(20003),
}


@pytest.fixture(params=BACKENDS)
def timed_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TimedTown]:
    clock = MovedClock()
    with ExitStack() as running:
        if request.param == "google":
            tasks = running.enter_context(CloudTasksServer(issuer=TokenIssuer(), now=clock.time))
            settings = google_settings(request, tasks, f"timed-{uuid.uuid4().hex[:12]}")
            town = TimedTown("google", tmp_path, clock, settings, tasks.wake)
        else:
            town = TimedTown("embedded", tmp_path, clock, {}, _wake_ticker)
        yield running.enter_context(town)


def _wake_ticker() -> None:
    shared.shared[os.getpid(), "background"].wake()  # type: ignore[attr-defined]


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_after_an_outage_of_minutes_every_text_leaves_within_one_minute_of_its_end(
    timed_town: TimedTown, outage: Behaviour
) -> None:
    """Where each task comes in time. On google one may be lost, and is then found by the sweep: another minute."""
    timed_town.fake.begin_outage(outage)
    texts = []
    for number in range(4):
        texts.append(timed_town.customer_texts(f"+1303555{number:04d}", f"during the outage {number}"))
        timed_town.move(9.0)
    timed_town.move(OUTAGE_SECONDS)
    assert not [post for post in timed_town.fake.posts if post.accepted]
    timed_town.fake.end_outage()
    back_at = timed_town.clock.time()
    timed_town.move(60.0)
    left = [post for post in timed_town.fake.posts if post.accepted]
    assert [post.to for post in left] == [TIERS[0]] * len(texts)
    assert max(post.arrived_at for post in left) <= back_at + 60.0
    assert timed_town.fake.wait_for(
        lambda: all(timed_town.relay(text).final_status is FinalStatus.DELIVERED for text in texts), 60.0
    )
