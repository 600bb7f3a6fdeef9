"""`python -m tests.endurance embedded|google`: one run, its report; 1 if any invariant was violated."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from scripts.local_google.emulators import EmulatorsUnavailable, FirestoreEmulator
from tests.endurance import homes
from tests.endurance.homes import IN_FULL, Size


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill the relay while texts come in, and count what became of them.")
    parser.add_argument("home", choices=("embedded", "google"))
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--texts-per-second", type=float, default=12.0)
    parser.add_argument("--pause-seconds", type=float, default=20.0, help="google: how long Firestore stands still")
    options = parser.parse_args()
    size = Size(
        options.texts,
        options.kills,
        options.seed,
        options.texts_per_second,
        outage_seconds=6.0,
        pace=IN_FULL,
        store_pause_seconds=options.pause_seconds,
    )
    with tempfile.TemporaryDirectory(prefix="endurance-") as name:
        folder = Path(name)
        if options.home == "embedded":
            _, found, text = homes.embedded(size, folder, _say)
        else:
            try:
                with FirestoreEmulator() as emulator:
                    _, found, text = homes.google(size, emulator, folder, _say)
            except EmulatorsUnavailable as missing:
                print(missing, file=sys.stderr)
                return 2
    print(text)
    return 1 if found else 0


def _say(words: str) -> None:
    print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
