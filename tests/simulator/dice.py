"""Every random choice of a run, in order, from one seed.

The calm side of each choice is where the draw is close to 1: no fault, the shortest delay, the first alternative. So a
run can be shrunk by making draws calm one after the other, whatever they were for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

T = TypeVar("T")

CALM = 0.999999


class Dice:
    """The choices of one run. `draw` gives a float in [0, 1).

    With `calmed` given the draws with these positions are calm, and `drawn` counts how many there were.
    """

    def __init__(self, seed: int, calmed: Collection[int] | None = None) -> None:
        self.drawn = 0
        source = random.Random(seed).random
        self.draw: Callable[[], float] = source
        if calmed is not None:
            self.draw = self._counting(source, frozenset(calmed))

    def _counting(self, source: Callable[[], float], calmed: frozenset[int]) -> Callable[[], float]:
        def draw() -> float:
            position = self.drawn
            self.drawn += 1
            value = source()
            return CALM if position in calmed else value

        return draw

    def chance(self, probability: float) -> bool:
        return self.draw() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """One of them; the calm one is the first."""
        return choices[int((1.0 - self.draw()) * len(choices)) % len(choices)]

    def between(self, low: float, high: float) -> float:
        """A number from `low`, the calm end, to `high`."""
        return low + (1.0 - self.draw()) * (high - low)
