"""What a relay is: immutable values, no behaviour beyond what they say of themselves.

Owns the words of the record. Knows nothing of time, storage, a provider or how a relay changes (machine.py).
All times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relay.core.failures import Failure
from relay.core.foreign import Rest, is_foreign
from relay.core.inbound import Attachment as Attachment
from relay.core.inbound import InboundText as InboundText
from relay.core.policy import Policy, Reach
from relay.core.words import AttemptStatus as AttemptStatus
from relay.core.words import Consent as Consent
from relay.core.words import FinalStatus as FinalStatus
from relay.core.words import Purpose as Purpose
from relay.core.words import SenderClass as SenderClass
from relay.core.words import Step as Step
from relay.core.words import TimerKind as TimerKind

RETENTION = timedelta(days=90)


_UNRESOLVED = frozenset({AttemptStatus.LEASED, AttemptStatus.UNKNOWN})
_ALIVE = frozenset({AttemptStatus.SCHEDULED, AttemptStatus.LEASED, AttemptStatus.UNKNOWN, AttemptStatus.ACCEPTED})
_KNOWN_STATUSES = frozenset(AttemptStatus)


@dataclass(frozen=True, slots=True)
class Timer:
    """A wake-up call for one attempt. All its fields name it, so arming it twice makes one timer.

    `queue_tier` is the tier whose queue and escalation function it goes to: the one that will act when it fires.
    """

    message_id: str
    attempt: int
    kind: TimerKind
    due_at: datetime
    queue_tier: int


@dataclass(frozen=True)
class Attempt:
    """One try to reach one handler.

    Attributes:
        number: 1-based within the relay, never reused, also not by a redrive.
        reach: the handler's at that moment: a redrive may bring other tiers, and its fate is looked up by it.
        try_in_tier: 1-based within its tier and drive.
        starts_at: not to be sent earlier.
        lease: random token of the process that holds, or last held, its lease.
        lease_until: its holder must not start the POST later than this.
        deadline_at: when delivery must be confirmed; None until it is leased.
        queued_until: until when the provider may keep the text queued; None until it is leased.
        sent_id: the provider's id of the text that went out, once known; opaque.
        is_adopted: that id was found by a look-up, so that a callback may still name another one.
        had_link: the text that went out, or was about to, holds the link to the relay's files.
        sent_digest: what the words that went out, or were about to, are recognised by; opaque.
        failure: why it failed, when a reason is known.
        is_resend: sent once more after a negative look-up (the one documented window for a double).
        is_refused: it failed by the answer to its POST, and no receipt has shown that its text exists after all.
        is_handed_over: it counts as delivered because its carrier took it, and nothing more was told: a failure that is
            told later outranks that.
        is_contradicted: a delivery and a failure were both told of it; the delivery counts.
        lookups: how often its deadline was put off because the provider could not say what became of it.
        off_by_seconds: how far its times may be off the provider's, because a clock was wrong.
        rest: what its document holds that only another revision knows; so in the other values.
    """

    number: int
    tier: int
    try_in_tier: int
    status: AttemptStatus
    starts_at: datetime
    reach: Reach
    lease: str | None = None
    lease_until: datetime | None = None
    deadline_at: datetime | None = None
    queued_until: datetime | None = None
    sent_id: str | None = None
    is_adopted: bool = False
    sent_digest: str | None = None
    had_link: bool = False
    failure: Failure | None = None
    is_resend: bool = False
    lookups: int = 0
    is_refused: bool = False
    is_handed_over: bool = False
    is_contradicted: bool = False
    off_by_seconds: float = 0.0
    rest: Rest = field(default=(), hash=False)

    @property
    def error_code(self) -> int | None:
        """Returns the provider's code of the failure, where it told one."""
        return self.failure.code if self.failure else None

    @property
    def standing(self) -> AttemptStatus:
        """Returns the status by which this revision works on it: its own, or if that is foreign see foreign.py."""
        if self.status in _KNOWN_STATUSES:
            return self.status
        waits = self.lease is None or self.is_refused
        return AttemptStatus.SCHEDULED if waits else AttemptStatus.ACCEPTED

    @property
    def is_unresolved(self) -> bool:
        """Whether neither the sending process nor the provider has said if the text left."""
        return self.status in _UNRESOLVED

    @property
    def is_alive(self) -> bool:
        """Whether it waits to be sent, is being sent, or awaits its receipt."""
        return self.standing in _ALIVE

    @property
    def was_declared_not_sent(self) -> bool:
        """Whether it failed because the provider, when asked, had no such text. It may have got the text after that."""
        return self.status is AttemptStatus.FAILED and self.sent_id is None and self.failure is None


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """One line of the audit trail (`error_log` in the document). Never a body, never a phone number.

    `by` is sweep or reconcile when one of these caused it, and the name of an operator who did; empty for webhooks,
    callbacks and timers. `number` counts the relay's lines from 0; a line keeps its number even when earlier lines are
    removed.
    """

    at: datetime
    step: Step
    tier: int | None = None
    attempt: int | None = None
    status: str | None = None
    error_code: int | None = None
    reason: str = ""
    by: str = ""
    number: int = 0
    rest: Rest = field(default=(), hash=False)


