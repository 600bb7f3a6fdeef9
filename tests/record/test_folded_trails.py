"""Trails of which lines were folded, in documents that an earlier revision wrote last."""

from __future__ import annotations

from relay.core.model import Step, TrailEntry
from relay.record.documents import from_document, to_document

from tests.fakes.clock import START
from tests.strategies import a_relay


def test_lines_that_an_earlier_revision_added_to_a_folded_trail_are_numbered_on() -> None:
    relay = a_relay(error_log=(TrailEntry(START, Step.RECEIVED, number=0), TrailEntry(START, Step.ESCALATED, number=7)))
    document = to_document(relay) | {"lines_logged": 8}
    document["error_log"].append({"at": START, "step": "exhausted"})
    read = from_document(document)
    assert [entry.number for entry in read.error_log] == [0, 7, 8]
    assert read.lines_logged == 9
