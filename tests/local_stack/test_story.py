"""The trail in plain words, on the terminal and on the page alike."""

from __future__ import annotations

import json
import re

import pytest
from relay.core.model import Step

from scripts.local_stack import story
from scripts.local_stack.page_app import PAGE
from tests.browser_fixtures import NewPage
from tests.played import Played
from tests.stack_fixtures import RunningStack

WORDS = json.loads((PAGE / "words.json").read_text("utf-8"))
VALUES = [
    {"handler": "Dana", "reason": "the handset is off", "status": "failed", "code": "30003"},
    {"handler": "", "reason": "", "status": "", "code": ""},
]


def test_every_step_of_a_relay_has_words_and_nothing_else_has() -> None:
    assert set(WORDS) == {step.value for step in Step}


def test_the_words_name_only_what_there_is() -> None:
    named = {name for told in WORDS.values() for text in told.values() for name in re.findall(r"\{(\w*)\}", text)}
    assert named <= set(VALUES[0])


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{handler} has it", "Dana has it"),
        ("failed[ {code}]", "failed 30003"),
        ("done[ ({reason})]", "done (the handset is off)"),
    ],
)
def test_values_are_filled_in(template: str, filled: str) -> None:
    assert story.fill(template, VALUES[0]) == filled


def test_a_bracketed_part_goes_when_its_value_is_missing() -> None:
    assert story.fill("failed[ {code}][, {reason}]", VALUES[1]) == "failed"


def test_a_relay_is_told_line_by_line_with_the_time_since_the_text_came_in() -> None:
    played = Played()
    message_id = played.text()
    played.wait(200)
    stored = played.store.get(message_id, timeout_seconds=1)
    assert stored is not None
    told = list(story.lines(stored.relay))
    assert [line.step for line in told] == [entry.step.value for entry in stored.relay.error_log]
    assert told[0].elapsed_seconds == 0
    assert [line.elapsed_seconds for line in told] == sorted(line.elapsed_seconds for line in told)
    assert "Dana (on call)" in told[1].words
    assert list(story.lines(stored.relay, first=2)) == told[2:]


def test_the_page_fills_in_as_the_terminal_does(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = new_page()
    page.goto(embedded_stack.address)
    for told in WORDS.values():
        for template in told.values():
            for values in VALUES:
                filled = page.evaluate(
                    "async ([template, values]) => (await import('/page/words.js')).fill(template, values)",
                    [template, values],
                )
                assert filled == story.fill(template, values)
