"""Every interleaving of what two people do, or of what one does and what becomes due, switched at each call of the
store and of Twilio: on the real flow, with replies on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from relay.core.model import InboundText
from relay.core.moves import pending
from relay.core.policy import LEASE_SECONDS, Policy
from relay.flow import timers
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.twilio.inbound import handle_inbound_webhook
from relay.web import INBOUND_PATH

from tests.simulator.exhaustive.case import TEXT, CalmDice, Case, ScriptedFaults, plan, policy
from tests.simulator.exhaustive.choosing import ChoosingKernel, Handler, Makes, Prepare, every_order
from tests.simulator.exhaustive.handlers import receipt, timer
from tests.simulator.faults import Does, Fault
from tests.simulator.history import Text
from tests.simulator.kernel import Kernel
from tests.simulator.kinds import Kind
from tests.simulator.people.acting import Said
from tests.simulator.people.cast import CUSTOMERS, Cast, name_of
from tests.simulator.people.habits import Act, Habits
from tests.simulator.people.words import token
from tests.simulator.plan import BODY_MARK, HANDLERS, OUR_PHONES, Plan
from tests.simulator.sim_twilio import ACCOUNT_SID, Carrier, InboundRow
from tests.simulator.simulation import Simulation

_ANA, _BEN = HANDLERS[0], HANDLERS[1]
_WINDOW = 300.0
_SWITCHES = 3


def day(window: float, silent: bool) -> Plan:
    """One customer's text on a calm day, to two people; the first one's phone gets it and says so, or not."""
    tiers = policy(2).tiers
    named = [replace(tier, name=name_of(tier.reach.address), claim_timeout_seconds=window) for tier in tiers]
    text = replace(TEXT, body=f"{BODY_MARK} {token(0x8000)}")
    made = plan(Policy(tuple(named)), (Carrier(delivers=not silent),), text)
    nothing = Habits((Act.ANSWER,), reacts=0.0, to_notices=0.0, customer_reacts=0.0)
    names = {phone: name_of(phone) for phone in (_ANA, _BEN)}
    made.people = Cast(Kind.ANSWERS, nothing, CalmDice(), names, CUSTOMERS[:1], 1500.0)
    return made


def _prepared(window: float, silent: bool, until: float, world: dict[Fault, int], kernel: Kernel) -> Simulation:
    dice = CalmDice()
    run = Simulation(day(window, silent), dice, ScriptedFaults(dice, {}, world), kernel)
    run.kernel.run(until)
    return run


def says(phone: str, act: Act, words: str) -> Makes:
    """A handler's text with the code of the one thread in front."""

    def makes(run: Simulation) -> Handler:
        assert run.people is not None
        relay = run.fleet.store.relays[TEXT.message_id].relay
        message_id = f"SM{0xE0000 + len(run.people.said):032x}"
        body = f"{relay.code} {words}"
        said = Said(message_id, phone, name_of(phone), run.kernel.now, body, act, relay.code, is_lost=False)
        run.people.said[message_id] = said
        return _webhook(run, InboundText(message_id, phone, OUR_PHONES[0], body))

    return makes


def customer_texts(words: str) -> Makes:
    """A further text of the customer's."""
    text = replace(TEXT, message_id=f"SM{0xABC07:032x}", body=words)
    return lambda run: _webhook(run, text)


def _webhook(run: Simulation, text: InboundText) -> Handler:
    now = run.kernel.now
    run.fleet.twilio.inbound.append(InboundRow(text, float(int(now)), now))
    run.history.texts[text.message_id] = Text(text, now, run.fleet.intakes[0], now)
    fields = {
        "MessageSid": text.message_id,
        "AccountSid": ACCOUNT_SID,
        "From": text.sender_phone,
        "To": text.recipient_phone,
        "Body": text.body,
    }
    request = run.calls.request(INBOUND_PATH, "", fields)
    return lambda world, intake: handle_inbound_webhook(world, run.fleet.account, intake, request)


_QUIET = {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 9, Fault.SWEEP_LOST: 9}
# Both have been texted: the first one's phone was silent, and the window of the second one runs.
_BOTH = partial(_prepared, _WINDOW, True, 75.0, {})
_FIRST_ALONE = partial(_prepared, _WINDOW, False, 20.0, {})
_DELIVERED = partial(_prepared, 0.0, False, 20.0, {})
_SILENT = partial(_prepared, _WINDOW, True, 61.9, _QUIET)
_WINDOW_IS_OVER = partial(_prepared, 30.0, False, 33.0, {Fault.TIMER_LOST: 9, Fault.SWEEP_LOST: 9})


