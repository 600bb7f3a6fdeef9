"""What the exhaustive cases share: a world without chance, and a family of cases with its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from relay.core.model import InboundText
from relay.core.policy import Policy, Tier, sms

from tests.simulator.dice import CALM, Dice
from tests.simulator.faults import BEFALLS, Does, Fault, FaultSource
from tests.simulator.plan import BODY_MARK, CUSTOMERS, HANDLERS, OUR_PHONES, Plan
from tests.simulator.runner import judge
from tests.simulator.sim_twilio import Carrier
from tests.simulator.simulation import Simulation

TEXT = InboundText(f"SM{0xABC00:032x}", CUSTOMERS[0], OUR_PHONES[0], f"{BODY_MARK} please call", 0)


@dataclass
class Report:
    """How many cases there were, and what was wrong with any of them."""

    cases: int = 0
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """One family of cases. `is_quick` says that all of it belongs into the test suite."""

    name: str
    run: Callable[[], Report]
    is_quick: bool = True


class CalmDice(Dice):
    """Nothing happens by chance."""

    def __init__(self) -> None:
        super().__init__(0)
        self.draw = lambda: CALM


class ScriptedFaults(FaultSource):
    """Exactly the faults asked for: by the number of the port call that they befall, counted from 1, and so many of
    those that the world brings about by itself."""

    def __init__(self, dice: Dice, script: Mapping[int, Fault], of_the_world: Mapping[Fault, int]) -> None:
        super().__init__(dice, 1.0)
        self.calls = 0
        self.kinds: list[Does] = []
        self._script = script
        self._of_the_world = Counter(of_the_world)

    def happens_next(self, fault: Fault) -> None:
        """The world brings this about once, at the next chance."""
        self._of_the_world[fault] += 1

    def befalls(self, does: Does) -> Fault | None:
        if self.probability == 0.0:
            return None
        self.calls += 1
        self.kinds.append(does)
        fault = self._script.get(self.calls)
        return fault if fault in BEFALLS[does] else None

    def strikes(self, fault: Fault, probability: float) -> bool:
        if self.probability == 0.0 or self._of_the_world[fault] == 0:
            return False
        self._of_the_world[fault] -= 1
        return True


def policy(tiers: int = 2, delays: tuple[float, ...] = (), timeout: float = 60.0) -> Policy:
    return Policy(tuple(Tier(f"handler {n + 1}", sms(HANDLERS[n]), delays, timeout) for n in range(tiers)))


def plan(tiers: Policy, carriers: tuple[Carrier, ...] = (), text: InboundText = TEXT) -> Plan:
    """One text on a calm day. `carriers` are those of the tiers, in order; the others deliver."""
    phones = [tier.reach.address for tier in tiers.tiers]
    return Plan(
        policy=tiers,
        texts=[(0.0, text)],
        carriers=dict(zip(phones, carriers, strict=False)),
        skews=[0.0, 0.0],
        clocks_set=[],
        fault_probability=1.0,
        faults_stop_at=1500.0,
        outages=[],
        new_policy=None,
        config_changes_at=0.0,
        token_rotates_at=0.0,
        redrives=[],
        timers_first=False,
        store_deletes_expired=False,
        newly_deployed=False,
        swarm=None,
    )


def violations_of(run: Simulation, where: str) -> list[str]:
    """Play a run to its end and judge it; `where` says which case it was."""
    try:
        return [f"{where}: {violation}" for violation in judge(run, settles=True, replays_all=False)]
    finally:
        run.kernel.end()
