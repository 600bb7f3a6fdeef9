"""What main.py adds to the ways in, on doubles: unexpected errors, timers of other tiers, documents that are gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from functions_framework import create_app
from relay import homes, shared, wiring
from relay.core import moves
from relay.google import task
from relay.record.documents import to_document
from relay.record.relay_events import RelayEvent

from tests.record.documents import written, written_as
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, PERMANENT, received
from tests.settings.environments import GOOGLE
from tests.stories.relay_process import ROOT
from tests.worlds import ACCOUNT_SID, BASE_URL, TOKEN, Observed, inbound_request, status_request

Serve = Callable[[str], FlaskClient]


@pytest.fixture
def doubles() -> Observed:
    return Observed()


@pytest.fixture
def published() -> list[tuple[str, RelayEvent]]:
    return []


@pytest.fixture
def serve(doubles: Observed, published: list[tuple[str, RelayEvent]], monkeypatch: pytest.MonkeyPatch) -> Serve:
    """An entry point as the framework serves it, in this process and on the doubles; its tier is the second."""

    class Publisher:
        def publish(self, topic: str, event: RelayEvent) -> None:
            published.append((topic, event))

    changes = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE_URL}
    for name, value in (GOOGLE | changes).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(shared, "shared", {})
    monkeypatch.setattr(
        wiring, "shared_home", lambda *_: homes.Home(doubles.store, doubles.timers, doubles.operator_records)
    )
    monkeypatch.setattr(wiring, "shared_messenger", lambda *_: doubles.messenger)
    monkeypatch.setattr(wiring.Runtime, "publisher", Publisher())

    def make(target: str) -> FlaskClient:
        kind = "cloudevent" if target == "relay_events" else "http"
        app = create_app(target, str(ROOT / "functions" / "main.py"), kind)  # type: ignore[no-untyped-call]
        client: FlaskClient = app.test_client()
        return client

    return make


def fail() -> None:
    raise RuntimeError(f"{CUSTOMER} wrote: {BODY}")


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_unexpected_error_is_told_to_nobody_and_logged_without_its_words(
    serve: Serve, doubles: Observed, capsys: pytest.CaptureFixture[str]
) -> None:
    doubles.before["create"] = doubles.before["get"] = fail
    for target, request in (("sms_inbound", inbound_request()), ("sms_delivery_status", status_request())):
        answer = serve(target).post(
            request.path, query_string=request.query, data=request.body, headers=dict(request.headers)
        )
        assert (answer.status_code, answer.data) == (500, b"Internal error.")
        (line,) = (line for line in logged(capsys) if line["severity"] == "ERROR")
        assert line["entry"] == target
        assert line["message"].startswith("unexpected RuntimeError in fail:")
        assert BODY not in json.dumps(line)
        assert CUSTOMER not in json.dumps(line)


def test_a_timer_that_came_to_another_tiers_function_is_carried_out_and_noted(
    serve: Serve, doubles: Observed, capsys: pytest.CaptureFixture[str]
) -> None:
    client = serve("escalate_tier")
    doubles.inbound()
    noted = []
    for attempt in (1, 2):
        sid = doubles.relay().attempts[-1].sent_id
        doubles.status(status_request("undelivered", attempt, MessageSid=sid, ErrorCode=str(PERMANENT)))
        timer = moves.pending(doubles.relay())
        assert timer is not None
        assert timer.queue_tier == attempt + 1
        assert client.post("/", data=task.encode(timer), content_type="application/json").status_code == 200
        noted.append([line["tier"] for line in logged(capsys) if line["message"] == "timer of another tier"])
    assert [text.to for text in doubles.messenger.sends] == [tier.reach.address for tier in doubles.tiers.tiers]
    assert noted == [[], [3]]


HEADERS = {
    "ce-specversion": "1.0",
    "ce-id": "one",
    "ce-source": "//firestore.googleapis.com/projects/p/databases/(default)",
    "ce-type": "google.cloud.firestore.document.v1.written",
    "ce-document": f"relays/{MESSAGE_ID}",
    "Content-Type": "application/protobuf",
}


def test_a_document_that_is_gone_is_no_event(serve: Serve, published: list[tuple[str, RelayEvent]]) -> None:
    """Answered as an error, Eventarc would bring it again for a day."""
    headers = HEADERS
    client = serve("relay_events")
    relay = received().relay
    assert client.post("/", data=written(relay, None), headers=headers).status_code == 200
    assert published == []
    assert client.post("/", data=written(None, relay), headers=headers).status_code == 200
    assert {event.relay for _, event in published} == {MESSAGE_ID}


def test_a_write_that_leaves_no_relay_is_passed_with_one_alarm_and_its_mending_tells_all(
    serve: Serve, published: list[tuple[str, RelayEvent]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Answered as an error, Eventarc would bring what cannot be read again for a day."""
    client = serve("relay_events")
    document = to_document(received().relay)
    broken = document | {"attempts": "none"}
    for _ in range(3):
        assert client.post("/", data=written_as(document, broken), headers=HEADERS).status_code == 200
    assert published == []
    told = [(line["severity"], line["relay"]) for line in logged(capsys) if line["event"] == "set_aside"]
    assert told == [("CRITICAL", MESSAGE_ID)]
    assert client.post("/", data=written_as(broken, document), headers=HEADERS).status_code == 200
    assert {event.relay for _, event in published} == {MESSAGE_ID}


def test_a_write_of_a_later_version_is_left_for_a_newer_revision_to_publish(
    serve: Serve, published: list[tuple[str, RelayEvent]], capsys: pytest.CaptureFixture[str]
) -> None:
    """503: Eventarc comes again, and once the newer revision is there nothing was missed. One alarm, not one a try."""
    client = serve("relay_events")
    document = to_document(received().relay)
    later = written_as(document, document | {"schema_version": 2})
    assert [client.post("/", data=later, headers=HEADERS).status_code for _ in range(3)] == [503] * 3
    assert published == []
    told = [(line["severity"], line["relay"]) for line in logged(capsys) if line["event"] == "left_to_newer"]
    assert told == [("CRITICAL", MESSAGE_ID)]
    gone = written_as(document | {"schema_version": 2}, None)
    assert client.post("/", data=gone, headers=HEADERS).status_code == 200
