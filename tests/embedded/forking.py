"""A fork in the middle of work: parent and child go on, each with connections of its own. Run by test_fork.py."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from relay.embedded.database import Database
from relay.embedded.store import SqliteStore

from tests.contract.conftest import locked
from tests.strategies import a_relay

TIMEOUT = 60.0


def _in_a_child(work: Callable[[], None]) -> None:
    """Fork, do it in the child, and fail when that failed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_child_inherits_no_open_database(path: Path, store: SqliteStore) -> None:
    """Its descriptors would carry the parent's locks away when it closes them."""
    store.create(a_relay(), [], timeout_seconds=TIMEOUT)
    identities = {(file.stat().st_dev, file.stat().st_ino) for file in path.parent.iterdir()}
    assert len(identities) == 3

    def look() -> None:
        for descriptor in range(3, 1024):
            try:
                status = os.fstat(descriptor)
            except OSError:
                continue
            if (status.st_dev, status.st_ino) in identities:
                raise AssertionError("the child holds a descriptor of the parent's database")

    _in_a_child(look)


def test_parent_and_child_both_go_on_while_other_threads_write(database: Database, store: SqliteStore) -> None:
    stop = threading.Event()
    written: list[list[str]] = [[], [], []]

    def keep_writing(number: int) -> None:
        while not stop.is_set():
            relay = a_relay(message_id=f"parent-{number}-{len(written[number])}")
            store.create(relay, [], timeout_seconds=TIMEOUT)
            written[number].append(relay.message_id)

    threads = [threading.Thread(target=keep_writing, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for generation in range(5):

        def work(generation: int = generation) -> None:
            for number in range(10):
                relay = a_relay(message_id=f"child-{generation}-{number}")
                version = store.create(relay, [], timeout_seconds=TIMEOUT)
                store.update(relay, version, [], timeout_seconds=TIMEOUT)

        _in_a_child(work)
    stop.set()
    for thread in threads:
        thread.join()
    expected = [name for names in written for name in names]
    expected += [f"child-{generation}-{number}" for generation in range(5) for number in range(10)]
    for name in expected:
        assert store.get(name, timeout_seconds=TIMEOUT) is not None, name
    check = database.read(lambda c: c.execute("PRAGMA integrity_check").fetchone()[0], timeout_seconds=TIMEOUT)
    assert check == "ok"


def test_what_waits_in_the_parent_is_written_by_the_parent_alone(
    path: Path, database: Database, store: SqliteStore
) -> None:
    database.prepare()
    relay = a_relay()
    waiting = threading.Thread(target=lambda: store.create(relay, [], timeout_seconds=TIMEOUT))
    with locked(path):
        waiting.start()
        give_up_at = time.monotonic() + TIMEOUT
        while not database._queue:
            assert time.monotonic() < give_up_at
            time.sleep(0.005)

        def look() -> None:
            assert database._queue == []

        _in_a_child(look)
    waiting.join()
    assert store.get(relay.message_id, timeout_seconds=TIMEOUT) is not None


def test_a_forked_child_can_fork_again(store: SqliteStore) -> None:
    relay = a_relay()
    store.create(relay, [], timeout_seconds=TIMEOUT)

    def grandchild() -> None:
        assert store.get(relay.message_id, timeout_seconds=TIMEOUT) is not None
        store.delete(relay.message_id, timeout_seconds=TIMEOUT)

    def child() -> None:
        assert store.get(relay.message_id, timeout_seconds=TIMEOUT) is not None
        _in_a_child(grandchild)
        assert store.get(relay.message_id, timeout_seconds=TIMEOUT) is None

    _in_a_child(child)
    assert store.get(relay.message_id, timeout_seconds=TIMEOUT) is None
