"""Fixtures for the tests of the google home's adapters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from relay.google.store import FirestoreStore

from scripts.local_google.emulators import FirestoreEmulator
from tests.fakes import FakeClock, MemoryJournal, MemoryTimers
from tests.google.proxy import Proxy
from tests.google.samples import NOW

COLLECTION = "message-relay-state"
StoreMaker = Callable[..., FirestoreStore]


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def timers() -> MemoryTimers:
    return MemoryTimers()


@pytest.fixture
def make_store(firestore_project: str, journal: MemoryJournal, timers: MemoryTimers) -> StoreMaker:
    """A store on the emulator; with `timers` of one's own where a test needs them."""

    def make(timers: MemoryTimers = timers) -> FirestoreStore:
        return FirestoreStore(
            project=firestore_project,
            database="(default)",
            collection=COLLECTION,
            clock=FakeClock(NOW),
            timers=timers,
            journal=journal,
            alarms=journal,
        )

    return make


@pytest.fixture
def store(make_store: StoreMaker) -> FirestoreStore:
    return make_store()


@pytest.fixture
def wire(
    firestore_emulator: FirestoreEmulator, store: FirestoreStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    """From here on new clients reach the emulator through this proxy; `store` still reaches it directly."""
    store.warm_up()
    with Proxy(firestore_emulator.host) as proxy:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", proxy.address)
        yield proxy
