"""A relay's story: what the console and the command tell of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from relay.core.bounds import TRAIL_LINES_MAX
from relay.core.changes import log_relay_attempt
from relay.core.failures import NOT_STARTED, UNREACHABLE, Failure
from relay.core.foreign import foreign
from relay.core.model import AttemptStatus, FinalStatus, Relay, Step, TrailEntry
from relay.operators.story import story, summary, trail
from relay.operators.words import ATTEMPT_ENDS, FINAL_STATUS_WORDS, FOREIGN, OVERDUE, explained, is_overdue, situation
from relay.ports import Ambiguous
from relay.twilio import codes

from tests import relays as made
from tests.fakes.clock import START
from tests.operators.operator_calls import redrive
from tests.played import CUSTOMER, OURS, Played
from tests.strategies import a_relay, an_attempt, relays
from tests.twilio_words import refusal


@pytest.fixture
def played() -> Played:
    return Played()


def _story(played: Played, message_id: str) -> dict:  # type: ignore[type-arg]
    return story(played.relay(message_id), played.clock.now())


def test_a_cascade_is_told_attempt_by_attempt(played: Played) -> None:
    told = _story(played, played.cascaded())
    (drive,) = told["drives"]
    assert [attempt["tier_name"] for attempt in drive["attempts"]] == ["Dana (on call)", "Sam (backup)", "Front desk"]
    first, second, third = drive["attempts"]
    assert (first["error_code"], first["failure_class"]) == (30006, "recipient")
    assert "landline" in first["words"]
    assert "Check this handler's number" in first["advice"]
    assert (second["words"], second["error_code"]) == ("no delivery was confirmed in time", None)
    assert (third["words"], third["advice"]) == ("delivered", "")
    assert told["headline"] == "Delivered at tier 3, Front desk."
    assert told["seconds_to_delivery"] == 65.7


def test_a_text_without_attachments_tells_of_none() -> None:
    assert story(a_relay(), START)["attachments"] is None


def test_the_times_of_an_attempt_are_those_of_its_trail(played: Played) -> None:
    message_id = played.text("Wait for it", CUSTOMER, refusal(30003))
    played.wait(10)
    (drive,) = _story(played, message_id)["drives"]
    first, second = drive["attempts"]
    assert first["started_at"] == first["ended_at"] == START.isoformat()
    assert second["planned_at"] == START.isoformat()
    assert second["started_at"] == second["starts_at"] == (START + timedelta(seconds=2)).isoformat()
    assert second["ended_at"] is None
    assert [mark["step"] for mark in second["marks"]] == ["attempt_accepted"]


def test_a_redrive_is_a_drive_of_its_own_and_the_first_keeps_its_end(played: Played) -> None:
    message_id = played.exhausted()
    ended = _story(played, message_id)["drives"][0]["ended_at"]
    played.wait(600)
    redrive(played, {"message_id": message_id, "request_id": "request-1"})
    played.wait(1)
    first, second = _story(played, message_id)["drives"]
    assert first["ended_at"] == ended
    assert (len(first["attempts"]), len(second["attempts"])) == (6, 1)
    assert second["started_at"] > ended
    assert second["ended_at"] is None
    played.receipt(message_id, "delivered")
    assert _story(played, message_id)["drives"][1]["ended_at"] is not None


def test_a_tier_that_changed_hands_keeps_its_old_attempts_apart(played: Played) -> None:
    message_id = played.exhausted()
    played.policy = type(played.policy)(played.policy.tiers[:1])
    redrive(played, {"message_id": message_id, "request_id": "request-1"})
    first, _ = _story(played, message_id)["drives"]
    assert [attempt["tier_name"] for attempt in first["attempts"]][1:3] == ["an earlier handler"] * 2


def test_nobody_reached_says_whom_to_call_and_what_then(played: Played) -> None:
    told = _story(played, played.exhausted())
    assert told["headline"] == "No handler was reached: 3 of 3 tiers tried, no delivery confirmed."
    assert told["advice"] == "Call the customer; then send it again."
    last = told["drives"][0]["attempts"][-1]
    assert last["advice"] == "It did not pass by itself: send it again later."


def test_a_text_that_may_have_arrived_is_asked_for_before_it_is_sent_again(played: Played) -> None:
    played.messenger.is_down = True
    lost = Ambiguous("no answer")
    message_id = played.text("Did it arrive?", CUSTOMER, lost, lost, lost)
    played.wait(3600)
    relay = played.relay(message_id)
    assert relay.final_status is FinalStatus.EXHAUSTED
    _, advice = situation(relay, played.clock.now())
    assert advice.startswith("It may have arrived: ask the handler before you send it again.")
    assert {explained(relay, attempt)[0] for attempt in relay.attempts} == {
        "Twilio's answer was lost: it may or may not have left"
    }


def test_a_delivery_after_the_alarm_says_that_it_came_late(played: Played) -> None:
    message_id = played.exhausted()
    played.wait(900)
    played.receipt(message_id, "delivered", attempt=1)
    headline, advice = situation(played.relay(message_id), played.clock.now())
    assert headline == "Delivered at tier 1, Dana (on call). It had already been given up as exhausted."
    assert advice == "Nothing to do."


@pytest.mark.parametrize(
    ("sender", "words", "do"),
    [
        (
            "+12025550111",
            "From a handler who opted out with it: kept, not forwarded.",
            "Have the handler text START to the business number: until then Twilio blocks every text to that phone.",
        ),
        (OURS, "From one of our own numbers: kept, not forwarded.", "Nothing to do."),
    ],
)
def test_a_recorded_text_says_whose_it_is(played: Played, sender: str, words: str, do: str) -> None:
    message_id = played.text("STOP", sender)
    assert situation(played.relay(message_id), START) == (words, do)


def test_every_code_has_words_and_advice_or_nothing_to_do() -> None:
    for failure in (*codes.TABLE.values(), None, codes.failure_of(99999), UNREACHABLE, NOT_STARTED):
        attempt = an_attempt(status=AttemptStatus.FAILED, failure=failure)
        for status in (FinalStatus.IN_PROGRESS, FinalStatus.EXHAUSTED):
            words, advice = explained(a_relay(final_status=status, attempts=(attempt,)), attempt)
            assert words
            assert advice
        words, advice = explained(a_relay(final_status=FinalStatus.EXHAUSTED, attempts=(attempt,)), attempt)
        assert "tries again by itself" not in advice


@pytest.mark.parametrize("status", AttemptStatus)
def test_every_state_of_an_attempt_has_words(status: AttemptStatus) -> None:
    attempt = an_attempt(status=status)
    relay = a_relay(attempts=(attempt,))
    assert explained(relay, attempt)[0]
    assert situation(relay, START)[0].endswith(".")


def test_what_should_long_have_moved_is_overdue(played: Played) -> None:
    message_id = played.lost()
    relay = played.relay(message_id)
    assert relay.due_at is not None
    assert not is_overdue(relay, relay.due_at + OVERDUE)
    late = relay.due_at + OVERDUE + timedelta(seconds=1)
    assert is_overdue(relay, late)
    headline, advice = situation(relay, late)
    assert headline.startswith("Overdue. ")
    assert "Nothing moves" in advice
    assert summary(relay, late)["is_overdue"] is True


def test_what_a_relay_waits_for_is_said_until_it_has_ended(played: Played) -> None:
    message_id = played.text("Wait", CUSTOMER, refusal(30003))
    planned = _story(played, message_id)["waits"]
    assert planned == {
        "words": "The next try begins in",
        "since": START.isoformat(),
        "until": (START + timedelta(seconds=2)).isoformat(),
    }
    played.wait(3)
    sent = _story(played, message_id)["waits"]
    assert (sent["words"], sent["since"]) == ("Goes on in", planned["until"])
    played.receipt(message_id, "delivered")
    assert _story(played, message_id)["waits"] is None


def test_advice_that_the_next_try_repeats_is_said_once(played: Played) -> None:
    (drive,) = _story(played, played.exhausted())["drives"]
    advice = [attempt["advice"] for attempt in drive["attempts"] if attempt["tier"] == 3]
    assert advice == ["", "", "", "It did not pass by itself: send it again later."]


@pytest.mark.parametrize(
    ("failure", "shown"), [(codes.failure_of(30003), "30003"), (None, ""), (UNREACHABLE, ""), (NOT_STARTED, "")]
)
def test_a_code_is_shown_where_there_is_one_and_no_stand_in_ever(failure: Failure | None, shown: str) -> None:
    attempt = an_attempt(status=AttemptStatus.FAILED, failure=failure)
    relay = a_relay(attempts=(attempt,))
    assert summary(relay, START)["code"] == story(relay, START)["drives"][0]["attempts"][0]["code"] == shown


def test_every_outcome_and_every_end_of_an_attempt_has_a_sign_of_its_own() -> None:
    assert set(FINAL_STATUS_WORDS) == set(FinalStatus)
    for table in (FINAL_STATUS_WORDS, ATTEMPT_ENDS):
        assert len({sign for sign, _ in table.values()}) == len({words for _, words in table.values()}) == len(table)


def test_a_row_ends_when_the_relay_ended(played: Played) -> None:
    message_id = played.exhausted()
    row = summary(played.relay(message_id), played.clock.now())
    assert row["ended_at"] is not None
    redrive(played, {"message_id": message_id, "request_id": "request-1"})
    row = summary(played.relay(message_id), played.clock.now())
    assert (row["ended_at"], row["redrives"], row["final_status"]) == (None, 1, "in_progress")


@given(relays())
def test_any_record_can_be_told(relay: Relay) -> None:
    for told in (story(relay, START), summary(relay, START)):
        assert json.loads(json.dumps(told)) == told
    assert len(story(relay, START)["trail"]) == len(relay.error_log)


@given(relays())
def test_no_story_repeats_a_text_or_a_number_beyond_the_row(relay: Relay) -> None:
    """What a text says and whose it is stands in the record and in its row, and is not spread any further."""
    marked = replace(relay, message_body="\x00SECRET\x00", sender_phone="\x00PHONE\x00")
    text = json.dumps(story(marked, START), ensure_ascii=False)
    assert "SECRET" not in text
    assert "PHONE" not in text


def test_steps_without_words_cannot_be(played: Played) -> None:
    message_id = played.exhausted()
    for line in _story(played, message_id)["trail"]:
        assert line["words"]
        assert line["step"] in set(Step)


def test_what_a_newer_revision_wrote_is_shown_in_its_own_words() -> None:
    attempt = an_attempt(status=foreign(AttemptStatus, "ringing"), lease="theirs")
    relay = a_relay(
        final_status=foreign(FinalStatus, "archived"),
        attempts=(attempt,),
        error_log=(TrailEntry(START, foreign(Step, "thread_told"), reason="K71"),),
    )
    told = story(relay, START)
    assert told["headline"] == "Ended as archived, which only a newer revision can explain."
    assert (told["trail"][0]["step"], told["trail"][0]["reason"]) == ("thread_told", "K71")
    assert told["trail"][0]["words"] == FOREIGN
    (shown,) = told["drives"][0]["attempts"]
    assert (shown["status"], shown["words"]) == ("ringing", FOREIGN)
    assert summary(relay, START)["final_status"] == "archived"


def test_a_relay_that_was_set_aside_says_why_it_waits_for_a_person_and_what_to_do() -> None:
    relay = replace(made.received().relay, due_at=None, set_aside_because="its record cannot be written")
    row, told = summary(relay, made.at(3600)), story(relay, made.at(3600))
    assert (row["sign"], row["outcome"]) == ("!", "set aside")
    assert row["set_aside_because"] == "its record cannot be written"
    for headline in (row["headline"], told["headline"]):
        assert headline == "Set aside: its record cannot be written."
    assert told["advice"].startswith("Call the customer; then send it again.")
    assert not row["is_overdue"], "it is not the timers' fault"


def test_a_trail_that_grew_too_long_says_how_many_lines_were_folded() -> None:
    relay = made.exhausted()
    for _ in range(TRAIL_LINES_MAX + 5 - relay.lines_logged):
        relay = log_relay_attempt(relay, Step.LATE_STATUS, made.at(9), 1, status="sent")
    lines = story(relay, made.at(10))["trail"]
    assert len(lines) == TRAIL_LINES_MAX + 1
    assert [line["step"] for line in lines[:2]] == ["received", "folded"]
    assert lines[1]["words"] == "5 lines are not kept any more: the record would have grown too large."
    assert len(trail(relay, relay.lines_logged - 1)) == 1, "what is new is told alone"


def test_where_no_tier_is_left_no_advice_speaks_of_the_next_one(played: Played) -> None:
    message_id = played.exhausted()
    told = story(played.relay(message_id), played.clock.now())
    said = json.dumps(told)
    assert "next tier gets" not in said
    row = summary(played.relay(message_id), played.clock.now())
    assert row["what_to_do"] == told["advice"]
