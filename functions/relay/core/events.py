"""The machine's input and output: an Event happens to a relay, a Decision asks for effects. Plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from relay.core.failures import Failure
from relay.core.model import InboundText, Relay, SenderClass, Timer
from relay.core.policy import Policy


class State(StrEnum):
    """Where a relay stands, as seen by one event.

    The first four are the current attempt's status. EARLIER is a relay in progress seen by an event about an
    attempt that was already given up; WAITING is one that a handler got and that no person has taken yet.
    """

    SCHEDULED = "scheduled"
    LEASED = "leased"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    EARLIER = "earlier attempt"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    RECORDED = "recorded"
    HELD = "held"
    WAITING = "waiting for a claim"
    CLAIMED = "claimed"


class Meaning(StrEnum):
    """What a provider's word means for the attempt it is about."""

    QUEUED = (
        "waiting in its queue"  # the provider has the text and has not handed it on: its own queue is what it waits for
    )
    PROGRESS = "on its way"  # the provider has the text; its delivery is not decided yet
    HANDED_OVER = "handed over"  # the carrier took it; some carriers never report more than this
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says became of one of our texts: by a callback, or when it was asked.

    Attributes:
        sent_id: the provider's id of that text; opaque.
        word: the provider's own word, for the trail and the log only.
        failure: the reason, with FAILED only; None when no reason was given.
    """

    sent_id: str
    meaning: Meaning
    word: str
    failure: Failure | None = None


class EventKind(StrEnum):
    """What can happen. `receipt` is a provider's word on an attempt's fate: a callback or a look-up's answer."""

    INBOUND_REPEATED = "inbound repeated"
    INBOUND_SAYS_MORE = "inbound says more"
    ATTEMPT_DUE = "attempt due"
    SEND_ACCEPTED = "send accepted"
    SEND_REFUSED = "send refused"
    SEND_UNKNOWN = "send unknown"
    RECEIPT_PROGRESS = "receipt: on its way"
    RECEIPT_HANDED_OVER = "receipt: handed over"  # only where that counts as having reached the handler
    RECEIPT_DELIVERED = "receipt: delivered"
    RECEIPT_FAILED = "receipt: failed"
    DEADLINE_UNCONFIRMED = "deadline: not confirmed"
    DEADLINE_NOT_FOUND = "deadline: the provider does not know it"
    DEADLINE_QUEUED = "deadline: the provider still has it queued"
    DEADLINE_UNANSWERED = "deadline: the provider does not answer"
    DEADLINE_UNDECIDED = "deadline: the provider's answer fits several attempts"
    DEADLINE_UNTOLD = "deadline: the provider shows too little"
    NEVER_SENT = "look-up: never sent"
    LOOKED_UP = "look-up: all asked"
    LOOKUP_UNANSWERED = "look-up: the provider does not answer"
    ALARM_RAISED = "alarm raised"
    REDRIVE_REQUESTED = "redrive requested"
    TIMES_ARE_OFF = "times of a wrong clock"
    CLAIM_DUE = "claim due"
    CLAIMED = "claimed"
    PASSED = "passed"
    RELEASED = "released"
    RETURNED = "returned"
    LINK_REVOKED = "link revoked"
    HANDLED = "handled"
    UNHANDLED = "unhandled"


# The events about the relay as a whole; every other kind is about one of its attempts.
ABOUT_THE_RELAY = frozenset(
    {
        EventKind.INBOUND_REPEATED,
        EventKind.INBOUND_SAYS_MORE,
        EventKind.TIMES_ARE_OFF,
        EventKind.ALARM_RAISED,
        EventKind.REDRIVE_REQUESTED,
        EventKind.LOOKED_UP,
        EventKind.LOOKUP_UNANSWERED,
        EventKind.CLAIM_DUE,
        EventKind.CLAIMED,
        EventKind.PASSED,
        EventKind.RELEASED,
        EventKind.RETURNED,
        EventKind.LINK_REVOKED,
        EventKind.HANDLED,
        EventKind.UNHANDLED,
    }
)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        attempt: the attempt it is about; 0 when it is about the relay.
        lease: the caller's random token if it may perform an attempt itself, else None. The caller that finds its own
            token in the record knows that its own commit went through, although it never saw the store's reply.
        sent_id: the provider's id of the outgoing text, when the event tells it.
        asked_after: of what a look-up found, which goes by number and words: the last attempt that had been leased when
            the provider was asked. 0 where a callback or an answer tells it.
        failure: why the attempt failed, when the event tells it.
        retry_after_seconds: how long the provider asks us to wait before the next try.
        under: of a send's outcome the lease that it was made under, so that an earlier try's does not count.
        reason: in plain words, for the trail; never a body or a number.
        by: sweep, reconcile or an operator's name when one of these caused the event; empty for webhooks, callbacks and
            timers.
        policy, tier, request_id: of a redrive: today's tiers, the tier to begin with, and the idempotency key.
        set_by: of TIMES_ARE_OFF by how much the clock was set while the relay waited, where that is known.
        text, sender_class: of a text that came in again: what it says now, and from whom it counts as by that.
        note: of HANDLED what the operator says of it; never for the trail.
        person: who claims it or passes it on, by id; of ALARM_RAISED who was told by a notice in the alarm's place.
    """

    kind: EventKind
    attempt: int = 0
    lease: str | None = None
    sent_id: str | None = None
    asked_after: int = 0
    failure: Failure | None = None
    retry_after_seconds: float | None = None
    under: str | None = None
    reason: str = ""
    by: str = ""
    policy: Policy | None = None
    tier: int = 1
    request_id: str = ""
    set_by: timedelta | None = None
    text: InboundText | None = None
    sender_class: SenderClass | None = None
    person: str = ""
    note: str = ""

    @property
    def is_found(self) -> bool:
        """Whether a look-up found the text that it is about."""
        return self.asked_after > 0


@dataclass(frozen=True, slots=True)
class ArmTimer:
    timer: Timer


@dataclass(frozen=True, slots=True)
class CancelTimer:
    timer: Timer


@dataclass(frozen=True, slots=True)
class SendAttempt:
    """Send this attempt. The machine returns it only to the caller whose token is the attempt's lease."""

    number: int


@dataclass(frozen=True, slots=True)
class WithdrawAttempt:
    """Take back this attempt, which is under way although another one was delivered. Only some channels can."""

    number: int


@dataclass(frozen=True, slots=True)
class RaiseAlarm:
    """Tell people that this text goes to no handler unless they see to it; then report ALARM_RAISED."""


@dataclass(frozen=True, slots=True)
class TellOutage:
    """Tell people that texts wait because of this failure, which meets every handler alike."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class TellOutageOver:
    """Tell people that the provider has a text of this relay, about whose outage they were told."""


Effect = ArmTimer | CancelTimer | SendAttempt | WithdrawAttempt | RaiseAlarm | TellOutage | TellOutageOver


@dataclass(frozen=True, slots=True)
class Decision:
    """What the machine decided.

    Attributes:
        relay: as it shall be.
        effects: what to do once that is committed, or at once when nothing changed.
        ignored_because: why nothing changed; empty when something did.
    """

    relay: Relay
    effects: tuple[Effect, ...] = ()
    ignored_because: str = ""

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return not self.ignored_because

    @property
    def timers(self) -> tuple[Timer, ...]:
        """Returns the timers that it arms."""
        return tuple(effect.timer for effect in self.effects if isinstance(effect, ArmTimer))


def ignored(relay: Relay, because: str, *effects: Effect) -> Decision:
    """Returns the decision that leaves the relay as it is; `effects` are what the record says is pending."""
    return Decision(relay, effects, because)
