"""A timer as the body of a task, and back. Pure; both homes of the escalation function read the same body."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from relay.core.model import Timer, TimerKind
from relay.errors import BadRequest

# Also keeps a body from naming anything but a document of our own collection.
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER_MAX = 9999


def encode(timer: Timer) -> bytes:
    """JSON with message_id, attempt, kind, due_at (ISO 8601, UTC) and tier. Never a phone number or a body."""
    return json.dumps(
        {
            "message_id": timer.message_id,
            "attempt": timer.attempt,
            "kind": timer.kind.value,
            "due_at": timer.due_at.astimezone(UTC).isoformat(),
            "tier": timer.queue_tier,
        },
        separators=(",", ":"),
    ).encode()


def decode(body: bytes) -> Timer:
    """The timer of a task's body; fields of other revisions are ignored. Raises BadRequest 400 if it is malformed."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest(400, "The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise BadRequest(400, "The body is not a JSON object.")
    message_id = fields.get("message_id")
    if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
        raise BadRequest(400, "message_id is not a message's id.")
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in set(TimerKind):
        raise BadRequest(400, f"kind is none of {', '.join(TimerKind)}.")
    return Timer(
        message_id=message_id,
        attempt=_number(fields, "attempt"),
        kind=TimerKind(kind),
        due_at=_time(fields.get("due_at")),
        queue_tier=_number(fields, "tier"),
    )


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _NUMBER_MAX:
        raise BadRequest(400, f"{name} is not a number from 1 to {_NUMBER_MAX}.")
    return value


def _time(value: object) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        if time is not None and time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadRequest(400, "due_at is not a time with its zone, like 2026-01-31T12:00:00+00:00.")
