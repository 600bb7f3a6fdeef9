"""A text's events as a subscriber sees them, in either home's local stack."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.stack_fixtures import DELIVERS, PATIENCE_SECONDS, REFUSED, RunningStack

STORY = ["received", "attempt_started", "attempt_failed", "escalated", "attempt_started", "delivered"]
OF_AN_EXHAUSTED_ONE = [
    "received",
    *["attempt_started", "attempt_failed", "escalated"] * 2,
    "attempt_started",
    "attempt_failed",
    "exhausted",
]


def stream(stack: RunningStack, query: str) -> Iterator[dict[str, Any]]:
    """The events of the embedded home's stream, for as long as a test has patience."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with urllib.request.urlopen(f"{stack.address}/local/events?{query}", timeout=PATIENCE_SECONDS) as lines:
        for line in lines:
            if line.startswith(b"data: "):
                yield json.loads(line.removeprefix(b"data: "))
            if time.monotonic() > deadline:
                return


def types_of(relay: str, told: Iterator[dict[str, Any]], last: str) -> list[str]:
    types = []
    for event in told:
        if event["relay"] == relay:
            types.append(event["type"])
            if event["type"] == last:
                return types
    raise AssertionError(f"the stream ended without {last}: {types}")


def test_the_embedded_stream_tells_a_texts_story(stack_of: Callable[[str], RunningStack]) -> None:
    stack = stack_of("embedded")
    relay = stack.text("events, please", stack.customer(), REFUSED, DELIVERS)
    assert types_of(relay, stream(stack, "after=0"), "delivered") == STORY


def test_the_embedded_stream_of_dead_letters_holds_only_these(stack_of: Callable[[str], RunningStack]) -> None:
    stack = stack_of("embedded")
    relay = stack.text("nobody reads this", stack.customer(), REFUSED, REFUSED, REFUSED)
    assert types_of(relay, stream(stack, "after=0&type=exhausted"), "exhausted") == ["exhausted"]


@pytest.mark.parametrize("query", ["after=yesterday", "after=" + "9" * 30, "type=nonsense"])
def test_a_stream_that_cannot_be_is_refused(stack_of: Callable[[str], RunningStack], query: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        next(stream(stack_of("embedded"), query))


@pytest.mark.parametrize("backend", ["google"])  # in the test's id, for it shares this home's stack
def test_on_the_emulators_the_events_and_dead_letters_are_on_pubsub(
    backend: str, stack_of: Callable[[str], RunningStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = stack_of(backend)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", stack.environ["PUBSUB_EMULATOR_HOST"])
    from google.cloud import pubsub_v1

    project = stack.environ["GOOGLE_CLOUD_PROJECT"]
    with pubsub_v1.SubscriberClient() as subscriber:

        def subscribed(topic: str) -> str:
            path: str = subscriber.subscription_path(project, f"test-{topic}")
            wanted = {
                "name": path,
                "topic": f"projects/{project}/topics/{topic}",
                "enable_message_ordering": True,
                # After the usual ten seconds a busy machine would be sent again what it has not acknowledged yet.
                "ack_deadline_seconds": 600,
            }
            subscriber.create_subscription(request=wanted)
            return path

        def told(path: str) -> Iterator[dict[str, Any]]:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < deadline:
                # The emulator answers after a while with nothing; a pull that times out would be tried for minutes.
                answer = subscriber.pull(subscription=path, max_messages=50, timeout=PATIENCE_SECONDS, retry=None)
                for received in answer.received_messages:
                    subscriber.acknowledge(subscription=path, ack_ids=[received.ack_id])
                    yield json.loads(received.message.data)

        events, dead = subscribed(stack.environ["EVENTS_TOPIC"]), subscribed(stack.environ["DEAD_LETTER_TOPIC"])
        relay = stack.text("to the cloud", stack.customer(), REFUSED, REFUSED, REFUSED)
        assert types_of(relay, told(events), "exhausted") == OF_AN_EXHAUSTED_ONE
        assert types_of(relay, told(dead), "exhausted") == ["exhausted"]
