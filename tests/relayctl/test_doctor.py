"""doctor: what is wrong is found, and what to do about it is said."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from relay.flow.brake import Brake

from scripts.relayctl import (
    checks_configuration,
    checks_console,
    checks_google,
    checks_media,
    checks_relay,
    checks_twilio,
    doctor,
)
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from tests.played import OURS, Played
from tests.relayctl.conftest import Ctl, GoingApi, PlayedApi, Ran, now
from tests.settings.environments import EMBEDDED
from tests.stack_fixtures import RunningStack
from tests.twilio_words import refusal


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


@pytest.fixture(autouse=True)
def _at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer is in time however much this machine has to do."""
    monkeypatch.setattr(checks_relay, "_SLOW_SECONDS", 600.0)


def _examined(prepare: Callable[[Played], object]) -> dict[str, Finding]:
    """The findings about a relay to which this has happened a moment ago, by name."""
    played = Played(start=now() - timedelta(hours=1))
    prepare(played)
    return {finding.name: finding for finding in checks_relay.relay(GoingApi(played))}  # type: ignore[arg-type]


def test_a_sound_relay_has_nothing_wrong() -> None:
    states = {finding.state for finding in _examined(Played.delivered).values()}
    assert states == {OK}


def test_a_running_stack_is_examined(ctl: Ctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = ctl("doctor", "--json", "--env-file", str(tmp_path / "none"))
    names = {check["name"]: check["state"] for check in ran.json["checks"]}
    assert names["relay answers"] == OK
    assert names["clocks"] == OK
    assert names["timers and sweep"] == OK
    assert names["configuration"] == BAD  # the file that was named is not there
    assert ran.code == 1
    # As the relay itself is told, so in its container.
    monkeypatch.setenv("RELAY_LOCAL_ENV_FILE", str(tmp_path / "none"))
    printed = ctl("doctor").out
    assert "does not exist" in " ".join(printed.split())  # a long path wraps the line


def test_a_service_is_examined_by_its_own_settings_and_database(
    run: Callable[[str, tuple[str, ...]], Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its checkout has no .env any more: that went where the service's unit has it."""
    settings, database = tmp_path / "env", tmp_path / "state" / "relay.db"
    settings.write_text("".join(f"{name}={value}\n" for name, value in EMBEDDED.items()), "utf-8")
    settings.chmod(0o644)
    database.parent.mkdir()
    monkeypatch.setattr(doctor, "_SERVICES_SETTINGS", settings)
    monkeypatch.setattr(doctor, "SERVICES_DATABASE", database)
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    for name in (*EMBEDDED, "RELAY_DATABASE", "RELAY_LOCAL_ENV_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(doctor, "_set_up", lambda *_, **__: ())  # which would ask Twilio
    monkeypatch.setattr(checks_console, "console", lambda _: ())
    monkeypatch.setattr(checks_media, "links", lambda _: ())
    checks = {check["name"]: check["words"] for check in run("http://127.0.0.1:9", ("doctor", "--json")).json["checks"]}
    assert checks["configuration"] == "env is complete (embedded)"
    assert checks["private files"] == "env holds secrets and has mode 644"
    assert checks["disk"].startswith(f"{database.parent} can be written")


def test_nobody_answering_is_a_finding_and_not_the_end(ctl: Ctl) -> None:
    ran = ctl("--url", "http://127.0.0.1:9", "doctor", "--json")
    (check,) = [check for check in ran.json["checks"] if check["name"] == "relay answers"]
    assert (ran.code, check["state"]) == (1, BAD)
    assert [check["name"] for check in ran.json["checks"]][-1] == "console"


def test_a_relay_that_should_long_have_moved_is_found() -> None:
    finding = _examined(Played.lost)["timers and sweep"]
    assert finding.state == BAD
    assert "1 relay is overdue" in finding.words
    assert "queue paused" in finding.advice


def test_a_handler_who_opted_out_is_found_either_way() -> None:
    for prepare in (Played.from_handler, lambda played: _refused(played, 21610)):
        finding = _examined(prepare)["handlers"]
        assert (finding.state, "Dana (on call) has opted out" in finding.words) == (BAD, True)
        assert "START" in finding.advice


def _refused(played: Played, *codes: int) -> str:
    message_id = played.text("Hello", "+12025550142", *map(refusal, codes))
    played.wait(30)
    return message_id


def test_a_handler_is_found_who_was_not_the_last_to_fail() -> None:
    played = Played(start=now() - timedelta(hours=1))
    _refused(played, 21610, 21614, 21211)
    found = [finding for finding in checks_relay.relay(PlayedApi(played)) if finding.name == "handlers"]  # type: ignore[arg-type]
    assert [(finding.state, finding.words.partition(" (seen")[0]) for finding in found] == [
        (BAD, "Dana (on call) has opted out"),
        (WARNING, f"{_NOT_REACHED} Sam (backup): the handler's number cannot receive texts (a landline?) (21614)"),
        (WARNING, f"{_NOT_REACHED} Front desk: the handler's number is not a valid phone number (21211)"),
    ]


_NOT_REACHED = "1 text of the last 24 hours could not reach"


def test_a_handler_who_has_had_texts_since_is_no_trouble_any_more() -> None:
    def opted_in_again(played: Played) -> None:
        played.receipt(_refused(played, 21610), "delivered")
        played.delivered()

    assert _examined(opted_in_again)["handlers"].state == OK


def test_an_account_that_twilio_refuses_is_found() -> None:
    def refused(played: Played) -> None:
        played.text("Hello", "+12025550142", *[refusal(20003)] * 12)
        played.wait(120)

    findings = _examined(refused)
    assert findings["account"].state == BAD
    assert "Twilio refused our credentials (20003)" in findings["account"].words
    assert findings["unreached"].state == OK  # the outage is waited out: the text has not ended


def test_an_account_that_twilio_refused_until_the_text_was_given_up_is_found() -> None:
    def refused(played: Played) -> None:
        played.text("Hello", "+12025550142", *[refusal(20003)] * 60)
        played.wait(1800)

    findings = _examined(refused)
    assert (findings["account"].state, findings["unreached"].state) == (BAD, WARNING)


@pytest.mark.parametrize(
    ("code", "words", "advice"),
    [(21608, "trial account", "trial account"), (21609, "PUBLIC_BASE_URL", "setting"), (21699, "not know", "code")],
)
def test_trouble_of_ours_that_leaves_the_next_tier_is_found_with_what_to_do(code: int, words: str, advice: str) -> None:
    def refused(played: Played) -> None:
        played.text("Hello", "+12025550142", refusal(code))
        played.wait(1)

    finding = _examined(refused)["account"]
    assert finding.state == BAD
    assert words in finding.words
    assert advice in finding.advice


def test_texts_without_a_webhook_are_found() -> None:
    def recovered(played: Played) -> None:
        stored = played.store.get(played.delivered(), timeout_seconds=1.0)
        assert stored is not None
        played.store.update(replace(stored.relay, recovered=True), stored.version, (), timeout_seconds=1.0)

    finding = _examined(recovered)["webhook"]
    assert (finding.state, "11200" in finding.advice) == (WARNING, True)


def test_secrets_that_others_can_read_are_found(tmp_path: Path) -> None:
    env, database = tmp_path / ".env", tmp_path / "relay.db"
    env.write_text("TWILIO_AUTH_TOKEN=x\n")
    database.write_text("")
    given = checks_configuration.Given(".env", {"RELAY_DATABASE": str(database)})
    env.chmod(0o644)
    database.chmod(0o640)
    found = {finding.words: finding for finding in checks_configuration.private_files(given, tmp_path)}
    assert found[".env holds secrets and has mode 644"].state == BAD
    assert found[".env holds secrets and has mode 644"].advice == f"chmod 600 {env}"
    assert found["relay.db holds customers' texts and has mode 640"].state == WARNING
    env.chmod(0o600)
    database.chmod(0o600)
    # What was written last lies in a file beside it.
    beside = tmp_path / "relay.db-wal"
    beside.write_text("")
    beside.chmod(0o644)
    (finding,) = checks_configuration.private_files(given, tmp_path)
    assert (finding.state, finding.words) == (WARNING, "relay.db-wal holds customers' texts and has mode 644")
    beside.chmod(0o600)
    (finding,) = checks_configuration.private_files(given, tmp_path)
    assert finding.state == OK


def test_a_file_of_settings_without_a_place_for_a_secret_may_be_read_by_all(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("BUSINESS_PHONE_NUMBER=+15550100100\n")
    env.chmod(0o644)
    given = checks_configuration.Given(".env", {"RELAY_DATABASE": str(tmp_path / "none.db")})
    assert [finding.state for finding in checks_configuration.private_files(given, tmp_path)] == [OK]
    env.write_text("TWILIO_AUTH_TOKEN=\nBUSINESS_PHONE_NUMBER=+15550100100\n")
    (finding,) = checks_configuration.private_files(given, tmp_path)
    assert (finding.state, finding.words) == (BAD, ".env is to hold secrets and has mode 644")


def test_the_file_that_was_named_is_looked_at_like_the_usual_ones(tmp_path: Path) -> None:
    env = tmp_path / "other folder" / "prod.env"
    env.parent.mkdir()
    env.write_text("TWILIO_AUTH_TOKEN=x\n")
    env.chmod(0o644)
    for arguments in (["init", "--quiet"], ["add", env.name]):
        subprocess.run(["git", "-C", str(env.parent), *arguments], check=True)
    given = checks_configuration.Given.read(env, tmp_path, {})
    words = [finding.words for finding in checks_configuration.private_files(given, tmp_path)]
    assert words == ["prod.env holds secrets and has mode 644", "prod.env is in the repository"]


@pytest.mark.parametrize("given", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_half_of_the_credentials_is_a_mistake_and_not_none_at_all(tmp_path: Path, given: str) -> None:
    (tmp_path / ".env").write_text(f"{given}={'AC' if given.endswith('SID') else ''}{'a' * 32}\n")
    read = checks_configuration.Given.read(None, tmp_path, {})
    mistakes = [finding.words for finding in checks_configuration.configuration(read) if finding.state == BAD]
    (other,) = {"TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"} - {given}
    assert any(f"{other} is missing" in mistake for mistake in mistakes)


def test_every_mistake_of_a_configuration_is_found(tmp_path: Path) -> None:
    env = tmp_path / "my.env"
    env.write_text("TWILIO_ACCOUNT_SID=AC1\nPRIMARY_HANDLER_PHONE=555\n")
    given = checks_configuration.Given.read(env, tmp_path, {})
    words = [finding.words for finding in checks_configuration.configuration(given)]
    assert any("TWILIO_ACCOUNT_SID is not AC" in line for line in words)
    assert any("PRIMARY_HANDLER_PHONE" in line for line in words)
    assert any("PUBLIC_BASE_URL is missing" in line for line in words)


def test_a_file_that_cannot_be_read_is_found_without_showing_it(tmp_path: Path) -> None:
    env = tmp_path / "my.env"
    env.write_text("TWILIO_AUTH_TOKEN='secret\n")
    given = checks_configuration.Given.read(env, tmp_path, {})
    (finding,) = checks_configuration.configuration(given)
    assert (finding.state, "line 1" in finding.words, "secret" in finding.words) == (BAD, True, False)


def test_without_credentials_there_is_nothing_to_check(tmp_path: Path) -> None:
    given = checks_configuration.Given.read(None, tmp_path, {})
    findings = [
        *checks_configuration.configuration(given),
        *checks_configuration.private_files(given, tmp_path),
        *checks_twilio.numbers(given.values),
        *checks_google.schedules(given.values),
        *checks_google.queues(given.values),
    ]
    assert [finding.state for finding in findings] == [SKIPPED] * 5


def test_a_number_that_texts_came_to_and_that_is_not_listed_is_named() -> None:
    played = Played(start=now() - timedelta(hours=1))
    played.delivered()
    api = PlayedApi(played)
    listed = {finding.name: finding for finding in checks_relay.relay(api, [OURS])}  # type: ignore[arg-type]
    assert listed["our numbers"].state == OK
    others = {finding.name: finding for finding in checks_relay.relay(api, ["+12025550999"])}  # type: ignore[arg-type]
    assert others["our numbers"].state == WARNING
    assert OURS in others["our numbers"].words
    assert "List it" in others["our numbers"].advice


def test_texts_that_are_held_back_are_found() -> None:
    def flood(played: Played) -> None:
        played.brake = Brake()
        for _ in range(7):
            played.text("I am out of office")

    finding = _examined(flood)["unreached"]
    assert (finding.state, finding.words.startswith("2 texts of the last 24 hours went no further (held back)")) == (
        WARNING,
        True,
    )
