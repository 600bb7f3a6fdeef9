"""An answer that Twilio does not take at first, and a later one, so many seconds after it: on the real flow."""

from __future__ import annotations

from tests.simulator.exhaustive.case import CalmDice, Case, Report, ScriptedFaults, violations_of
from tests.simulator.exhaustive.talks import day, says
from tests.simulator.faults import Fault
from tests.simulator.kernel import Kernel
from tests.simulator.people.habits import Act
from tests.simulator.people.words import token
from tests.simulator.plan import BODY_MARK, HANDLERS
from tests.simulator.simulation import Simulation

_AT = 20.0
_SECONDS_MAX = 40


def _held_up() -> Report:
    """The first answer meets too many requests once: an outage, which uses up no try."""
    report = Report()
    for seconds in range(1, _SECONDS_MAX + 1):
        dice = CalmDice()
        faults = ScriptedFaults(dice, {}, {})
        run = Simulation(day(0.0, silent=False), dice, faults, Kernel())
        run.kernel.run(_AT)
        faults.happens_next(Fault.SEND_REFUSED)
        for number, at in enumerate((_AT, _AT + seconds), start=1):
            run.kernel.run(at)
            run.fleet.run(
                "webhook", says(HANDLERS[0], Act.CODED, f"{BODY_MARK} {token(number)}")(run), lambda task: None
            )
        report.cases += 1
        report.violations.extend(violations_of(run, f"{seconds} s later"))
    return report


ANSWERS = (Case("talk: an answer that is held up, and a later one", _held_up),)
