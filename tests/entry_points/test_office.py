"""What the entry points of one machine share for operators: an address, a name, and who is signed in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from relay import homes, shared, wiring
from relay.errors import ConfigurationError

from tests.entry_points.served import settings_for

ASKED_BY_OPERATORS = ("console", "sms_relay_state", "sms_redrive")


@pytest.fixture
def set_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    people = [{"name": "Ana", "phone": "+15550100011"}]
    told = {"RELAY_OPERATORS": json.dumps(people), "RELAY_BUSINESS_NAME": "Acme", "RELAY_TRUSTED_PROXIES": "1"}
    monkeypatch.setattr(shared, "shared", {})
    monkeypatch.setattr(homes, "_prepared", {})
    for name, value in settings_for(tmp_path, **told).items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_all_are_told_the_same_and_work_with_the_same(set_up: Path) -> None:
    """Else signing out everywhere at one of them would be news to another for ten seconds."""
    rooms = [wiring.runtime(name).signing_in for name in ASKED_BY_OPERATORS]
    assert all(room is rooms[0] for room in rooms)
    said = rooms[0].said
    assert (said.console_base_url, said.business_name, said.trusted_proxies) == ("https://relay.example.com", "Acme", 1)
    assert [person.name for person in said.operators.people] == ["Ana"]
    assert said.database_path == str(set_up / "relay.db")


def test_a_start_makes_the_credential_and_the_next_keeps_it(set_up: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = wiring.runtime("console").settings
    said: list[str] = []
    homes.prepare_embedded(settings, said.append)
    file = set_up / "relay.db.credential"
    token = file.read_bytes()
    assert (file.stat().st_mode & 0o777, said) == (0o600, [])
    monkeypatch.setattr(homes, "_prepared", {})
    file.chmod(0o644)
    homes.prepare_embedded(settings, said.append)
    assert file.read_bytes() != token
    assert (len(said), "Others could read" in said[0]) == (1, True)
    assert token.decode().strip() not in said[0]


def test_a_folder_in_which_it_cannot_be_written_is_said_at_start(set_up: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.mkstemp", _refused)
    with pytest.raises(ConfigurationError, match="the credential of commands on this machine"):
        homes.prepare_embedded(wiring.runtime("console").settings)


def _refused(**_how: object) -> tuple[int, str]:
    raise PermissionError(13, "Permission denied")
