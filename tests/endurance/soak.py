"""`python -m tests.endurance.soak`: one small machine for an hour, in rounds, any of which may be the last for now.

What a round came to is written down when it is over: a soak that was stopped goes on with the next one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from relay.core.model import FinalStatus

from tests.endurance.homes import IN_TROUBLE, Size, machine
from tests.endurance.run import Run
from tests.small_disks import SmallDisk

_TEXTS_PER_SECOND = 8.0
_TROUBLE_SECONDS = 6.0
_DISK_KIB = 256 * 1024
_ROUND_MINUTES = 5.0
Round = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when no round violated anything, 1 otherwise."""
    parser = argparse.ArgumentParser(description="Trouble one small machine, and count what became of its texts.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, required=True, help="where the rounds are written down")
    options = parser.parse_args(arguments)
    rounds: list[Round] = json.loads(options.resume.read_text()) if options.resume.exists() else []
    while sum(each["seconds"] for each in rounds) < options.minutes * 60:
        minutes = min(_ROUND_MINUTES, options.minutes)
        rounds.append(_round(options.seed + len(rounds), minutes))
        options.resume.write_text(json.dumps(rounds, indent=1))
    print(summary(rounds))
    return 1 if any(each["violations"] for each in rounds) else 0


def _round(seed: int, minutes: float) -> Round:
    texts = int(minutes * 60 * _TEXTS_PER_SECOND)
    # Most fall away, because nothing is killed while there is trouble.
    kills = max(int(minutes * 4), 1)
    size = Size(texts, kills, seed, _TEXTS_PER_SECOND, 6.0, IN_TROUBLE, trouble_seconds=_TROUBLE_SECONDS)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, _small_disk(Path(name)) as disk:
        run, found, text = machine(size, Path(name), disk, _say)
    print(f"\n{text}", flush=True)
    return counted(run, found) | {"seed": seed, "seconds": round(time.monotonic() - began)}


def counted(run: Run, found: Sequence[str]) -> Round:
    """The figures of a round."""
    ends = Counter(relay.final_status for relay in run.relays.values())
    return {
        "texts": len(run.texts),
        "delivered": ends[FinalStatus.DELIVERED],
        "exhausted": ends[FinalStatus.EXHAUSTED],
        "recovered": sum(relay.recovered for relay in run.relays.values()),
        "kills": run.kills_of_all + run.kills_of_worker,
        "troubles": run.troubles,
        "violations": list(found),
    }


def summary(rounds: Sequence[Round]) -> str:
    """All rounds together, in a few lines."""
    names = ("texts", "delivered", "exhausted", "recovered", "kills")
    total = {name: sum(each[name] for each in rounds) for name in names}
    troubles = sum((Counter(each["troubles"]) for each in rounds), Counter[str]())
    minutes = sum(each["seconds"] for each in rounds) / 60
    found = [f"seed {each['seed']}: {sentence}" for each in rounds for sentence in each["violations"]]
    lines = [
        f"one small machine, {minutes:.0f} minutes in {len(rounds)} rounds",
        f"  texts            {total['texts']}: {total['delivered']} delivered, {total['exhausted']} exhausted, each"
        f" with its alarm; {total['recovered']} found in Twilio's list",
        f"  troubles         {', '.join(f'{count} {name}' for name, count in sorted(troubles.items()))}",
        f"  kills            {total['kills']}",
        f"  violations       {len(found) or 'none'}",
        *(f"    {sentence}" for sentence in found[:50]),
    ]
    return "\n".join(lines)


@contextmanager
def _small_disk(folder: Path) -> Iterator[SmallDisk | None]:
    try:
        disk = SmallDisk(folder / "disk", _DISK_KIB)
    except (OSError, subprocess.CalledProcessError):
        print("No small disk can be mounted here, so a full one is left out: that needs root.", file=sys.stderr)
        yield None
        return
    try:
        yield disk
    finally:
        disk.unmount()


def _say(words: str) -> None:
    print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
