"""What a relay is: immutable values, no behaviour beyond what they say of themselves.

Owns the words of the record. Knows nothing of time, storage, Twilio or how a relay changes (machine.py).
All times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from relay.core.foreign import Rest, is_foreign
from relay.core.policy import Policy

RETENTION = timedelta(days=90)


class FinalStatus(StrEnum):
    """How a relay ended, or that it has not."""

    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"  # a handler's carrier confirmed it
    EXHAUSTED = "exhausted"  # no tiers left; kept for people, who may redrive it
    RECORDED = "recorded"  # came from a handler or from ourselves: kept, never forwarded


class AttemptStatus(StrEnum):
    """How far one attempt has come."""

    SCHEDULED = "scheduled"  # waits for its start time
    CLAIMED = "claimed"  # somebody holds its lease and may be sending right now
    UNKNOWN = "unknown"  # the POST's outcome cannot be told: it may have left
    ACCEPTED = "accepted"  # Twilio has it; no receipt yet
    UNCONFIRMED = "unconfirmed"  # given up: accepted, but no delivery confirmed in time
    FAILED = "failed"  # refused or undelivered, or declared not sent
    WITHDRAWN = "withdrawn"  # scheduled, but no longer needed
    DELIVERED = "delivered"


_UNRESOLVED = frozenset({AttemptStatus.CLAIMED, AttemptStatus.UNKNOWN})
_KNOWN_STATUSES = frozenset(AttemptStatus)


class SenderClass(StrEnum):
    """Who sent the text that came in."""

    CUSTOMER = "customer"
    HANDLER = "handler"
    HANDLER_OPT_OUT = "handler_opt_out"  # a handler texted STOP or the like: Twilio now blocks that phone
    OWN_NUMBER = "own_number"


class Step(StrEnum):
    """What an entry of the audit trail records."""

    RECEIVED = "received"
    RECOVERED = "recovered"
    RECORDED = "recorded"
    ATTEMPT_SCHEDULED = "attempt_scheduled"
    ATTEMPT_STARTED = "attempt_started"
    ATTEMPT_ACCEPTED = "attempt_accepted"
    ATTEMPT_UNKNOWN = "attempt_unknown"
    ATTEMPT_FAILED = "attempt_failed"
    ATTEMPT_UNCONFIRMED = "attempt_unconfirmed"
    ATTEMPT_WITHDRAWN = "attempt_withdrawn"
    LOOKUP_REPEATED = "lookup_repeated"
    ESCALATED = "escalated"
    DELIVERED = "delivered"
    LATE_STATUS = "late_status"
    EXHAUSTED = "exhausted"
    ALARM_RAISED = "alarm_raised"
    REDRIVEN = "redriven"


_ALARM_STEPS = frozenset({Step.EXHAUSTED, Step.ALARM_RAISED})


class TimerKind(StrEnum):
    """What a timer is for."""

    ATTEMPT = "attempt"  # start this attempt
    DEADLINE = "deadline"  # this attempt's delivery should have been confirmed by now


@dataclass(frozen=True, slots=True)
class Timer:
    """A wake-up call, named by what it is for: arming it twice is harmless.

    `queue_tier` says whose queue and escalation function it goes to: the tier that will act when it fires.
    """

    message_id: str
    attempt: int
    kind: TimerKind
    due_at: datetime
    queue_tier: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to reach one handler.

    Attributes:
        number: 1-based within the relay, never reused, also not by a redrive.
        phone: the handler's number at that moment: a redrive may bring other tiers, and its fate is looked up by it.
        try_in_tier: 1-based within its tier and drive.
        starts_at: not to be sent earlier.
        claim: random token of whoever holds, or last held, its lease.
        lease_until: its holder must not start the POST later than this.
        deadline_at: when delivery must be confirmed; None until it is claimed.
        message_sid: Twilio's id for the text that went out, once known.
        error_code: Twilio's code when it failed.
        is_resend: sent once more after a negative look-up (the one documented window for a double).
        lookups: how often its deadline was put off because Twilio could not tell its fate yet.
        rest: what its document holds that only another revision knows; so in the other values.
    """

    number: int
    tier: int
    try_in_tier: int
    status: AttemptStatus
    starts_at: datetime
    claim: str | None = None
    lease_until: datetime | None = None
    deadline_at: datetime | None = None
    message_sid: str | None = None
    error_code: int | None = None
    is_resend: bool = False
    lookups: int = 0
    phone: str = ""
    rest: Rest = field(default=(), hash=False)

    @property
    def standing(self) -> AttemptStatus:
        """The status by which this revision works on it: its own, unless that is a foreign word (see foreign.py)."""
        if self.status in _KNOWN_STATUSES:
            return self.status
        return AttemptStatus.SCHEDULED if self.claim is None else AttemptStatus.ACCEPTED

    @property
    def is_unresolved(self) -> bool:
        """Nobody can tell (yet) whether its text left."""
        return self.status in _UNRESOLVED

    @property
    def was_declared_not_sent(self) -> bool:
        """Twilio had no such text when it was looked up. It may have come by it since: such an answer can be early."""
        return self.status is AttemptStatus.FAILED and self.message_sid is None and self.error_code is None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of the audit trail (`error_log` in the document). Never a body, never a phone number.

    `by` names who brought it about when it was not the ordinary course: sweep, reconcile, operator.
    """

    at: datetime
    step: Step
    tier: int | None = None
    attempt: int | None = None
    status: str | None = None
    error_code: int | None = None
    reason: str = ""
    by: str = ""
    rest: Rest = field(default=(), hash=False)


@dataclass(frozen=True, slots=True)
class InboundText:
    """A customer's message as Twilio hands it over. Phones are E.164 where the sender has such a number."""

    message_id: str
    sender_phone: str
    recipient_phone: str
    body: str
    media_count: int = 0


