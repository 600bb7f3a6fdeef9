"""Interleavings that chance hardly ever brings about, and that once lost a text or would have told an untruth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from relay.core.model import AttemptStatus, FinalStatus
from relay.core.moves import pending
from relay.core.policy import LEASE_SECONDS, Policy, Tier, sms
from relay.flow import timers
from relay.flow.intake import Intake
from relay.flow.sms import body_of
from relay.flow.world import SendingWorld
from relay.ports import OutgoingText

from tests.simulator.exhaustive.case import (
    TEXT,
    CalmDice,
    Case,
    Report,
    ScriptedFaults,
    plan,
    policy,
    violations_of,
)
from tests.simulator.exhaustive.choosing import ChoosingKernel, Handler, every_order
from tests.simulator.exhaustive.handlers import timer, told, watchman
from tests.simulator.exhaustive.interleavings import prepared
from tests.simulator.faults import Does, Fault, Service
from tests.simulator.history import Post
from tests.simulator.kernel import Kernel
from tests.simulator.plan import HANDLERS, Plan, Redrive
from tests.simulator.sim_twilio import Carrier
from tests.simulator.simulation import Simulation

_FIRST_SEND = 3  # after the create and its timer
_SAME_WORDS = replace(TEXT, message_id=f"SM{0xABC01:032x}")


def _second_send(story: Callable[[], Plan], until: float, world: dict[Fault, int], script: dict[int, Fault]) -> int:
    """The number of the call that is the second send of this life, in which so much has gone wrong already."""
    run = prepared(story, until, world, Kernel(), script)
    assert isinstance(run.faults, ScriptedFaults)
    numbers = [number for number, does in enumerate(run.faults.kinds, start=1) if does is Does.SEND]
    run.kernel.end()
    return numbers[1]


# Two texts with the same words, one after the other. The first one's send never left; the second one's left, and its
# process died. The first one's deadline looks for its text just when a callback tells whose the only one is.


def _two_texts() -> Plan:
    day = plan(policy(1))
    return replace(day, texts=[(0.0, TEXT), (5.0, _SAME_WORDS)])


def _one_left(kernel: Kernel) -> Simulation:
    world = {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 99, Fault.SWEEP_LOST: 9}
    script = {_FIRST_SEND: Fault.CRASH_BEFORE}
    script[_second_send(_two_texts, 50.0, world, script)] = Fault.CRASH_AFTER
    run = prepared(_two_texts, 65.0, world, kernel, script)
    assert [message.post.message_id for message in run.fleet.twilio.messages.values()] == [_SAME_WORDS.message_id]
    return run


def _deadline_of_the_first(run: Simulation) -> Handler:
    armed = pending(run.fleet.store.relays[TEXT.message_id].relay)
    assert armed is not None
    return lambda world, intake: timers.fire(world, armed)


def _whose_it_is(run: Simulation) -> Handler:
    return told(run, next(iter(run.fleet.twilio.messages.values())), "delivered")


# A relay was delivered by tier 1 after all, while tier 2 was being sent; that process died, and its text is still under
# way to Twilio. The sweep asks what became of it just when it arrives there.


def _late_at_tier_1() -> Plan:
    return plan(policy(2), (Carrier(delivers_late_after=70.0),))


def _still_under_way(kernel: Kernel) -> Simulation:
    second = _second_send(_late_at_tier_1, 70.0, {}, {})
    run = prepared(_late_at_tier_1, 400.0, {}, kernel, {second: Fault.CRASH_BEFORE})
    relay = run.fleet.store.relays[TEXT.message_id].relay
    assert (relay.final_status, relay.attempts[1].status) == (FinalStatus.DELIVERED, AttemptStatus.LEASED)
    return run


def _arrives_now(run: Simulation) -> Handler:
    relay = run.fleet.store.relays[TEXT.message_id].relay
    text = OutgoingText(
        relay.attempts[1].reach.address,
        TEXT.recipient_phone,
        body_of(relay, relay.attempts[1]),
        60,
        TEXT.message_id,
        2,
        2,
    )

    def handle(world: SendingWorld, intake: Intake) -> object:
        run.kernel.pause(0.0)
        run.fleet.twilio.take(text, Post(run.history.posts[-1].at, TEXT.message_id, 2, text.to))
        message = list(run.fleet.twilio.messages.values())[-1]
        return told(run, message, "sent")(world, intake)

    return handle


# The machine stands still for longer than a lease, and its clock is set back meanwhile: by the time of day the lease is
# as good as new.


def _about_to_send(kernel: ChoosingKernel) -> Simulation:
    fails = Carrier(delivers=False, fails_with=30006)
    kernel.replies_take_time = True
    return prepared(lambda: plan(policy(2), (fails,)), 17.0, {Fault.TIMER_LOST: 9}, kernel)


def _clock_is_set_back(run: Simulation) -> Handler:
    def handle(world: SendingWorld, intake: Intake) -> None:
        run.kernel.pause(0.0)
        run.kernel.now += 2.0 * LEASE_SECONDS
        for process in run.fleet.processes:
            process.skew = -300.0

    return handle


# Whether the last tier's text left is unknown, and Twilio is silent until the relay is exhausted. An operator who has
# put another handler in place redrives it, and only then can Twilio be asked about the text to the earlier one.


def _elsewhere() -> Plan:
    others = Policy((Tier("another handler", sms(HANDLERS[5]), (), 60.0),))
    silent = [(Service.TWILIO, 30.0, 1080.0)]
    redrives = [Redrive(1090.0, 1, doubled=False)]
    return replace(plan(policy(1)), new_policy=others, config_changes_at=100.0, outages=silent, redrives=redrives)


def _unknown_then_redriven() -> Report:
    dice = CalmDice()
    faults = ScriptedFaults(dice, {_FIRST_SEND: Fault.LOST_REPLY}, {Fault.CALLBACK_LOST: 1})
    run = Simulation(_elsewhere(), dice, faults)
    violations = violations_of(run, "redriven to another handler")
    relay = run.fleet.store.relays[TEXT.message_id].relay
    assert [attempt.reach.address for attempt in relay.attempts] == [HANDLERS[0], HANDLERS[5]]
    return Report(1, violations)


COINCIDENCES = (
    Case(
        "coincidence: a deadline, and whose a text is",
        partial(every_order, _one_left, _deadline_of_the_first, _whose_it_is),
    ),
    Case(
        "coincidence: a send, and a clock that is set back",
        partial(every_order, _about_to_send, timer, _clock_is_set_back),
    ),
    Case(
        "coincidence: a look-up, and a text that arrives late",
        partial(every_order, _still_under_way, watchman, _arrives_now),
    ),
    Case("coincidence: an unknown outcome, and other tiers since", _unknown_then_redriven),
)
