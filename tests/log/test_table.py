"""docs/operations.md explains every log line, as it is logged today."""

from __future__ import annotations

import re

import pytest
from relay.log import LINES
from relay.operators import words

from scripts.make_log_table import BEGIN, END, NOTES, PATH, SOURCES, document, logged_notes

TEXT = PATH.read_text("utf-8")
_SOURCES = "".join(path.read_text("utf-8") for path in SOURCES)


def test_the_tables_are_those_of_the_code() -> None:
    assert document(TEXT) == TEXT, "docs/operations.md is stale: `make docs` makes it anew"


def test_every_line_has_a_row() -> None:
    for name, line in LINES.items():
        assert f"| `{name}` | {line.severity} |" in TEXT


def test_every_note_is_explained() -> None:
    messages = list(logged_notes())
    assert len(messages) > 10
    unexplained = [message for message in messages if not any(message.startswith(name) for name in NOTES)]
    assert unexplained == [], "say in scripts/make_log_table.py what they mean and what to do"


@pytest.mark.parametrize("name", NOTES)
def test_no_explanation_outlives_its_note(name: str) -> None:
    assert f'"{name}' in _SOURCES


def test_the_chapters_that_are_referred_to_exist() -> None:
    headings = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
    told = " ".join(" ".join(words) for words in NOTES.values()) + words._OVERDUE_ADVICE + words._SET_ASIDE_ADVICE
    referred = set(re.findall("“([^”]+)”", told))
    assert referred
    assert referred <= headings
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= anchors


def test_a_document_without_its_marks_is_refused() -> None:
    for mark in (BEGIN, END):
        with pytest.raises(ValueError, match="lost the marks"):
            document(TEXT.replace(mark, ""))
