"""`python -m tests.endurance.fuzz`: many inputs in rounds, each round from a seed of its own; or one input once more.

Round k of seed s always tries the same inputs, so a run that was interrupted goes on with --first-round.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Flaky

from tests.endurance.fuzz.inputs import SHARES, Fuzzer
from tests.endurance.fuzz.test_fuzz import TAPES
from tests.endurance.fuzz.world import World, open_world

_ROUND = sum(SHARES.values())


def main() -> int:
    """0 when no rule was broken; otherwise the tape is shown that breaks one, made as short as possible."""
    parser = argparse.ArgumentParser(description="Send made-up requests to the entry points.")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first-round", type=int, default=0, help=f"skip so many rounds of {_ROUND:,} inputs")
    parser.add_argument("--entry-point", choices=tuple(SHARES), help="with --replay")
    parser.add_argument("--replay", metavar="TAPE", help="try this one input")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, open_world(Path(name)) as world:
        if options.replay is not None:
            fuzzer = Fuzzer(world, options.entry_point)
            print(fuzzer.show(bytes.fromhex(options.replay)))
            fuzzer.try_tape(bytes.fromhex(options.replay))
            return 0
        return _run(world, options.inputs, options.seed, options.first_round)


def _run(world: World, inputs: int, first_seed: int, first_round: int) -> int:
    fuzzers = {entry_point: Fuzzer(world, entry_point) for entry_point in SHARES}
    rounds = -(-inputs // _ROUND)
    started = time.monotonic()
    failures: list[str] = []  # their entry points; each was printed when it was found
    for number in range(first_round, rounds):
        for entry_point, fuzzer in fuzzers.items():
            try:
                _try_many(fuzzer, SHARES[entry_point], f"{first_seed}/{number}/{entry_point}")
            except (AssertionError, Flaky) as error:
                failures.append(entry_point)
                # What failed once and not again says why in what it holds.
                seen = (error, *getattr(error, "exceptions", ()))
                print(*(f"{entry_point}: {each}" for each in seen), sep="\n", flush=True)
        done = sum(fuzzer.inputs for fuzzer in fuzzers.values())
        pace = done / (time.monotonic() - started)
        print(
            f"round {number + 1} of {rounds}: {done:,} inputs, {pace:,.0f} a second, {len(failures)} failures",
            flush=True,
        )
    for fuzzer in fuzzers.values():
        print(fuzzer.summary())
    statuses = sum((fuzzer.statuses for fuzzer in fuzzers.values()), Counter[int]())
    done = sum(statuses.values())
    refused = sum(count for status, count in statuses.items() if 400 <= status < 500)
    print(
        f"seed {first_seed}: {done:,} inputs in {time.monotonic() - started:,.0f} s, {refused:,} refused,"
        f" {sum(count for status, count in statuses.items() if status >= 500)} answered 5xx, {len(failures)} failures"
    )
    return 1 if failures else 0


def _try_many(fuzzer: Fuzzer, count: int, seed_words: str) -> None:
    @seed(seed_words)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(TAPES)
    def run(data: bytes) -> None:
        fuzzer.try_tape(data)

    run()


if __name__ == "__main__":
    sys.exit(main())
