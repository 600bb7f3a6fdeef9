"""How the contract tests of records of threads write and read them."""

from __future__ import annotations

from typing import Any

from relay.core.model import Relay
from relay.core.threads.model import Thread, ThreadRecord
from relay.ports import Kept, Write
from relay.record.kinds import Kind, key_of

from tests.contract.conftest import StoreRig

TIMEOUT = 120.0


def put(rig: StoreRig, *records: Relay | ThreadRecord) -> tuple[object, ...]:
    """Create these records in one commit; their versions."""
    return rig.store.commit([Write(record) for record in records], [], timeout_seconds=TIMEOUT)


def change(rig: StoreRig, record: Relay | ThreadRecord, version: object) -> object:
    return rig.store.commit([Write(record, version)], [], timeout_seconds=TIMEOUT)[0]


def read(rig: StoreRig, record: ThreadRecord, timeout_seconds: float = TIMEOUT) -> Kept[Any] | None:
    """What is stored where this record stands."""
    store, (kind, record_id) = rig.store, key_of(record)
    reads: dict[Kind, Any] = {
        Kind.THREAD: store.thread,
        Kind.CODE: store.code,
        Kind.OPT_OUT: store.opt_out,
        Kind.PERSON: store.person,
    }
    found: Kept[Any] | None = reads[kind](record_id, timeout_seconds=timeout_seconds)
    return found


def there(rig: StoreRig, record: ThreadRecord) -> Kept[Any]:
    found = read(rig, record)
    assert found is not None
    return found


def ids(threads: list[Kept[Thread]] | tuple[Kept[Thread], ...]) -> list[str]:
    return [kept.record.thread_id for kept in threads]
