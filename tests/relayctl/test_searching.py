"""`search` finds relays by words in all that is kept, and says how far it looked."""

from __future__ import annotations

import pytest

from tests.played import Played
from tests.relayctl.conftest import Ctl


def test_it_finds_words_names_and_numbers(spoken: Played, run_played: Ctl) -> None:
    couch, other = spoken.delivered(body="The couch is here"), spoken.exhausted(sender="+12025550177")
    for words, found in {("couch",): [couch], ("555-0177",): [other], ("Dana", "COUCH"): [couch]}.items():
        assert [row["message_id"] for row in run_played("search", *words, "--json").json["relays"]] == found
    listed = run_played("search", "couch")
    assert (listed.code, couch in listed.out, other in listed.out) == (0, True, False)


def test_it_looks_further_back_until_it_has_found_enough(
    spoken: Played, run_played: Ctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.ports.scanning.SCANNED_MAX", 1)
    first, second = spoken.delivered(body="couch one"), spoken.delivered(body="couch two")
    spoken.delivered(body="a lamp")
    found = run_played("search", "couch", "--json").json
    assert ([row["message_id"] for row in found["relays"]], found["searched_back_to"]) == ([second, first], None)
    only = run_played("search", "couch", "--limit", "1")
    assert "--limit shows more" in only.out
    assert "back to" in only.out


def test_that_nothing_is_found_is_said(spoken: Played, run_played: Ctl) -> None:
    spoken.delivered()
    ran = run_played("search", "sofa")
    assert (ran.code, "Nothing that is kept has all of these words." in ran.out) == (0, True)


def test_what_is_no_question_is_told(spoken: Played, run_played: Ctl) -> None:
    ran = run_played("search", " ")
    assert (ran.code, ran.err.strip()) == (1, "words holds no word, name or number to look for.")
