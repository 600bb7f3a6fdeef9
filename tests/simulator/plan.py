"""What a run is about: the tiers, the texts, the carriers, and when what goes wrong. Drawn from the run's dice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from relay.core.model import Attachment, InboundText
from relay.core.policy import Policy, Success, Tier, sms

from tests.simulator.dice import Dice
from tests.simulator.faults import BEFALLS, BY_ITSELF, Fault, Service, Swarm
from tests.simulator.kinds import Wide
from tests.simulator.revisions import Rollout
from tests.simulator.sim_media import Held
from tests.simulator.sim_twilio import Carrier, draw_carrier

if TYPE_CHECKING:
    from tests.simulator.people.cast import Cast

OUR_PHONES = ("+15559990000", "+15559990001")
CUSTOMERS = ("+15551234567", "+15557654321")
HANDLERS = tuple(f"+1555010000{number}" for number in range(1, 10))
# A handler's in the wider world: one handset in two spellings.
HANDSET = ("+525512345678", "+5215512345678")
# Every body holds this word: a judge finds it where no body may be.
BODY_MARK = "zebra"

# What the second customer sends with every text.
FILES = (Attachment("ME" + "c" * 32, "image/jpeg"), Attachment("ME" + "D" * 32, "text/vcard"))

# In Twilio's list from the start: it came long before the relay was there.
BEFORE_US = InboundText("SM" + "b" * 32, "+15551234567", OUR_PHONES[0], f"{BODY_MARK} before your time")


def _policies() -> tuple[Policy, ...]:
    """All tiers of a policy differ from each other, and no two policies share a handler at the same tier."""
    policies = []
    # Some more often than others: few tiers and few retries give short runs, and short runs say more a second.
    for shift in range(2):
        for count in (1, 2, 1, 2, 3, 1, 2, 1, 4):
            for delays in ((), (2.0,), (), (2.0, 4.0, 8.0), (2.0,), ()):
                for timeout in (60.0, 30.0, 20.0, 5.0, 120.0, 60.0, 30.0, 1500.0):
                    tiers = tuple(
                        Tier(
                            f"handler {level + 1}",
                            sms(HANDLERS[(level + 4 * shift) % len(HANDLERS)]),
                            delays,
                            timeout,
                            Success.SENT if level == 1 and timeout == 20.0 else Success.DELIVERED,
                        )
                        for level in range(count)
                    )
                    policies.append(Policy(tiers))
    return tuple(policies)


POLICIES = _policies()
SUCCESS_IS_SENT = frozenset(
    tier.reach.address for policy in POLICIES for tier in policy.tiers if tier.success is Success.SENT
)


@dataclass(slots=True)
class Redrive:
    """An operator starts exhausted relays again."""

    at: float
    tier: int
    doubled: bool


@dataclass(slots=True)
class Plan:
    """One run, but for what is drawn while it runs. Times are the run's seconds."""

    policy: Policy
    texts: list[tuple[float, InboundText]]
    carriers: dict[str, Carrier]
    skews: list[float]
    clocks_set: list[tuple[float, int, float]]  # when, whose, to which error
    fault_probability: float
    faults_stop_at: float
    outages: list[tuple[Service, float, float]]
    new_policy: Policy | None
    config_changes_at: float
    token_rotates_at: float
    redrives: list[Redrive]
    timers_first: bool
    store_deletes_expired: bool
    newly_deployed: bool
    swarm: Swarm | None
    rollout: Rollout | None = None  # with it two revisions share the store
    wide: Wide | None = None  # with it the run is one of the wider world
    people: Cast | None = None  # with it replies are on
    held: Held = field(default_factory=dict)  # with it texts have words in files


