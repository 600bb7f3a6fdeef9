"""Makes a violating run readable: every choice that can be calm is made calm, until only what matters is left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tests.simulator.kinds import Kind
from tests.simulator.runner import Result, run_seed

_TRIES_MAX = 4000


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest run found that still violates the same invariant."""

    result: Result
    choices: int  # how many the run made
    mattered: int  # how many of them were not calm


def shrink(seed: int, two_revisions: bool = False, kind: Kind | None = None) -> Shrunk:
    """Shrink the run of this seed, which violates something; the trace is that of the shrunk run.

    The same seed gives the same trace.
    """
    run = partial(run_seed, seed, two_revisions=two_revisions, kind=kind)
    first = run(calmed=())
    kinds = _kinds(first)
    calmed: frozenset[int] = frozenset()
    tries = 0
    size = max(1, first.drawn // 2)
    while tries < _TRIES_MAX:
        before = calmed
        for start in range(0, first.drawn, size):
            chunk = frozenset(range(start, min(start + size, first.drawn))) - calmed
            if not chunk or tries >= _TRIES_MAX:
                continue
            tries += 1
            if _kinds(run(calmed=calmed | chunk)) & kinds:
                calmed |= chunk
        if size == 1 and calmed == before:
            break
        size = max(1, size // 2)
    result = run(calmed=calmed, traced=True)
    return Shrunk(result, result.drawn, len(set(range(result.drawn)) - calmed))


def _kinds(result: Result) -> set[str]:
    """The invariants violated, by their names."""
    return {violation.partition(":")[0] for violation in result.violations}
