"""The largest relay that can come to be: as many tiers, tries, redrives and words as there can be, by the machine."""

from __future__ import annotations

from datetime import timedelta

from relay.core import machine, moves
from relay.core.bounds import RETRIES_MAX, TIERS_MAX
from relay.core.events import Event, EventKind
from relay.core.failures import NOT_STARTED, Failure, FailureClass
from relay.core.model import Attachment, AttemptStatus, FinalStatus, InboundText, Relay, SenderClass
from relay.core.policy import UNSTARTED_RETRIES_MAX, Policy, Tier, sms
from relay.core.routes import Forward
from relay.web import BODY_MAX_BYTES

from tests.relays import OUR_NUMBER, T0

# What a webhook brings is at most BODY_MAX_BYTES in all: words of four bytes each, and ten files beside them.
_FILES = tuple(Attachment(f"ME{number:032x}", f"application/{'x' * 110}") for number in range(10))
WORDS = "\U0001f6e0" * ((BODY_MAX_BYTES - 4096) // 4)
REASON = "the provider says undelivered: " + "the carrier's own words for it, at length, " * 4
TRANSIENT = Failure(FailureClass.TRANSIENT, "Unreachable: switched off, out of coverage, or " + "blocked " * 8, 30003)
NAME = "\U0001f6e0" * 64  # as long as an operator's name is kept
LEASE = "0123456789abcdef-ffffff"


def policy() -> Policy:
    """As many tiers as there may be, with the longest names, each with as many retries as there may be."""
    return Policy(
        tuple(
            Tier("\U0001f6e0" * 100, sms(f"+1234567890{tier:05d}"), (3599.123456,) * RETRIES_MAX, 35999.123456)
            for tier in range(1, TIERS_MAX + 1)
        )
    )


def received() -> Relay:
    text = InboundText("SM" + "f" * 32, "+123456789012345", OUR_NUMBER, WORDS, len(_FILES), _FILES)
    return moves.receive(text, SenderClass.CUSTOMER, Forward(policy()), T0, LEASE, recovered_by="reconcile").relay


def driven(relay: Relay) -> Relay:
    """The relay after one drive in which each tier fails as often, and with as many lines, as it can."""
    now = relay.error_log[-1].at
    unstarted = 0

    def happens(kind: EventKind, **more: object) -> Relay:
        return machine.transition(relay, Event(kind, relay.attempts[-1].number, by="reconcile", **more), now).relay  # type: ignore[arg-type]

    while relay.final_status is FinalStatus.IN_PROGRESS:
        now += timedelta(seconds=3600, microseconds=1)
        attempt = relay.attempts[-1]
        if attempt.status is AttemptStatus.SCHEDULED:
            relay = happens(EventKind.ATTEMPT_DUE, lease=LEASE)
        if attempt.tier * UNSTARTED_RETRIES_MAX > unstarted:
            unstarted += 1
            relay = happens(EventKind.SEND_REFUSED, failure=NOT_STARTED, reason=REASON)
            continue
        relay = happens(EventKind.SEND_UNKNOWN, reason=REASON)
        relay = happens(EventKind.RECEIPT_PROGRESS, sent_id=f"SM{attempt.number:032x}", reason=REASON)
        relay = happens(EventKind.RECEIPT_FAILED, sent_id=f"SM{attempt.number:032x}", failure=TRANSIENT, reason=REASON)
    return machine.transition(relay, Event(EventKind.ALARM_RAISED), now).relay


def redriven(relay: Relay, number: int) -> tuple[Relay, str]:
    """The relay after another redrive from tier 1, and why it was refused."""
    event = Event(
        EventKind.REDRIVE_REQUESTED, policy=policy(), tier=1, request_id=f"{number:064d}", reason=REASON, by=NAME
    )
    decision = machine.transition(relay, event, relay.error_log[-1].at + timedelta(seconds=1))
    return decision.relay, decision.ignored_because


def largest_relay() -> Relay:
    """The relay after as many drives as it may have."""
    relay = driven(received())
    for number in range(1000):
        again, refusal = redriven(relay, number)
        if refusal:
            return relay
        relay = driven(again)
    raise AssertionError("it may be redriven for ever")
