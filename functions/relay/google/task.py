"""A timer as the body of a task, and back. Pure; both homes of the escalation function read the same body."""

from __future__ import annotations

import json
from datetime import UTC

from relay.core.model import Timer, TimerKind
from relay.fields import choice, fields_of, message_id, number, time

_NUMBER_MAX = 9999


def encode(timer: Timer) -> bytes:
    """Returns JSON with message_id, attempt, kind, due_at (ISO 8601, UTC) and tier. Never a phone number or a body."""
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
    """Returns the timer of a task's body; ignores fields of other revisions. Raises BadRequest 400 when malformed."""
    fields = fields_of(body)
    return Timer(
        message_id=message_id(fields),
        attempt=number(fields, "attempt", _NUMBER_MAX),
        kind=choice(fields, "kind", TimerKind),
        due_at=time(fields, "due_at"),
        queue_tier=number(fields, "tier", _NUMBER_MAX),
    )