def _owned(kernel: ChoosingKernel) -> Simulation:
    """Both have been texted, the second one when the window was over, and the first one has taken the customer."""
    run = _prepared(30.0, False, 45.0, {}, kernel)
    run.fleet.run("webhook", says(_ANA, Act.CODED_CLAIM, "ok")(run), lambda task: None)
    run.kernel.run(60.0)
    return run


_ANSWER, _OTHER = f"{BODY_MARK} {token(1)}", f"{BODY_MARK} {token(2)}"

_PAIRS: tuple[tuple[str, Prepare, Makes, Makes], ...] = (
    ("claim and claim", _BOTH, says(_ANA, Act.CODED_CLAIM, "ok"), says(_BEN, Act.CODED_CLAIM, "ok")),
    ("claim and deadline", _SILENT, says(_ANA, Act.CODED_CLAIM, "ok"), timer),
    ("claim and the end of its window", _WINDOW_IS_OVER, says(_ANA, Act.CODED_CLAIM, "ok"), timer),
    ("claim and delivery", _SILENT, says(_ANA, Act.CODED_CLAIM, "ok"), receipt("delivered")),
    ("answer and opt-out", _DELIVERED, says(_ANA, Act.CODED, _ANSWER), customer_texts("STOP")),
    ("done and the customer's text", _DELIVERED, says(_ANA, Act.DONE, "done"), customer_texts(f"{BODY_MARK} more")),
    ("takeover and the customer's text", _owned, says(_BEN, Act.MINE, "mine"), customer_texts(f"{BODY_MARK} more")),
    ("pass and claim", _BOTH, says(_BEN, Act.CODED_PASS, "pass"), says(_ANA, Act.CODED_CLAIM, "ok")),
    ("pass and the end of its window", _WINDOW_IS_OVER, says(_ANA, Act.CODED_PASS, "pass"), timer),
    ("answer and answer", _BOTH, says(_ANA, Act.CODED, _ANSWER), says(_BEN, Act.CODED, _OTHER)),
    (
        "answer and the customer's text",
        _FIRST_ALONE,
        says(_ANA, Act.CODED, _ANSWER),
        customer_texts(f"{BODY_MARK} more"),
    ),
)


# The reply to the commit of an answer is lost, and a process whose clock is ahead already asks what became of it.


class _FirstWriteLost(ScriptedFaults):
    """From a time on the reply to the next write is lost, once."""

    is_armed = False

    def befalls(self, does: Does) -> Fault | None:
        if self.is_armed and does is Does.WRITE:
            self.is_armed = False
            return Fault.LOST_REPLY
        return super().befalls(does)


def _reply_lost(kernel: Kernel) -> Simulation:
    dice = CalmDice()
    faults = _FirstWriteLost(dice, {}, {})
    calm = day(0.0, silent=False)
    calm.skews = [0.0, 70.0]
    run = Simulation(calm, dice, faults, kernel)
    run.kernel.run(20.0)
    faults.is_armed = True
    return run


def _asks_about_the_answer(run: Simulation) -> Handler:
    def handle(world: SendingWorld, intake: Intake) -> object:
        run.kernel.pause(0.0)
        stored = run.fleet.store.relays.get(f"SM{0xE0000:032x}-a")
        armed = pending(stored.relay) if stored is not None else None
        return timers.fire(world, armed) if armed is not None else None

    return handle


_LOST_REPLY = Case(
    "talk: an answer whose reply is lost, and a clock that is ahead",
    partial(every_order, _reply_lost, says(_ANA, Act.CODED, _ANSWER), _asks_about_the_answer, _SWITCHES),
)

# The machine that sends an answer stands still for longer than its lease.


def _slow_replies(kernel: ChoosingKernel) -> Simulation:
    run = _prepared(0.0, False, 20.0, {}, kernel)
    kernel.replies_take_time = True
    return run


def _stands_still(run: Simulation) -> Handler:
    def handle(world: SendingWorld, intake: Intake) -> None:
        run.kernel.pause(0.0)
        run.kernel.now += 2.0 * LEASE_SECONDS

    return handle


_STANDS_STILL = Case(
    "talk: an answer, and a machine that stands still",
    partial(every_order, _slow_replies, says(_ANA, Act.CODED, _ANSWER), _stands_still, _SWITCHES),
)


def _all(name: str) -> str:
    return f"talk: {name}"


TALKS = (
    _LOST_REPLY,
    _STANDS_STILL,
    *(
        Case(_all(name), partial(every_order, prepare, one, other), is_quick=False)
        for name, prepare, one, other in _PAIRS
    ),
    *(
        Case(f"{_all(name)}, with few switches", partial(every_order, prepare, one, other, _SWITCHES))
        for name, prepare, one, other in _PAIRS
    ),
)
