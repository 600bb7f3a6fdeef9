"""What can be tried completely is: every crash point and pair of them, every order of callbacks, every interleaving."""

from __future__ import annotations

from tests.simulator.exhaustive.answers import ANSWERS
from tests.simulator.exhaustive.callbacks import CALLBACKS
from tests.simulator.exhaustive.case import Case
from tests.simulator.exhaustive.coincidences import COINCIDENCES
from tests.simulator.exhaustive.crashes import CRASHES
from tests.simulator.exhaustive.interleavings import INTERLEAVINGS
from tests.simulator.exhaustive.talks import TALKS

CASES: tuple[Case, ...] = (*CRASHES, *CALLBACKS, *INTERLEAVINGS, *COINCIDENCES, *TALKS, *ANSWERS)

__all__ = ["CASES", "Case"]
