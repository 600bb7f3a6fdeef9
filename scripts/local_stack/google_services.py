"""A process that runs Google's emulators, the local Cloud Tasks server and Eventarc's part for one stack.

Prints one line of JSON: the environment in which Google's clients find them, or {"error": "…"}. Ends when its standard
input does, and when an emulator does: without it there is no relay. A process of its own because gRPC's threads and a
forking server do not go together.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from datetime import timedelta
from typing import Any

from google.cloud import firestore, pubsub_v1, tasks_v2

from scripts.local_google import sdk
from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.emulators import EmulatorFailed, EmulatorsUnavailable, FirestoreEmulator, PubSubEmulator
from scripts.local_google.eventarc import EventarcStandIn
from scripts.local_google.issuer import TokenIssuer

_LOOK_SECONDS = 1.0
# As the deployed queues have it.
_RETRY = tasks_v2.RetryConfig(
    max_attempts=-1, min_backoff=timedelta(seconds=1), max_backoff=timedelta(seconds=60), max_doublings=6
)


def main() -> int:
    """The one argument is JSON: project, location, queues, topics, collection, events_url."""
    wanted = json.loads(sys.argv[1])
    # The stack that started this process ends it, by closing its input, and deals with a Ctrl-C itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.ExitStack() as running:
        try:
            sdk.need(sdk.FIRESTORE, sdk.PUBSUB)
            emulators = [running.enter_context(FirestoreEmulator()), running.enter_context(PubSubEmulator())]
            tasks = running.enter_context(CloudTasksServer(issuer=TokenIssuer()))
        except (EmulatorsUnavailable, EmulatorFailed, OSError) as error:
            print(json.dumps({"error": str(error)}), flush=True)
            return 1
        environment = {"CLOUD_TASKS_EMULATOR_HOST": tasks.address}
        for emulator in emulators:
            environment |= emulator.environment
        # The clients below find the emulators there as well.
        os.environ.update(environment)
        _make_queues(tasks, wanted)
        _make_topics(wanted)
        client = firestore.Client(project=wanted["project"])
        events = EventarcStandIn(client, wanted["collection"], wanted["events_url"])
        events.start()
        running.callback(events.stop)
        print(json.dumps(environment), flush=True)
        while not select.select([sys.stdin], [], [], _LOOK_SECONDS)[0]:
            if not all(emulator.running for emulator in emulators):
                return 1
    return 0


def _make_queues(tasks: CloudTasksServer, wanted: dict[str, Any]) -> None:
    parent = f"projects/{wanted['project']}/locations/{wanted['location']}"
    with tasks.client() as client:
        for name in wanted["queues"]:
            queue = tasks_v2.Queue(name=f"{parent}/queues/{name}", retry_config=_RETRY)
            client.create_queue(parent=parent, queue=queue)


def _make_topics(wanted: dict[str, Any]) -> None:
    client = pubsub_v1.PublisherClient()
    for name in wanted["topics"]:
        client.create_topic(name=client.topic_path(wanted["project"], name))


if __name__ == "__main__":
    sys.exit(main())
