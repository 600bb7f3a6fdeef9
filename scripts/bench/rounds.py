"""The harness: benches take turns, round by round, and only then are their samples compared.

Knows nothing of what is measured.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

Samples = Mapping[str, Sequence[float]]


class NotMeasurable(Exception):
    """This machine lacks something the bench needs; its message says what, in one line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        ours, baseline: medians, with their unit in words.
        reached: whether `goal` is met; None where there is none.
        spread: the middle half of the rounds' own ratios.
        note: what the reader should know; where the goal is missed: why, and what would reach it.
    """

    measure: str
    ours: str
    baseline: str
    result: str
    goal: str
    reached: bool | None
    spread: str = ""
    note: str = ""


class Bench(Protocol):
    """One group of measures that share what they have to set up."""

    name: str

    def __enter__(self) -> Self:
        """Set up. Raises NotMeasurable."""
        ...

    def __exit__(self, *error: object) -> None: ...

    def sample(self, round_number: int) -> Mapping[str, float]:
        """One value of each quantity. Sides that are compared are measured close together."""
        ...

    def rows(self, samples: Samples) -> Sequence[Row]: ...


@dataclass
class Outcome:
    """What a run found: rows by bench, and the benches that could not run with the reason."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    rounds: int = 0
    seconds: float = 0.0


def run(benches: Sequence[Bench], rounds: int, say: Callable[[str], None] | None = None) -> Outcome:
    """Set all up, then measure each once per round. A first round, which warms up, is thrown away."""
    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    outcome = Outcome(rounds=rounds)
    started_at = time.monotonic()
    with contextlib.ExitStack() as stack:
        ready: list[Bench] = []
        for bench in benches:
            say(f"setting up: {bench.name}")
            try:
                ready.append(stack.enter_context(bench))
            except NotMeasurable as error:
                outcome.missing[bench.name] = str(error)
        samples: dict[str, dict[str, list[float]]] = {bench.name: defaultdict(list) for bench in ready}
        for number in range(rounds + 1):
            say(f"round {number} of {rounds}" if number else "warming up")
            for bench in ready:
                for name, value in bench.sample(number).items():
                    if number:
                        samples[bench.name][name].append(value)
        for bench in ready:
            outcome.rows[bench.name] = list(bench.rows(samples[bench.name]))
            outcome.samples[bench.name] = dict(samples[bench.name])
    outcome.seconds = time.monotonic() - started_at
    return outcome


def in_turn(round_number: int, *sides: Callable[[], float]) -> list[float]:
    """Measure the sides one after the other, in the other order every second round; results in the order given."""
    order = range(len(sides)) if round_number % 2 else reversed(range(len(sides)))
    found = {index: sides[index]() for index in order}
    return [found[index] for index in range(len(sides))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank; 100 is the largest."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def ratio(samples: Samples, ours: str, baseline: str) -> float:
    """The median of the rounds' own ratios: both sides of each were measured within the same second or two."""
    return median(_ratios(samples, ours, baseline))


def _ratios(samples: Samples, ours: str, baseline: str) -> list[float]:
    return [one / other for one, other in zip(samples[ours], samples[baseline], strict=True)]


def spread(samples: Samples, ours: str, baseline: str) -> str:
    """The middle half of the rounds' own ratios: how much the machine's mood mattered."""
    ratios = _ratios(samples, ours, baseline)
    if len(ratios) < 4:
        return ""
    quarters = statistics.quantiles(ratios, n=4)
    return f"{quarters[0]:.2f}-{quarters[2]:.2f}"


def compare(
    samples: Samples,
    measure: str,
    ours: str,
    baseline: str,
    unit: Callable[[float], str],
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    note: str = "",
) -> Row:
    """The row of a ratio with its goal; exactly one of the two bounds is given."""
    found = ratio(samples, ours, baseline)
    bound = at_most if at_most is not None else at_least
    assert bound is not None  # noqa: S101 - the caller's choice is one of the two
    reached = found <= bound if at_most is not None else found >= bound
    return Row(
        measure=measure,
        ours=unit(median(samples[ours])),
        baseline=unit(median(samples[baseline])),
        result=f"{found:.2f}x",
        goal=f"{'at most' if at_most is not None else 'at least'} {bound:g}x",
        reached=reached,
        spread=spread(samples, ours, baseline),
        note=note,
    )
