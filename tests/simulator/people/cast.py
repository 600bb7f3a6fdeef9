"""Who there is in a run with people, and what customers text: drawn from dice of its own, so that no other run changes.

The rest of the run, its faults, carriers and clocks, is that of its seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from relay.core.model import Consent, InboundText
from relay.core.people import handlers_of
from relay.core.policy import Policy
from relay.flow.conversations import Conversations

from tests.simulator.dice import Dice
from tests.simulator.faults import BEFALLS, BY_ITSELF, Swarm
from tests.simulator.kinds import Kind
from tests.simulator.people.habits import DAY, HABITS, HOUR, Habits
from tests.simulator.people.words import token
from tests.simulator.plan import BODY_MARK, OUR_PHONES, POLICIES, Plan
from tests.simulator.sim_twilio import Carrier

BUSINESS = "Acme Hauling"
CUSTOMERS = ("+15551234567", "+15557654321", "+15553334567", "+15552229913")
# A customer whom no text can answer.
SHORT_CODE = "262966"
_NAMES = ("Ana", "Ben", "Cyd", "Dee", "Eve", "Flo", "Gus", "Hal", "Ida")
_CALMS = 0.5


@dataclass(slots=True)
class Cast:
    """The people of one run. Times are the run's seconds.

    Attributes:
        dice: what people do is drawn from these.
        names: whose each handler's phone is, of all the run's tiers.
        customers: their phones.
        quiet_at: no person begins a text later.
        script: what customers text by themselves, as (time, text).
    """

    kind: Kind
    habits: Habits
    dice: Dice
    names: dict[str, str]
    customers: tuple[str, ...]
    quiet_at: float
    is_calm: bool = False
    script: list[tuple[float, InboundText]] = field(default_factory=list)


def name_of(phone: str) -> str:
    """The person who has this phone."""
    return _NAMES[int(phone[-2:]) % len(_NAMES)]


def add_people(plan: Plan, kind: Kind, seed: int) -> None:
    """Turn this plan into one of this kind: tiers of named people, customers who text, and replies on."""
    dice = Dice(seed * 2 + 1_000_003)
    habits = HABITS[kind]
    plan.policy = _manned(plan.policy, habits, dice)
    if plan.new_policy is not None:
        plan.new_policy = _manned(plan.new_policy, habits, dice)
    if kind is Kind.NEW_TIERS:
        _change_tiers(plan, habits, dice)
    policies = [policy for policy in (plan.policy, plan.new_policy) if policy is not None]
    phones = sorted({tier.reach.address for policy in policies for tier in policy.tiers})
    lasts = habits.lasts * (0.3 + 0.7 * dice.draw())
    count = 1 + int(dice.draw() * habits.customers)
    cast = Cast(kind, habits, dice, {phone: name_of(phone) for phone in phones}, CUSTOMERS[:count], lasts)
    if dice.chance(0.04):
        cast.customers = (*cast.customers, SHORT_CODE)
    texts = _script(cast)
    plan.texts = cast.script = sorted(texts, key=lambda item: item[0])
    plan.people = cast
    _carriers(plan, cast)
    _calm(plan, cast)


def conversations_of(plan: Plan) -> Conversations | None:
    """What a process knows of threads at its start, where there are people."""
    if plan.people is None:
        return None
    dice, few = plan.people.dice, plan.people.habits.codes

    def random_below(limit: int) -> int:
        return int(dice.draw() * (few or limit))

    people = handlers_of(plan.policy)
    return Conversations(True, BUSINESS, timedelta(hours=2), people, random_below, lambda: "ab" * 32)


def _manned(policy: Policy, habits: Habits, dice: Dice) -> Policy:
    """The same tiers with people who have names; with claim windows, where the kind has them."""
    tiers = []
    for tier in policy.tiers:
        claim = dice.pick(habits.claims)
        receipt = min(max(tier.receipt_timeout_seconds, 20.0), 120.0)
        named = replace(tier, name=name_of(tier.reach.address), receipt_timeout_seconds=receipt)
        tiers.append(replace(named, claim_timeout_seconds=claim))
    if len(tiers) > 2 and dice.chance(0.2):
        # One person at two tiers.
        tiers[-1] = replace(tiers[-1], name=tiers[0].name, reach=tiers[0].reach)
    return Policy(tuple(tiers))


def _change_tiers(plan: Plan, habits: Habits, dice: Dice) -> None:
    several = [policy for policy in POLICIES if policy.last_tier >= 2]
    plan.policy = _manned(several[int(dice.draw() * len(several))], habits, dice)
    others = _manned(several[int(dice.draw() * len(several))], habits, dice)
    # Some of them are the same people.
    plan.new_policy = Policy((*others.tiers[:1], *plan.policy.tiers[:1])) if dice.chance(0.5) else others
    names = [tier.name for tier in plan.new_policy.tiers]
    if len(set(names)) < len(names):
        plan.new_policy = others
    plan.config_changes_at = dice.between(20.0, 2.0 * HOUR)


def _script(cast: Cast) -> Iterator[tuple[float, InboundText]]:
    dice = cast.dice
    number = 0
    for customer in cast.customers:
        at = dice.between(0.0, 120.0) if number else 0.0
        ours = OUR_PHONES[int(dice.draw() * 2) if dice.chance(0.1) else 0]
        most = 5 if cast.kind is Kind.CODES_AGAIN else 3
        for _ in range(1 + int(dice.draw() * most)):
            if at > cast.quiet_at:
                break
            words, consent = customer_words(cast, number)
            yield at, InboundText(f"SM{0xABC00 + number:032x}", customer, ours, words, consent=consent)
            number += 1
            low, high = cast.habits.delays[int(dice.draw() * len(cast.habits.delays))]
            at += dice.between(0.0, 3.0) if dice.chance(0.3) else dice.between(low, high * 1.5)
            if cast.kind is Kind.CODES_AGAIN and dice.chance(0.6):
                at += dice.between(15.0, 25.0) * DAY


def customer_words(cast: Cast, number: int) -> tuple[str, Consent | None]:
    """What a customer texts, and what Twilio says of the consent in it."""
    dice = cast.dice
    if cast.kind is Kind.BLOCKED and number and dice.chance(0.6):
        word = dice.pick(("STOP", "start", "UNSTOP", "Stop", "cancel", "yes", "baja", "START"))
        consent = Consent.STOP if word == "baja" else None
        return word, consent
    words = f"{BODY_MARK} {token(number + 0x8000)}"
    draw = dice.draw()
    if draw < 0.1:
        return f"K71 {words}", None
    return (words, None) if draw < 0.95 else (dice.pick(("ok", "done", "mine", "pass")), None)


def _carriers(plan: Plan, cast: Cast) -> None:
    dice, tiers = cast.dice, plan.policy.tiers
    for phone in cast.names:
        plan.carriers.setdefault(phone, Carrier())
        if dice.chance(0.6):
            plan.carriers[phone] = Carrier()
    if dice.chance(cast.habits.silent_first) and len(tiers) > 1:
        plan.carriers[tiers[0].reach.address] = Carrier(delivers_late_after=tiers[0].receipt_timeout_seconds + 5.0)
    for customer in cast.customers:
        draw = dice.draw()
        if draw < 0.08:
            plan.carriers[customer] = Carrier(delivers=False, fails_with=30006)
        elif draw < 0.12:
            plan.carriers[customer] = Carrier(delivers=False, opted_out=True)
        elif draw < 0.3:
            plan.carriers[customer] = Carrier(delivers=False)
        elif draw < 0.4:
            # It filters what the first handler writes, and nothing after it.
            plan.carriers[customer] = Carrier(filters=token(1))


def _calm(plan: Plan, cast: Cast) -> None:
    """Half of these runs are without any other trouble, so that what people do is seen."""
    plan.newly_deployed = False
    plan.fault_probability = min(plan.fault_probability, 0.1)
    plan.faults_stop_at = max(plan.faults_stop_at, min(cast.quiet_at, DAY))
    for redriven in plan.redrives:
        redriven.at *= max(1.0, cast.quiet_at / 1500.0)
    if not cast.dice.chance(_CALMS):
        return
    cast.is_calm = True
    plan.fault_probability = 1e-9
    plan.swarm = Swarm(dict.fromkeys(BEFALLS, ()), dict.fromkeys(BY_ITSELF, 0.0))
    plan.outages, plan.clocks_set = [], []
    plan.skews = [0.0 for _ in plan.skews]
