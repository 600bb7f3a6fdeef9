"""Queues over the real client: made, changed, listed, paused, purged, deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import tasks_v2
from google.protobuf import field_mask_pb2

from tests.local_google.conftest import LOCATION, QUEUE, Bench, BenchMaker

State = tasks_v2.Queue.State


def test_a_new_queue_runs_with_the_default_limits(make_bench: BenchMaker) -> None:
    queue = make_bench().make_queue()
    assert queue.state == State.RUNNING
    assert queue.rate_limits.max_dispatches_per_second == 500
    assert queue.rate_limits.max_concurrent_dispatches == 1000
    assert queue.rate_limits.max_burst_size >= 500
    assert queue.retry_config.max_attempts == 100
    assert queue.retry_config.min_backoff == timedelta(seconds=0.1)
    assert queue.retry_config.max_backoff == timedelta(hours=1)
    assert queue.retry_config.max_doublings == 16


def test_a_queue_can_be_read_back(bench: Bench) -> None:
    assert bench.client.get_queue(name=QUEUE).retry_config.max_attempts == 4


def test_a_missing_queue_is_not_found(bench: Bench) -> None:
    with pytest.raises(exceptions.NotFound):
        bench.client.get_queue(name=f"{LOCATION}/queues/other")
    with pytest.raises(exceptions.NotFound):
        bench.create(queue=f"{LOCATION}/queues/other")
    with pytest.raises(exceptions.NotFound):
        bench.client.pause_queue(name=f"{LOCATION}/queues/other")


def test_a_second_queue_of_the_same_name_already_exists(bench: Bench) -> None:
    with pytest.raises(exceptions.AlreadyExists):
        bench.make_queue()


def test_a_deleted_queue_takes_its_tasks_along_and_its_name_is_held_for_days(bench: Bench) -> None:
    bench.create("later", in_seconds=60)
    bench.client.delete_queue(name=QUEUE)
    assert bench.server.pending == []
    with pytest.raises(exceptions.NotFound):
        bench.client.get_queue(name=QUEUE)
    with pytest.raises(exceptions.FailedPrecondition):
        bench.make_queue()
    with pytest.raises(exceptions.FailedPrecondition):
        bench.create("again")
    bench.advance(3 * 86_400 + 1)
    bench.make_queue()


@pytest.mark.parametrize(
    "fields",
    [
        {"rate_limits": {"max_dispatches_per_second": 501}},
        {"rate_limits": {"max_dispatches_per_second": -1}},
        {"rate_limits": {"max_concurrent_dispatches": 5001}},
        {"retry_config": {"max_attempts": -2}},
        {"retry_config": {"max_doublings": -1}},
        {"retry_config": {"min_backoff": timedelta(seconds=20), "max_backoff": timedelta(seconds=10)}},
        {"http_target": {"http_method": "POST"}},
    ],
)
def test_a_queue_with_impossible_settings_is_refused(make_bench: BenchMaker, fields: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        make_bench().make_queue(**fields)


@pytest.mark.parametrize("name", ["tier-1", f"{LOCATION}/queues/under_score", f"{LOCATION}/queues/{'x' * 101}"])
def test_a_malformed_queue_name_is_refused(make_bench: BenchMaker, name: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        make_bench().client.create_queue(parent=LOCATION, queue=tasks_v2.Queue(name=name))


def test_an_update_changes_what_its_mask_names_and_nothing_else(bench: Bench) -> None:
    given = tasks_v2.Queue(name=QUEUE, retry_config={"max_attempts": 7}, rate_limits={"max_dispatches_per_second": 5})
    mask = field_mask_pb2.FieldMask(paths=["rate_limits.max_dispatches_per_second"])
    updated = bench.client.update_queue(queue=given, update_mask=mask)
    assert updated.rate_limits.max_dispatches_per_second == 5
    assert updated.retry_config.max_attempts == 4
    assert updated.retry_config.min_backoff == timedelta(seconds=10)


def test_an_update_without_mask_replaces_the_settings_but_never_the_state(bench: Bench) -> None:
    bench.client.pause_queue(name=QUEUE)
    given = tasks_v2.Queue(name=QUEUE, retry_config={"max_attempts": 7}, state=State.RUNNING)
    updated = bench.client.update_queue(queue=given)
    assert updated.retry_config.max_attempts == 7
    assert updated.retry_config.min_backoff == timedelta(seconds=0.1)
    assert updated.state == State.PAUSED


def test_an_update_of_a_missing_queue_creates_it(bench: Bench) -> None:
    name = f"{LOCATION}/queues/tier-9"
    bench.client.update_queue(queue=tasks_v2.Queue(name=name))
    assert bench.client.get_queue(name=name).state == State.RUNNING


def test_an_update_of_an_unknown_field_is_refused(bench: Bench) -> None:
    for path in ("state", "name", "retry_config.patience"):
        mask = field_mask_pb2.FieldMask(paths=[path])
        with pytest.raises(exceptions.InvalidArgument):
            bench.client.update_queue(queue=tasks_v2.Queue(name=QUEUE), update_mask=mask)


def test_queues_are_listed_page_by_page_for_their_location_only(bench: Bench) -> None:
    for number in (2, 3, 4, 5):
        bench.make_queue(f"tier-{number}")
    elsewhere = "projects/example/locations/europe-west1"
    bench.client.create_queue(parent=elsewhere, queue=tasks_v2.Queue(name=f"{elsewhere}/queues/tier-1"))
    listed = list(bench.client.list_queues(request={"parent": LOCATION, "page_size": 2}))
    assert [queue.name for queue in listed] == [f"{LOCATION}/queues/tier-{n}" for n in range(1, 6)]


def test_a_paused_queue_accepts_tasks_and_sends_them_once_resumed(bench: Bench) -> None:
    assert bench.client.pause_queue(name=QUEUE).state == State.PAUSED
    bench.create("waiting")
    bench.settle()
    assert bench.target.received == []
    assert bench.client.resume_queue(name=QUEUE).state == State.RUNNING
    bench.settle()
    assert len(bench.target.received) == 1


def test_a_purge_deletes_the_tasks_and_keeps_their_names_taken(bench: Bench) -> None:
    bench.create("one", in_seconds=60)
    bench.create("two", in_seconds=60)
    assert bench.clock is not None
    purged = bench.client.purge_queue(name=QUEUE)
    assert purged.purge_time.timestamp() == bench.clock.seconds
    assert list(bench.client.list_tasks(parent=QUEUE)) == []
    with pytest.raises(exceptions.AlreadyExists):
        bench.create("one")
    bench.advance(120)
    bench.settle()
    assert bench.target.received == []
