"""A relay as a document: the field names of the record, which both homes share.

Values are plain: str, int, float, bool, None, list, dict and aware datetimes (each store writes those its own way).
Reading tolerates what another revision of this code wrote: unknown fields are ignored, missing ones get defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from relay.core.failures import Failure, FailureClass
from relay.core.model import Attachment, Attempt, AttemptStatus, FinalStatus, Relay, SenderClass, Step, TrailEntry
from relay.core.policy import SMS, Policy, Reach, Success, Tier
from relay.record import earlier

Document = dict[str, Any]

SCHEMA_VERSION = 1

# The attempt's fields by the names they have in the document; its failure and its reach are several of
# them.
_ATTEMPT_FIELDS = {field.name: field.name for field in fields(Attempt) if field.name not in ("failure", "reach")}
_ATTEMPT_FIELDS["sent_id"] = "message_sid"
_ATTACHMENT_FIELDS = tuple(field.name for field in fields(Attachment))
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
        "attachments": [_attachment_document(attachment) for attachment in relay.attachments],
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
        "lines_logged": relay.lines_logged,
        "alarm_is_due": relay.alarm_is_due,
        "fate_lookups": relay.fate_lookups,
        "fate_lookups_answered": relay.fate_lookups_answered,
        "policy": policy_document(relay.policy),
    }
    for number in range(1, relay.policy.last_tier + 1):
        document[f"tier_{number}_status"] = relay.tier_status(number)
    return document


def from_document(document: Document) -> Relay:
    """The relay of a document. Raises KeyError, TypeError or ValueError when it is not one of ours."""
    document = earlier.completed(document)
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
        lines_logged=document["lines_logged"],
        alarm_is_due=document.get("alarm_is_due", False),
        fate_lookups=document.get("fate_lookups", 0),
        fate_lookups_answered=document.get("fate_lookups_answered", 0),
        attachments=tuple(_attachment(value) for value in document.get("attachments", ())),
    )


def policy_document(policy: Policy) -> Document:
    return {
        "tiers": [
            {
                "name": tier.name,
                **_reach_document(tier.reach),
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
                reach=_reach(value),
                retry_delays_seconds=tuple(value["retry_delays_seconds"]),
                receipt_timeout_seconds=value["receipt_timeout_seconds"],
                success=Success(value["success"]),
            )
            for value in document["tiers"]
        )
    )


def _reach_document(reach: Reach) -> Document:
    # A text is the rule, and the only reach that documents of before know.
    return {"phone": reach.address} if reach.kind == SMS else {"phone": reach.address, "reach_kind": reach.kind}


def _reach(document: Document) -> Reach:
    return Reach(document.get("reach_kind", SMS), document["phone"])


def _attachment_document(attachment: Attachment) -> Document:
    return {name: getattr(attachment, name) for name in _ATTACHMENT_FIELDS}


def _attachment(document: Document) -> Attachment:
    return Attachment(**{name: document[name] for name in _ATTACHMENT_FIELDS if name in document})


def _attempt_document(attempt: Attempt) -> Document:
    document = {stored: getattr(attempt, name) for name, stored in _ATTEMPT_FIELDS.items()}
    document["status"] = attempt.status.value
    document |= _reach_document(attempt.reach)
    failure = attempt.failure
    document["error_code"] = failure.code if failure else None
    if failure is not None:
        document["failure_class"] = failure.failure_class.value
        document["failure_words"] = failure.words
    return document


def _attempt(document: Document, trail: Sequence[Document]) -> Attempt:
    values = {name: document[stored] for name, stored in _ATTEMPT_FIELDS.items() if stored in document}
    values["status"] = AttemptStatus(values["status"])
    return Attempt(**values, reach=_reach(document), failure=_failure(document, trail))


def _failure(document: Document, trail: Sequence[Document]) -> Failure | None:
    if "failure_class" not in document:
        return earlier.failure_of(document, trail)
    failure_class = FailureClass(document["failure_class"])
    return Failure(failure_class, document.get("failure_words", ""), document["error_code"])


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
