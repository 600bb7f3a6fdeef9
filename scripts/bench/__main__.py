"""`python -m scripts.bench`: run the benchmarks, print the table, and with `--write` write docs/performance.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.bench import ROOT, counted, report
from scripts.bench.burst import Burst
from scripts.bench.concurrency import Concurrency
from scripts.bench.durable import Durable
from scripts.bench.escalation import Escalation
from scripts.bench.imports import Imports
from scripts.bench.rounds import Bench, run
from scripts.bench.searching import Searching, SearchingGoogle
from scripts.bench.serving import Serving
from scripts.bench.stalls import Stalls
from scripts.bench.start import Start
from scripts.bench.stored import StoredFiles
from scripts.bench.sweeping import Sweeping

DOCUMENT = ROOT / "docs" / "performance.md"
_ROUNDS, _QUICK_ROUNDS = 15, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """0 whatever the figures are: times are reported, never enforced. 1 when nothing can be measured here."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=0, help=f"default {_ROUNDS}; {_QUICK_ROUNDS} with --quick")
    parser.add_argument("--quick", action="store_true", help="few and small rounds: only the order of magnitude")
    parser.add_argument("--only", action="append", help="one of the benches (again for more)", choices=list(_benches()))
    parser.add_argument("--write", action="store_true", help=f"write docs/{DOCUMENT.name}")
    options = parser.parse_args(arguments)
    if not Path("/proc/self/smaps_rollup").exists():
        print("Processor time and memory of servers are read from /proc: run the benchmarks on Linux.", file=sys.stderr)
        return 1
    if options.write and (options.only or options.quick):
        parser.error("--write takes a whole run: without --only and --quick")
    rounds = options.rounds or (_QUICK_ROUNDS if options.quick else _ROUNDS)
    every = _benches(quick=options.quick)
    outcome = run([every[name] for name in options.only or every], rounds)
    print(report.table(outcome, [] if options.only else counted.rows()))
    if options.write:
        DOCUMENT.write_text(report.document(outcome, counted.rows()), encoding="utf-8")
    return 0


def _benches(*, quick: bool = False) -> dict[str, Bench]:
    stored = StoredFiles(20_000 if quick else 1_000_000)
    every: list[Bench] = [
        Imports(),
        Start(40 if quick else 200),
        Serving(200 if quick else 500),
        Durable(500 if quick else 1000),
        Stalls(60 if quick else 1000),
        Escalation(2 if quick else 6),
        Sweeping(stored),
        Searching(stored),
        SearchingGoogle(2_000 if quick else 20_000),
        Burst(200 if quick else 1000),
        Concurrency(100 if quick else 300),
    ]
    return {bench.name: bench for bench in every}


if __name__ == "__main__":
    sys.exit(main())
