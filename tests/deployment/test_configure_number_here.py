"""The number is pointed at the relay that `.env` sets up on this machine, never taken from another by accident."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.deployment import ROOT
from scripts.deployment.configure_number import main
from scripts.deployment.tools import Problem
from scripts.deployment.twilio_api import TwilioApi
from scripts.fake_twilio import FakeTwilio, Server, Settings

FIRST, SECOND = "+15550001000", "+15550002000"
HERE, ELSEWHERE = "https://relay.example.com", "https://gateway.example.com"
_NAMES = (
    *("RELAY_BACKEND", "GOOGLE_CLOUD_PROJECT", "BUSINESS_PHONE_NUMBER", "PUBLIC_BASE_URL"),
    *("DRY_RUN", "PROJECT", "REGION"),
)


@pytest.fixture
def twilio() -> Iterator[Server]:
    with Server(FakeTwilio(Settings(numbers=(FIRST, SECOND)))) as server:
        yield server


@pytest.fixture
def env_file(twilio: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The `.env` of a relay on this machine that works with the (fake) Twilio."""
    for name in [*_NAMES, *(name for name in os.environ if name.startswith("TWILIO_"))]:
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / ".env"
    settings = Settings()
    file.write_text(
        f"TWILIO_ACCOUNT_SID={settings.account_sid}\nTWILIO_AUTH_TOKEN={settings.auth_token}\n"
        f"TWILIO_API_BASE_URL={twilio.base_url}\nPUBLIC_BASE_URL={HERE}\nBUSINESS_PHONE_NUMBER={FIRST}, {SECOND}\n"
    )
    file.chmod(0o600)
    monkeypatch.setenv("RELAY_LOCAL_ENV_FILE", str(file))
    return file


def _urls(twilio: Server) -> list[str]:
    given = {"TWILIO_ACCOUNT_SID": Settings().account_sid, "TWILIO_AUTH_TOKEN": Settings().auth_token}
    numbers = TwilioApi({**given, "TWILIO_API_BASE_URL": twilio.base_url})
    return [str(numbers.find(phone)["sms_url"]).partition("/sms/")[0] for phone in (FIRST, SECOND)]


@pytest.mark.usefixtures("env_file")
def test_numbers_are_pointed_at_the_relay_that_the_env_file_sets_up(
    twilio: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([]) == 0
    assert _urls(twilio) == [HERE, HERE]
    told = capsys.readouterr().out
    assert f"As .env says: the relay is at {HERE}." in told
    # In full: the digits are what one wants to check.
    assert (f"\n{FIRST}:\n" in told, f"\n{SECOND}:\n" in told) == (True, True)


@pytest.mark.usefixtures("env_file")
def test_a_number_that_leads_to_another_relay_is_taken_away_only_when_that_is_said(
    twilio: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"--number={FIRST}", f"--base-url={ELSEWHERE}"]) == 0
    with pytest.raises(Problem, match=rf"\{FIRST} leads to .* {ELSEWHERE}, and nothing was changed: YES=1 takes"):
        main([])
    assert _urls(twilio) == [ELSEWHERE, ""]
    assert f"SmsUrl: {ELSEWHERE}/sms/inbound" in capsys.readouterr().out, "what would change is shown all the same"
    assert main(["--dry-run"]) == 0
    assert main(["--yes"]) == 0
    assert _urls(twilio) == [HERE, HERE]


def test_without_a_relay_it_is_said_what_is_missing(env_file: Path) -> None:
    env_file.write_text("TWILIO_AUTH_TOKEN=x\n")
    with pytest.raises(Problem, match=r"gives BUSINESS_PHONE_NUMBER and PUBLIC_BASE_URL .* or say PROJECT=my-project"):
        main([])


def test_a_google_home_in_the_env_file_is_not_this_machines(env_file: Path) -> None:
    env_file.write_text(env_file.read_text() + "GOOGLE_CLOUD_PROJECT=p\n")
    with pytest.raises(Problem, match="say PROJECT=my-project for a relay at Google"):
        main([])


def test_its_help_is_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["make", "--dry-run", "configure-number", "HELP=1"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "scripts.deployment.configure_number --help" in shown.stdout
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--project PROJECT" in capsys.readouterr().out
