"""Relay events on Pub/Sub, in order for each relay."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from relay.google import clients
from relay.record.relay_events import RelayEvent

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient

_PUBLISH_SECONDS = 20.0


class PubSubPublisher:
    """EventPublisher over google-cloud-pubsub. PUBSUB_EMULATOR_HOST is the client's own way to the emulator."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._made: PublisherClient | None = None

    def publish(self, topic: str, event: RelayEvent) -> None:
        """Publish and wait. Raises google.api_core or concurrent.futures errors when it may not have arrived."""
        client = self._client()
        path = topic if "/" in topic else f"projects/{self._project}/topics/{topic}"
        future = client.publish(path, event.data(), ordering_key=event.relay, **event.attributes())
        try:
            future.result(timeout=_PUBLISH_SECONDS)
        except Exception:
            # After a failure the client holds back everything of the same key until it is told to go on.
            client.resume_publish(path, event.relay)
            raise

    def _client(self) -> PublisherClient:
        with self._lock:
            if self._made is None:
                pubsub_v1 = clients.pubsub()

                # One message a batch: CPU is throttled after the answer, so nothing may wait in the background.
                self._made = pubsub_v1.PublisherClient(
                    batch_settings=pubsub_v1.types.BatchSettings(max_messages=1),
                    publisher_options=pubsub_v1.types.PublisherOptions(enable_message_ordering=True),
                )
            return self._made
