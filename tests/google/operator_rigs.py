"""The google home's records of operators for the contract suite: on the emulator."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from google.cloud import firestore
from relay.google.calls import LazyClient
from relay.google.operator_records import FirestoreOperatorRecords
from relay.ports import OperatorKind

from scripts.local_google.emulators import FirestoreEmulator
from tests.contract.operator_rigs import OperatorRig
from tests.fakes import FakeClock, MemoryJournal


@contextlib.contextmanager
def firestore_operator_records(request: pytest.FixtureRequest) -> Iterator[OperatorRig]:
    project: str = request.getfixturevalue("firestore_project")
    emulator: FirestoreEmulator = request.getfixturevalue("firestore_emulator")
    clock, journal = FakeClock(), MemoryJournal()

    def records() -> FirestoreOperatorRecords:
        client = LazyClient(lambda: firestore.Client(project=project))
        return FirestoreOperatorRecords(client, "relays", clock, journal)

    places = firestore.Client(project=project).collection("relays-operators")

    def spoil(kind: OperatorKind, key: str) -> None:
        places.document(f"{kind.value}:{key}").update({"content": 7})

    yield OperatorRig(records(), records(), clock, journal, spoil, emulator.paused)
