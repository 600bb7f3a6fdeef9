"""The comparison with Twilio's list as an entry point of its own that shares the town's file, so that a story need not
wait for the round that comes every five minutes."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.entry_points.served import Served
from tests.stories.town import Town

_DAY_SECONDS = 86_400


class Comparison:
    """A process that compares once for each `run`, from `with` on."""

    def __init__(self, town: Town, folder: Path) -> None:
        self._settings = {**town.relay.settings, "PUBLIC_BASE_URL": town.address}
        self._served = Served("reconcile", _without_log(self._settings), folder)

    def run(self) -> dict[str, Any]:
        """Compare now. Returns the round's report."""
        status, _, body = self._served.ask("POST", "/")
        report: dict[str, Any] = json.loads(body)
        return {"http_status": status, **report}

    def has_run_for_days(self) -> None:
        """The last round was moments ago, and the first long before: this relay is no newcomer."""
        self.run()
        with sqlite3.connect(self._settings["RELAY_DATABASE"], timeout=30) as connection:
            began = int((time.time() - 3 * _DAY_SECONDS) * 1_000_000)
            connection.execute("UPDATE watermarks SET at = ? WHERE name LIKE '%began%'", (began,))

    @property
    def log(self) -> str:
        return self._served.log.read_text("utf-8", "replace")

    def __enter__(self) -> Comparison:
        self._served.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._served.stop()


def _without_log(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name != "RELAY_LOCAL_LOG"}
