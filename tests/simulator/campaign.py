"""Many runs on all cores: counted, shown while they go on, and resumable by the same code."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from relay.core.events import ABOUT_THE_RELAY, EventKind, State

from tests.simulator.kinds import Kind
from tests.simulator.runner import counting_pairs, run_seed

# Small enough for progress to be seen and little to be lost, large enough to cost nothing.
CHUNK = 1000
# Runs after which their garbage is collected: a few MB of it.
_COLLECT_EVERY = 500
_VIOLATIONS_KEPT = 50


@dataclass
class Tally:
    """What so many runs brought. Adds up; as JSON it is what a resumed campaign goes on from.

    `code` says of which relay and which simulator, and with which options: figures of others are not added.
    """

    first_seed: int
    next_seed: int
    code: str = ""
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    pairs: set[str] = field(default_factory=set)
    violating: int = 0
    violations: list[tuple[int, list[str]]] = field(default_factory=list)

    @property
    def runs(self) -> int:
        return self.next_seed - self.first_seed

    def add(self, other: Tally) -> None:
        """Take in the chunk that comes next."""
        self.next_seed = other.next_seed
        self.faults.update(other.faults)
        self.pairs |= other.pairs
        self.violating += other.violating
        self.violations = (self.violations + other.violations)[:_VIOLATIONS_KEPT]

    def save(self, path: Path) -> None:
        values = {**vars(self), "pairs": sorted(self.pairs)}
        unfinished = path.with_suffix(path.suffix + ".new")
        unfinished.write_text(json.dumps(values))
        unfinished.replace(path)

    @classmethod
    def load(cls, path: Path) -> Tally:
        values = json.loads(path.read_text())
        values["faults"] = Counter(values["faults"])
        values["pairs"] = set(values["pairs"])
        values["violations"] = [(seed, words) for seed, words in values["violations"]]
        return cls(**values)


def possible_pairs() -> set[str]:
    """Every pair that an event can meet: one about the relay meets no earlier attempt, and a relay that was only
    recorded has no attempts that anything could be about."""
    return {
        named(state, kind)
        for state in State
        for kind in EventKind
        if not (state is State.EARLIER and kind in ABOUT_THE_RELAY)
        and not (state is State.RECORDED and kind not in ABOUT_THE_RELAY)
    }


def named(state: State, kind: EventKind) -> str:
    return f"{state.value} / {kind.value}"


def run_chunk(bounds: tuple[int, int], two_revisions: bool = False, kind: Kind | None = None) -> Tally:
    """Run the seeds from the first up to, not including, the second."""
    first, end = bounds
    tally = Tally(first, end)
    with counting_pairs() as pairs, _garbage_collected_now_and_then() as collect:
        for seed in range(first, end):
            result = run_seed(seed, two_revisions=two_revisions, kind=kind)
            tally.faults.update(result.faults)
            if result.violations:
                tally.violating += 1
                tally.violations.append((seed, result.violations))
            if seed % _COLLECT_EVERY == 0:
                collect()
    tally.pairs = {named(state, kind) for state, kind in pairs}
    return tally


@contextmanager
def _garbage_collected_now_and_then() -> Iterator[Callable[[], object]]:
    """While entered, nothing is collected but on demand: a run is one knot of references that is let go as a whole,
    and looking for garbage in the middle of it takes one part in fifteen of the time and finds none."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield gc.collect
    finally:
        gc.unfreeze()
        gc.enable()


def campaign(
    tally: Tally,
    seeds: int,
    jobs: int,
    progress: Callable[[Tally], None],
    resume: Path | None = None,
    two_revisions: bool = False,
    kind: Kind | None = None,
    chunk: int = CHUNK,
) -> Tally:
    """Go on with `tally` until it holds so many runs, telling of the progress after every chunk."""
    began, before = time.monotonic(), tally.seconds
    run = partial(run_chunk, two_revisions=two_revisions, kind=kind)
    for done in _chunks(tally, seeds, jobs, chunk, run):
        tally.add(done)
        tally.seconds = before + time.monotonic() - began
        if resume is not None:
            tally.save(resume)
        progress(tally)
    return tally


def _chunks(
    tally: Tally, seeds: int, jobs: int, chunk: int, run: Callable[[tuple[int, int]], Tally]
) -> Iterator[Tally]:
    end = tally.first_seed + seeds
    bounds = [(first, min(first + chunk, end)) for first in range(tally.next_seed, end, chunk)]
    if jobs == 1 or len(bounds) == 1:
        yield from map(run, bounds)
        return
    # Each worker is a process begun anew: a fork would inherit gRPC's threads from a test run, and may never end.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        # In order, so that a resumed campaign misses nothing and repeats at most what was under way.
        yield from pool.imap(run, bounds)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
