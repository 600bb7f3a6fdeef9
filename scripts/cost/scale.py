"""The relay at internet scale, on paper: how much of each quota a text takes, and what an hour of texts does to it.

Pure arithmetic over the operations that the cost of a relay is made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.cost.model import CALLBACK, INBOUND
from scripts.cost.operations import RELAY, Operations
from scripts.cost.quotas import QUOTAS, Load, Quota

# How texts end. An assumption, on the gloomy side for people who are paid to answer.
USUAL: Mapping[str, float] = {
    "delivered at tier 1": 0.90,
    "delivered at tier 2, after one refusal": 0.06,
    "delivered at tier 3, after two refusals": 0.02,
    "delivered at tier 3, after two silences": 0.01,
    "exhausted after three refusals": 0.01,
}
# A large carrier is down and every first handler has it: each text needs its second tier.
CARRIER_DOWN: Mapping[str, float] = {"delivered at tier 2, after one refusal": 1.0}

TWILIO_POST_SECONDS = 0.15
# Timers that a service loses although it should not (Cloud Tasks promises more than 99.999 %).
TIMERS_LOST = 1e-5
# Plan for so much of a limit, not for all of it: load is never spread evenly.
HEADROOM = 0.7


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an hour does to one quota.

    Attributes:
        per_text: how much of the load one text brings.
        sustained: texts a second that one cell bears for ever.
        demand: of the load, at the rate asked about.
        harmed_after_seconds: when texts begin to suffer; None: never within the time.
        refused: texts' worth of load refused in that time.
        waiting: how much of the load still waits at its end.
        cells: how many are needed, with headroom.
    """

    quota: Quota
    per_text: float
    sustained: float
    demand: float
    harmed_after_seconds: float | None
    refused: float
    waiting: float
    cells: int


def average(mix: Mapping[str, float]) -> Operations:
    """A text's operations on average; fractions are meant."""

    def mean(name: str) -> float:
        return sum(share * float(getattr(RELAY[journey], name)) for journey, share in mix.items())

    return Operations(**{name: mean(name) for name in Operations.__slots__})  # type: ignore[arg-type]


def per_text(mix: Mapping[str, float]) -> dict[Load, float]:
    """How much of each load one text brings on average."""
    one = average(mix)
    # Tier 2's queue is the busiest: whatever goes on to tier 3 has been there.
    beyond_tier_1 = sum(share for journey, share in mix.items() if RELAY[journey].timers_fired)
    return {
        Load.SEGMENTS: one.sends,
        Load.TWILIO_REQUESTS: one.sends * TWILIO_POST_SECONDS,
        Load.DOCUMENT_WRITES: one.writes,
        Load.DISPATCHES: beyond_tier_1,
        Load.TASK_CALLS: one.timer_calls,
        Load.WEBHOOK_REQUESTS: INBOUND.seconds + one.callbacks * CALLBACK.seconds,
        Load.RECONCILED: 1.0,
        Load.SWEPT: (one.timers_fired or 1.0) * TIMERS_LOST,
    }


def judge(quota: Quota, texts_per_second: float, mix: Mapping[str, float], seconds: int = 3600) -> Verdict:
    """Second by second: what comes in, what the limit lets through, what waits, what is refused."""
    each = per_text(mix)[quota.load]
    demand = each * texts_per_second
    waiting = refused = 0.0
    harmed_after: float | None = None
    for second in range(seconds):
        waiting = max(0.0, waiting + demand - quota.limit)
        too_much = max(0.0, waiting - quota.waits)
        waiting -= too_much
        refused += too_much
        # More than a minute's wait is harm enough: by then the deadline of the tier has passed.
        if harmed_after is None and (too_much > 0 or waiting > 60 * quota.limit):
            harmed_after = float(second)
    return Verdict(
        quota=quota,
        per_text=each,
        sustained=quota.limit / each,
        demand=demand,
        harmed_after_seconds=harmed_after,
        refused=refused / each,
        waiting=waiting,
        cells=max(1, math.ceil(demand / (quota.limit * HEADROOM))),
    )


def verdicts(texts_per_second: float, mix: Mapping[str, float] = USUAL) -> list[Verdict]:
    """Of all quotas, the one that binds first at the top."""
    return sorted((judge(quota, texts_per_second, mix) for quota in QUOTAS), key=lambda verdict: verdict.sustained)