@dataclass(frozen=True, slots=True)
class Relay:
    """One inbound message and its journey.

    Attributes:
        timestamp: when we took it in.
        recipient_phone: our number it was sent to, and from which it is forwarded.
        policy: the tiers as they were at that moment.
        attempts: in the order they were made; the last one is the current one.
        error_log: the audit trail, all steps and not only errors.
        delivered_tier: the tier recorded as the one that delivered first.
        due_at: when somebody must act next; None when nothing is left to do. An ended relay is due until its alarm is
            on record and until the fate of every attempt is known as well as Twilio knows it.
        first_attempt_of_drive: number of the attempt with which the latest (re)drive began.
        redrive_ids: request ids of the redrives done, so that repeating one changes nothing.
    """

    message_id: str
    timestamp: datetime
    sender_phone: str
    recipient_phone: str
    message_body: str
    media_count: int
    sender_class: SenderClass
    policy: Policy
    expires_at: datetime
    final_status: FinalStatus = FinalStatus.IN_PROGRESS
    attempts: tuple[Attempt, ...] = ()
    error_log: tuple[TrailEntry, ...] = ()
    delivered_tier: int | None = None
    delivery_confirmed_at: datetime | None = None
    due_at: datetime | None = None
    recovered: bool = False
    first_attempt_of_drive: int = 1
    redrive_ids: tuple[str, ...] = ()
    rest: Rest = field(default=(), hash=False)

    @property
    def is_left_to_newer(self) -> bool:
        """It ended in a way that only a newer revision knows: there is nothing in it for this one to do."""
        return is_foreign(self.final_status)

    @property
    def current_attempt(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    def attempt(self, number: int) -> Attempt | None:
        """The attempt with this number, or None when the relay never made it."""
        return self.attempts[number - 1] if 1 <= number <= len(self.attempts) else None

    @property
    def alarm_is_due(self) -> bool:
        """Exhausted, and nobody has been told yet."""
        if self.final_status is not FinalStatus.EXHAUSTED:
            return False
        last = next((entry.step for entry in reversed(self.error_log) if entry.step in _ALARM_STEPS), None)
        return last is not Step.ALARM_RAISED

    def tier_status(self, tier: int) -> str:
        """The latest attempt's status at this tier in the current drive; `waiting` when none was made."""
        for attempt in reversed(self.attempts[self.first_attempt_of_drive - 1 :]):
            if attempt.tier == tier:
                return attempt.status.value
        return "waiting"
