"""How long the import of the webhook's function takes, beside the framework that every function imports."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Self

from scripts.bench import settings
from scripts.bench.rounds import Row, Samples, compare, in_turn, median, ratio, spread

_SCRIPT = settings.BENCH / "baselines" / "timed_import.py"


class Imports:
    """Each import in a new process, compiled code warm."""

    name = "imports"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    def sample(self, round_number: int) -> Mapping[str, float]:
        bare, ours, everything = in_turn(
            round_number,
            lambda: _seconds("functions_framework"),
            lambda: _seconds("functions_framework", "main"),
            # What main.py loads when the first webhook comes, client libraries apart.
            lambda: _seconds("functions_framework", "main", "relay.flow.intake"),
        )
        return {"bare": bare, "main": ours, "webhook": everything}

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            compare(
                samples,
                "import of `main` for the webhook",
                "main",
                "bare",
                _milliseconds,
                at_most=1.15,
                note="34 modules, by which the settings are read and checked before the first request; two thirds of "
                "it is making their data classes. Those of operators, replies and alarms came with these features.",
            ),
            Row(
                "the same with the webhook's own modules, which the first request loads",
                _milliseconds(median(samples["webhook"])),
                _milliseconds(median(samples["bare"])),
                f"{ratio(samples, 'webhook', 'bare'):.2f}x",
                "",
                None,
                spread(samples, "webhook", "bare"),
            ),
        ]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _seconds(*modules: str) -> float:
    done = subprocess.run(
        [settings.python(), str(_SCRIPT), *modules],
        env=settings.google(),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)
