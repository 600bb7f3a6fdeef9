"""Lines about answers and notices, which are no texts that came in, and about what threads need."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from relay.core.model import Purpose, Relay, Step, TrailEntry
from relay.log import JsonJournal, LogAlarms

from tests.relays import CUSTOMER, T0, after, exhausted, received, refused


def _lines(write: Callable[[JsonJournal], None]) -> list[dict[str, Any]]:
    stream = io.StringIO()
    write(JsonJournal(stream))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _steps(relay: Relay) -> list[dict[str, Any]]:
    return _lines(lambda journal: journal.steps(relay, relay.error_log))


def test_a_lost_answer_names_its_thread_and_no_number() -> None:
    relay = replace(exhausted(), code="K71")
    (line,) = _lines(lambda journal: LogAlarms(journal).answer_lost(relay))
    assert (line["severity"], line["event"], line["thread"]) == ("CRITICAL", "answer_lost", "K71")
    assert CUSTOMER not in str(line)


def test_codes_that_are_used_up_are_told_once_in_a_while() -> None:
    def many(journal: JsonJournal) -> None:
        alarms = LogAlarms(journal)
        for _ in range(50):
            alarms.codes_used_up()

    (line,) = _lines(many)
    assert (line["severity"], line["event"]) == ("ERROR", "codes_used_up")


def test_an_answer_that_its_customer_blocks_is_no_handlers_opt_out() -> None:
    relay = replace(received().relay, purpose=Purpose.ANSWER)
    events = [line["event"] for line in _steps(after(relay, refused(1, 21610)))]
    assert "handler_opted_out" not in events
    assert "attempt_failed" in events


def test_an_answer_that_is_over_is_told_as_one() -> None:
    relay = replace(exhausted(), purpose=Purpose.ANSWER, error_log=(TrailEntry(T0, Step.EXHAUSTED),))
    (line,) = _steps(relay)
    assert (line["severity"], line["purpose"]) == ("WARNING", "answer")
    assert "tier" not in line["message"].casefold()
