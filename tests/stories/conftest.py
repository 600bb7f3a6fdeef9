"""A town for each home, shared by the stories of a session; each story begins with everybody's carrier in order."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from google.cloud import tasks_v2

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.emulators import FirestoreEmulator
from scripts.local_google.issuer import TokenIssuer
from tests.stories.town import Town

BACKENDS = ("embedded", "google")
_LOCATION = "us-central1"

TownMaker = Callable[..., Town]


@contextmanager
def _google(request: pytest.FixtureRequest, project: str) -> Iterator[dict[str, str]]:
    """The settings of a relay on a Firestore emulator and a Cloud Tasks server of its own."""
    with CloudTasksServer(issuer=TokenIssuer()) as tasks:
        yield google_settings(request, tasks, project)


def google_settings(request: pytest.FixtureRequest, tasks: CloudTasksServer, project: str) -> dict[str, str]:
    """The settings of a relay on the Firestore emulator and on this server, whose queues are made."""
    firestore: FirestoreEmulator = request.getfixturevalue("firestore_emulator")
    parent = f"projects/{project}/locations/{_LOCATION}"
    with tasks.client() as client:
        for name in ("escalate-tier-1", "escalate-tier-2", "escalate-tier-3", "tell"):
            queue = tasks_v2.Queue(name=f"{parent}/queues/{name}")
            client.create_queue(parent=parent, queue=queue, timeout=30)
    return {
        **firestore.environment,
        "CLOUD_TASKS_EMULATOR_HOST": tasks.address,
        "GOOGLE_CLOUD_PROJECT": project,
        "TASKS_LOCATION": _LOCATION,
    }


@contextmanager
def open_town(
    request: pytest.FixtureRequest,
    backend: str,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    tier: Mapping[str, object] | None = None,
) -> Iterator[Town]:
    with ExitStack() as running:
        google = running.enter_context(_google(request, f"town-{uuid.uuid4().hex[:12]}")) if backend == "google" else {}
        town = Town(backend, folder, google | dict(settings or {}), tier)
        try:
            town.open()
            town.warm_up()
            yield town
        finally:
            town.close()


@pytest.fixture(scope="session", params=BACKENDS)
def shared_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_town(request, request.param, tmp_path_factory.mktemp(request.param)) as town:
        yield town


@pytest.fixture
def town(shared_town: Town) -> Town:
    """A town whose relay runs, as every story finds it."""
    shared_town.begin_story()
    return shared_town


@pytest.fixture(params=BACKENDS)
def own_town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TownMaker]:
    """Towns for one story alone, with a relay that may be killed or have settings of its own."""
    with ExitStack() as running:

        def make(**options: object) -> Town:
            folder = tmp_path / f"town-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return running.enter_context(open_town(request, request.param, folder, **options))  # type: ignore[arg-type]

        yield make
