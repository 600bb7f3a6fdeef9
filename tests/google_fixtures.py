"""Fixtures for tests against Google's own Firestore and Pub/Sub emulators.

One emulator for the whole session, one project id for each test: tests see nothing of each other. Without Java or
gcloud such a test is skipped with one line that says what is missing.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import TypeVar
from unittest import mock

import pytest

from scripts.local_google import sdk
from scripts.local_google.emulators import Emulator, EmulatorsUnavailable, FirestoreEmulator, PubSubEmulator
from tests.quick import IS_QUICK

AnyEmulator = TypeVar("AnyEmulator", bound=Emulator)


@pytest.fixture(scope="session")
def firestore_emulator() -> Iterator[FirestoreEmulator]:
    """A running Firestore emulator. Its address is `.host`; most tests want `firestore_project` instead."""
    if IS_QUICK:
        pytest.skip("optional: make quick leaves Google's emulators to make test")
    for emulator in _running(FirestoreEmulator()):
        _warm_up(emulator)
        yield emulator


@pytest.fixture(scope="session")
def pubsub_emulator() -> Iterator[PubSubEmulator]:
    """A running Pub/Sub emulator."""
    yield from _running(PubSubEmulator())


def need_emulators() -> None:
    """Skip the test, saying all that is missing, where no emulator can run: for one whose program starts its own."""
    try:
        sdk.need(sdk.FIRESTORE, sdk.PUBSUB)
    except EmulatorsUnavailable as missing:
        pytest.skip(str(missing))


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


def _warm_up(emulator: FirestoreEmulator) -> None:
    """Have it load what its first calls need: on a busy machine they take longer than a webhook waits for its store."""
    from google.cloud import firestore  # heavy; most test runs have no use for it

    with mock.patch.dict(os.environ, emulator.environment):
        client = firestore.Client(project="warm-up")
    document = client.collection("relays").document("first")
    for _ in range(20):
        created = document.create({"due_at": 1, "attempts": [{"number": 1}]})
        document.update({"due_at": 2}, client.write_option(last_update_time=created.update_time))
        document.get()
        client.collection("relays").where(filter=firestore.FieldFilter("due_at", "<", 3)).limit(1).get()
        document.delete()


def _running(emulator: AnyEmulator) -> Iterator[AnyEmulator]:
    try:
        emulator.start()
    except EmulatorsUnavailable as missing:
        pytest.skip(str(missing))
    try:
        yield emulator
    finally:
        emulator.stop()
