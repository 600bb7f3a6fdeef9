"""The webhook as it is deployed, and its database removed, moved away or exchanged under it while texts come in."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from relay.embedded.database import Database
from relay.twilio.signature import signature

from tests.entry_points.served import Served, settings_for
from tests.stories.relay_process import children_of
from tests.stories.town import BUSINESS

_PATIENCE_SECONDS = 120.0
# So often people are told while it lasts.
_AGAIN_SECONDS = 60.0


class Webhook:
    """The served function with its database in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.database = self.home / "relay.db"
        self.home.mkdir()
        self._settings = settings_for(folder, RELAY_DATABASE=str(self.database))
        self.served = Served("sms_inbound", self._settings, folder)
        self._count = 0

    def text(self) -> int:
        """One more text comes in as Twilio brings it; the status it is answered with."""
        self._count += 1
        form = {
            "AccountSid": self._settings["TWILIO_ACCOUNT_SID"],
            "MessageSid": f"SM{self._count:032x}",
            "From": f"+1303555{self._count:04d}",
            "To": BUSINESS,
            "Body": "the boiler is leaking",
        }
        url = self._settings["PUBLIC_BASE_URL"] + "/sms/inbound"
        signed = signature(self._settings["TWILIO_AUTH_TOKEN"], url, {name: [value] for name, value in form.items()})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signed}
        return self.served.ask("POST", "/sms/inbound", urllib.parse.urlencode(form).encode(), headers)[0]

    def stored(self) -> int:
        """How many relays are in the file, for somebody who opens it now."""
        database = Database(self.database)
        try:
            count: int = database.read(
                lambda c: c.execute("SELECT count(*) FROM relays").fetchone()[0], timeout_seconds=_PATIENCE_SECONDS
            )
            return count
        finally:
            database.close()

    def alarms(self) -> list[dict[str, Any]]:
        lines = self.served.log.read_text("utf-8").splitlines()
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return [entry for entry in entries if entry["event"] == "database_lost"]

    def alarm(self, began: float) -> dict[str, Any]:
        """The alarm that was raised at once, and since it began each minute at most in the same words."""
        first, *again = self.alarms()
        assert len(again) <= (time.monotonic() - began) / _AGAIN_SECONDS
        assert {entry["reason"] for entry in again} <= {first["reason"]}
        return first


@pytest.fixture
def webhook(tmp_path: Path) -> Iterator[Webhook]:
    webhook = Webhook(tmp_path)
    try:
        webhook.served.start()
        yield webhook
    finally:
        webhook.served.kill()


def test_texts_into_a_removed_database_are_refused_with_an_alarm_and_taken_after_a_restart(webhook: Webhook) -> None:
    assert webhook.text() == 200
    began = time.monotonic()
    # At once, whatever the relay does in there meanwhile.
    shutil.rmtree(webhook.home.rename(webhook.home.with_name("removed")))
    assert [webhook.text() for _ in range(20)] == [503] * 20
    alarm = webhook.alarm(began)
    assert (alarm["severity"], alarm["reason"]) == ("ERROR", f"{webhook.database} is no longer there")
    assert "removed or replaced under the running relay" in alarm["message"]
    assert not webhook.home.exists()
    webhook.home.mkdir()
    webhook.served.stop()
    webhook.served.start()
    assert [webhook.text() for _ in range(3)] == [200] * 3
    assert webhook.stored() == 3


def test_put_back_the_database_has_everything_that_was_answered_200_and_nothing_that_was_not(webhook: Webhook) -> None:
    elsewhere = webhook.home.with_name("elsewhere")
    assert [webhook.text() for _ in range(3)] == [200] * 3
    webhook.home.rename(elsewhere)
    assert [webhook.text() for _ in range(3)] == [503] * 3
    elsewhere.rename(webhook.home)
    assert [webhook.text() for _ in range(2)] == [200] * 2
    assert webhook.stored() == 5


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="optional: only Linux gives deleted files back")
def test_deleted_it_can_be_copied_back_from_the_running_relay_as_the_runbook_says(webhook: Webhook) -> None:
    assert [webhook.text() for _ in range(3)] == [200] * 3
    for file in webhook.home.iterdir():
        file.unlink(missing_ok=True)
    assert webhook.text() == 503
    rescued = {}
    for pid in children_of(webhook.served.pid):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # a connection that was closed meanwhile
                name = Path(os.readlink(descriptor).removesuffix(" (deleted)"))
                if name.parent == webhook.home and name.suffix in (".db", ".db-wal"):
                    rescued[name] = descriptor.read_bytes()
    webhook.served.stop()
    for name, content in rescued.items():
        name.write_bytes(content)
    webhook.served.start()
    assert webhook.text() == 200
    assert webhook.stored() == 4


def test_a_backup_put_in_place_under_it_is_not_taken_for_the_database(webhook: Webhook) -> None:
    assert webhook.text() == 200
    shutil.copy(webhook.database, webhook.home / "backup.db")
    began = time.monotonic()
    (webhook.home / "backup.db").replace(webhook.database)
    assert webhook.text() == 503
    assert webhook.alarm(began)["reason"] == f"{webhook.database} is another file than before"


def test_a_worker_that_dies_meanwhile_is_not_followed_by_one_that_makes_an_empty_database(webhook: Webhook) -> None:
    assert webhook.text() == 200
    for file in webhook.home.iterdir():
        file.unlink(missing_ok=True)
    before = children_of(webhook.served.pid)
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not set(children_of(webhook.served.pid)) - set(before):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert webhook.text() == 503
    assert list(webhook.home.iterdir()) == []
