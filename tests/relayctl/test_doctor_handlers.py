"""doctor says when each handler was last delivered to, or texts each and waits for the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace

import pytest

from scripts.fake_twilio import FakeTwilio, Server
from scripts.fake_twilio import Settings as FakeSettings
from scripts.relayctl import checks_handlers, doctor, output
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from tests.played import OURS, Played
from tests.relayctl.conftest import PlayedApi, Ran, now

DANA, SAM, DESK = "+12025550111", "+12025550112", "+12025550113"


@pytest.fixture
def played() -> Played:
    played = Played(start=now() - timedelta(hours=1))
    played.text("Under way")
    return played


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    fake = FakeTwilio(FakeSettings(numbers=(OURS,), time_scale=0.01))
    with Server(fake):
        yield fake


def _last(played: Played) -> list[Finding]:
    return list(checks_handlers.last_delivered(PlayedApi(played), {}))  # type: ignore[arg-type]


def test_it_is_said_when_each_handler_was_last_delivered_to(played: Played) -> None:
    played.delivered()
    found = _last(played)
    assert [finding.state for finding in found] == [OK, WARNING, WARNING]
    assert f"Dana (on call) ({DANA}) was last delivered to with a text of" in found[0].words
    assert found[1].words == f"no text was delivered to Sam (backup) ({SAM}) yet"
    assert "--text-handlers" in found[1].advice


def test_more_relays_than_are_looked_at_are_not_called_all(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_handlers, "_ROWS_MAX", 1)
    assert _last(played)[1].words == f"no text was delivered to Sam (backup) ({SAM}) of the latest 1"


def test_handlers_are_the_settings_ones_where_those_are_here(played: Played) -> None:
    values = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "PUBLIC_BASE_URL": "https://relay.example.com",
        "BUSINESS_PHONE_NUMBER": OURS,
        "PRIMARY_HANDLER_PHONE": "+12025550177",
        "PRIMARY_HANDLER_NAME": "Ana",
    }
    documents = list(PlayedApi(played).rows(view="full"))
    assert [str(each) for each in checks_handlers.handlers_of(values, documents)] == ["Ana (+12025550177)"]
    assert len(checks_handlers.handlers_of({}, documents)) == 3
    assert checks_handlers.handlers_of({}, []) == []


def _texted(fake: FakeTwilio, played: Played, answers: Sequence[str]) -> tuple[list[Finding], list[str]]:
    """The findings, and what was told meanwhile, where these phones answer as soon as they got the text.

    Time passes by what is slept alone, and the provider is done with each text by then.
    """
    told: list[str] = []
    waiting = set(answers)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert fake.wait_for(lambda: all(text.status in ("delivered", "undelivered") for text in fake.messages), 120)
        for phone in sorted(waiting):
            if fake.phone(phone).inbox:
                waiting.discard(phone)
                played.clock.set(now() + timedelta(seconds=1))
                played.text("?", phone)

    values = {
        "TWILIO_ACCOUNT_SID": fake.settings.account_sid,
        "TWILIO_AUTH_TOKEN": fake.settings.auth_token,
        "TWILIO_API_BASE_URL": fake.door.base_url,  # type: ignore[union-attr]
        "BUSINESS_PHONE_NUMBER": f"{OURS}, +12025550101",
    }
    api = PlayedApi(played)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checks_handlers, "time", SimpleNamespace(monotonic=lambda: sum(slept)))
        return list(checks_handlers.texted(api, values, told.append, 20.0, sleep)), told  # type: ignore[arg-type]


def test_each_handler_is_texted_and_answers_at_the_relay(fake: FakeTwilio, played: Played) -> None:
    found, told = _texted(fake, played, [DANA, SAM, DESK])
    assert [finding.state for finding in found] == [OK, OK, OK]
    assert f"Dana (on call) ({DANA}) got a test text and answered it within" in found[0].words
    assert f"Texted Dana (on call) ({DANA})." in told
    (text,) = fake.phone(DANA).inbox
    assert (text.from_, "question mark" in text.body, len(text.body) <= 160) == (OURS, True, True)


def test_who_does_not_answer_or_cannot_be_texted_is_found(fake: FakeTwilio, played: Played) -> None:
    fake.phone(SAM).carrier.undelivered(30006)
    fake.phone(DESK).carrier.refuse(21610)
    refused, silent, unreachable = _texted(fake, played, [])[0]
    assert (refused.state, "Front desk" in refused.words, "21610" in refused.words) == (BAD, True, True)
    assert (silent.state, "and no answer came in" in silent.words) == (WARNING, True)
    assert (unreachable.state, "(30006)" in unreachable.words) == (BAD, True)


def test_what_a_handler_wrote_before_is_no_answer(fake: FakeTwilio, played: Played) -> None:
    played.text("On my way", DANA)
    found, _ = _texted(fake, played, [])
    assert [finding.state for finding in found] == [WARNING, WARNING, WARNING]


def test_nobody_is_texted_unasked(
    run: Callable[[str, tuple[str, ...]], Ran], played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "RelayApi", lambda *_: PlayedApi(played))
    ran = run("https://relay.example.com", ("doctor", "--text-handlers"))
    assert (ran.code, "say --yes" in ran.err) == (1, True)
    monkeypatch.setattr(doctor, "is_for_people", lambda: True)
    monkeypatch.setattr("click.confirm", lambda _question: False)
    ran = run("https://relay.example.com", ("doctor", "--text-handlers"))
    assert (ran.code, ran.out.strip()) == (0, "Nothing was texted.")
    (finding,) = checks_handlers.texted(PlayedApi(played), {}, print)  # type: ignore[arg-type]
    assert finding.state == SKIPPED


def test_the_chain_alone_can_be_examined_and_begins_with_what_takes_weeks(
    run: Callable[[str, tuple[str, ...]], Ran], played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "RelayApi", lambda *_: PlayedApi(played))
    ran = run("https://relay.example.com", ("doctor", "--set-up", "--json"))
    names = list(dict.fromkeys(check["name"] for check in ran.json["checks"]))
    assert names == ["registered", "credentials", "number", "webhooks", "handlers' phones", "alarms"]
