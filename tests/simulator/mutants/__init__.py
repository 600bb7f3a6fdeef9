"""Deliberately broken variations of the protocol: the simulator is worth what it says about these.

Each is killed (a run shows a violation) within the number of runs that it states, or it is listed as equivalent, with
the redundancy that covers for it.
"""

from __future__ import annotations

from tests.simulator.mutants.mutant import Mutant
from tests.simulator.mutants.of_answers import ANSWERS
from tests.simulator.mutants.of_conductor import CONDUCTOR
from tests.simulator.mutants.of_files import FILES
from tests.simulator.mutants.of_look_ups import LOOK_UPS
from tests.simulator.mutants.of_machine import MACHINE
from tests.simulator.mutants.of_marks import MARKS
from tests.simulator.mutants.of_opt_outs import OPT_OUTS
from tests.simulator.mutants.of_people import PEOPLE
from tests.simulator.mutants.of_receipts import RECEIPTS
from tests.simulator.mutants.of_store import STORE
from tests.simulator.mutants.of_ways_in import WAYS_IN
from tests.simulator.mutants.of_wider_world import WIDER_WORLD

MUTANTS: tuple[Mutant, ...] = (
    *STORE,
    *CONDUCTOR,
    *MACHINE,
    *RECEIPTS,
    *WAYS_IN,
    *LOOK_UPS,
    *WIDER_WORLD,
    *FILES,
    *MARKS,
    *PEOPLE,
    *OPT_OUTS,
    *ANSWERS,
)

__all__ = ["MUTANTS", "Mutant"]
