"""The way of an outbound message through its statuses, planned when it is accepted."""

from typing import NamedTuple

from scripts.fake_twilio.faults.fates import End, Fate
from scripts.fake_twilio.message import Status
from scripts.fake_twilio.settings import StatusDelays

VALIDITY_EXPIRED = 30036

_WAY: dict[End, tuple[Status, ...]] = {
    "queued": (),
    "sending": ("sending",),
    "sent": ("sending", "sent"),
    "delivered": ("sending", "sent", "delivered"),
    "undelivered": ("sending", "sent", "undelivered"),
    "failed": ("sending", "failed"),
}


class Step(NamedTuple):
    """After `delay_seconds` in the status before, the message goes to `status`."""

    delay_seconds: float
    status: Status
    error_code: int | None = None


def plan(fate: Fate, delays: StatusDelays, validity_seconds: int, queue_seconds: float) -> tuple[Step, ...]:
    """The steps after `queued`, which is where every message begins and waits for its turn.

    A message that would stay queued longer than its validity fails with 30036 instead. A fate that ends in
    `queued` waits for just that.
    """
    stay = {
        "queued": delays.queued_seconds + queue_seconds,
        "sending": delays.sending_seconds,
        "sent": delays.sent_seconds,
    }
    stay[fate.waits] += fate.wait_seconds
    if fate.ends == "queued" or stay["queued"] > validity_seconds:
        return (Step(validity_seconds, "failed", VALIDITY_EXPIRED),)
    steps = []
    before = "queued"
    for status in _WAY[fate.ends]:
        is_failure = status in {"failed", "undelivered"}
        steps.append(Step(stay[before], status, fate.error_code if is_failure else None))
        before = status
    if fate.turns_to is not None:
        steps.append(Step(fate.turn_seconds, fate.turns_to, fate.turn_error_code))
    return tuple(steps)
