"""The google home's adapters for the contract suites: the store on the emulator, timers on the local Cloud Tasks."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud import firestore, tasks_v2
from relay.core.model import Timer, TimerKind
from relay.google import task
from relay.google.calls import LazyClient
from relay.google.places import Places
from relay.google.store import FirestoreStore
from relay.google.timers import EMULATOR_VARIABLE, CloudTasksTimers
from relay.record.kinds import Key

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.emulators import FirestoreEmulator
from scripts.local_google.issuer import TokenIssuer
from tests.contract.conftest import Change, StoreRig, TimersRig
from tests.fakes import FakeClock, MemoryJournal, MemoryTimers
from tests.google.proxy import Proxy

_LOCATION = "projects/p/locations/us-central1"
_TIERS = 5
_CONNECT_SECONDS = 60.0


@contextlib.contextmanager
def firestore_store(request: pytest.FixtureRequest) -> Iterator[StoreRig]:
    project: str = request.getfixturevalue("firestore_project")
    emulator: FirestoreEmulator = request.getfixturevalue("firestore_emulator")
    clock, timers, journal = FakeClock(), MemoryTimers(), MemoryJournal()
    store = FirestoreStore(
        project=project,
        database="(default)",
        collection="relays",
        clock=clock,
        timers=timers,
        journal=journal,
        alarms=journal,
    )
    client = firestore.Client(project=project)
    relays, places = client.collection("relays"), Places(LazyClient(lambda: client), "relays")

    def document(message_id: str) -> dict[str, Any]:
        return relays.document(message_id).get().to_dict() or {}

    def rewrite(message_id: str, change: Change) -> None:
        changed = document(message_id)
        change(changed)
        relays.document(message_id).set(changed)

    def kept_document(key: Key) -> dict[str, Any]:
        return places.document(key).get().to_dict() or {}

    def rewrite_kept(key: Key, change: Change) -> None:
        changed = kept_document(key)
        change(changed)
        places.document(key).set(changed)

    rig = StoreRig(store, clock, lambda: timers.armed, emulator.paused, purges=False, journal=journal)
    rig.document, rig.rewrite, rig.spoil = document, rewrite, rewrite
    rig.kept_document, rig.rewrite_kept, rig.spoil_kept = kept_document, rewrite_kept, rewrite_kept
    yield rig


@contextlib.contextmanager
def cloud_tasks_timers(request: pytest.FixtureRequest) -> Iterator[TimersRig]:
    clock, journal = FakeClock(), MemoryJournal()
    fired: list[Timer] = []
    with (
        CloudTasksServer(issuer=TokenIssuer(), now=lambda: clock.now().timestamp()) as server,
        server.client() as client,
        Proxy(server.address) as wire,
        _escalation_function(fired) as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        for tier in range(1, _TIERS + 1):
            queue = tasks_v2.Queue(name=f"{_LOCATION}/queues/tier-{tier}")
            client.create_queue(parent=_LOCATION, queue=queue, timeout=_CONNECT_SECONDS)
        patch.setenv(EMULATOR_VARIABLE, wire.address)
        timers = CloudTasksTimers(
            project="p",
            location="us-central1",
            queue_template="tier-{tier}",
            url_template=f"{url}/{{tier}}",
            invoker_email="tasks@p.iam.gserviceaccount.com",
            journal=journal,
        )
        never_armed = Timer("none", 1, TimerKind.ATTEMPT, datetime(2026, 1, 1, tzinfo=UTC), 1)
        timers.cancel(never_armed, timeout_seconds=_CONNECT_SECONDS)  # connected before any stall

        def pass_time(seconds: float) -> None:
            clock.advance(seconds)
            server.wake()

        @contextlib.contextmanager
        def stalled() -> Iterator[None]:
            wire.swallow_replies()
            yield
            wire.cut()  # what was swallowed is missing in the middle of its connection

        yield TimersRig(timers, journal, clock.now, pass_time, stalled, fired)


@contextlib.contextmanager
def _escalation_function(fired: list[Timer]) -> Iterator[str]:
    """An HTTP server that notes every timer it is called with; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            timer = task.decode(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            fired.append(timer)

        def log_message(self, *_arguments: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
