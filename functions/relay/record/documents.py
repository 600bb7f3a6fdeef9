"""A relay as a document: the field names of the record, which both homes share.

Values are plain: str, int, float, bool, None, list, dict and aware datetimes (each store writes those its own way).
Reading tolerates what another revision of this code wrote: missing fields get defaults, further fields and words are
kept and written back (core/foreign.py says what they count as). Only a later `schema_version` is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from relay.core.failures import Failure, FailureClass
from relay.core.foreign import foreign
from relay.core.model import (
    Attachment,
    Attempt,
    AttemptStatus,
    FinalStatus,
    Purpose,
    Relay,
    SenderClass,
    Step,
    TrailEntry,
)
from relay.errors import NewerRecord
from relay.record import earlier
from relay.record.policies import (
    REACH_FIELDS,
    policy_document,
    policy_from_document,
    reach_document,
    reach_in,
    rest_of,
)
from relay.record.policies import Document as Document
from relay.record.shape import require_shape

# Rises only when the meaning of something already written changes. A revision raises NewerRecord for a record of a
# later version and leaves it alone: the text in it waits for the revision that wrote it.
SCHEMA_VERSION = 1

# A larger document is refused for good by every store, as Firestore does (quotas: maximum size of a document, 1 MiB).
# What the core lets a record grow to is far below (core/bounds.py).
DOCUMENT_BYTES_MAX = 1_048_576

# An attempt's fields by the names they have in its document. Its failure and its reach are several of them.
_PLAIN_FIELDS = {
    field.name: field.name for field in fields(Attempt) if field.name not in ("failure", "reach", "status", "rest")
} | {"sent_id": "message_sid", "lease": "claim"}
# Those that are written only where they are set.
_FLAGS = ("is_adopted", "is_refused", "is_handed_over", "is_contradicted", "off_by_seconds", "had_link")
_OF_CLAIMS = ("claimed_by", "claimed_at", "claim_until")
_OF_THREADS = ("thread_id", "code", "cause_id", "asked", *_OF_CLAIMS, "alarm_if_lost", "handler_is_told")
_OF_HANDLING = ("handled_by", "handled_note", "handled_at", "handled_attempts")
_WHERE_SET = (*_OF_THREADS, "media_token", "written_at", *_OF_HANDLING)
_FAILURE_FIELDS = frozenset({"error_code", "failure_class", "failure_words"})
_ATTEMPT_FIELDS = frozenset({*_PLAIN_FIELDS.values(), "status", *REACH_FIELDS, *_FAILURE_FIELDS})
_ATTACHMENT_FIELDS = tuple(field.name for field in fields(Attachment) if field.name != "rest")
_TRAIL_FIELDS = tuple(field.name for field in fields(TrailEntry) if field.name != "rest")
RELAY_FIELDS = frozenset({"schema_version", *(field.name for field in fields(Relay) if field.name != "rest")})
_TIER_STATUS = re.compile(r"tier_\d+_status")

_STEPS = {word.value: word for word in Step}
_STATUSES = {word.value: word for word in AttemptStatus}
_ENDS = {word.value: word for word in FinalStatus}
_SENDERS = {word.value: word for word in SenderClass}
_PURPOSES = {word.value: word for word in Purpose}
_FAILURES = {word.value: word for word in FailureClass}


def to_document(relay: Relay) -> Document:
    """Returns the document of a relay, `tier_N_status` for each tier included."""
    document: Document = {
        "schema_version": SCHEMA_VERSION,
        "message_id": relay.message_id,
        "timestamp": relay.timestamp,
        "sender_phone": relay.sender_phone,
        "recipient_phone": relay.recipient_phone,
        "recipient_address": relay.recipient_address,
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
        "first_attempt_of_words": relay.first_attempt_of_words,
        "redrive_ids": list(relay.redrive_ids),
        "lines_logged": relay.lines_logged,
        "alarm_is_due": relay.alarm_is_due,
        "fate_lookups": relay.fate_lookups,
        "fate_lookups_answered": relay.fate_lookups_answered,
        "outage_since": relay.outage_since,
        "outage_waits": relay.outage_waits,
        "outage_seconds": relay.outage_seconds,
        "outage_is_told": relay.outage_is_told,
        "attachments": [_attachment_document(attachment) for attachment in relay.attachments],
        "set_aside_because": relay.set_aside_because,
        "policy": policy_document(relay.policy),
    }
    for number in range(1, relay.policy.last_tier + 1):
        document[f"tier_{number}_status"] = relay.tier_status(number)
    if relay.purpose is not Purpose.FORWARD:
        document["purpose"] = relay.purpose.value
    document.update({name: value for name in _WHERE_SET if (value := getattr(relay, name))})
    document.update(relay.rest)
    return document


def require_known_version(document: Document) -> None:
    """Raises NewerRecord for a document of a later version: before anything else of it is read."""
    version = document.get("schema_version", SCHEMA_VERSION)
    if version > SCHEMA_VERSION:
        raise NewerRecord(version)


def from_document(document: Document) -> Relay:
    """Returns the relay of a document.

    Raises NewerRecord when it is of a later version, KeyError, TypeError or ValueError when it is not one of ours.
    """
    require_known_version(document)
    document = earlier.completed(document)
    sender, end = document["sender_class"], document["final_status"]
    purpose = document.get("purpose", Purpose.FORWARD.value)
    trail = document.get("error_log", ())
    relay = Relay(
        message_id=document["message_id"],
        timestamp=document["timestamp"],
        sender_phone=document["sender_phone"],
        recipient_phone=document["recipient_phone"],
        message_body=document["message_body"],
        media_count=document.get("media_count", 0),
        sender_class=_SENDERS.get(sender) or foreign(SenderClass, sender),
        policy=policy_from_document(document["policy"]),
        expires_at=document["expires_at"],
        final_status=_ENDS.get(end) or foreign(FinalStatus, end),
        attempts=tuple([_attempt(value, trail) for value in document.get("attempts", ())]),
        error_log=tuple([_trail_entry(value) for value in trail]),
        delivered_tier=document.get("delivered_tier"),
        delivery_confirmed_at=document.get("delivery_confirmed_at"),
        due_at=document.get("due_at"),
        recovered=document.get("recovered", False),
        first_attempt_of_drive=document.get("first_attempt_of_drive", 1),
        first_attempt_of_words=document.get("first_attempt_of_words", 1),
        redrive_ids=tuple(document.get("redrive_ids", ())),
        lines_logged=document["lines_logged"],
        alarm_is_due=document.get("alarm_is_due", False),
        fate_lookups=document.get("fate_lookups", 0),
        fate_lookups_answered=document.get("fate_lookups_answered", 0),
        outage_since=document.get("outage_since"),
        outage_waits=document.get("outage_waits", 0),
        outage_seconds=document.get("outage_seconds", 0.0),
        outage_is_told=document.get("outage_is_told", False),
        attachments=tuple([_attachment(value) for value in document.get("attachments", ())]),
        set_aside_because=document.get("set_aside_because", ""),
        recipient_address=document.get("recipient_address", ""),
        purpose=_PURPOSES.get(purpose) or foreign(Purpose, purpose),
        **{name: document[name] for name in _WHERE_SET if name in document},
        rest=tuple([pair for pair in rest_of(document, RELAY_FIELDS) if not _TIER_STATUS.fullmatch(pair[0])]),
    )
    require_shape(relay)
    return relay


def _attachment_document(attachment: Attachment) -> Document:
    document = {name: getattr(attachment, name) for name in _ATTACHMENT_FIELDS}
    if not attachment.is_in_words:
        del document["is_in_words"]
    return {**document, **dict(attachment.rest)}


def _attachment(document: Document) -> Attachment:
    values = {name: document[name] for name in _ATTACHMENT_FIELDS if name in document}
    return Attachment(**values, rest=rest_of(document, _ATTACHMENT_FIELDS))


def _attempt_document(attempt: Attempt) -> Document:
    document = {stored: getattr(attempt, name) for name, stored in _PLAIN_FIELDS.items()}
    for name in _FLAGS:
        if not document[name]:  # the document is paid for by the byte
            del document[name]
    document["status"] = attempt.status.value
    document |= reach_document(attempt.reach)
    failure = attempt.failure
    document["error_code"] = failure.code if failure else None
    if failure is not None:
        document["failure_class"] = failure.failure_class.value
        document["failure_words"] = failure.words
    if attempt.rest:
        document.update(attempt.rest)
    return document


def _attempt(document: Document, trail: Sequence[Document]) -> Attempt:
    values = {name: document[stored] for name, stored in _PLAIN_FIELDS.items() if stored in document}
    status = document["status"]
    return Attempt(
        **values,
        status=_STATUSES.get(status) or foreign(AttemptStatus, status),
        reach=reach_in(document),
        failure=_failure(document, trail),
        rest=rest_of(document, _ATTEMPT_FIELDS),
    )


def _failure(document: Document, trail: Sequence[Document]) -> Failure | None:
    if "failure_class" not in document:
        return earlier.failure_of(document, trail)
    word = document["failure_class"]
    failure_class = _FAILURES.get(word) or foreign(FailureClass, word)
    return Failure(failure_class, document.get("failure_words", ""), document["error_code"])


def _trail_document(entry: TrailEntry) -> Document:
    # Only what is set: a trail is mostly empty columns, and the document is paid for by the byte.
    document = {name: value for name in _TRAIL_FIELDS if (value := getattr(entry, name)) not in (None, "")}
    document["step"] = entry.step.value
    if entry.rest:
        document.update(entry.rest)
    return document


def _trail_entry(document: Document) -> TrailEntry:
    values = {name: document[name] for name in _TRAIL_FIELDS if name in document}
    if len(values) != len(document):
        values["rest"] = rest_of(document, _TRAIL_FIELDS)
    step = values["step"]
    values["step"] = _STEPS.get(step) or foreign(Step, step)
    return TrailEntry(**values)


def plain(value: Any) -> Any:
    """Returns the same value for JSON: datetimes in ISO 8601, UTC, microseconds kept."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
