"""What fuzzing has found, kept in words: each of these was once answered 500, or said more in the log than it may."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from gunicorn.http.errors import InvalidChunkSize
from relay import wiring

from tests.endurance.fuzz.raw import Raw
from tests.endurance.fuzz.world import World
from tests.endurance.load import BODY_MARK
from tests.entry_points.served import Served, settings_for

_HTTP = (
    "sms_inbound",
    "sms_delivery_status",
    "sms_relay_state",
    "sms_redrive",
    "escalate_tier",
    "sweep",
    "reconcile",
)
_BREAKS: dict[str, Callable[[], Raw]] = {
    "fewer bytes than announced": lambda: Raw(body=b"Body=hel", length="100"),
    "the connection is reset": lambda: Raw(body=b"Body=hel", chunked=True, breaks=OSError("reset")),
    "malformed chunks": lambda: Raw(body=b"Body=hel", chunked=True, breaks=InvalidChunkSize(b"zz")),
}
_EVENT = [
    ("Ce-Id", "1"),
    ("Ce-Source", "//firestore.googleapis.com/projects/p/databases/(default)"),
    ("Ce-Specversion", "1.0"),
    ("Ce-Type", "google.cloud.firestore.document.v1.written"),
    ("Content-Type", "application/protobuf"),
]


@pytest.mark.parametrize("entry_point", _HTTP)
@pytest.mark.parametrize("broken", _BREAKS.values(), ids=_BREAKS)
def test_a_body_that_breaks_off_is_refused_and_is_no_error_of_ours(
    world: World, entry_point: str, broken: Callable[[], Raw]
) -> None:
    answer = world.send(entry_point, broken())
    assert (answer.status, answer.effects, answer.printed) == (400, 0, "")


def test_malformed_chunks_are_refused_under_the_real_server_too(tmp_path: Path) -> None:
    with Served("sms_inbound", settings_for(tmp_path), tmp_path) as served:
        request = (
            b"POST /sms/inbound HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"
        )
        with socket.create_connection(("127.0.0.1", served.port), timeout=60) as connection:
            connection.sendall(request)
            answer = connection.makefile("rb").readline()
        assert answer.split()[1] == b"400"
        assert "unexpected" not in served.log.read_text("utf-8")
        assert "Traceback" not in served.log.read_text("utf-8")


@pytest.mark.parametrize(
    "given", [f"{BODY_MARK}/1;o=1", "\x1b[31m0123456789abcdef0123456789abcdef", "0" * 33, "", "0" * 31 + "/1"]
)
def test_no_words_of_a_caller_reach_the_log_as_a_trace(world: World, given: str) -> None:
    answer = world.send("sweep", Raw(headers=[("X-Cloud-Trace-Context", given)]))
    assert answer.status == 200
    assert '"sweep"' in answer.printed
    assert "trace" not in answer.printed


def test_a_trace_of_googles_still_groups_the_lines_of_a_request(world: World) -> None:
    trace = "0123456789abcdef0123456789abcdef"
    for given in (trace, f"{trace}/123;o=1"):
        answer = world.send("sweep", Raw(headers=[("X-Cloud-Trace-Context", given)]))
        assert f'"projects/fuzz/traces/{trace}"' in answer.printed


@pytest.mark.parametrize("words", [b"\xff" * 50, BODY_MARK.encode(), b""])
@pytest.mark.parametrize("kind", ["application/protobuf", "application/json", "application/cloudevents+json"])
def test_what_is_no_event_of_ours_is_refused_and_not_quoted_in_the_log(world: World, words: bytes, kind: str) -> None:
    for headers in (_EVENT[:-1], []):
        answer = world.send("relay_events", Raw(headers=[*headers, ("Content-Type", kind)], body=words))
        assert 400 <= answer.status < 500 or words == b""
        assert answer.effects == 0
        assert BODY_MARK not in answer.printed
        assert "Traceback" not in answer.printed


def test_an_event_that_cannot_be_published_comes_again_and_is_not_quoted_in_the_log(world: World) -> None:
    class Broken:
        def publish(self, topic: str, event: object) -> None:
            raise RuntimeError(f"{BODY_MARK} could not be published")

    event = Raw(headers=list(_EVENT), body=world.documents[0])
    with mock.patch.object(wiring.Runtime, "publisher", Broken()):
        answer = world.send("relay_events", event)
    assert answer.status == 503
    assert "unexpected RuntimeError in publish" in answer.printed
    assert BODY_MARK not in answer.printed
    assert world.send("relay_events", event).status == 200


def test_no_more_is_read_of_an_event_than_firestore_could_send(world: World) -> None:
    answer = world.send("relay_events", Raw(headers=list(_EVENT), chunked=True, endless=True))
    assert answer.status in (400, 413)
    assert len(answer.received) < 5_000_000
