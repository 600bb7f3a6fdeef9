"""The brake against loops and floods: what it holds back, what it lets through, and that it loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from relay.core.model import FinalStatus, Step
from relay.flow.brake import TEXTS_MAX, WINDOW
from relay.flow.sweep import GRACE, sweep

from tests.flow.flooding import SAME, held, text_id, texts, various
from tests.relays import CUSTOMER
from tests.worlds import Doubles, Killed, Observed, inbound_request, kill

# What is held back.


def test_of_forty_identical_texts_within_seconds_five_are_forwarded_and_the_others_kept_with_an_alarm() -> None:
    doubles = Doubles()
    relays = texts(doubles, 40)
    assert held(relays) == [False] * 5 + [True] * 35
    assert len(doubles.messenger.sends) == 5
    for relay in relays[5:]:
        steps = [entry.step for entry in relay.error_log]
        assert steps == [Step.RECEIVED, Step.HELD, Step.ALARM_RAISED]
        assert relay.error_log[1].reason == "the same words more than 5 times from this sender in 10 minutes"
        assert (relay.message_body, relay.sender_phone, relay.attempts) == (SAME, CUSTOMER, ())
        assert (relay.alarm_is_due, relay.due_at) == (False, None)
    assert {relay.message_id for relay in doubles.journal.alarms} == {relay.message_id for relay in relays[5:]}


def test_of_twenty_one_texts_with_other_words_each_the_last_is_held_back() -> None:
    doubles = Doubles()
    relays = various(doubles, TEXTS_MAX + 1, seconds=20)
    assert held(relays) == [False] * TEXTS_MAX + [True]
    assert relays[-1].error_log[1].reason == "more than 20 texts from this sender in 10 minutes"


def test_texts_at_the_same_moment_are_counted_one_by_one() -> None:
    doubles = Doubles()
    requests = [inbound_request(MessageSid=text_id(number), Body=SAME) for number in range(40)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(doubles.inbound, requests))
    assert {answer.status for answer in answers} == {200}
    assert sum(held([doubles.relay(text_id(number)) for number in range(40)])) == 35


def test_a_text_is_judged_by_what_came_in_before_it_and_not_while_the_store_was_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doubles = Doubles()
    texts(doubles, 2)
    search = doubles.store.search

    def meanwhile(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(doubles.store, "search", search)
        texts(doubles, 6, 10)
        return search(*arguments, **options)

    monkeypatch.setattr(doubles.store, "search", meanwhile)
    (third,) = texts(doubles, 1, 2)
    assert held([third]) == [False]


def test_case_and_blanks_make_no_other_words() -> None:
    doubles = Doubles()
    relays = [
        relay
        for number, words in enumerate(("Hello there", "hello  there", "HELLO THERE\n", " hello there") * 2)
        for relay in texts(doubles, 1, number, Body=words)
    ]
    assert held(relays) == [False] * 5 + [True] * 3


def test_the_two_spellings_of_a_sender_are_one_sender() -> None:
    doubles = Doubles()
    relays = [
        relay
        for number in range(8)
        for relay in texts(doubles, 1, number, From=("+525512345678", "+5215512345678")[number % 2])
    ]
    assert held(relays) == [False] * 5 + [True] * 3


def test_two_robots_that_answer_each_other_come_to_rest() -> None:
    """Each answers the other's every text with the same words: the handlers get five, and not one every minute."""
    doubles = Doubles()
    for number in range(200):
        texts(doubles, 1, number)
        doubles.clock.advance(20)
    in_the_last_ten_minutes = 30
    assert (
        sum(not held for held in held([doubles.relay(text_id(170 + n)) for n in range(in_the_last_ten_minutes)])) <= 5
    )


# What is not.


def test_another_sender_and_other_words_are_not_held_back() -> None:
    doubles = Doubles()
    texts(doubles, 10)
    assert held(texts(doubles, 1, 20, From="+15557650000")) == [False]
    assert held(texts(doubles, 1, 21, Body="My house is on fire")) == [False]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"Body": ""}, id="empty ones"),
        pytest.param({"Body": " \n"}, id="blanks"),
        pytest.param({"Body": "", "NumMedia": "1"}, id="photos"),
        pytest.param({"Body": "before", "NumMedia": "2"}, id="photos with the same words"),
    ],
)
def test_empty_texts_and_photos_are_not_the_same_words(changes: dict[str, str]) -> None:
    doubles = Doubles()
    assert held(texts(doubles, 21, first=0, **changes)) == [False] * 20 + [True]


def test_the_same_words_every_three_minutes_are_let_through() -> None:
    doubles = Doubles()
    for number in range(30):
        assert held(texts(doubles, 1, number)) == [False]
        doubles.clock.advance(180)


def test_when_the_flood_is_over_the_sender_is_forwarded_again() -> None:
    doubles = Doubles()
    texts(doubles, 8)
    doubles.clock.advance(WINDOW.total_seconds())
    assert held(texts(doubles, 1, 20)) == [False]


def test_a_webhook_that_comes_six_times_is_one_text() -> None:
    doubles = Doubles()
    for _ in range(30):
        texts(doubles, 1)
    assert held(texts(doubles, 5)) == [False] * 5
    assert len(doubles.messenger.sends) == 5


def test_handlers_and_our_own_numbers_are_recorded_and_not_braked() -> None:
    doubles = Doubles()
    relays = texts(doubles, 10, From=doubles.tiers.tiers[0].reach.address)
    assert {relay.final_status for relay in relays} == {FinalStatus.RECORDED}
    assert doubles.journal.alarms == []


# Its alarm, and how it goes on.


def test_a_process_that_dies_before_the_alarm_leaves_it_to_the_sweep() -> None:
    doubles = Observed()
    texts(doubles, 5)
    doubles.after["create"] = kill
    with pytest.raises(Killed):
        doubles.inbound(inbound_request(MessageSid=text_id(5), Body=SAME))
    doubles.after.clear()
    assert doubles.journal.alarms == []
    doubles.clock.advance(GRACE.total_seconds() + 1)
    sweep(doubles.world)
    assert [relay.message_id for relay in doubles.journal.alarms] == [text_id(5)]
    assert doubles.relay(text_id(5)).due_at is None


def test_a_text_that_could_not_be_stored_is_held_when_it_comes_again() -> None:
    doubles = Doubles()
    texts(doubles, 5)
    doubles.store.is_down = True
    assert doubles.inbound(inbound_request(MessageSid=text_id(5), Body=SAME)).status == 503
    doubles.store.is_down = False
    assert held(texts(doubles, 1, 5)) == [True]
