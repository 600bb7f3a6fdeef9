"""Relays for the tests of this folder, made by the machine itself, and small doubles of the adapters' surroundings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from relay.core import machine, moves
from relay.core.events import ArmTimer, Event, EventKind
from relay.core.model import Attachment, FinalStatus, InboundText, Relay, SenderClass, Timer
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.twilio.codes import failure_of

SENDER = "+15550003001"
OURS = "+15550001000"
BODY = "the boiler is leaking"
# Microseconds that no binary fraction hits, to see that none is lost.
NOW = datetime(2026, 3, 4, 5, 6, 7, 123457, UTC)
POLICY = Policy(
    (Tier("first", sms("+15550002001")), Tier("second", sms("+15550002002")), Tier("third", sms("+15550002003")))
)


def sid(number: int) -> str:
    return f"SM{number:032x}"


def new_relay(number: int = 1, at: datetime = NOW, sender: str = SENDER) -> tuple[Relay, list[Timer]]:
    """A relay just received, its attempt leased, with the timers to arm."""
    text = InboundText(sid(number), sender, OURS, BODY, 2, (Attachment("ME" + "0" * 32, "image/jpeg"),))
    decision = moves.receive(text, SenderClass.CUSTOMER, Forward(POLICY), at, lease="c1")
    return decision.relay, [effect.timer for effect in decision.effects if isinstance(effect, ArmTimer)]


def failed_once(relay: Relay) -> Relay:
    """Its first attempt failed: a second one is planned, and the trail has grown."""
    event = Event(EventKind.SEND_REFUSED, 1, failure=failure_of(20429), sent_id=sid(99))
    return machine.transition(relay, event, relay.timestamp + timedelta(microseconds=1)).relay


def delivered(relay: Relay) -> Relay:
    return machine.transition(relay, Event(EventKind.RECEIPT_DELIVERED, 1), relay.timestamp).relay


def expired(relay: Relay) -> Relay:
    return replace(relay, expires_at=NOW, final_status=FinalStatus.DELIVERED)


def error_of(kind: type[Exception], *arguments: object) -> Exception:
    """An error of a client library, which declares no types for the making of one."""
    return kind("made up", *arguments)
