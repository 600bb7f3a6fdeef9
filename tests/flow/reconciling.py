"""Reconcile's own vocabulary: what Twilio has, a run, and how far it came."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from relay.flow import reconcile
from relay.flow.reconcile import WATERMARK
from relay.homes import RECONCILE_EVERY_SECONDS as EVERY
from relay.ports import ReceivedMessage

from tests.relays import MESSAGE_ID, OUR_NUMBER, text
from tests.worlds import Doubles

__all__ = ["EVERY", "is_stored", "listed_id", "reconciled_before", "run", "runs", "twilio_has", "watermark"]


def listed_id(number: int) -> str:
    return f"SM{0xABC000 + number:032x}"


def reconciled_before() -> Doubles:
    """A relay that has been reconciled before."""
    doubles = Doubles()
    doubles.store.set_watermark(WATERMARK, doubles.clock.now(), timeout_seconds=1.0)
    return doubles


def twilio_has(
    doubles: Doubles,
    message_id: str = MESSAGE_ID,
    age: float = 60.0,
    sender: str = "",
    to: str = OUR_NUMBER,
    **row: Any,
) -> datetime:
    """Twilio took in a text so many seconds ago. Returns when."""
    one = replace(text(message_id), recipient_phone=to)
    one = replace(one, sender_phone=sender) if sender else one
    received_at = doubles.clock.now() - timedelta(seconds=age)
    doubles.messenger.received.append(replace(ReceivedMessage(one, received_at), **row))
    return received_at


def run(doubles: Doubles, limit: int = reconcile.RUN_LIMIT) -> reconcile.ReconcileReport:
    return reconcile.reconcile(doubles.world, doubles.intake, limit)


def runs(doubles: Doubles, hours: float) -> list[reconcile.ReconcileReport]:
    """A run now and then one every five minutes, for so many hours."""
    reports = []
    for _ in range(round(hours * 3600 / EVERY)):
        reports.append(run(doubles))
        doubles.clock.advance(EVERY)
    return reports


def watermark(doubles: Doubles) -> datetime | None:
    return doubles.store.get_watermark(WATERMARK, timeout_seconds=1.0)


def is_stored(doubles: Doubles, message_id: str) -> bool:
    return doubles.store.get(message_id, timeout_seconds=1.0) is not None
