"""doctor's counts say what they count, and nothing is looked for where it cannot be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scripts.relayctl import checks_configuration, checks_relay
from tests.played import Played
from tests.relayctl.conftest import Ctl, PlayedApi, now
from tests.stack_fixtures import RunningStack
from tests.twilio_words import refusal


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


def _refused(played: Played, code: int) -> str:
    message_id = played.text("Hello", "+12025550142", refusal(code))
    played.wait(30)
    return message_id


def test_each_cause_in_our_account_is_counted_by_itself() -> None:
    played = Played(start=now() - timedelta(hours=1))
    for code in (30034, 20003, 20003):
        played.text("Hello", "+12025550142", refusal(code))
    found = [finding.words for finding in checks_relay.relay(PlayedApi(played)) if finding.name == "account"]  # type: ignore[arg-type]
    assert [words.partition(" of the last 24 hours: ")[0] for words in found] == ["2 texts", "1 text"]
    assert ["(20003)" in found[0], "(30034)" in found[0]] == [True, False]
    assert ["(20003)" in found[1], "(30034)" in found[1]] == [False, True]


def test_all_texts_that_could_not_reach_a_handler_are_counted() -> None:
    """Also those before one that did, each once however often it was tried, each cause with its number."""
    played = Played(start=now() - timedelta(hours=1))
    for code in (30006, 30006, 0, 30006, 21211):
        if code:
            played.receipt(_refused(played, code), "delivered")
        else:
            played.delivered()
    found = [finding for finding in checks_relay.relay(PlayedApi(played)) if finding.name == "handlers"]  # type: ignore[arg-type]
    (finding,) = found
    assert finding.words.startswith("4 texts of the last 24 hours could not reach Dana (on call): ")
    assert "(21211), 1 text; " in finding.words
    assert finding.words.endswith("(30006), 3 texts")


def test_more_texts_than_are_looked_at_are_not_called_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_relay, "_ROWS_MAX", 3)
    played = Played(start=now() - timedelta(hours=1))
    for _ in range(5):
        played.exhausted()
    words = {finding.name: finding.words for finding in checks_relay.relay(PlayedApi(played))}  # type: ignore[arg-type]
    assert words["unreached"].startswith("3 texts of the latest 3 reached no handler")


def test_google_is_not_looked_at_for_a_relay_that_has_nothing_there(ctl: Ctl, tmp_path: Path) -> None:
    env = tmp_path / "my.env"
    env.write_text("")
    names = [check["name"] for check in ctl("doctor", "--json", "--env-file", str(env)).json["checks"]]
    assert "queues" not in names
    assert "schedules" not in names
    given = checks_configuration.Given.read(env, tmp_path, {})
    assert not given.is_embedded("https://relay-state.example.com")
    assert checks_configuration.Given("", {"TWILIO_ACCOUNT_SID": "AC1"}).is_embedded("https://relay.example.com")
    assert not checks_configuration.Given("", {"GOOGLE_CLOUD_PROJECT": "p"}).is_embedded("http://127.0.0.1:8080")
    assert not checks_configuration.Given("repos.env", {"TWILIO_ACCOUNT_SID": "AC1"}).is_embedded("http://127.0.0.1")
