"""A Twilio number is pointed at the relay, what is set is shown first, and nothing is done twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay.errors import ConfigurationError

from scripts.deployment.configure_number import difference, main
from scripts.deployment.tools import Problem
from scripts.deployment.twilio_api import TwilioApi
from scripts.fake_twilio import FakeTwilio, Server, Settings

NUMBER = "+15550001000"
BASE = "https://relay.example.com"
WANTED = f"{BASE}/sms/inbound#rc=5&rp=all&ct=3000&rt=5000"


@pytest.fixture
def twilio() -> Iterator[Server]:
    with Server(FakeTwilio(Settings(numbers=(NUMBER,)))) as server:
        yield server


@pytest.fixture(autouse=True)
def credentials(twilio: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DRY_RUN", raising=False)
    monkeypatch.setenv("RELAY_LOCAL_ENV_FILE", os.devnull)
    for name in ("TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", Settings().account_sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", Settings().auth_token)
    monkeypatch.setenv("TWILIO_API_BASE_URL", twilio.base_url)


def configure(*options: str, base: str = BASE, number: str = NUMBER) -> int:
    return main([f"--number={number}", f"--base-url={base}", *options])


def settings_at(twilio: Server) -> dict[str, object]:
    given = {"TWILIO_ACCOUNT_SID": Settings().account_sid, "TWILIO_AUTH_TOKEN": Settings().auth_token}
    return TwilioApi({**given, "TWILIO_API_BASE_URL": twilio.base_url}).find(NUMBER)


def test_a_new_number_gets_its_webhook_with_overrides_and_a_fallback(
    twilio: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert configure() == 0
    now = settings_at(twilio)
    assert (now["sms_url"], now["sms_method"]) == (WANTED, "POST")
    assert (now["sms_fallback_url"], now["sms_fallback_method"]) == (WANTED, "POST")
    said = capsys.readouterr().out
    assert f"SmsUrl: (nothing) → {WANTED}" in said
    assert "changed" in said


def test_the_fallback_may_be_another_address(twilio: Server) -> None:
    configure("--fallback-base-url=https://second.example.com/")
    fallback = str(settings_at(twilio)["sms_fallback_url"])
    assert fallback.startswith("https://second.example.com/sms/inbound#")


def test_a_dry_run_shows_the_difference_and_changes_nothing(twilio: Server, capsys: pytest.CaptureFixture[str]) -> None:
    before = settings_at(twilio)
    assert configure("--dry-run") == 0
    assert settings_at(twilio) == before
    said = capsys.readouterr().out
    assert f"→ {WANTED}" in said
    assert "not changed: this is a dry run" in said


def test_what_is_set_already_is_left_alone(twilio: Server, capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    before = settings_at(twilio)
    capsys.readouterr()
    configure()
    assert "set already, nothing to change" in capsys.readouterr().out
    assert settings_at(twilio)["date_updated"] == before["date_updated"]


def test_only_what_differs_is_shown_and_changed(twilio: Server, capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    capsys.readouterr()
    configure("--fallback-base-url=https://second.example.com")
    said = capsys.readouterr().out
    assert "SmsFallbackUrl" in said
    assert "SmsUrl" not in said


def test_somebody_elses_webhook_is_shown_before_it_is_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    configure(base="https://other.example.com")
    capsys.readouterr()
    configure("--yes")
    assert "https://other.example.com/sms/inbound#" in capsys.readouterr().out


def test_an_application_that_would_win_over_the_number_is_taken_off() -> None:
    number = {"sms_url": "", "sms_method": "POST", "sms_fallback_url": "", "sms_fallback_method": "POST"}
    changes = difference({**number, "sms_application_sid": "AP1"}, BASE, BASE)
    assert changes["SmsApplicationSid"] == ("AP1", "")


def test_a_number_that_is_not_the_accounts_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Problem, match=r"has no number \+15550009999:"):
        configure(number="+15550009999")


def test_wrong_credentials_are_told_without_showing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "wrong-t0ken")
    with pytest.raises(Problem, match="does not accept the credentials") as raised:
        configure()
    assert "wrong-t0ken" not in str(raised.value)


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    with pytest.raises(Problem, match="TWILIO_AUTH_TOKEN is missing: set it in the environment or in"):
        configure(f"--file={tmp_path / 'none.env'}")


def test_credentials_may_come_from_the_private_file(
    twilio: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    monkeypatch.delenv("TWILIO_ACCOUNT_SID")
    file = tmp_path / "repos.env"
    file.write_text(f"TWILIO_ACCOUNT_SID={Settings().account_sid}\nTWILIO_AUTH_TOKEN={Settings().auth_token}\n")
    with pytest.raises(ConfigurationError, match="run `chmod 600"):
        configure(f"--file={file}")
    file.chmod(0o600)
    configure(f"--file={file}")
    assert settings_at(twilio)["sms_url"] == WANTED


def test_an_api_key_signs_in_when_one_is_given(twilio: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "not needed for signing in")
    monkeypatch.setenv("TWILIO_API_KEY_SID", Settings().api_key_sid)
    monkeypatch.setenv("TWILIO_API_KEY_SECRET", Settings().api_key_secret)
    configure()
    assert settings_at(twilio)["sms_url"] == WANTED


def test_twilio_being_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_API_BASE_URL", "http://127.0.0.1:1")
    with pytest.raises(Problem, match="Twilio could not be asked"):
        configure()


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("http://relay.example.com", "use https://"),
        ("https://relay.example.com?x=1", "is not a web address"),
        ("relay.example.com", "is not a web address"),
        ("https://192.168.1.5", "where Twilio cannot call"),
        ("https://relay.example.com/sms/inbound", "has a path"),
        ("https://my_relay.example.com", "underscore in its host name"),
    ],
)
def test_an_address_that_twilio_would_refuse_is_refused_here(twilio: Server, base: str, words: str) -> None:
    with pytest.raises(Problem, match=words):
        configure(base=base)
    assert not settings_at(twilio)["sms_url"]


def test_a_number_that_is_not_e164_is_refused() -> None:
    with pytest.raises(Problem, match="is not E"):
        configure(number="5550001000")


def test_our_own_number_is_printed_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    """It is published, and its digits are what the person who points it has to check."""
    configure()
    assert capsys.readouterr().out.startswith(f"{NUMBER}:\n")
