"""The google home on this machine for as long as a bench runs: emulator, Cloud Tasks server, a quick Twilio."""

from __future__ import annotations

import contextlib
import os
from typing import Self

from google.cloud import firestore, tasks_v2

from scripts.bench import settings
from scripts.bench.rounds import NotMeasurable
from scripts.bench.twilio_double import TwilioDouble
from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.emulators import EmulatorFailed, EmulatorsUnavailable, FirestoreEmulator
from scripts.local_google.issuer import TokenIssuer

_PARENT = "projects/bench/locations/us-central1"


class GoogleHome:
    """A context manager. Raises NotMeasurable where the emulators are missing."""

    def __init__(self, twilio_latency_seconds: float = 0.0) -> None:
        self._twilio_latency_seconds = twilio_latency_seconds

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            try:
                self.firestore = stack.enter_context(FirestoreEmulator())
            except (EmulatorsUnavailable, EmulatorFailed) as error:
                raise NotMeasurable(str(error)) from error
            self.tasks = stack.enter_context(CloudTasksServer(issuer=TokenIssuer()))
            self.twilio = stack.enter_context(TwilioDouble(self._twilio_latency_seconds))
            with self.tasks.client() as client:
                for tier in (1, 2, 3):
                    queue = tasks_v2.Queue(name=f"{_PARENT}/queues/escalate-tier-{tier}")
                    client.create_queue(parent=_PARENT, queue=queue)
            self._warm_up()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _warm_up(self) -> None:
        """The emulator's first answers take seconds, which is not the relay's doing."""
        os.environ.update(self.firestore.environment)
        try:
            client = firestore.Client(project="bench")
        finally:
            for name in self.firestore.environment:
                del os.environ[name]
        for number in range(20):
            document = client.collection("warm-up").document(str(number))
            document.set({"number": number}, timeout=60.0)
            document.get(timeout=60.0)
        client.close()  # type: ignore[no-untyped-call]

    def environ(self) -> dict[str, str]:
        return settings.google(firestore=self.firestore.host, tasks=self.tasks.address, twilio=self.twilio.url)
