"""Makes a drawn plan one of the wider world: what its kind needs of texts, carriers, tiers and clocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from relay.core.model import InboundText
from relay.core.policy import Policy, Success

from tests.simulator.dice import Dice
from tests.simulator.faults import BEFALLS, BY_ITSELF, Swarm
from tests.simulator.kinds import Kind, Wide
from tests.simulator.marking import WITH_MARKS
from tests.simulator.plan import BODY_MARK, POLICIES, Plan
from tests.simulator.reference import (
    AT_ONCE_ELSEWHERE,
    OURS_FOR_ALL,
    TOLD_FOR_GOOD,
    TOLD_FOR_NOW,
    TOLD_IN_NO_TABLE,
    TOLD_OURS,
)
from tests.simulator.sim_twilio import Carrier
from tests.simulator.widening_files import WITH_FILES
from tests.simulator.widening_writers import WHO_WRITES, from_customers

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

# The first run of all, on an empty store, has nothing to know a dead clock by (docs/reliability.md).
_FIRST_RUN_SECONDS = 2.0


def widen(plan: Plan, kind: Kind, dice: Dice) -> None:
    """Turn this plan into one of this kind."""
    wide = Wide(kind, is_calm=dice.chance(0.6))
    plan.wide = wide
    # The kind is what such a run is about: most else is left out of it, so that its consequences are seen.
    plan.fault_probability = min(plan.fault_probability, 0.03)
    if wide.is_calm:
        plan.fault_probability = 1e-9
        plan.swarm = Swarm(dict.fromkeys(BEFALLS, ()), dict.fromkeys(BY_ITSELF, 0.0))
        plan.outages, plan.redrives, plan.clocks_set, plan.new_policy = [], [], [], None
        plan.skews = [0.0 for _ in plan.skews]
        plan.newly_deployed = False
    _WIDENINGS[kind](plan, wide, dice)


def _behind(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.webhook = "lost"
    wide.lag = _lag(dice)
    from_customers(plan)


def _lag(dice: Dice) -> float:
    draw = dice.draw()
    if draw > 0.6:
        return dice.between(MINUTE, HOUR)
    return dice.between(HOUR, 10.0 * HOUR) if draw > 0.2 else dice.between(10.0 * HOUR, 23.9 * HOUR)


def _sent_behind(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.sent_lag = dice.between(MINUTE, HOUR) if dice.chance(0.6) else dice.between(HOUR, 5.0 * HOUR)
    plan.fault_probability = 0.1


def _not_whole(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.whole_after = dice.between(40.0, 700.0)
    wide.webhook = dice.pick(("late", "lost"))
    wide.webhook_after = wide.whole_after + dice.between(0.0, 30.0)
    from_customers(plan)


def _fuller(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.odd = dice.pick(("empty", "shorter"))
    wide.webhook, wide.webhook_after = "late", dice.between(35.0, 800.0)
    from_customers(plan)


def _failed_rows(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.webhook = "lost"
    wide.odd = "failed"
    from_customers(plan)


def _rows_of_others(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.odd = dice.pick(("other words", "our words, another sender"))
    plan.fault_probability = 0.1


def _null_rows(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.webhook = "lost"
    wide.odd = dice.pick(("date_created", "from", "sid", "to", "direction", "status", "num_media", "body"))
    from_customers(plan)


def _pages(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.webhook = "lost"
    wide.odd = dice.pick(("repeats", "skips"))
    first = plan.texts[0][1]
    plan.texts = [(0.5 * number, _again(first, number)) for number in range(5)]
    from_customers(plan)


def _again(text: InboundText, number: int) -> InboundText:
    return replace(text, message_id=f"SM{0xABC00 + number:032x}", body=f"{BODY_MARK} please call {number}")


def _bodies(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.shown_body = dice.pick(("redacted", "shortened", "trimmed"))
    wide.odd = "unknown"  # the first answer to a POST is lost, and so are the callbacks about it
    from_customers(plan)
    if wide.shown_body == "shortened":
        at, text = plan.texts[0]
        plan.texts[0] = (at, replace(text, body=f"{text.body} https://example.com/a/long/way"))


def _broken_fetch(plan: Plan, wide: Wide, dice: Dice) -> None:
    for carrier in plan.carriers.values():
        carrier.delivers, carrier.fails_with, carrier.opted_out = dice.chance(0.5), None, False
    wide.odd = "untold"  # callbacks are lost, so that it has to be asked
    first = plan.texts[0][1]
    plan.texts = [(1.0 * number, _again(first, number)) for number in range(4)]
    from_customers(plan)


def _may_not_read(plan: Plan, wide: Wide, dice: Dice) -> None:
    from_customers(plan)


def _queued(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.queued = dice.between(10.0, 2000.0)
    plan.carriers = {phone: Carrier() for phone in plan.carriers}
    from_customers(plan)


def _codes_answered(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.answers = dice.pick(AT_ONCE_ELSEWHERE)
    wide.refused_phones = (dice.pick(plan.policy.tiers).reach.address,)
    from_customers(plan)


def _codes_told(plan: Plan, wide: Wide, dice: Dice) -> None:
    code = dice.pick((*TOLD_FOR_GOOD, *TOLD_FOR_NOW, *TOLD_OURS, *TOLD_IN_NO_TABLE))
    plan.carriers[plan.policy.tiers[0].reach.address] = Carrier(delivers=False, fails_with=code)
    from_customers(plan)


def _after_sent(plan: Plan, wide: Wide, dice: Dice) -> None:
    tiers = tuple(replace(tier, success=Success.SENT) for tier in plan.policy.tiers)
    plan.policy = Policy(tiers)
    code = dice.pick((30006, 30003, 30008, 30007))
    plan.carriers[dice.pick(tiers).reach.address] = Carrier(delivers=False, fails_with=code)
    plan.carriers[tiers[0].reach.address] = Carrier(delivers=False, fails_with=code)
    from_customers(plan)


def _after_delivered(plan: Plan, wide: Wide, dice: Dice) -> None:
    for carrier in plan.carriers.values():
        carrier.revokes_after = dice.between(0.5, 60.0)
    from_customers(plan)


def _receipts_of_others(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.odd = dice.pick(("another id", "another tier", "another number"))
    if dice.chance(0.7):
        plan.carriers[plan.policy.tiers[0].reach.address] = Carrier(delivers=False)
    from_customers(plan)


def _answers_of_others(plan: Plan, wide: Wide, dice: Dice) -> None:
    plan.policy = next(policy for policy in POLICIES if policy.last_tier == 2)
    plan.carriers = {plan.policy.tiers[0].reach.address: Carrier(delivers=False, fails_with=30006)}
    from_customers(plan)


def _refused_yet_taken(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.answers = dice.pick(((503, 20503), (429, 20429), (503, None), (400, 30022)))
    wide.refused_phones = (plan.policy.tiers[0].reach.address,)
    plan.carriers[plan.policy.tiers[0].reach.address] = Carrier()
    from_customers(plan)


def _outage(*answers: tuple[int, int | None] | None) -> Callable[[Plan, Wide, Dice], None]:
    def outage(plan: Plan, wide: Wide, dice: Dice) -> None:
        begins = dice.between(0.0, 5.0)
        wide.during = (begins, begins + (dice.between(20.0, 500.0) if wide.is_calm else dice.between(20.0, 900.0)))
        wide.answers = dice.pick(answers)
        if wide.is_calm:
            plan.carriers = {phone: Carrier() for phone in plan.carriers}
            # No tier waits for less than these carriers take: the outage is all that can go wrong.
            tiers = [
                replace(tier, receipt_timeout_seconds=max(tier.receipt_timeout_seconds, 20.0))
                for tier in plan.policy.tiers
            ]
            plan.policy = Policy(tuple(tiers))
        from_customers(plan)

    return outage


def _spoiled(plan: Plan, wide: Wide, dice: Dice) -> None:
    first = plan.texts[0][1]
    plan.texts = [(1.0 * number, _again(first, number)) for number in range(3)]
    from_customers(plan)
    wide.spoiled = dice.pick(plan.texts)[1].message_id
    wide.spoiled_from = dice.pick((1, 2, 3))
    if wide.kind is Kind.UNREADABLE:
        wide.spoiled_from = max(2, wide.spoiled_from)
    wide.webhook = dice.pick(("", "lost"))


def _clocks(plan: Plan, wide: Wide, dice: Dice) -> None:
    wide.odd = "dead" if wide.kind is Kind.DEAD_CLOCKS else dice.pick(("ahead", "back", "months ahead"))
    error = {
        "ahead": dice.between(HOUR, 3.0 * DAY),
        "back": -dice.between(HOUR, 3.0 * DAY),
        "dead": -26.0 * 365.0 * DAY,
        "months ahead": dice.between(80.0 * DAY, 100.0 * DAY),
    }[wide.odd]
    whose = -1 if dice.chance(0.5) else 0
    begins = dice.between(0.0, 120.0)
    if wide.odd == "dead":
        begins = max(begins, _FIRST_RUN_SECONDS)
    wide.clocks = [(begins, whose, error), (begins + dice.between(30.0, 700.0), whose, 0.0)]
    plan.texts[0] = (dice.pick((0.0, begins + 5.0, wide.clocks[1][0] + 60.0)), plan.texts[0][1])
    if dice.chance(0.5):
        wide.webhook = "lost"
    plan.skews = [0.0, 0.0]
    plan.clocks_set = []
    from_customers(plan)


_WIDENINGS: dict[Kind, Callable[[Plan, Wide, Dice], None]] = {
    Kind.LIST_BEHIND: _behind,
    Kind.SENT_LIST_BEHIND: _sent_behind,
    Kind.NOT_WHOLE: _not_whole,
    Kind.FULLER_WEBHOOK: _fuller,
    Kind.FAILED_ROWS: _failed_rows,
    Kind.ROWS_OF_OTHERS: _rows_of_others,
    Kind.NULL_ROWS: _null_rows,
    Kind.PAGES: _pages,
    Kind.BODIES: _bodies,
    Kind.BROKEN_FETCH: _broken_fetch,
    Kind.MAY_NOT_READ: _may_not_read,
    Kind.QUEUED: _queued,
    Kind.CODES_ANSWERED: _codes_answered,
    Kind.CODES_TOLD: _codes_told,
    Kind.FAILED_AFTER_SENT: _after_sent,
    Kind.FAILED_AFTER_DELIVERED: _after_delivered,
    Kind.RECEIPTS_OF_OTHERS: _receipts_of_others,
    Kind.ANSWERS_OF_OTHERS: _answers_of_others,
    Kind.REFUSED_YET_TAKEN: _refused_yet_taken,
    Kind.OUTAGE_NO_LINE: _outage(None, (429, 20429)),
    Kind.OUTAGE_OURS: _outage(*OURS_FOR_ALL),
    Kind.OUTAGE_SILENT: _outage((500, None), (503, 20503), (500, 20500)),
    Kind.WRITES_REFUSED: _spoiled,
    Kind.UNREADABLE: _spoiled,
    Kind.CLOCKS_DAYS_OFF: _clocks,
    Kind.DEAD_CLOCKS: _clocks,
    **WHO_WRITES,
    **WITH_FILES,
    **WITH_MARKS,
}
