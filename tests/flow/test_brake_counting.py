"""What the brake counts: in each process, in the store they share, and after an outage."""

from __future__ import annotations

from datetime import datetime, timedelta

from relay.flow.brake import SAME_WORDS_MAX, TEXTS_MAX, Brake
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.intake import Intake
from relay.flow.reconcile import reconcile
from relay.ports import ReceivedMessage

from tests.flow.flooding import SAME, held, text_id, texts, various
from tests.flow.reconciling import reconciled_before
from tests.relays import CUSTOMER, text
from tests.worlds import Doubles, Observed

# Many processes.


def _another_process(doubles: Doubles) -> Doubles:
    """Another process on the same store, which has counted nothing yet."""
    doubles.intake = Intake(doubles.intake.policy, doubles.intake.business_phones, doubles.intake.people)
    return doubles


def test_a_process_that_was_started_anew_learns_from_the_store_what_came_before() -> None:
    doubles = Doubles()
    texts(doubles, 10)
    let_through = held(texts(_another_process(doubles), 10, 10)).count(False)
    assert let_through == SAME_WORDS_MAX // 2


def test_each_further_process_lets_through_at_most_half_of_the_limit() -> None:
    doubles = Doubles()
    let_through = 0
    processes = [_another_process(doubles).intake for _ in range(4)]
    for number in range(80):
        doubles.intake = processes[number % 4]
        let_through += held(texts(doubles, 1, number)).count(False)
    assert let_through <= 4 * (SAME_WORDS_MAX // 2) + 1


def test_the_store_is_asked_about_no_sender_who_texts_as_people_do() -> None:
    doubles = Observed()
    for number in range(100):
        texts(doubles, 1, number, From=f"+1555765{number:04d}")
    various(doubles, TEXTS_MAX // 2, 100)
    texts(doubles, SAME_WORDS_MAX // 2, 200, From="+15557659999")
    assert "search" not in doubles.calls


def test_in_a_flood_the_store_is_asked_a_few_times_and_no_more() -> None:
    doubles = Observed()
    texts(doubles, 40)
    assert doubles.calls.count("search") <= SAME_WORDS_MAX - SAME_WORDS_MAX // 2


def test_a_text_that_is_held_back_costs_two_writes_and_no_timer() -> None:
    doubles = Doubles()
    texts(doubles, 10)
    writes, reads, armed = doubles.store.writes, doubles.store.reads, len(doubles.timers.armed)
    texts(doubles, 1, 10)
    own_look = 1
    assert (doubles.store.writes - writes, doubles.store.reads - reads - own_look) == (2, 0)
    assert len(doubles.timers.armed) == armed


def test_a_store_that_does_not_answer_holds_nothing_back() -> None:
    doubles = Doubles()
    brake = Brake()
    doubles.store.is_down = True
    reasons = [_judge(doubles, brake, number) for number in range(6)]
    assert reasons[:5] == [""] * 5
    assert reasons[5], "what the process itself has counted needs no store"


def test_senders_are_forgotten_the_longest_silent_first_when_there_are_too_many() -> None:
    doubles = Doubles()
    brake = Brake(senders_max=3)
    for number in range(5):
        _judge(doubles, brake, number)
    for number in range(2):
        _judge(doubles, brake, 10 + number, sender=f"+1555765000{number}")
    assert _judge(doubles, brake, 5)
    for number in range(3):
        _judge(doubles, brake, 20 + number, sender=f"+1555765001{number}")
    assert not _judge(doubles, brake, 6)


def _judge(doubles: Doubles, brake: Brake, number: int, sender: str = CUSTOMER) -> str:
    budget = Budget(doubles.clock, 10, TASK_LIMITS)
    return brake.held_because(doubles.world, text(text_id(number), SAME, sender), doubles.clock.now(), budget)


# After an outage.


def _missed(doubles: Doubles, times: list[datetime], words: str = SAME) -> None:
    """Texts whose webhook was lost, received at these times."""
    for number, received_at in enumerate(times):
        doubles.messenger.received.append(ReceivedMessage(text(text_id(number), words), received_at))


def test_recovered_texts_of_a_day_are_counted_by_the_times_at_which_they_were_received() -> None:
    """Eight a day with the same words, all recovered in one run: none was a flood."""
    doubles = reconciled_before()
    began = doubles.clock.now()
    doubles.clock.advance(8 * 3600)
    _missed(doubles, [began + timedelta(hours=number, minutes=5) for number in range(8)])
    assert reconcile(doubles.world, doubles.intake).recovered == 8
    assert held([doubles.relay(text_id(number)) for number in range(8)]) == [False] * 8


def test_a_flood_that_was_received_during_an_outage_is_held_back_when_it_is_recovered() -> None:
    doubles = reconciled_before()
    began = doubles.clock.now()
    doubles.clock.advance(8 * 3600)
    _missed(doubles, [began + timedelta(seconds=60 + number) for number in range(12)])
    assert reconcile(doubles.world, doubles.intake).recovered == 12
    assert held([doubles.relay(text_id(number)) for number in range(12)]) == [False] * 5 + [True] * 7


def test_what_was_recovered_in_one_run_does_not_hold_back_what_the_customer_writes_next() -> None:
    doubles = reconciled_before()
    began = doubles.clock.now()
    doubles.clock.advance(8 * 3600)
    _missed(doubles, [began + timedelta(minutes=5 + 15 * number) for number in range(25)])
    assert reconcile(doubles.world, doubles.intake).recovered == 25
    assert held(texts(_another_process(doubles), 5, 100)) == [False] * 5
