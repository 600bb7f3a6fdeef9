"""Every order of up to five callbacks about one text, one of them doubled, before and after its POST returns.

However they come, the relay ends in the same state (S7).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any

from relay.core.model import FinalStatus, Relay
from relay.core.policy import SMS, Policy, Success
from relay.flow.intake import Intake
from relay.flow.sms import SmsChannel
from relay.flow.world import SendingWorld
from relay.ports import Accepted, OutgoingText, SendOutcome
from relay.twilio.delivery_status import handle_delivery_status
from relay.twilio.inbound import handle_inbound_webhook
from relay.web import DELIVERY_STATUS_PATH, INBOUND_PATH

from tests.simulator.exhaustive.case import TEXT, CalmDice, Case, Report, ScriptedFaults, plan, policy
from tests.simulator.kernel import Task
from tests.simulator.plan import HANDLERS, OUR_PHONES
from tests.simulator.sim_twilio import ACCOUNT_SID
from tests.simulator.simulation import Simulation
from tests.twilio_words import callback_of

_SID = f"SM{7:032x}"
Told = tuple[str, int | None]
_WALK: tuple[Told, ...] = (("queued", None), ("sending", None), ("sent", None))
_ENDS: dict[str, tuple[Told, ...]] = {
    "delivered": (("delivered", None),),
    "undelivered for now": (("undelivered", 30003),),
    "undelivered for good": (("undelivered", 30006),),
    "failed": (("failed", 30008),),
    "nothing": (),
    "delivered and undelivered": (("undelivered", 30006), ("delivered", None)),
}


def _orders(end: tuple[Told, ...]) -> set[tuple[Told, ...]]:
    """Every order of the walk with this end, shortened to four, and of the same with any one of them doubled."""
    told = (*_WALK, *end)[-4:]
    orders = set(permutations(told))
    for doubled in set(told):
        orders |= set(permutations((*told, doubled)))
    return orders


def _all_orders(end: tuple[Told, ...], success: Success = Success.DELIVERED) -> Report:
    report = Report()
    states: dict[Hashable, str] = {}
    for order in _orders(end):
        for before_return in range(len(order) + 1):
            report.cases += 1
            relay = _relay_after(order[:before_return], order[before_return:], success)
            words = ", ".join(status for status, _ in order)
            told = {status for status, _ in order}
            if told & {"undelivered", "failed"} and "delivered" not in told and relay.delivered_tier == 1:
                report.violations.append(f"{words} ({before_return} early) ends as delivered")
            state = _state(relay)
            states.setdefault(state, f"{words} with {before_return} before the POST returned")
            if len(states) > 1:
                report.violations.append(f"{words} ({before_return} early) ends differently: {state}")
                states.pop(state)
    return report


def _state(relay: Relay) -> Hashable:
    """What must be the same. Once it is delivered, whether a failure had planned another attempt before is not."""
    attempts = relay.attempts[:1] if relay.final_status is FinalStatus.DELIVERED else relay.attempts
    fates = tuple(
        (attempt.tier, attempt.try_in_tier, attempt.status, attempt.error_code, attempt.sent_id) for attempt in attempts
    )
    return (relay.final_status, relay.delivered_tier, fates, relay.due_at is None)


class _CallingBack:
    """A Twilio whose callbacks come while the POST is still under way."""

    def __init__(self, early: Any) -> None:
        self._early = early

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        self._early(callback_of(text).partition("?")[2].partition("#")[0])
        return Accepted(_SID)


def _relay_after(early: tuple[Told, ...], late: tuple[Told, ...], success: Success) -> Relay:
    dice = CalmDice()
    tiers = Policy(tuple(replace(tier, success=success) for tier in policy(2, (2.0,)).tiers))
    run = Simulation(plan(tiers), dice, ScriptedFaults(dice, {}, {}))
    fields = {
        "MessageSid": TEXT.message_id,
        "AccountSid": ACCOUNT_SID,
        "From": TEXT.sender_phone,
        "To": TEXT.recipient_phone,
        "Body": TEXT.body,
    }
    inbound = run.calls.request(INBOUND_PATH, "", fields)

    def tell(world: SendingWorld, query: str, told: tuple[Told, ...]) -> None:
        for status, code in told:
            fields = {"MessageSid": _SID, "MessageStatus": status, "AccountSid": ACCOUNT_SID, "To": HANDLERS[0]}
            if code is not None:
                fields["ErrorCode"] = str(code)
            request = run.calls.request(DELIVERY_STATUS_PATH, query, fields)
            assert handle_delivery_status(world, run.fleet.account, request).status == 204

    def body(world: SendingWorld, intake: Intake) -> None:
        query = f"relay={TEXT.message_id}&tier=1&attempt=1"
        twilio = _CallingBack(partial(tell, world, told=early))
        channel = SmsChannel(lambda _: twilio, world.store, world.clock, "")  # type: ignore[arg-type, return-value]
        calling_back = replace(world, channels={SMS: channel})
        assert handle_inbound_webhook(calling_back, run.fleet.account, intake, inbound).status == 200
        tell(world, query, late)

    run.fleet.run("webhook and callbacks", body, _must_not_raise)
    run.kernel.run(1.9)
    relay = run.fleet.store.relays[TEXT.message_id].relay
    run.kernel.end()
    assert relay.recipient_phone in OUR_PHONES
    return relay


def _must_not_raise(task: Task) -> None:
    if task.error is not None:
        raise task.error


CALLBACKS = (
    *(Case(f"callbacks: {name}", partial(_all_orders, end)) for name, end in _ENDS.items()),
    *(
        Case(f"callbacks where sent counts: {name}", partial(_all_orders, end, Success.SENT))
        for name, end in _ENDS.items()
    ),
)
