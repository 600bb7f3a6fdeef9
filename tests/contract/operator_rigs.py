"""The implementations of OperatorRecords that the contract suite runs over: the double, SQLite, Firestore."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from relay.embedded.database import Database
from relay.embedded.operator_records import SqliteOperatorRecords
from relay.ports import OperatorKind, OperatorRecords

from tests.contract.conftest import locked
from tests.fakes import FakeClock, MemoryJournal, MemoryOperatorRecords


@dataclass
class OperatorRig:
    """Records of operators and what a test needs around them.

    Attributes:
        records: as one process has them; `others` as another one, on the same store.
        spoil: makes a record unreadable.
        stalled: while entered, the store does not answer what `stalls_reads` says.
    """

    records: OperatorRecords
    others: OperatorRecords
    clock: FakeClock
    journal: MemoryJournal
    spoil: Callable[[OperatorKind, str], object]
    stalled: Callable[[], AbstractContextManager[None]]
    stalls_reads: bool = True


@contextlib.contextmanager
def memory(request: pytest.FixtureRequest) -> Iterator[OperatorRig]:
    clock, journal = FakeClock(), MemoryJournal()
    records = MemoryOperatorRecords(clock, journal)

    @contextlib.contextmanager
    def stalled() -> Iterator[None]:
        records.is_down = True
        yield
        records.is_down = False

    yield OperatorRig(records, records, clock, journal, lambda _, key: records.unreadable.add(key), stalled)


@contextlib.contextmanager
def sqlite(request: pytest.FixtureRequest) -> Iterator[OperatorRig]:
    clock, journal = FakeClock(), MemoryJournal()
    path: Path = request.getfixturevalue("tmp_path") / "relay.db"
    database, other = Database(path), Database(path)
    database.prepare()

    def spoil(kind: OperatorKind, key: str) -> None:
        update = "UPDATE operator_records SET content = CAST(x'ff7b' AS TEXT) WHERE kind = ? AND key = ?"
        database.write(lambda connection: connection.execute(update, (kind.value, key)), timeout_seconds=120)

    # Readers never wait for a writer, so that nothing but writes can be held up.
    yield OperatorRig(
        SqliteOperatorRecords(database, clock, journal),
        SqliteOperatorRecords(other, clock, journal),
        clock,
        journal,
        spoil,
        lambda: locked(path),
        stalls_reads=False,
    )
    other.close()
    database.close()


def firestore(request: pytest.FixtureRequest) -> AbstractContextManager[OperatorRig]:
    # Only here: its module loads Google's clients, which the other implementations do without.
    from tests.google import operator_rigs

    return operator_rigs.firestore_operator_records(request)


RIGS: dict[str, Callable[[pytest.FixtureRequest], AbstractContextManager[OperatorRig]]] = {
    "memory": memory,
    "sqlite": sqlite,
    "firestore": firestore,
}
