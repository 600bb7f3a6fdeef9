"""A text that is sent again, or late, says how long ago it was written: to act on it as if it were new is a mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay.core.comparing import digest_of
from relay.core.failures import UNREACHABLE
from relay.core.model import AttemptStatus, Purpose
from relay.core.policy import Policy
from relay.flow.intake import Intake, accept
from relay.flow.segments import BODY_MAX_CHARACTERS, segments
from relay.flow.sms import body_of
from relay.flow.wording import ago, compose, notice_of_filtered, written_ago
from relay.ports import Refused

from tests.fakes.clock import START
from tests.operators.operator_calls import redrive
from tests.played import CUSTOMER, OURS, Played
from tests.segment_counts import PLAIN, WIDE
from tests.strategies import a_relay, an_attempt, later

REQUEST = "request-0001"
AMERICAN, GERMAN = "+15557654321", "+4915112345678"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "1 min ago"), (3599, "59 min ago"), (7199, "119 min ago"), (7200, "2 h ago"), (47 * 3600, "47 h ago"),
     (48 * 3600, "2 days ago"), (89 * 86400, "89 days ago")],
)  # fmt: skip
def test_how_long_ago_needs_no_readers_clock(seconds: int, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == words


def test_a_text_that_is_sent_again_says_when_it_was_written() -> None:
    played = Played()
    message_id = played.exhausted()
    first = played.messenger.sends[0].body
    played.wait(2 * 3600)
    redrive(played, {"message_id": message_id, "request_id": REQUEST})
    played.wait(1)
    again = played.messenger.sends[-1].body
    assert first == f"{CUSTOMER}: Nobody answers the door"
    assert again == f"{CUSTOMER}, written 2 h ago: Nobody answers the door"
    attempt = played.relay(message_id).current
    assert attempt.sent_digest == digest_of(again), "a look-up knows it by its words"


def test_a_text_that_is_sent_again_at_once_is_as_new() -> None:
    played = Played()
    message_id = played.exhausted()
    redrive(played, {"message_id": message_id, "request_id": REQUEST})
    played.wait(1)
    assert played.messenger.sends[-1].body == f"{CUSTOMER}: Nobody answers the door"


def test_a_text_that_reconcile_found_says_when_it_was_written() -> None:
    from relay.core.model import InboundText
    from relay.core.people import handlers_of
    from relay.flow.budget import TASK_LIMITS, Budget

    played = Played()
    intake = Intake(played.policy, (OURS,), handlers_of(played.policy))
    for number, hours in enumerate((3, 0), start=1):
        text = InboundText(f"SM{number:032x}", CUSTOMER, OURS, f"Text {number}")
        at = played.clock.now() - timedelta(hours=hours)
        budget = Budget(played.clock, 20.0, TASK_LIMITS)
        accept(played.world, intake, text, budget, recovered_by="reconcile", received_at=at)
    bodies = [sent.body for sent in played.messenger.sends]
    assert bodies == [f"{CUSTOMER}, written 3 h ago: Text 1", f"{CUSTOMER}: Text 2"]
    assert played.relay(f"SM{1:032x}").written_at == played.clock.now() - timedelta(hours=3)
    assert played.relay(f"SM{2:032x}").written_at is None


@pytest.mark.parametrize(
    ("minutes", "redriven", "words"),
    [(14, False, ""), (15, False, "15 min ago"), (2, False, ""), (2, True, "2 min ago"), (0, True, ""), (-5, True, "")],
)
def test_from_when_on_it_is_said(minutes: int, redriven: bool, words: str) -> None:
    attempt = an_attempt(2, starts_at=later(60 * minutes))
    relay = a_relay(attempts=(an_attempt(), attempt))
    if redriven:
        relay = replace(relay, redrive_ids=("one",), first_attempt_of_drive=2)
    assert written_ago(relay, attempt) == words


def test_all_tries_in_an_outage_say_the_same() -> None:
    """Of a try that had been refused the text may exist after all: it is known by its words."""
    played = Played()
    message_id = played.exhausted()
    played.wait(3600)
    down = Refused(UNREACHABLE)
    played.messenger.script(down, down, down)
    redrive(played, {"message_id": message_id, "request_id": REQUEST})
    before = len(played.messenger.sends)
    played.wait(300)
    tries = [sent for sent in played.messenger.sends[before:] if sent.tier == 1]
    assert len(tries) == 4
    assert {sent.body for sent in tries} == {f"{CUSTOMER}, written 60 min ago: Nobody answers the door"}


def test_an_answer_is_read_as_it_was_written() -> None:
    attempt = an_attempt(starts_at=later(7200), status=AttemptStatus.LEASED)
    answer = a_relay(purpose=Purpose.ANSWER, attempts=(attempt,), redrive_ids=("one",), message_body="On my way")
    assert body_of(answer, attempt) == "On my way"


@pytest.mark.parametrize(
    ("sender", "body", "composed"),
    [
        (AMERICAN, "The boiler leaks", "+15557654321, written 2 h ago: The boiler leaks"),
        (AMERICAN, "", "+15557654321, written 2 h ago:"),
        (AMERICAN, "a" * 131, "+15557654321, 2 h ago: " + "a" * 131),
        (AMERICAN, "a" * 139, "5557654321, 2 h ago: " + "a" * 139),
        # What must be said costs a segment more where it has to.
        (AMERICAN, "a" * 150, "+15557654321, written 2 h ago: " + "a" * 150),
        (GERMAN, "a" * 150, f"{GERMAN}, written 2 h ago: " + "a" * 150),
    ],
)
def test_it_is_said_in_the_fullest_form_that_costs_nothing_more(sender: str, body: str, composed: str) -> None:
    assert compose(sender, "+15551234567", body, written="2 h ago") == composed


@given(st.sampled_from([AMERICAN, GERMAN, "72404"]), PLAIN | WIDE, st.sampled_from(["", "K71"]))
def test_it_is_never_left_out_and_no_body_is_too_long(sender: str, body: str, code: str) -> None:
    composed = compose(sender, "+15551234567", body, code=code, written="23 h ago")
    assert "23 h ago:" in composed[:60]
    assert composed.startswith((f"{code} {sender}", f"{code} {sender[2:]}") if code else (sender, sender[2:]))
    assert len(composed) <= BODY_MAX_CHARACTERS


def test_what_stands_for_filtered_words_says_it_too_and_is_still_one_segment() -> None:
    notice = notice_of_filtered(AMERICAN, "+15551234567", "K71", "119 min ago")
    assert notice.startswith("K71 +15557654321 texted +15551234567 119 min ago. A carrier")
    assert segments(notice) == 1


def test_a_reaction_to_a_text_that_was_sent_late_is_known_as_one() -> None:
    from relay.core.threads.tapbacks import tapback_of
    from relay.flow.facts import _quoted

    played = Played()
    attempts = (an_attempt(), an_attempt(2, starts_at=later(7200)))
    redriven = {"redrive_ids": ("one",), "first_attempt_of_drive": 2}
    relay = a_relay(attempts=attempts, policy=Policy(played.policy.tiers), **redriven)
    bodies = [quoted.words for quoted in _quoted(played.world, relay)]
    assert len(bodies) == 2
    for body in bodies:
        tapback = tapback_of(f"Liked \N{LEFT DOUBLE QUOTATION MARK}{body}\N{RIGHT DOUBLE QUOTATION MARK}")
        assert tapback is not None
        assert any(tapback.is_about(each) for each in bodies)
    assert relay.timestamp == START
