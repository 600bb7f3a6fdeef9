"""What the Firestore store says when Firestore hangs, is away, or commits and its reply is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.exceptions import DefaultCredentialsError
from relay.core.model import TimerKind
from relay.errors import AlreadyStored, Conflict, RelayError, StoreRefused, StoreUnavailable, VersionConflict
from relay.google.store import FirestoreStore
from relay.ports import RelayStore, Search

from scripts.local_google.emulators import FirestoreEmulator
from tests.fakes import Calls, FakeClock, MemoryJournal, MemoryTimers
from tests.google.conftest import StoreMaker
from tests.google.proxy import Proxy
from tests.google.samples import (
    BODY,
    NOW,
    SENDER,
    error_of,
    failed_once,
    new_relay,
    sid,
)
from tests.local_google.target import eventually

LONG: dict[str, Any] = {"timeout_seconds": 60.0}
SHORT: dict[str, Any] = {"timeout_seconds": 0.3}
RELAY, TIMERS = new_relay()

CALLS: dict[str, Callable[[RelayStore, dict[str, Any]], object]] = {
    "create": lambda store, limit: store.create(RELAY, [], **limit),
    "get": lambda store, limit: store.get(RELAY.message_id, **limit),
    "update": lambda store, limit: store.update(RELAY, NOW, [], **limit),
    "due": lambda store, limit: store.due(NOW, 5, **limit),
    "search": lambda store, limit: store.search(Search(), **limit),
    "delete": lambda store, limit: store.delete(RELAY.message_id, **limit),
    "get_watermark": lambda store, limit: store.get_watermark("w", **limit),
    "set_watermark": lambda store, limit: store.set_watermark("w", NOW, **limit),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_store_that_hangs_is_unavailable_in_time(
    name: str, store: FirestoreStore, firestore_emulator: FirestoreEmulator
) -> None:
    store.get(sid(9), **LONG)  # connected, so that it is the answer that hangs
    with firestore_emulator.paused(), pytest.raises(StoreUnavailable, match="DeadlineExceeded"):
        CALLS[name](store, SHORT)


@pytest.mark.parametrize("name", CALLS)
def test_a_store_that_cannot_be_reached_is_unavailable(name: str, wire: Proxy, make_store: StoreMaker) -> None:
    wire.close()
    with pytest.raises(StoreUnavailable):
        CALLS[name](make_store(), {"timeout_seconds": 5.0})


@pytest.mark.parametrize("name", ["get", "due", "search", "get_watermark"])
def test_a_connection_that_broke_unnoticed_costs_no_read(name: str, wire: Proxy, make_store: StoreMaker) -> None:
    store = make_store()
    store.get(sid(9), **LONG)
    wire.cut()
    CALLS[name](store, LONG)


def after_lost_reply(wire: Proxy, write: Callable[[], object], is_applied: Callable[[], bool]) -> BaseException | None:
    """How a write ends that was applied while its reply was lost with its connection."""
    ended: list[BaseException | None] = []

    def run() -> None:
        try:
            write()
            ended.append(None)
        except RelayError as error:
            ended.append(error)

    wire.swallow_replies()
    thread = threading.Thread(target=run)
    thread.start()
    eventually(is_applied, "the write was applied")
    wire.cut()
    thread.join()
    return ended[0]


def test_a_create_that_was_applied_while_its_reply_was_lost_finds_its_own_document(
    wire: Proxy, make_store: StoreMaker, store: FirestoreStore
) -> None:
    through_wire = make_store()
    through_wire.get(sid(9), **LONG)
    error = after_lost_reply(
        wire,
        lambda: through_wire.create(RELAY, TIMERS, **LONG),
        lambda: store.get(RELAY.message_id, **LONG) is not None,
    )
    assert isinstance(error, AlreadyStored)


def test_an_update_that_was_applied_while_its_reply_was_lost_is_a_conflict(
    wire: Proxy, make_store: StoreMaker, store: FirestoreStore
) -> None:
    through_wire = make_store()
    version = through_wire.create(RELAY, [], **LONG)
    changed = failed_once(RELAY)

    def relay_now() -> object:
        found = store.get(RELAY.message_id, **LONG)
        return found and found.relay

    error = after_lost_reply(
        wire, lambda: through_wire.update(changed, version, [], **LONG), lambda: relay_now() == changed
    )
    assert isinstance(error, VersionConflict)
    assert relay_now() == changed


def test_a_lost_reply_without_time_for_another_try_is_unavailable_although_it_was_applied(
    wire: Proxy, make_store: StoreMaker, store: FirestoreStore
) -> None:
    through_wire = make_store()
    through_wire.get(sid(9), **LONG)
    wire.swallow_replies()
    # As short as may be: only where the machine is slow does the write need more to get there.
    for number, seconds in enumerate((1.0, 5.0, 60.0), start=1):
        relay, _ = new_relay(number)
        with pytest.raises(StoreUnavailable):
            through_wire.create(relay, [], timeout_seconds=seconds)
        if store.get(relay.message_id, **LONG) is not None:
            return
    pytest.fail("no create was applied")


def test_timers_are_armed_while_the_create_is_under_way(make_store: StoreMaker, wire: Proxy) -> None:
    timers = MemoryTimers()
    store = make_store(timers)
    store.get(sid(9), **LONG)
    wire.swallow_replies()

    def create() -> None:
        with pytest.raises(RelayError):
            store.create(RELAY, TIMERS, **LONG)

    thread = threading.Thread(target=create)
    thread.start()
    eventually(lambda: timers.armed == TIMERS, "the timer was armed before the create was answered")
    wire.close()
    thread.join()


def test_a_timer_that_is_due_at_once_is_armed_when_its_relay_is_there_to_be_found(
    make_store: StoreMaker, wire: Proxy
) -> None:
    """A task that finds no relay does not come again."""
    timers = MemoryTimers()
    store = make_store(timers)
    store.get(sid(9), **LONG)
    (deadline,) = TIMERS
    at_once = replace(deadline, kind=TimerKind.ATTEMPT, due_at=NOW)
    wire.swallow_replies()
    with pytest.raises(RelayError):
        store.create(RELAY, [at_once], timeout_seconds=1.0)
    assert timers.armed == []
    store_on(WorkingDocument(), timers).create(RELAY, [at_once], **LONG)
    assert timers.armed == [at_once]


class BrokenDocument:
    """The client's edge, with every call failing the same way."""

    def __init__(self, error: Exception) -> None:
        self.calls = 0
        self._error = error

    def _fail(self, *_arguments: object, **_options: object) -> None:
        self.calls += 1
        raise self._error

    def batch(self) -> BrokenDocument:
        return self

    commit = get = set = delete = _fail
    create = update = lambda self, *_arguments: None
    collection = document = lambda self, _name: self
    write_option = staticmethod(lambda **_condition: None)


