"""How a relay changes: each function returns a new relay. A field that RelayChanges does not name never changes.

`log_relay_attempt` writes the trail and nothing else; `changed` and `with_attempt` write the state and no trail.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, TypeVar, Unpack

from relay.core.bounds import folded
from relay.core.failures import Failure
from relay.core.model import Attachment, Attempt, AttemptStatus, FinalStatus, Relay, SenderClass, Step, TrailEntry
from relay.core.policy import Policy

T = TypeVar("T")


class RelayChanges(TypedDict, total=False):
    """The fields of a relay that may change, but for its trail."""

    message_body: str
    media_count: int
    attachments: tuple[Attachment, ...]
    sender_class: SenderClass
    policy: Policy
    expires_at: datetime
    final_status: FinalStatus
    attempts: tuple[Attempt, ...]
    delivered_tier: int | None
    delivery_confirmed_at: datetime | None
    due_at: datetime | None
    first_attempt_of_drive: int
    first_attempt_of_words: int
    redrive_ids: tuple[str, ...]
    alarm_is_due: bool
    handler_is_told: bool
    fate_lookups: int
    fate_lookups_answered: int
    set_aside_because: str
    outage_since: datetime | None
    outage_waits: int
    outage_seconds: float
    outage_is_told: bool
    thread_id: str
    code: str
    asked: str
    claimed_by: str
    claimed_at: datetime | None
    claim_until: datetime | None
    media_token: str
    handled_by: str
    handled_note: str
    handled_at: datetime | None
    handled_attempts: int


class AttemptChanges(TypedDict, total=False):
    """The fields of an attempt that may change."""

    status: AttemptStatus
    lease: str | None
    lease_until: datetime | None
    starts_at: datetime
    deadline_at: datetime | None
    queued_until: datetime | None
    sent_id: str | None
    is_adopted: bool
    sent_digest: str | None
    failure: Failure | None
    is_resend: bool
    lookups: int
    is_refused: bool
    is_handed_over: bool
    is_contradicted: bool
    had_link: bool
    off_by_seconds: float


def changed(relay: Relay, **changes: Unpack[RelayChanges]) -> Relay:
    """Returns the relay with these fields changed."""
    return _with(relay, changes)


def with_attempt(relay: Relay, number: int, **changes: Unpack[AttemptChanges]) -> Relay:
    """Returns the relay with these fields of the attempt with this number changed."""
    attempts = list(relay.attempts)
    attempts[number - 1] = _with(attempts[number - 1], changes)
    return _with(relay, {"attempts": tuple(attempts)})


def with_accepted(relay: Relay, number: int, **changes: Unpack[AttemptChanges]) -> Relay:
    """Returns the relay with this attempt's text at the provider: no outage lasts, no refusal of it is on record."""
    accepted: AttemptChanges = {**changes, "status": AttemptStatus.ACCEPTED, "failure": None, "is_refused": False}
    return with_attempt(without_outage(relay), number, **accepted)


def with_fates_open(relay: Relay, **changes: Unpack[RelayChanges]) -> Relay:
    """Returns the relay with these fields changed, about whose open attempts the provider is asked from the start."""
    unasked: RelayChanges = {**changes, "fate_lookups": 0, "fate_lookups_answered": 0}
    return changed(relay, **unasked)


def without_outage(relay: Relay) -> Relay:
    """Returns the relay outside of an outage; what its drive used of the allowance stays used."""
    return (
        relay if relay.outage_since is None else changed(relay, outage_since=None, outage_waits=0, outage_is_told=False)
    )


def without_claim(relay: Relay) -> Relay:
    """Returns the relay as of one that no handler got and no person took, and that waits for no claim."""
    return changed(
        relay, claimed_by="", claimed_at=None, claim_until=None, delivered_tier=None, delivery_confirmed_at=None
    )


def log_relay_attempt(
    relay: Relay,
    step: Step,
    now: datetime,
    attempt: int | None = None,
    *,
    tier: int | None = None,
    status: str | None = None,
    error_code: int | None = None,
    reason: str = "",
    by: str = "",
) -> Relay:
    """Append one line to the relay's audit trail, of which the oldest lines are folded when it grows too long.

    The tier is the attempt's unless it is given.
    """
    if tier is None and attempt:
        tier = relay.attempts[attempt - 1].tier
    entry = TrailEntry(now, step, tier, attempt or None, status, error_code, reason, by, relay.lines_logged)
    trail = folded((*relay.error_log, entry))
    return _with(relay, {"error_log": trail, "lines_logged": relay.lines_logged + 1})


def _with(value: T, changes: Any) -> T:
    # Like dataclasses.replace, at a tenth of its cost: every event changes a relay, and to copy a dict is several times
    # faster than to set each field. That is why Relay and Attempt have no slots.
    new = object.__new__(type(value))
    vars(new).update(vars(value), **changes)
    return new
