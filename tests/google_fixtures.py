"""Fixtures for tests against Google's own Firestore and Pub/Sub emulators.

One emulator for the whole session, one project id for each test: tests see nothing of each other. Without Java or
gcloud such a test is skipped with one line that says what is missing.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TypeVar

import pytest

from scripts.local_google.emulators import Emulator, EmulatorsUnavailable, FirestoreEmulator, PubSubEmulator

AnyEmulator = TypeVar("AnyEmulator", bound=Emulator)


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[FirestoreEmulator]:
    """A running Firestore emulator. Its address is `.host`; most tests want `firestore_project` instead."""
    yield from _running(FirestoreEmulator())


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[PubSubEmulator]:
    """A running Pub/Sub emulator."""
    yield from _running(PubSubEmulator())


@pytest.fixture
def google_project() -> str:
    """A project id that no other test uses."""
    return f"test-{uuid.uuid4().hex[:16]}"


@pytest.fixture
def firestore_project(
    firestore_emulator: FirestoreEmulator, google_project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """An empty project in the emulator; `firestore.Client(project=…)` finds it through the environment."""
    for name, value in firestore_emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", google_project)
    yield google_project
    firestore_emulator.resume()  # a test that failed while it was paused must not take the others with it
    firestore_emulator.reset(google_project)


@pytest.fixture
def pubsub_project(
    pubsub_emulator: PubSubEmulator, google_project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A project of one's own in the Pub/Sub emulator."""
    for name, value in pubsub_emulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", google_project)
    yield google_project
    pubsub_emulator.resume()


def _running(emulator: AnyEmulator) -> Iterator[AnyEmulator]:
    try:
        emulator.start()
    except EmulatorsUnavailable as missing:
        pytest.skip(str(missing))
    try:
        yield emulator
    finally:
        emulator.stop()