def draw_plan(dice: Dice) -> Plan:
    policy = dice.pick(POLICIES)
    draw = dice.draw()
    # Most runs have few faults: then each is seen with all its consequences, and not drowned in the next one.
    probability = 0.03 if draw > 0.4 else 0.1 if draw > 0.08 else 0.3
    plan = Plan(
        policy=policy,
        texts=_draw_texts(dice),
        carriers={tier.reach.address: draw_carrier(dice) for tier in policy.tiers},
        skews=_draw_skews(dice),
        clocks_set=[],
        fault_probability=probability,
        faults_stop_at=dice.between(15.0, 400.0) if dice.chance(0.7) else dice.between(400.0, 1500.0),
        outages=[],
        new_policy=None,
        config_changes_at=0.0,
        token_rotates_at=0.0,
        redrives=[],
        timers_first=dice.chance(0.3),
        store_deletes_expired=dice.chance(0.5),
        newly_deployed=dice.chance(0.1),
        swarm=_draw_swarm(dice) if dice.chance(0.35) else None,
    )
    if any(plan.skews):
        for number in range(len(plan.skews)):
            if dice.chance(0.5):
                plan.clocks_set.append((dice.between(0.0, 200.0), number, dice.between(0.0, 600.0) - 300.0))
    if dice.chance(0.12):
        for _ in range(1 + int((1.0 - dice.draw()) * 3)):
            begins = dice.between(2.0, plan.faults_stop_at)
            plan.outages.append((dice.pick(tuple(Service)), begins, begins + dice.between(1.0, 400.0)))
    if dice.chance(0.08):
        plan.new_policy = dice.pick(POLICIES)
        plan.config_changes_at = dice.between(0.0, 200.0)
        for tier in plan.new_policy.tiers:
            plan.carriers.setdefault(tier.reach.address, draw_carrier(dice))
    if dice.chance(0.04):
        plan.token_rotates_at = dice.between(1.0, 100.0)
    if dice.chance(0.15):
        for _ in range(1 + int((1.0 - dice.draw()) * 2)):
            begin_at = 1 + int((1.0 - dice.draw()) * 3)
            plan.redrives.append(Redrive(dice.between(5.0, 1500.0), begin_at, dice.chance(0.3)))
    return plan


def _draw_texts(dice: Dice) -> list[tuple[float, InboundText]]:
    draw = dice.draw()
    count = 1 if draw > 0.11 else 2 if draw > 0.02 else 3
    texts = []
    for number in range(count):
        draw = dice.draw()
        others = (*HANDLERS[:3], *OUR_PHONES)
        sender = CUSTOMERS[0] if draw > 0.2 else CUSTOMERS[1] if draw > 0.05 else dice.pick(others)
        # A customer may well send the same words twice in a row.
        words = "please call" if dice.draw() > 0.3 else f"please call {number}"
        files = FILES if sender == CUSTOMERS[1] else ()
        text = InboundText(
            f"SM{0xABC00 + number:032x}", sender, OUR_PHONES[0], f"{BODY_MARK} {words}", len(files), files
        )
        texts.append((0.0 if number == 0 else dice.between(0.0, 60.0), text))
    return texts


# The kinds of faults of calls, by what swarms of them there are; each table is made once.
_SWARMS: tuple[tuple[Fault, ...], ...] = (
    (Fault.CRASH_AFTER,),
    (Fault.CRASH_AFTER, Fault.CRASH_BEFORE),
    (Fault.LOST_REPLY,),
    (Fault.LOST_REPLY, Fault.CRASH_AFTER),
    (Fault.STALL, Fault.LATE_EFFECT),
    (Fault.OWN_CONFLICT, Fault.CONTENTION, Fault.LOST_REPLY),
    (Fault.STALL, Fault.CRASH_AFTER),
)
_BEFALLS_IN_SWARMS = tuple(
    {does: tuple(fault for fault in kinds if fault in befalls) for does, befalls in BEFALLS.items()}
    for kinds in _SWARMS
)


def _draw_swarm(dice: Dice) -> Swarm:
    often = {fault: 0.0 if dice.draw() > 0.25 else 6.0 for fault in BY_ITSELF}
    return Swarm(dice.pick(_BEFALLS_IN_SWARMS), often)


def _draw_skews(dice: Dice) -> list[float]:
    """The clock error of each process: most are right, some are minutes off."""
    if not dice.chance(0.2):
        return [0.0, 0.0]
    return [dice.between(0.0, 600.0) - 300.0 if dice.chance(0.6) else 0.0 for _ in range(3)]
