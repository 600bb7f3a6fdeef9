"""docs/states.md says what the code does, or the test fails and names the command that mends it."""

from __future__ import annotations

import pytest
from relay.core.events import EventKind, State

from scripts import make_states_doc
from tests.core.walks import walks


def test_the_document_is_what_the_machine_says_today() -> None:
    written = make_states_doc.PATH.read_text(encoding="utf-8") if make_states_doc.PATH.exists() else ""
    stale = written != make_states_doc.render(walks().changes)
    assert not stale, f"docs/states.md is stale: run `{make_states_doc.COMMAND}` and commit what it changes"


@pytest.mark.parametrize("name", sorted(make_states_doc.actions()))
def test_every_action_says_in_its_first_sentence_what_it_does(name: str) -> None:
    sentence = make_states_doc.first_sentence(make_states_doc.actions()[name])
    assert 20 < len(sentence) < 160
    assert "|" not in sentence


def test_every_state_and_event_is_in_the_tables() -> None:
    text = make_states_doc.render(walks().changes)
    for state in State:
        assert f"\n### {state.value}\n" in text
    for kind in EventKind:
        assert text.count(f"\n| {kind.value} | ") == len(State)


def test_the_diagram_is_one_that_mermaid_can_draw() -> None:
    """One edge a line: a label after the one colon, which may hold no further colon or semicolon."""
    diagram = make_states_doc.render(walks().changes).split("```")[1].splitlines()
    assert diagram[:2] == ["mermaid", "stateDiagram-v2"]
    for edge in diagram[2:]:
        states, _, label = edge.partition(":")
        assert "-->" in states
        assert not set(":;#") & set(label)


def test_the_first_sentence_is_all_that_is_shown() -> None:
    assert make_states_doc.first_sentence("One thing.\n\nAnother.") == "One thing."
    assert make_states_doc.first_sentence("One\nthing. Another.") == "One thing."
