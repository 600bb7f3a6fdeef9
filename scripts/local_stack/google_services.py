"""A process that runs Google's emulators and the local Cloud Tasks server for one stack.

Prints one line of JSON: the environment in which Google's clients find them, or {"error": "…"}. Ends when its standard
input does. A process of its own because gRPC's threads and a forking server do not go together.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from datetime import timedelta

from google.cloud import tasks_v2

from scripts.local_google.cloud_tasks import CloudTasksServer
from scripts.local_google.emulators import EmulatorFailed, EmulatorsUnavailable, FirestoreEmulator, PubSubEmulator
from scripts.local_google.issuer import TokenIssuer

# As the deployed queues have it.
_RETRY = tasks_v2.RetryConfig(
    max_attempts=-1, min_backoff=timedelta(seconds=1), max_backoff=timedelta(seconds=60), max_doublings=6
)


def main() -> int:
    """Arguments: the queues' parent (projects/…/locations/…) and their short names."""
    parent, queues = sys.argv[1], sys.argv[2:]
    # Whoever started us ends us, by closing our input; a Ctrl-C is theirs to deal with.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.ExitStack() as running:
        try:
            firestore = running.enter_context(FirestoreEmulator())
            pubsub = running.enter_context(PubSubEmulator())
            tasks = running.enter_context(CloudTasksServer(issuer=TokenIssuer()))
        except (EmulatorsUnavailable, EmulatorFailed, OSError) as error:
            print(json.dumps({"error": str(error)}), flush=True)
            return 1
        with tasks.client() as client:
            for name in queues:
                queue = tasks_v2.Queue(name=f"{parent}/queues/{name}", retry_config=_RETRY)
                client.create_queue(parent=parent, queue=queue)
        addresses = {"CLOUD_TASKS_EMULATOR_HOST": tasks.address}
        print(json.dumps(firestore.environment | pubsub.environment | addresses), flush=True)
        sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