@dataclass(frozen=True)
class Relay:
    """One inbound message and its journey.

    Attributes:
        timestamp, written_at: when we took it in; and when the provider did, where that was well before.
        recipient_phone: our number from which it is forwarded; nearly always the one that it was sent to.
        media_count: how many files came with it.
        policy: the tiers as they were at that moment.
        attempts: in the order they were made; see `current_attempt`.
        error_log: the audit trail, all steps and not only errors.
        delivered_tier: the tier recorded as the one that delivered first.
        due_at: when a timer or else the sweep must act next; None when nothing is left to do. An ended relay is due
            until its alarm is on record and the provider has nothing more to tell of its attempts (core/fates.py).
        first_attempt_of_drive: number of the attempt with which the latest (re)drive began.
        first_attempt_of_words: number of the first attempt whose delivery counts: earlier ones were made with less of
            `message_body`, or for a person who passed it on.
        redrive_ids: request ids of the redrives done, so that repeating one changes nothing.
        lines_logged: how many lines its trail has had; the next one's number.
        alarm_is_due: it ended in a way that people must know of, and not on record that the alarm was raised.
        fate_lookups, fate_lookups_answered: how often the provider was asked about open attempts since the end, and how
            often it answered.
        attachments: the files whose ids are known; fewer than `media_count` when the provider did not tell all of them.
        set_aside_because: why it cannot go on by itself and waits for a person, in words; "" while it can. `due_at` is
            None then. The store sets it (RelayStore.set_aside), and the next change of the relay removes it.
        outage_since: when the outage that it waits out began; None outside of one (core/outages.py).
        outage_waits: how often it has waited in this outage.
        outage_seconds: what this drive has used of its allowance for outages.
        outage_is_told: people were told of this outage for this relay.
        recipient_address: our address that it was sent to, as written, where that is not `recipient_phone`.
        purpose: what it is for. An answer or a notice is a relay of its own, of one tier.
        thread_id: the thread that it belongs to; "" without one.
        code: what its texts begin with; "" for nothing.
        cause_id: of an answer or a notice the message_id of the text that caused it.
        asked: what a handler's text was taken for (threads/verdict.Asked).
        claimed_by, claimed_at: the person who took it, by id, and since when; "" and None while no person has.
        claim_until: until when a text that was delivered waits for a person to take it; None while it does not.
        alarm_if_lost: people must know if this notice does not arrive.
        media_token: the secret by which its files can be opened, the last part of their link; "" without files, and
            once an operator has revoked it.
        handler_is_told: that it was lost was told to the handler who wrote it, by a notice, and not to operators.
        handled_by, handled_note, handled_at: the operator who saw to it, the note, and when (core/handling.py).
        handled_attempts: how many attempts it had made by then.
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
    first_attempt_of_words: int = 1
    redrive_ids: tuple[str, ...] = ()
    lines_logged: int = 0
    alarm_is_due: bool = False
    fate_lookups: int = 0
    fate_lookups_answered: int = 0
    attachments: tuple[Attachment, ...] = ()
    set_aside_because: str = ""
    recipient_address: str = ""
    outage_since: datetime | None = None
    outage_waits: int = 0
    outage_seconds: float = 0.0
    outage_is_told: bool = False
    purpose: Purpose = Purpose.FORWARD
    thread_id: str = ""
    code: str = ""
    cause_id: str = ""
    asked: str = ""
    claimed_by: str = ""
    claimed_at: datetime | None = None
    claim_until: datetime | None = None
    alarm_if_lost: bool = False
    media_token: str = ""
    handler_is_told: bool = False
    handled_by: str = ""
    handled_note: str = ""
    handled_at: datetime | None = None
    handled_attempts: int = 0
    written_at: datetime | None = None
    rest: Rest = field(default=(), hash=False)

    @property
    def files_to_see(self) -> int:
        """Returns how many files came with it that are not in its words."""
        return self.media_count - sum(attachment.is_in_words for attachment in self.attachments)

    @property
    def file_types(self) -> tuple[str, ...]:
        """Returns the content types of the files that came with it, as far as they are known, each once."""
        return tuple(sorted({attachment.content_type for attachment in self.attachments} - {""}))

    @property
    def is_left_to_newer(self) -> bool:
        """Whether only a newer revision knows how it ended, or what it is for; this one then does nothing with it."""
        return is_foreign(self.final_status) or is_foreign(self.purpose)

    @property
    def is_handled(self) -> bool:
        """Whether an operator saw to it; a revision that knows nothing of that may have sent it again since."""
        return self.handled_at is not None and self.handled_attempts == len(self.attempts)

    @property
    def lines_folded(self) -> int:
        """Returns how many lines of its trail are not kept any more (core/bounds.py)."""
        return max(0, self.lines_logged - len(self.error_log))

    @property
    def current_attempt(self) -> Attempt | None:
        """Returns the attempt that decides what a relay in progress does; None when none was made.

        That is the last one, unless a refused attempt turned out to exist and those planned after it were withdrawn.
        While a claim is waited for it is the last one that was not withdrawn: it stands at the tier that was reached.
        """
        if self.claim_until is not None:
            made = (attempt for attempt in reversed(self.attempts) if attempt.status is not AttemptStatus.WITHDRAWN)
            return next(made, None)
        alive = (attempt for attempt in reversed(self.attempts) if attempt.is_alive)
        return next(alive, self.attempts[-1] if self.attempts else None)

    @property
    def current(self) -> Attempt:
        """Returns the current attempt of a relay that has one. Raises ValueError for one that was never forwarded."""
        if (current := self.current_attempt) is None:
            raise ValueError("a relay that was never forwarded has no attempt")
        return current

    @property
    def attempts_of_drive(self) -> tuple[Attempt, ...]:
        """Returns the attempts since the relay began or was last redriven."""
        return self.attempts[self.first_attempt_of_drive - 1 :]

    def attempt(self, number: int) -> Attempt | None:
        """Returns the attempt with this number, or None when the relay never made it."""
        return self.attempts[number - 1] if 1 <= number <= len(self.attempts) else None

    def tier_status(self, tier: int) -> str:
        """Returns the latest attempt's status at this tier in the current drive; `waiting` when none was made."""
        for attempt in reversed(self.attempts_of_drive):
            if attempt.tier == tier:
                return "sending" if attempt.status is AttemptStatus.LEASED else attempt.status.value
        return "waiting"
