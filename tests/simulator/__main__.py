"""`python -m tests.simulator`: run made-up disasters, replay one, try every mutant, or all of the exhaustive cases."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "functions"))

from tests.simulator.campaign import Tally, campaign, cores, possible_pairs
from tests.simulator.exhaustive import CASES
from tests.simulator.kinds import Kind
from tests.simulator.loaded import fingerprint
from tests.simulator.mutants import MUTANTS
from tests.simulator.runner import run_seed
from tests.simulator.shrink import shrink

_TRACE_LINES_MAX = 400


def main() -> int:
    arguments = _arguments()
    if arguments.mutants:
        return _mutants()
    if arguments.exhaustive:
        return _exhaustive()
    if arguments.seeds == 1:
        return _replay(arguments.seed, arguments.two_revisions, arguments.kind)
    return _campaign(arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20000, help="how many runs; 1 replays --seed with its trace")
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; all cores unless given")
    parser.add_argument("--resume", type=Path, help="file to go on from, and to write what is done to")
    parser.add_argument("--two-revisions", action="store_true", help="a made-up next revision works on the store, too")
    parser.add_argument("--kind", type=_kind, help="all runs are of this kind of the wider world, by name")
    parser.add_argument("--mutants", action="store_true", help="say within how many runs each mutant is killed")
    parser.add_argument("--exhaustive", action="store_true", help="all crash points, interleavings, permutations")
    return parser.parse_args()


def _kind(name: str) -> Kind:
    known = {kind.name.lower(): kind for kind in Kind}
    try:
        return known[name.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"one of {', '.join(known)}") from None


def _campaign(arguments: argparse.Namespace) -> int:
    seeds, seed, jobs, resume = arguments.seeds, arguments.seed, arguments.jobs, arguments.resume
    two_revisions, kind = arguments.two_revisions, arguments.kind
    options = [*(["two revisions"] if two_revisions else []), *([kind.value] if kind else [])]
    tally = Tally(seed, seed, ", ".join([fingerprint(), *options]))
    if resume is not None and resume.exists():
        earlier = Tally.load(resume)
        if earlier.code != tally.code:
            print(
                f"{resume} holds runs of other code or other options ({earlier.code}, and this is {tally.code}): "
                "remove it, or name another file, to begin anew",
                file=sys.stderr,
            )
            return 2
        tally = earlier
        print(f"Going on after {tally.runs:,} runs of {resume}", file=sys.stderr)
    shown = 0.0

    def progress(tally: Tally) -> None:
        nonlocal shown
        if time.monotonic() - shown < 1.0 and tally.runs < seeds:
            return
        shown = time.monotonic()
        rate = tally.runs / max(tally.seconds, 1e-9)
        left = (seeds - tally.runs) / rate
        line = f"{tally.runs:,} of {seeds:,} runs, {rate:,.0f}/s, {tally.violating} violating, {left:,.0f} s left"
        print(f"\r{line:<79}", end="", file=sys.stderr, flush=True)

    campaign(tally, seeds, jobs, progress, resume, two_revisions, kind)
    print(file=sys.stderr)
    _report(tally, jobs)
    if tally.violations:
        print()
        _show_shrunk(tally.violations[0][0], two_revisions, kind)
    return 1 if tally.violating else 0


def _report(tally: Tally, jobs: int) -> None:
    injected = sum(tally.faults.values())
    rate = tally.runs / max(tally.seconds, 1e-9)
    print(f"{tally.runs:,} runs (seeds {tally.first_seed} to {tally.next_seed - 1}), {rate:,.0f}/s on {jobs} processes")
    print(f"of the code {tally.code}: on the same code further blocks of seeds add to these")
    print(f"{injected:,} faults injected:")
    for fault, count in sorted(tally.faults.items(), key=lambda item: -item[1]):
        print(f"  {count:>12,}  {fault}")
    possible = possible_pairs()
    print(f"{len(tally.pairs & possible)} of {len(possible)} (state, event) pairs reached; never:")
    print("  " + ("; ".join(sorted(possible - tally.pairs)) or "none"))
    print(f"{tally.violating:,} runs violate an invariant")
    for seed, violations in tally.violations[:10]:
        print(f"  seed {seed}: {violations[0]}")


def _replay(seed: int, two_revisions: bool, kind: Kind | None) -> int:
    result = run_seed(seed, traced=True, two_revisions=two_revisions, kind=kind)
    print("\n".join(result.trace))
    print(f"\nseed {seed}: {len(result.violations)} violations")
    for violation in result.violations:
        print(f"  {violation}")
    if result.violations:
        print()
        _show_shrunk(seed, two_revisions, kind)
    return 1 if result.violations else 0


def _show_shrunk(seed: int, two_revisions: bool, kind: Kind | None) -> None:
    shrunk = shrink(seed, two_revisions, kind)
    print(f"seed {seed}, shrunk: {shrunk.mattered} of {shrunk.choices} choices matter")
    print("\n".join(shrunk.result.trace[:_TRACE_LINES_MAX]))
    for violation in shrunk.result.violations:
        print(f"  {violation}")


def _mutants() -> int:
    survivors = 0
    for mutant in MUTANTS:
        killed = mutant.killed_by()
        if mutant.covered_by:
            verdict = f"equivalent: {mutant.covered_by}"
        elif killed is None:
            survivors += 1
            verdict = f"SURVIVED {mutant.runs} runs"
        else:
            verdict = f"killed in run {killed.number}: {killed.violation}"
        print(f"{mutant.name:30}  {verdict}", flush=True)
    print(f"{len(MUTANTS)} mutants, {survivors} survivors")
    return 1 if survivors else 0


def _exhaustive() -> int:
    violating = 0
    for case in CASES:
        report = case.run()
        violating += len(report.violations)
        print(f"{case.name:50}  {report.cases:>9,} cases, {len(report.violations)} violations", flush=True)
        for violation in report.violations[:3]:
            print(f"    {violation}")
    return 1 if violating else 0


if __name__ == "__main__":
    sys.exit(main())
