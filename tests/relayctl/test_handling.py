"""`handled` says who saw to a text, and `failed` leaves it out from then on."""

from __future__ import annotations

import io

from rich.console import Console

from scripts.relayctl import story_text
from tests.operators.operator_calls import state, told
from tests.played import Played
from tests.relayctl.conftest import Ctl


def test_what_is_handled_leaves_the_list_of_failed_and_comes_back(spoken: Played, run_played: Ctl) -> None:
    first, second = spoken.exhausted(), spoken.exhausted()
    done = run_played("handled", first, "--note", "called", "--json")
    assert (done.code, done.json["relays"][0]["handled"]["note"]) == (0, "called")
    assert [row["message_id"] for row in run_played("failed", "--json").json["relays"]] == [second]
    assert "waits for a person again" in run_played("handled", first, "--undo").out
    assert len(run_played("failed", "--json").json["relays"]) == 2


def test_several_are_handled_by_one_command_and_each_is_named(spoken: Played, run_played: Ctl) -> None:
    ids = [spoken.exhausted(), spoken.exhausted()]
    said = " ".join(run_played("handled", *ids).out.split())
    assert said.count("is handled by operator@example.com") == 2
    assert all(each in said for each in ids)


def test_what_needs_no_person_is_told_in_words(spoken: Played, run_played: Ctl) -> None:
    ran = run_played("handled", spoken.delivered())
    assert (ran.code, ran.err.strip()) == (1, "Not done: it does not wait for a person.")


def test_a_note_goes_not_with_undo(spoken: Played, run_played: Ctl) -> None:
    assert run_played("handled", spoken.exhausted(), "--undo", "--note", "x").code == 2


def test_show_says_who_handled_it(spoken: Played, run_played: Ctl) -> None:
    message_id = spoken.exhausted()
    run_played("handled", message_id, "--note", "went there")
    drawn = io.StringIO()
    answer = told(state(spoken, {"message_id": message_id}))
    story_text.draw(Console(file=drawn, width=100), answer, with_trail=True)
    text = drawn.getvalue()
    assert "Handled by operator@example.com" in text
    assert "went there" in text
