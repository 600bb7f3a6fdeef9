"""A relay as a document: the field names of the record, which both homes share.

Values are plain: str, int, float, bool, None, list, dict and aware datetimes (each store writes those its own way).
Reading tolerates what another revision of this code wrote: unknown fields are ignored, missing ones get defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from relay.core.failures import NOT_STARTED, UNREACHABLE, Failure, FailureClass
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Relay, SenderClass, Step, TrailEntry
from relay.core.policy import Policy, Success, Tier

Document = dict[str, Any]

SCHEMA_VERSION = 1

# The attempt's fields by the names they have in the document; its failure is three of them.
_ATTEMPT_FIELDS = {field.name: field.name for field in fields(Attempt) if field.name != "failure"}
_ATTEMPT_FIELDS["sent_id"] = "message_sid"
_TRAIL_FIELDS = tuple(field.name for field in fields(TrailEntry))


def to_document(relay: Relay) -> Document:
    """The document of a relay, `tier_N_status` for each tier included."""
    document: Document = {
        "schema_version": SCHEMA_VERSION,
        "message_id": relay.message_id,
        "timestamp": relay.timestamp,
        "sender_phone": relay.sender_phone,
        "recipient_phone": relay.recipient_phone,
        "message_body": relay.message_body,
        "media_count": relay.media_count,
        "sender_class": relay.sender_class.value,
        "final_status": relay.final_status.value,
        "error_log": [_trail_document(entry) for entry in relay.error_log],
        "delivery_confirmed_at": relay.delivery_confirmed_at,
        "delivered_tier": relay.delivered_tier,
        "expires_at": relay.expires_at,
        "due_at": relay.due_at,
        "recovered": relay.recovered,
        "attempts": [_attempt_document(attempt) for attempt in relay.attempts],
        "first_attempt_of_drive": relay.first_attempt_of_drive,
        "redrive_ids": list(relay.redrive_ids),
        "policy": policy_document(relay.policy),
    }
    for number in range(1, relay.policy.last_tier + 1):
        document[f"tier_{number}_status"] = relay.tier_status(number)
    return document


def from_document(document: Document) -> Relay:
    """The relay of a document. Raises KeyError, TypeError or ValueError when it is not one of ours."""
    trail = document.get("error_log", ())
    return Relay(
        message_id=document["message_id"],
        timestamp=document["timestamp"],
        sender_phone=document["sender_phone"],
        recipient_phone=document["recipient_phone"],
        message_body=document["message_body"],
        media_count=document.get("media_count", 0),
        sender_class=SenderClass(document["sender_class"]),
        policy=policy_from_document(document["policy"]),
        expires_at=document["expires_at"],
        final_status=FinalStatus(document["final_status"]),
        attempts=tuple(_attempt(value, trail) for value in document.get("attempts", ())),
        error_log=tuple(_trail_entry(value) for value in trail),
        delivered_tier=document.get("delivered_tier"),
        delivery_confirmed_at=document.get("delivery_confirmed_at"),
        due_at=document.get("due_at"),
        recovered=document.get("recovered", False),
        first_attempt_of_drive=document.get("first_attempt_of_drive", 1),
        redrive_ids=tuple(document.get("redrive_ids", ())),
    )


def policy_document(policy: Policy) -> Document:
    return {
        "tiers": [
            {
                "name": tier.name,
                "phone": tier.phone,
                "retry_delays_seconds": list(tier.retry_delays_seconds),
                "receipt_timeout_seconds": tier.receipt_timeout_seconds,
                "success": tier.success.value,
            }
            for tier in policy.tiers
        ]
    }


def policy_from_document(document: Document) -> Policy:
    return Policy(
        tuple(
            Tier(
                name=value["name"],
                phone=value["phone"],
                retry_delays_seconds=tuple(value["retry_delays_seconds"]),
                receipt_timeout_seconds=value["receipt_timeout_seconds"],
                success=Success(value["success"]),
            )
            for value in document["tiers"]
        )
    )


def _attempt_document(attempt: Attempt) -> Document:
    document = {stored: getattr(attempt, name) for name, stored in _ATTEMPT_FIELDS.items()}
    document["status"] = attempt.status.value
    failure = attempt.failure
    document["error_code"] = failure.code if failure else None
    if failure is not None:
        document["failure_class"] = failure.failure_class.value
        document["failure_words"] = failure.words
    return document


def _attempt(document: Document, trail: Sequence[Document]) -> Attempt:
    values = {name: document[stored] for name, stored in _ATTEMPT_FIELDS.items() if stored in document}
    values["status"] = AttemptStatus(values["status"])
    return Attempt(**values, failure=_failure(document, trail))


def _failure(document: Document, trail: Sequence[Document]) -> Failure | None:
    """The failure of an attempt. Documents of before have its code alone, and what it meant in the line that tells."""
    code, words = document.get("error_code"), document.get("failure_words", "")
    if "failure_class" in document:
        return Failure(FailureClass(document["failure_class"]), words, code)
    if code is None:
        return None
    for ours in (UNREACHABLE, NOT_STARTED):
        if code == ours.code:
            return ours
    for line in trail:
        if line.get("attempt") == document["number"] and line["step"] == Step.ATTEMPT_FAILED and "status" in line:
            return Failure(FailureClass(line["status"]), line.get("reason", ""), code)
    return Failure(FailureClass.UNKNOWN_CODE, "", code)


def _trail_document(entry: TrailEntry) -> Document:
    # Only what is set: a trail is mostly empty columns, and the document is paid for by the byte.
    document = {name: value for name in _TRAIL_FIELDS if (value := getattr(entry, name)) not in (None, "")}
    document["step"] = entry.step.value
    return document


def _trail_entry(document: Document) -> TrailEntry:
    values = {name: document[name] for name in _TRAIL_FIELDS if name in document}
    values["step"] = Step(values["step"])
    return TrailEntry(**values)


def plain(value: Any) -> Any:
    """The same value for JSON: datetimes in ISO 8601, UTC, microseconds kept."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
