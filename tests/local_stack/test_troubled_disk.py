"""A running relay whose disk fills up: texts are refused, terminal and log say why; with room it goes on."""

from __future__ import annotations

import io
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest
from relay.twilio.signature import signature
from rich.console import Console

from scripts.fake_twilio.settings import Settings as FakeSettings
from scripts.local_stack.client import StackClient
from scripts.local_stack.screen import Screen
from scripts.local_stack.tidings import Tidings
from tests.fakes import FakeClock
from tests.small_disks import SmallDisk
from tests.small_disks import small_disk as small_disk
from tests.stack_fixtures import OURS, tiers, until
from tests.stories.relay_process import RelayProcess


def _text(relay: RelayProcess, number: int) -> int:
    """The status with which a text is answered that Twilio brings."""
    fake = FakeSettings()
    form = {
        "AccountSid": fake.account_sid,
        "MessageSid": f"SM{number:032x}",
        "From": "+13035550199",
        "To": OURS,
        "Body": f"the boiler is leaking, call {number}",
    }
    url = f"{relay.address}/sms/inbound"
    signed = signature(fake.auth_token, url, {name: [value] for name, value in form.items()})
    body = urllib.parse.urlencode(form).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signed}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


def test_terminal_and_log_say_why_texts_are_refused_and_when_they_are_taken_again(
    small_disk: SmallDisk, tmp_path: Path
) -> None:
    settings = {"RELAY_DATABASE": str(small_disk.folder / "relay.db"), "RELAY_TIERS": tiers(2.0)}
    relay = RelayProcess("embedded", settings, tmp_path)
    relay.start()
    assert relay.wait_for("Up until Ctrl-C")
    until(lambda: _text(relay, 1) == 200, "a text before the trouble")
    small_disk.fill()
    assert [_text(relay, number) for number in range(2, 12)] == [503] * 10
    assert relay.wait_for(f"Texts are refused: the disk of {small_disk.folder}/relay.db is full (")
    small_disk.make_room()
    until(lambda: _text(relay, 12) == 200 and relay.output.count("Texts are taken again."), "the end of the trouble")
    assert relay.stop() == 0
    assert relay.output.count("Texts are refused") == 1
    entries = [json.loads(line) for line in relay.log.read_text("utf-8").splitlines() if line.startswith("{")]
    told = [entry for entry in entries if entry["event"].startswith("store_")]
    # The log says it again each minute, as long as it lasts.
    assert [event for event, _ in groupby(entry["event"] for entry in told)] == ["store_fails", "store_works_again"]
    assert (told[0]["severity"], "is full (" in told[0]["reason"]) == ("CRITICAL", True)
    assert told[0]["advice"].startswith("make room on it")


class _Client(StackClient):
    """A stack that answers what `says` gives, or fails with it."""

    def __init__(self, says: Callable[[], object]) -> None:
        super().__init__("http://127.0.0.1:9")
        self._says = says

    def description(self, timeout_seconds: float = 20.0) -> dict[str, object]:
        told = self._says()
        if isinstance(told, OSError):
            raise told
        return {"trouble": told, "trouble_kind": str(told).partition(" (")[0]}


def test_troubles_silence_and_a_clock_that_was_set_are_each_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    seconds = [0.0]
    says: list[object] = [""]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    clock = FakeClock()
    seen = Tidings(_Client(lambda: says[0]), Screen(console, shows_words=False), clock)

    def after(told: object, looks: int) -> str:
        says[0] = told
        for _ in range(looks):
            seconds[0] += 2.0
            seen.look()
        return console.export_text()

    assert after("", 3) == ""
    assert after("the disk is full (0 KiB)", 3).count("Texts are refused: the disk is full (0 KiB).") == 1
    assert after("the disk is full (4 KiB)", 3) == ""
    assert after("the disk is read-only", 3).count("Texts are refused: the disk is read-only.") == 1
    assert after("", 3).count("Texts are taken again.") == 1
    assert after(OSError("refused"), 7) == ""
    assert after(OSError("refused"), 5).count("The relay has not answered for 16 s (refused).") == 1
    assert after("", 2).count("The relay answers again.") == 1
    clock.set(clock.now() - timedelta(hours=2))
    assert after("", 3).count("This machine's clock was set back by 2:00:00 h.") == 1
    clock.set(clock.now() + timedelta(seconds=61))
    assert after("", 3).count("This machine's clock was set forward by 0:01:01 h.") == 1
    clock.advance(3600)
    assert after("", 3) == ""
