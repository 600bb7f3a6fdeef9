"""Ids are given by their beginning, and the latest text by that word, wherever a command takes an id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click
import pytest

from scripts.relayctl import ids, output
from tests.played import CUSTOMER, Played
from tests.relayctl.conftest import PlayedApi, Ran, now

Run = Callable[[str, tuple[str, ...]], Ran]


class _Asked(PlayedApi):
    """Counts the lists that were asked for."""

    lists = 0

    def search(self, **conditions: Any) -> dict[str, Any]:
        self.lists += 1
        return super().search(**{name: value for name, value in conditions.items() if value is not None})


@pytest.fixture
def played() -> Played:
    """Two texts, whose ids differ from the seventh character on."""
    played = Played(start=now() - timedelta(hours=1))
    played.ids = iter([0xABCDE1 << 104, 0xABCDE2 << 104])  # type: ignore[assignment]
    played.text("The first one", CUSTOMER)
    played.wait(60)
    played.text("The\nsecond one", CUSTOMER)
    return played


FIRST, SECOND = "SMabcde1" + "0" * 26, "SMabcde2" + "0" * 26


@pytest.fixture
def ctl(run: Run, played: Played, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    api = _Asked(played)
    monkeypatch.setattr(output, "RelayApi", lambda *_: api)
    return lambda *arguments: run("https://relay.example.com", arguments)


@pytest.mark.parametrize("given", ["SMabcde2", "smABCDE2", SECOND[:-1], SECOND, "latest", "LATEST"])
def test_a_relay_is_shown_by_the_beginning_of_its_id_or_as_the_latest(ctl: Callable[..., Ran], given: str) -> None:
    ran = ctl("show", given, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["relay"]["message_id"] == SECOND


def test_the_latest_text_is_a_customers(ctl: Callable[..., Ran], played: Played) -> None:
    played.ids = iter([0xFF])  # type: ignore[assignment]
    played.text("On my way", "+12025550111")
    assert ctl("show", "latest", "--json").json["relay"]["message_id"] == SECOND


def test_a_beginning_of_several_ids_lists_them_with_what_tells_them_apart(ctl: Callable[..., Ran]) -> None:
    ran = ctl("show", "SMabcde")
    assert (ran.code, ran.out) == (1, "")
    head, second, first = ran.err.splitlines()
    assert head == "2 ids begin with SMabcde; which one?"
    assert (SECOND in second, CUSTOMER in second, "The second one" in second) == (True, True, True)
    assert (FIRST in first, "The first one" in first) == (True, True)


def test_too_little_of_an_id_is_not_looked_for(ctl: Callable[..., Ran]) -> None:
    ran = ctl("show", "SMabc")
    assert ran.code == 2
    assert "too little of an id: give 6 characters of its beginning, or `latest`" in ran.err


def test_a_beginning_of_no_id_is_told(ctl: Callable[..., Ran]) -> None:
    ran = ctl("redrive", "SMffff", "--dry-run")
    assert (ran.code, ran.err.strip()) == (1, "No relay's id begins with SMffff.")


@pytest.mark.parametrize("command", ["redrive", "handled", "photos", "revoke", "watch"])
def test_every_command_that_takes_an_id_takes_its_beginning(ctl: Callable[..., Ran], command: str) -> None:
    assert "2 ids begin with SMabcde" in ctl(command, "SMabcde").err


def test_a_whole_id_is_taken_without_a_list(played: Played) -> None:
    api = _Asked(played)
    context = click.Context(click.Command("show"), obj=output.Context("https://relay.example.com", "", ""))
    context.obj.api = api
    assert ids.MessageId().convert(SECOND, None, context) == SECOND
    assert ids.MessageId().convert(f"{SECOND}-a", None, context) == f"{SECOND}-a"
    assert api.lists == 0


def test_a_text_that_came_before_many_others_is_found_by_its_beginning(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Firestore, where each call looks at so many relays."""
    monkeypatch.setattr("relay.ports.scanning.SCANNED_MAX", 2)
    played = Played(start=now() - timedelta(hours=1))
    played.ids = iter([0xABCDE1 << 104, *range(10)])  # type: ignore[assignment]
    for number in range(8):
        played.text(f"Number {number}", CUSTOMER)
        played.wait(60)
    api = _Asked(played)
    monkeypatch.setattr(output, "RelayApi", lambda *_: api)
    ran = run("https://relay.example.com", ("show", "SMabcde1", "--json"))
    assert ran.json["relay"]["message_id"] == FIRST
    assert api.lists > 1


def test_an_answer_that_has_a_texts_id_as_its_beginning_does_not_hide_the_text(
    monkeypatch: pytest.MonkeyPatch, played: Played
) -> None:
    api = PlayedApi(played)
    rows = list(api.rows())
    answer = {**rows[0], "message_id": f"{SECOND}-a", "kind": "answer"}
    told = {"relays": [answer, *rows], "next_page_token": None}
    monkeypatch.setattr(api, "search", lambda **_: told)
    assert ids.meant(api, "SMabcde2") == SECOND  # type: ignore[arg-type]
    assert ids.meant(api, "latest") == SECOND  # type: ignore[arg-type]