class WorkingDocument:
    """The client's edge, with every write applied after so many seconds."""

    update_time = NOW

    def __init__(self, after_seconds: float = 0.0) -> None:
        self._after_seconds = after_seconds

    def batch(self) -> WorkingDocument:
        return self

    def commit(self, **_options: object) -> list[WorkingDocument]:
        threading.Event().wait(self._after_seconds)
        return [self]

    create = update = lambda self, *_arguments: None
    collection = document = lambda self, _name: self
    write_option = staticmethod(lambda **_condition: None)


def store_on(
    document: BrokenDocument | WorkingDocument,
    timers: MemoryTimers | None = None,
    journal: MemoryJournal | None = None,
) -> FirestoreStore:
    return FirestoreStore(
        project="p",
        database="(default)",
        collection="c",
        clock=FakeClock(NOW),
        timers=timers or MemoryTimers(),
        journal=journal,
        alarms=journal,
        make_client=lambda: document,
    )


@pytest.mark.parametrize(
    ("error", "of_create", "of_update"),
    [
        (error_of(exceptions.AlreadyExists), AlreadyStored, StoreUnavailable),
        (error_of(exceptions.FailedPrecondition), StoreUnavailable, VersionConflict),
        (error_of(exceptions.NotFound), StoreUnavailable, VersionConflict),
        (error_of(exceptions.Aborted), StoreUnavailable, VersionConflict),
        (error_of(exceptions.DeadlineExceeded), StoreUnavailable, StoreUnavailable),
        (error_of(exceptions.ServiceUnavailable), StoreUnavailable, StoreUnavailable),
        (error_of(exceptions.InternalServerError), StoreUnavailable, StoreUnavailable),
        (error_of(exceptions.ResourceExhausted), StoreUnavailable, StoreUnavailable),
        (error_of(exceptions.PermissionDenied), StoreUnavailable, StoreUnavailable),
        (error_of(exceptions.InvalidArgument), StoreRefused, StoreRefused),
        (error_of(exceptions.OutOfRange), StoreRefused, StoreRefused),
        (error_of(exceptions.Unknown), StoreUnavailable, StoreUnavailable),
        (error_of(exceptions.RetryError, None), StoreUnavailable, StoreUnavailable),
        (error_of(DefaultCredentialsError), StoreUnavailable, StoreUnavailable),
        (error_of(ConnectionResetError), StoreUnavailable, StoreUnavailable),
    ],
)
def test_every_error_of_the_client_has_its_meaning(
    error: Exception, of_create: type[RelayError], of_update: type[RelayError]
) -> None:
    store = store_on(BrokenDocument(error))
    for call, expected in ((CALLS["create"], of_create), (CALLS["update"], of_update)):
        with pytest.raises(RelayError) as raised:
            call(store, LONG)
        assert type(raised.value) is expected
        assert raised.value.__cause__ is error
        named = (
            RELAY.message_id
            if isinstance(raised.value, Conflict | StoreRefused)
            else f"Firestore: {type(error).__name__}"
        )
        assert str(raised.value).startswith(named)
        assert not any(secret in repr(raised.value) for secret in (BODY, SENDER))


def test_an_outage_is_tried_a_few_times_and_no_more() -> None:
    document = BrokenDocument(error_of(exceptions.ServiceUnavailable))
    with pytest.raises(StoreUnavailable):
        CALLS["get"](store_on(document), LONG)
    assert document.calls == 4


def test_a_refusal_is_not_tried_again() -> None:
    document = BrokenDocument(error_of(exceptions.PermissionDenied))
    with pytest.raises(StoreUnavailable):
        CALLS["get"](store_on(document), LONG)
    assert document.calls == 1


def test_timers_that_hang_do_not_keep_a_create_from_being_durable(journal: MemoryJournal) -> None:
    release = threading.Event()
    timers, calls = MemoryTimers(), Calls()
    calls.of(timers, "arm", lambda *_: "arm")
    calls.before["arm"] = lambda: eventually(release.is_set, "the test released the timers")
    store = store_on(WorkingDocument(), timers, journal)
    assert store.create(RELAY, TIMERS, timeout_seconds=1.0) == NOW
    assert ["not armed in time" in note for _, note, _ in journal.notes] == [True]
    release.set()


def test_an_update_that_used_up_its_time_leaves_its_timers_to_the_sweep(
    timers: MemoryTimers, journal: MemoryJournal
) -> None:
    store = store_on(WorkingDocument(after_seconds=0.05), timers, journal)
    assert store.update(RELAY, NOW, TIMERS, timeout_seconds=0.01) == NOW
    assert timers.armed == []
    assert ["no time was left" in note for _, note, _ in journal.notes] == [True]
