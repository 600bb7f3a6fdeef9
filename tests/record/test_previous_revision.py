"""What the previous revision stored goes on: its file and its export (tests/record/fixtures) are read, worked on and
written back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from relay.core import machine
from relay.core.events import Event, EventKind
from relay.core.model import AttemptStatus, FinalStatus, Relay
from relay.core.moves import pending
from relay.embedded import timer_rows
from relay.embedded.database import Database
from relay.embedded.feed import SqliteFeed
from relay.embedded.store import SqliteStore
from relay.google.store import FirestoreStore
from relay.ports import RelayStore, Search
from relay.record.documents import to_document

from tests.fakes import FakeClock, MemoryTimers
from tests.google.samples import sid

FIXTURES = Path(__file__).parent / "fixtures"
# When they were taken in; and an hour later, when a new revision finds them.
THEN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOW = THEN + timedelta(hours=1)
TIMEOUT: dict[str, Any] = {"timeout_seconds": 60.0}

STATUSES = ("scheduled", "claimed", "unknown", "accepted", "delivered", "failed", None, "scheduled")
ENDS = (*["in_progress"] * 4, "delivered", "exhausted", "recorded", "in_progress")
# What may happen to each next, and where that leaves it: the final status and the status of the attempt it is about.
NEXT: dict[int, tuple[Event, FinalStatus, AttemptStatus]] = {
    1: (Event(EventKind.ATTEMPT_DUE, 2, lease="new"), FinalStatus.IN_PROGRESS, AttemptStatus.LEASED),
    2: (Event(EventKind.SEND_ACCEPTED, 1, sent_id=sid(0xAA)), FinalStatus.IN_PROGRESS, AttemptStatus.ACCEPTED),
    3: (Event(EventKind.DEADLINE_NOT_FOUND, 1, lease="new"), FinalStatus.IN_PROGRESS, AttemptStatus.FAILED),
    4: (Event(EventKind.RECEIPT_DELIVERED, 1), FinalStatus.DELIVERED, AttemptStatus.DELIVERED),
    6: (Event(EventKind.RECEIPT_DELIVERED, 1), FinalStatus.DELIVERED, AttemptStatus.DELIVERED),
    8: (Event(EventKind.ATTEMPT_DUE, 3, lease="new"), FinalStatus.IN_PROGRESS, AttemptStatus.LEASED),
}


def _clock() -> FakeClock:
    clock = FakeClock()
    clock.advance((NOW - clock.now()).total_seconds())
    return clock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A copy of the file that the previous revision made."""
    path = tmp_path / "relay.db"
    shutil.copy(FIXTURES / "relay-v1.db", path)
    database = Database(path)
    yield database
    database.close()


def _sqlite(request: pytest.FixtureRequest) -> RelayStore:
    return SqliteStore(request.getfixturevalue("database"), _clock())


def _firestore(request: pytest.FixtureRequest) -> RelayStore:
    """A Firestore that holds what the previous revision's held."""
    from google.cloud import firestore  # heavy, and needed beside an emulator alone
    from google.cloud.firestore_v1 import _helpers
    from google.cloud.firestore_v1.types import Document
    from google.protobuf import json_format

    project: str = request.getfixturevalue("firestore_project")
    client = firestore.Client(project=project)
    for exported in json.loads((FIXTURES / "relays-v1.json").read_text()):
        document = Document.pb()()
        json_format.ParseDict(exported, document)
        content = _helpers.decode_dict(Document(document).fields, client)
        client.collection("relays").document(exported["name"].rpartition("/")[2]).set(content)  # type: ignore[arg-type]  # a document's content is no vector
    return FirestoreStore(
        project=project, database="(default)", collection="relays", clock=_clock(), timers=MemoryTimers()
    )


HOMES: dict[str, Callable[[pytest.FixtureRequest], RelayStore]] = {"sqlite": _sqlite, "firestore": _firestore}


@pytest.fixture(params=HOMES)
def store(request: pytest.FixtureRequest) -> RelayStore:
    return HOMES[request.param](request)


def _relay(store: RelayStore, number: int) -> tuple[Relay, object]:
    stored = store.get(sid(number), **TIMEOUT)
    assert stored is not None
    return stored.relay, stored.version


def test_each_is_read_as_what_it_was(store: RelayStore) -> None:
    for number, (status, end) in enumerate(zip(STATUSES, ENDS, strict=True), start=1):
        relay, _ = _relay(store, number)
        current = relay.current_attempt
        assert (relay.final_status, current and current.status) == (end, status), number
        assert (relay.rest, relay.policy.rest, [part.rest for part in relay.attempts + relay.error_log]) == (
            (),
            (),
            [()] * len(relay.attempts + relay.error_log),
        )
    assert _relay(store, 8)[0].redrive_ids == ("redrive-0001",)


@pytest.mark.parametrize("number", NEXT)
def test_each_is_worked_on_and_written_back(store: RelayStore, number: int) -> None:
    event, end, status = NEXT[number]
    relay, version = _relay(store, number)
    changed = machine.transition(relay, event, NOW).relay
    assert changed is not relay
    store.update(changed, version, [], **TIMEOUT)
    again, _ = _relay(store, number)
    assert again == changed
    assert (again.final_status, again.attempts[event.attempt - 1].status) == (end, status)
    assert again.error_log[: len(relay.error_log)] == relay.error_log


def test_what_was_under_way_is_overdue_and_found(store: RelayStore) -> None:
    due = [stored.message_id for stored in store.due(NOW, 10, **TIMEOUT)]
    assert due == [sid(number) for number in (1, 2, 8, 3, 4)]
    assert all(pending(_relay(store, number)[0]) for number in (1, 2, 3, 4, 8))


def test_searches_find_them_by_every_condition(store: RelayStore) -> None:
    everything = store.search(Search(), **TIMEOUT).relays
    assert [relay.message_id for relay in everything] == [sid(number) for number in range(8, 0, -1)]
    (one,) = store.search(Search(FinalStatus.IN_PROGRESS, sender_phone="+15550003003"), **TIMEOUT).relays
    assert one.message_id == sid(3)


def test_both_homes_hold_the_same_relays(request: pytest.FixtureRequest) -> None:
    documents = [[to_document(_relay(make(request), n)[0]) for n in range(1, 9)] for make in HOMES.values()]
    assert documents[0] == documents[1]


def test_the_files_timers_and_feed_go_on(database: Database) -> None:
    armed = database.read(timer_rows.all_armed, **TIMEOUT)
    assert {timer.message_id for timer in armed} >= {sid(number) for number in (1, 2, 3, 4, 8)}
    feed = SqliteFeed(database)
    published = feed.read(0, 1000, **TIMEOUT)
    types = {event.type.value for write in published for event in write.events}
    assert {"received", "delivered", "exhausted", "redriven"} <= types
    store = SqliteStore(database, _clock())
    relay, version = _relay(store, 4)
    store.update(machine.transition(relay, NEXT[4][0], NOW).relay, version, [], **TIMEOUT)
    (news,) = feed.read(published[-1].position, 10, **TIMEOUT)
    assert [event.type.value for event in news.events] == ["delivered"]
