"""The body of a task: what is encoded comes back, and nothing malformed is taken for a timer."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any

import pytest
from relay.core.model import Timer, TimerKind
from relay.errors import BadRequest
from relay.google import task

from tests.google.samples import NOW, sid

TIMER = Timer(sid(1), 2, TimerKind.DEADLINE, NOW, 3)
FIELDS = {
    "message_id": sid(1),
    "attempt": 2,
    "kind": "deadline",
    "due_at": "2026-03-04T05:06:07.123457+00:00",
    "tier": 3,
}


def test_a_timer_is_encoded_as_documented() -> None:
    assert json.loads(task.encode(TIMER)) == FIELDS


@pytest.mark.parametrize("kind", TimerKind)
def test_a_timer_comes_back_as_it_was(kind: TimerKind) -> None:
    timer = Timer(sid(1), 1, kind, NOW, 1)
    assert task.decode(task.encode(timer)) == timer


def test_a_time_of_another_zone_is_the_same_time() -> None:
    elsewhere = Timer(sid(1), 2, TimerKind.DEADLINE, NOW.astimezone(timezone(timedelta(hours=5))), 3)
    assert task.encode(elsewhere) == task.encode(TIMER)


def test_fields_of_another_revision_are_ignored() -> None:
    assert task.decode(json.dumps({**FIELDS, "of_tomorrow": 1}).encode()) == TIMER


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"null", b"[]", b'"x"', b"7", b"{", b"{}", b"[" * 100_000, b'{"attempt": NaN}'],
)
def test_a_body_that_is_not_an_object_of_ours_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest) as raised:
        task.decode(body)
    assert raised.value.status == 400


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_refused_by_its_name(name: str) -> None:
    rest = {key: value for key, value in FIELDS.items() if key != name}
    with pytest.raises(BadRequest, match=name):
        task.decode(json.dumps(rest).encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("message_id", ""),
        ("message_id", "a/b"),
        ("message_id", "SM1\n"),
        ("message_id", "S" * 65),
        ("message_id", 7),
        ("attempt", 0),
        ("attempt", -1),
        ("attempt", 10_000),
        ("attempt", True),
        ("attempt", 1.0),
        ("attempt", "1"),
        ("tier", 0),
        ("tier", None),
        ("kind", "alarm"),
        ("kind", ["deadline"]),
        ("due_at", "2026-03-04T05:06:07"),
        ("due_at", "soon"),
        ("due_at", 1_700_000_000),
        ("due_at", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_a_malformed_field_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(BadRequest, match=name) as raised:
        task.decode(json.dumps({**FIELDS, name: value}).encode())
    assert raised.value.status == 400
