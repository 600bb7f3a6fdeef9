"""The comparison with Twilio's list as an entry point of its own that shares the town's file, so that a story need not
wait for the round that comes every five minutes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from relay import homes
from relay.flow import bookmark
from relay.flow.reconcile import BOOKMARK
from relay.log import JsonJournal, LogAlarms
from relay.ports import RelayStore
from relay.settings.settings import load_settings

from tests.entry_points.served import Served
from tests.stories.town import Town

_STORE_SECONDS = 30.0


class Comparison:
    """A process that compares once for each `run`, from `with` on."""

    def __init__(self, town: Town, folder: Path) -> None:
        self._settings = {**town.relay.settings, "PUBLIC_BASE_URL": town.address}
        self._settings.pop("RELAY_LOCAL_LOG")
        self._served = Served("reconcile", self._settings, folder)

    def run(self) -> dict[str, Any]:
        """Compare now. Returns the round's report."""
        status, _, body = self._served.ask("POST", "/")
        report: dict[str, Any] = json.loads(body)
        return {"http_status": status, **report}

    def has_run_for_days(self) -> None:
        """This relay is no newcomer: what came in yesterday is its business, and the hourly look back is due."""
        self.run()
        with self._store() as store:
            before = store.get_bookmark(BOOKMARK, timeout_seconds=_STORE_SECONDS)
            mark = bookmark.read(before)
            assert mark.first is not None
            mark.first -= timedelta(days=3)
            mark.began_at = mark.first
            assert store.swap_bookmark(BOOKMARK, before, mark.text(), timeout_seconds=_STORE_SECONDS)

    @contextmanager
    def _store(self) -> Iterator[RelayStore]:
        with open(os.devnull, "w") as nowhere:
            journal = JsonJournal(nowhere)
            settings = load_settings({"RELAY_BACKEND": "embedded", **self._settings}, ["reconcile"])
            yield homes.embedded_home(settings, journal, LogAlarms(journal)).store

    def __enter__(self) -> Comparison:
        self._served.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._served.stop()
