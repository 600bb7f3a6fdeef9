"""How long the import of the webhook's function takes, beside the framework that every function imports."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from typing import Self

from scripts.bench import settings
from scripts.bench.rounds import Row, Samples, compare, in_turn

_SCRIPT = settings.BENCH / "baselines" / "timed_import.py"


class Imports:
    """Each import in a new process, compiled code warm."""

    name = "imports"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    def sample(self, round_number: int) -> Mapping[str, float]:
        bare, ours = in_turn(
            round_number,
            lambda: _seconds("functions_framework"),
            # main.py loads the rest of a way in when it is first called.
            lambda: _seconds("functions_framework", "main", "relay.inbound"),
        )
        return {"bare": bare, "main": ours}

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [
            compare(
                samples,
                "import of `main` for the webhook",
                "main",
                "bare",
                lambda seconds: f"{seconds * 1000:.0f} ms",
                at_most=1.15,
            )
        ]


def _seconds(*modules: str) -> float:
    done = subprocess.run(
        [settings.python(), str(_SCRIPT), *modules],
        env=settings.google(),
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)
