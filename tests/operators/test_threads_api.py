"""`/sms/threads`: what an operator does with a thread, and how mistakes are answered."""

from __future__ import annotations

import pytest

from tests.office import ANA, CARLA, Office
from tests.operators.operator_calls import on_thread, state, told

REQUEST = "request-0001"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def code(office: Office) -> str:
    return office.thread_of(office.text(CARLA, "The couch is on the porch")).code


def _body(act: str, code: str, **changes: object) -> dict[str, object]:
    return {"act": act, "code": code, "request_id": REQUEST, **changes}


def test_a_claim_answers_with_the_thread_as_it_is_then(office: Office, code: str) -> None:
    response = on_thread(office, _body("claim", code, person="ben"))
    answer = told(response)
    assert (response.status, answer["done"], answer["because"]) == (200, True, "")
    assert (answer["thread"]["owner"], answer["thread"]["code"]) == ("Ben", code)
    assert answer["thread"]["headline"] == "Ben has it, since 0 s."


def test_a_thread_is_named_by_its_code_as_people_write_it_or_by_its_id(office: Office, code: str) -> None:
    thread_id = told(state(office, {"code": code.lower()}))["thread"]["thread_id"]
    assert on_thread(office, _body("claim", f"{code[0].lower()} {code[1:]}", person="Ana")).status == 200
    by_id = {"act": "release", "thread_id": thread_id, "request_id": "request-0002"}
    assert told(on_thread(office, by_id))["thread"]["owner"] is None


def test_what_is_so_already_is_no_mistake(office: Office, code: str) -> None:
    answer = told(on_thread(office, _body("release", code)))
    assert (answer["done"], answer["because"]) == (False, f"No person has {code}.")


def test_words_that_are_said_have_a_relay_that_can_be_looked_up(office: Office, code: str) -> None:
    answer = told(on_thread(office, _body("say", code, words=" On our way ")))
    office.settle()
    relay = told(state(office, {"message_id": answer["message_id"]}))
    assert relay["summary"]["kind"] == "answer"
    assert office.to(CARLA)[0].splitlines()[0].endswith(": On our way")
    assert told(on_thread(office, _body("say", code, words="On our way"))) == {**answer, "thread": answer["thread"]}
    office.settle()
    assert len(office.to(CARLA)) == 1


def test_what_may_not_be_done_is_409_and_says_what_to_do(office: Office, code: str) -> None:
    on_thread(office, _body("block", code))
    response = on_thread(office, _body("say", code, words="On our way", request_id="request-0002"))
    assert response.status == 409
    assert told(response)["error"] == (
        f"Not done: {code} is blocked, no text goes to that number: call, or unblock it first."
    )


def test_unblocking_who_texted_stop_says_that_twilio_still_refuses(office: Office, code: str) -> None:
    office.text(CARLA, "STOP")
    assert "until the customer texts START" in told(on_thread(office, _body("unblock", code)))["advice"]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"act": "own"}, 400, "act is none of claim, release, say, block, unblock"),
        ({"act": None}, 400, "act is none of"),
        ({"request_id": "short"}, 400, "request_id is not"),
        ({"person": None}, 400, "person is missing: a claim is for one of the handlers: Ana, Ben, Cyd"),
        ({"person": " "}, 400, "person is missing"),
        ({"person": ["Ana"]}, 400, "person is missing"),
        ({"person": "Zoe"}, 404, "No handler has that name; there are: Ana, Ben, Cyd"),
        ({"words": "Hello"}, 400, "words go with say"),
        ({"act": "say"}, 400, "person goes with claim, not with say"),
        ({"act": "say", "person": None}, 400, "words is not a text of 1 to 1500 characters"),
        ({"act": "say", "person": None, "words": " "}, 400, "words is not a text"),
        ({"act": "say", "person": None, "words": "x" * 1501}, 400, "words is not a text"),
        ({"act": "say", "person": None, "words": "\ud83d"}, 400, "half of a character"),
        ({"thread_id": "0" * 40}, 400, "one of them"),
        ({"code": None}, 400, "code is not"),
        ({"code": "K711"}, 400, "code is not"),
        ({"code": "K71 and more"}, 400, "code is not"),
        ({"code": "Z99"}, 404, "No customer has the code Z99 now"),
        ({"text": "Hello"}, 400, "Only these fields are known"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_done(
    office: Office, code: str, changes: dict[str, object], status: int, words: str
) -> None:
    relays = office.all_relays()
    response = on_thread(office, {**_body("claim", code, person="Ana"), **changes})
    assert (response.status, words in told(response)["error"]) == (status, True), told(response)
    assert office.all_relays() == relays


def test_a_thread_that_is_not_there_is_404(office: Office) -> None:
    body = {"act": "release", "thread_id": "0" * 40, "request_id": REQUEST}
    assert on_thread(office, body).status == 404


def test_a_code_that_was_given_back_names_no_thread(office: Office, code: str) -> None:
    office.wait(22 * 86400)
    assert on_thread(office, _body("claim", code, person="Ana")).status == 404


def test_a_store_that_is_down_is_503(office: Office, code: str) -> None:
    office.store.is_down = True
    assert on_thread(office, _body("release", code)).status == 503


def test_the_log_says_who_asked_and_shows_no_number_or_words(office: Office, code: str) -> None:
    on_thread(office, _body("say", code, words="The gate code is 1234"))
    _, _, labels = next(note for note in office.journal.notes if note[1] == "act on a thread asked for")
    assert (labels["caller"], labels["status"], labels["act"]) == ("operator@example.com", 200, "say")
    assert not [part for part in (CARLA, ANA, "gate code") if part in str(labels)]
