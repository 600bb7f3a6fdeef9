"""A test of the alarms: one message for each recipient, once, and what became of each."""

from __future__ import annotations

from typing import Any

import pytest
from relay.operators.alerting.channel import Outcome
from relay.operators.alerting.trying import AlarmTest
from relay.operators.redrive import handle_redrive

from tests.operators.alerting.office import ANA, ANAS_MAIL, RECIPIENTS, AlarmDesk
from tests.operators.operator_calls import ORIGIN, Everybody, request, told
from tests.played import Played


class Office(AlarmDesk):
    """A desk whose route is asked as a program asks it."""

    def ask(self, body: dict[str, object] | None = None, *, status: int = 200, is_set: bool = True) -> Any:
        played = Played()
        test = AlarmTest(self.records, self.outbox, RECIPIENTS if is_set else {}, self.clock)
        asked = request(body or {"alarm_test": True, "request_id": "alarm-test-1"})
        given = (played.world, played.policy, Everybody(), (ORIGIN,))
        response = handle_redrive(*given, asked, lambda: test)
        assert response.status == status, response.body
        return told(response)


@pytest.fixture
def office() -> Office:
    return Office()


def _states(answer: Any) -> dict[str, tuple[str, str]]:
    return {each["channel"]: (each["state"], each["reason"]) for each in answer["messages"]}


def test_each_recipient_is_sent_one_and_the_answer_says_how_each_stands(office: Office) -> None:
    asked = office.ask()
    assert [each["to"] for each in asked["messages"]] == [ANA, ANAS_MAIL, "hooks.example.com"]
    assert set(_states(asked).values()) == {("waiting", "")}
    assert office.pokes == 3
    office.run_in(1)
    assert set(_states(office.ask()).values()) == {("told", "")}
    assert len(office.told()) == 3
    assert "a test by" in office.email.told[0].words


def test_asked_again_with_the_same_id_nothing_more_is_sent_and_with_another_id_it_is(office: Office) -> None:
    for _ in range(5):
        office.ask()
        office.run_in(1)
    assert len(office.told()) == 3
    office.ask({"alarm_test": True, "request_id": "alarm-test-2"})
    office.run_in(1)
    assert len(office.told()) == 6


def test_a_channel_that_fails_is_named_with_its_reason_and_still_tried(office: Office) -> None:
    office.email.script(Outcome("the mail server does not let us sign in (535)"))
    office.text.script(Outcome("this handler has opted out", is_for_good=True))
    office.ask()
    office.run_in(1)
    assert _states(office.ask()) == {
        "text": ("failed", "this handler has opted out"),
        "email": ("waiting", "the mail server does not let us sign in (535)"),
        "webhook": ("told", ""),
    }
    office.run_in(11)
    assert _states(office.ask())["email"] == ("told", "")


def test_tests_are_no_alarms_that_use_up_a_numbers_texts(office: Office) -> None:
    for number in range(8):
        office.ask({"alarm_test": True, "request_id": f"alarm-test-{number}"})
    office.run_in(1)
    assert len(office.text.told) == 8


def test_without_a_channel_there_is_nothing_to_test(office: Office) -> None:
    assert office.ask(is_set=False) == {"messages": []}


def test_how_many_each_channel_tells_is_answered_without_a_message_and_without_an_address(office: Office) -> None:
    assert office.ask({"alarm_test": False}) == {"channels": {"text": 1, "email": 1, "webhook": 1}}
    assert office.ask({"alarm_test": False}, is_set=False) == {"channels": {"text": 0, "email": 0, "webhook": 0}}
    assert office.pokes == 0


@pytest.mark.parametrize(
    "body",
    [
        {"alarm_test": "yes", "request_id": "alarm-test-1"},
        {"alarm_test": False, "request_id": "alarm-test-1"},
        {"alarm_test": True},
        {"alarm_test": True, "request_id": "alarm-test-1", "tier": 1},
        {"alarm_test": True, "request_id": ""},
    ],
)
def test_another_form_is_refused_and_sends_nothing(office: Office, body: dict[str, object]) -> None:
    assert "error" in office.ask(body, status=400)
    assert office.pokes == 0


def test_who_asked_is_in_the_log_and_no_recipient_is(office: Office) -> None:
    played = Played()
    test = AlarmTest(office.records, office.outbox, RECIPIENTS, office.clock)
    asked = request({"alarm_test": True, "request_id": "alarm-test-1"})
    handle_redrive(played.world, played.policy, Everybody(), (ORIGIN,), asked, lambda: test)
    ((_, words, labels),) = [note for note in played.journal.notes if "test of the alarms" in note[1]]
    assert words == "test of the alarms asked for"
    assert labels["caller"]
    assert ANA not in str(played.journal.notes)
