"""What is reported for people: one JSON line a step, with what it means, and never a body, a number or a secret."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.events import Event, EventKind
from relay.core.model import InboundText, Relay, SenderClass, Step, TrailEntry
from relay.core.moves import receive
from relay.core.routes import Forward
from relay.log import LINES, JsonJournal, LogAlarms, current_trace, masked
from relay.twilio.codes import refusal_of

from tests.relays import (
    CUSTOMER,
    OUR_NUMBER,
    PERMANENT,
    SENDER_FAULT,
    T0,
    accepted,
    after,
    delivered,
    due,
    exhausted,
    failed,
    policy,
    received,
    refused,
    route,
    unconfirmed,
)
from tests.strategies import relays as any_relays

_SEVERITIES = {"DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"}


def _lines(write: Callable[[JsonJournal], None], project: str = "") -> list[dict[str, Any]]:
    stream = io.StringIO()
    write(JsonJournal(stream, project))
    text = stream.getvalue()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def _steps(relay: Relay) -> list[dict[str, Any]]:
    return _lines(lambda journal: journal.steps(relay, relay.error_log))


def test_every_step_has_a_row_that_says_what_it_means_and_what_to_do() -> None:
    assert set(Step) <= set(LINES)
    for name, line in LINES.items():
        assert line.severity in _SEVERITIES, name
        assert line.meaning.endswith("."), name
        assert line.what_to_do.endswith("."), name


def test_the_lines_of_a_commit_leave_the_process_whole_however_little_a_pipe_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    relay = exhausted()
    taken = tmp_path / "log"
    with taken.open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "__stdout__", stream)
        write = os.write
        monkeypatch.setattr(os, "write", lambda descriptor, text: write(descriptor, text[:7]))
        JsonJournal().steps(relay, relay.error_log)
    events = [json.loads(line)["event"] for line in taken.read_text().splitlines()]
    assert events == [entry.step.value for entry in relay.error_log]


def test_a_pipe_whose_reader_went_away_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "__stdout__", stream)
        relay = exhausted()
        JsonJournal().steps(relay, relay.error_log)


def test_every_line_of_the_trail_is_one_line_of_json() -> None:
    relay = after(received().relay, accepted(1), delivered(1))
    lines = _steps(relay)
    assert [line["event"] for line in lines] == [entry.step.value for entry in relay.error_log]
    assert all(line["relay"] == relay.message_id for line in lines)
    assert all(line["severity"] in _SEVERITIES and line["message"] for line in lines)


def test_the_delivery_says_how_long_the_customer_waited() -> None:
    relay = after(received().relay, accepted(1), delivered(1), seconds=2.5)
    assert _steps(relay)[-1]["seconds_to_delivery"] == 5.0


def test_a_failure_names_its_tier_attempt_class_code_and_reason() -> None:
    line = _steps(after(received().relay, refused(1, PERMANENT)))[2]
    assert (line["tier"], line["attempt"], line["status"], line["error_code"]) == (1, 1, "recipient", PERMANENT)
    assert "landline" in line["message"]


def test_empty_fields_are_left_out() -> None:
    assert set(_steps(received().relay)[0]) == {
        "severity",
        "event",
        "message",
        "relay",
        "status",
        "logging.googleapis.com/labels",
    }


def test_a_fault_of_our_account_is_an_error_of_its_own() -> None:
    events = [line["event"] for line in _steps(after(received().relay, refused(1, SENDER_FAULT)))]
    assert "sender_or_account_error" in events


@pytest.mark.parametrize(
    ("event", "name", "words"),
    [
        (refused(1, 21608), "sender_error_here", "trial account"),
        (failed(1, 30023), "sender_error_here", "carrier"),
        (refused(1, 21609), "setting_error", "PUBLIC_BASE_URL"),
        (Event(EventKind.SEND_REFUSED, 1, failure=refusal_of(400, 21699)), "refused_for_unknown_reason", "not know"),
        (refused(1, 70051), "sender_or_account_error", "API key"),
    ],
)
def test_every_kind_of_trouble_with_our_account_is_an_error_that_says_what_to_do(
    event: Event, name: str, words: str
) -> None:
    lines = _steps(after(received().relay, event))
    (line,) = [line for line in lines if line["event"] == name]
    assert line["severity"] == "ERROR"
    assert words in line["reason"]
    assert LINES[name].what_to_do in line["message"]
    assert line["error_code"] > 10000


@pytest.mark.parametrize("event", [refused(1, 21610), failed(1, 21610)])
def test_a_blocked_handler_is_an_error_of_its_own(event: Event) -> None:
    lines = _steps(after(received().relay, event))
    (line,) = [line for line in lines if line["event"] == "handler_opted_out"]
    assert line["severity"] == "ERROR"
    assert line["tier"] == 1


@pytest.mark.parametrize(("recovered_by", "step"), [("", "received"), ("reconcile", "recovered")])
def test_a_handler_who_texts_stop_is_reported_without_the_number(recovered_by: str, step: str) -> None:
    text = InboundText("SM" + "2" * 32, "+15550100001", OUR_NUMBER, "STOP")
    decision = receive(
        text,
        SenderClass.HANDLER_OPT_OUT,
        route(policy(), SenderClass.HANDLER_OPT_OUT),
        T0,
        None,
        recovered_by=recovered_by,
    )
    lines = _steps(decision.relay)
    assert [line["event"] for line in lines] == [step, "handler_opted_out", "recorded"]
    assert lines[1]["from"] == "…01"


def test_what_a_watchman_had_to_do_is_a_warning() -> None:
    entry = TrailEntry(T0, Step.ATTEMPT_STARTED, 1, 1, by="sweep")
    (line,) = _lines(lambda journal: journal.steps(received().relay, [entry]))
    assert (line["severity"], line["by"]) == ("WARNING", "sweep")


def test_the_alarm_is_critical_and_says_what_to_do() -> None:
    (line,) = _lines(lambda journal: LogAlarms(journal).exhausted(exhausted()))
    assert (line["severity"], line["event"], line["tiers"]) == ("CRITICAL", "alarm", 1)
    assert "redrive" in line["message"]
    assert line["from"] == f"…{CUSTOMER[-2:]}"


def test_a_note_carries_its_fields_and_its_relay_as_a_label() -> None:
    (line,) = _lines(lambda journal: journal.note("INFO", "receipt ignored", relay="SM1", attempt=2, reason=""))
    labels = line.pop("logging.googleapis.com/labels")
    assert line == {"severity": "INFO", "event": "note", "message": "receipt ignored", "relay": "SM1", "attempt": 2}
    assert labels == {"relay": "SM1"}
    (about_none,) = _lines(lambda journal: journal.note("INFO", "sweep", resumed=0))
    assert "logging.googleapis.com/labels" not in about_none


@pytest.mark.parametrize(
    ("phone", "shown"),
    [(CUSTOMER, "…21"), ("72404", "…04"), ("+1555", "…55"), ("1234", "…"), ("12", "…"), ("", "…")],
)
def test_a_number_is_shown_by_its_last_two_characters_at_most(phone: str, shown: str) -> None:
    assert masked(phone) == shown


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\x00", "\x1b[31m", "\u2028", "\x85", "\x7f"])
def test_a_message_stays_on_its_line(separator: str) -> None:
    stream = io.StringIO()
    JsonJournal(stream).note("INFO", f"one{separator}two", label=f"three{separator}four")
    line = stream.getvalue()
    assert len(line.splitlines()) == 1
    assert separator not in line[:-1]
    assert separator not in json.loads(line)["message"]


def test_lines_of_one_request_share_its_trace() -> None:
    token = current_trace.set("0123456789abcdef")
    try:
        (line,) = _lines(lambda journal: journal.note("INFO", "words"), project="my-project")
        assert line["logging.googleapis.com/trace"] == "projects/my-project/traces/0123456789abcdef"
        (local,) = _lines(lambda journal: journal.note("INFO", "words"))
        assert "logging.googleapis.com/trace" not in local
    finally:
        current_trace.reset(token)


class _Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_went_away_stops_nothing() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (_Broken(), closed):
        JsonJournal(stream).note("INFO", "words")


def test_what_cannot_be_json_is_written_as_words() -> None:
    (line,) = _lines(lambda journal: journal.note("INFO", "words", at=T0, odd={1}, lone="\ud800"))
    assert line["at"] == str(T0)


_STORIES = st.lists(st.sampled_from([accepted, failed, refused, unconfirmed, due, delivered]), max_size=8)


@given(st.text(max_size=30), _STORIES)
def test_no_line_ever_holds_a_body_a_full_number_or_what_opens_the_files(
    words: str, story: list[Callable[[int], Event]]
) -> None:
    text = InboundText(
        "SM" + "3" * 32, CUSTOMER, OUR_NUMBER, f"\N{SNOWMAN}{words}", media_count=1, media_token="k3yThatOpensPhotos"
    )
    relay = receive(text, SenderClass.CUSTOMER, Forward(policy()), T0, "webhook").relay
    for event in story:
        relay = after(relay, event(len(relay.attempts)))
    stream = io.StringIO()
    journal = JsonJournal(stream)
    journal.steps(relay, relay.error_log)
    LogAlarms(journal).exhausted(relay)
    _check_private(stream.getvalue(), relay)
    assert relay.media_token
    assert relay.media_token not in stream.getvalue()
    assert "\N{SNOWMAN}" not in stream.getvalue()
    assert "u2603" not in stream.getvalue()


@given(any_relays())
def test_any_relay_that_a_store_may_hold_can_be_reported(relay: Relay) -> None:
    def report(journal: JsonJournal) -> None:
        journal.steps(relay, relay.error_log)
        LogAlarms(journal).exhausted(relay)

    assert len(_lines(report)) > len(relay.error_log)


def _check_private(written: str, relay: Relay) -> None:
    for phone in (relay.sender_phone, relay.recipient_phone, *(tier.reach.address for tier in relay.policy.tiers)):
        assert phone not in written
        assert phone.removeprefix("+1") not in written


def test_a_record_left_to_a_newer_revision_is_told_once_by_each_process() -> None:
    def write(journal: JsonJournal) -> None:
        alarms = LogAlarms(journal)
        for _ in range(3):
            for number in (1, 2):
                alarms.left_to_newer(f"SM{number:032x}", 2)

    lines = _lines(write)
    assert [(line["relay"], line["severity"], line["word"]) for line in lines] == [
        (f"SM{number:032x}", "CRITICAL", 2) for number in (1, 2)
    ]
    assert "Deploy the newer revision again" in lines[0]["message"]


def test_of_very_many_records_left_to_a_newer_revision_the_first_thousand_are_told() -> None:
    def write(journal: JsonJournal) -> None:
        alarms = LogAlarms(journal)
        for number in range(1500):
            alarms.left_to_newer(f"SM{number:032x}", 2)

    lines = _lines(write)
    assert len(lines) == 1000
