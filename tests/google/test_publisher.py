"""The publisher over the real client, and the whole function, against the official Pub/Sub emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import functions_framework
import pytest
from google.api_core.exceptions import NotFound
from google.cloud import pubsub_v1
from google.pubsub_v1.types import Topic
from relay import shared
from relay.google.publisher import PubSubPublisher
from relay.record.relay_events import events_of

from tests.record.documents import written
from tests.record.test_relay_events import exhausted, received

MAIN = Path(__file__).parents[2] / "functions/main.py"


@dataclass
class Topics:
    """Two topics, each with one subscription that keeps order."""

    project: str
    subscriber: pubsub_v1.SubscriberClient

    def received(self, name: str, count: int) -> list[pubsub_v1.types.PubsubMessage]:
        """The next `count` messages of this topic's subscription."""
        path = self.subscriber.subscription_path(self.project, name)
        messages: list[pubsub_v1.types.PubsubMessage] = []
        while len(messages) < count:
            answer = self.subscriber.pull(subscription=path, max_messages=count - len(messages), timeout=120)
            if answer.received_messages:
                ids = [message.ack_id for message in answer.received_messages]
                self.subscriber.acknowledge(subscription=path, ack_ids=ids)
            messages += [message.message for message in answer.received_messages]
        return messages


@pytest.fixture
def topics(pubsub_project: str) -> Iterator[Topics]:
    publisher = pubsub_v1.PublisherClient()
    with pubsub_v1.SubscriberClient() as subscriber:
        for name in ("events", "dead"):
            topic = publisher.topic_path(pubsub_project, name)
            publisher.create_topic(Topic(name=topic))
            path = subscriber.subscription_path(pubsub_project, name)
            # What is acknowledged later than that comes again: no machine stands still for so long.
            wanted = {"name": path, "topic": topic, "enable_message_ordering": True, "ack_deadline_seconds": 600}
            subscriber.create_subscription(request=wanted)
        yield Topics(pubsub_project, subscriber)
    publisher.stop()


def test_events_arrive_in_order_with_attributes_and_the_relay_as_ordering_key(topics: Topics) -> None:
    publisher = PubSubPublisher(topics.project)
    expected = events_of(exhausted())
    for event in expected:
        publisher.publish("events", event)
    messages = topics.received("events", len(expected))
    assert [message.data for message in messages] == [event.data() for event in expected]
    assert [dict(message.attributes) for message in messages] == [event.attributes() for event in expected]
    assert {message.ordering_key for message in messages} == {expected[0].relay}


def test_after_a_failed_publish_the_same_relay_can_be_published_again(topics: Topics) -> None:
    publisher = PubSubPublisher(topics.project)
    event = events_of(received())[0]
    with pytest.raises(NotFound):
        publisher.publish("nowhere", event)
    pubsub_v1.PublisherClient().create_topic(Topic(name=f"projects/{topics.project}/topics/nowhere"))
    publisher.publish("nowhere", event)


def test_the_function_publishes_what_a_document_write_brought(topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAY_BACKEND", "google")
    monkeypatch.setenv("EVENTS_TOPIC", "events")
    monkeypatch.setenv("DEAD_LETTER_TOPIC", "dead")
    monkeypatch.setattr(shared, "shared", {})
    # The framework leaves it in the environment; other tests must not inherit it.
    monkeypatch.setenv("FUNCTION_SIGNATURE_TYPE", "cloudevent")
    app = functions_framework.create_app("relay_events", str(MAIN), "cloudevent")  # type: ignore[no-untyped-call]
    client = app.test_client()
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "one",
        "ce-source": "//firestore.googleapis.com/projects/p/databases/(default)",
        "ce-type": "google.cloud.firestore.document.v1.written",
        "Content-Type": "application/protobuf",
    }
    answer = client.post("/", data=written(received(), exhausted()), headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    types = [json.loads(message.data)["type"] for message in topics.received("events", 5)]
    assert types == ["attempt_failed", "escalated", "attempt_started", "attempt_failed", "exhausted"]
    assert [json.loads(message.data)["type"] for message in topics.received("dead", 1)] == ["exhausted"]
