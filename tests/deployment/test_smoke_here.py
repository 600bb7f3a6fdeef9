"""The smoke test on a machine's own relay, with a server that stands in for Twilio as the real one does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.deployment import smoke, smoke_target
from scripts.deployment.tools import Problem
from tests.stories.town import BUSINESS, TIERS, Town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town("embedded", tmp_path_factory.mktemp("smoke"))
    try:
        town.open()
        town.warm_up()
        yield town
    finally:
        town.close()


@pytest.fixture(autouse=True)
def machine(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine, whose `.env` has what the relay was started with; no project and no token is given.

    The relay is asked by the credential that it made beside its database.
    """
    for name in [name for name in os.environ if name.startswith(("TWILIO_", "RELAY", "GOOGLE_", "BUSINESS", "PUBLIC"))]:
        monkeypatch.delenv(name)
    for name in ("STACK", "PROJECT", "REGION", "NO_SMS", "BACKEND"):
        monkeypatch.delenv(name, raising=False)
    settings = {**town.relay.settings, "PUBLIC_BASE_URL": town.address}
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()), "utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("RELAY_LOCAL_ENV_FILE", str(file))
    monkeypatch.setenv("PORT", town.address.rpartition(":")[2])

    return file


def test_a_text_goes_the_whole_way_through_the_machines_own_relay(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    town.begin_story()
    assert smoke.main([]) == 0
    output = capsys.readouterr().out
    assert "forged text refused, caller without a token refused" in output
    assert "Good: the relay ended as delivered" in output
    assert "relay removed" in output
    assert "Test of the relay" in town.fake.phone(TIERS[0]).inbox[-1].body


def test_the_way_in_is_tried_without_sending_anything(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    town.begin_story()
    assert smoke.main(["--no-sms", f"--stack={town.address}"]) == 0
    assert re.search(r"taken in as SM[0-9a-f]{32}", capsys.readouterr().out)
    assert [post for phone in town.tiers for post in town.posts(phone)] == []


def test_the_text_goes_in_where_the_real_one_does(town: Town, machine: Path) -> None:
    """By PUBLIC_BASE_URL, the proxy or tunnel included; the record is read on this machine alone."""
    given = machine.read_text().replace(f"PUBLIC_BASE_URL='{town.address}'", "PUBLIC_BASE_URL='https://a.example.com'")
    machine.write_text(given, "utf-8")
    target = smoke_target.local(town.address)
    assert (target.base_url, target.business_phone) == ("https://a.example.com", BUSINESS)
    assert target.relay_state_url == f"{town.address}/sms/relay-state"


def test_settings_of_another_relay_are_told_before_anything_is_sent(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_LOCAL_ENV_FILE", os.devnull)
    with pytest.raises(Problem, match="works with a real Twilio, and the settings here are for another one"):
        smoke_target.local(town.address)
