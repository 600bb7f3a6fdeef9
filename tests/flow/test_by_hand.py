"""What an operator does with a thread by hand: one commit each, once for each request."""

from __future__ import annotations

import itertools

import pytest
from relay.core.model import FinalStatus, Purpose, SenderClass, Step
from relay.core.threads.model import CODE_KEPT, QUIET_CLOSES
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.by_hand import Done, perform, relay_id_of
from relay.flow.deeds import Deed, Order

from tests.office import ANA, BEN, BUSINESS, CARLA, CYD, OURS, THREE, Office, tiers_of
from tests.twilio_words import refusal

_ids = itertools.count(1)


def order_of(office: Office, deed: Deed, text: str, person: str = "", words: str = "", request_id: str = "") -> Order:
    """The order about the thread of this text."""
    found = next((one for one in office.conversations.people.handlers if one.id == person), None)
    thread_id = office.relay(text).thread_id
    return Order(deed, thread_id, request_id or f"request-{next(_ids):04}", office.policy, found, words)


def do(office: Office, order: Order) -> Done:
    done = perform(office.world, office.conversations, order, Budget(office.clock, 20.0, TASK_LIMITS))
    assert done is not None
    return done


def act(office: Office, deed: Deed, text: str, person: str = "", words: str = "") -> Done:
    return do(office, order_of(office, deed, text, person, words))


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_claim_for_a_person_ends_the_cascade_and_tells_that_person(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    done = act(office, Deed.CLAIM, text, "Ben")
    assert (done.refused_because, done.unchanged_because, done.thread.owner) == ("", "", "Ben")
    assert office.thread_of(text).owner == "Ben"
    relay = office.relay(text)
    assert (relay.final_status, relay.claimed_by) == (FinalStatus.CLAIMED, "Ben")
    (line,) = [line for line in relay.error_log if line.step is Step.CLAIMED]
    assert line.by == "operator"
    office.wait(1000)
    code = office.thread_of(text).code
    assert office.to(BEN) == [f"{code} (...4321) is yours. Nothing was sent to the customer."]
    assert office.to(CARLA) == []


def test_who_got_a_thread_by_hand_can_answer_by_its_code_and_without(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    act(office, Deed.CLAIM, text, "Ben")
    office.settle(60)
    office.text(BEN, f"{office.thread_of(text).code} on my way")
    office.settle(60)
    office.text(BEN, "Be there at 4")
    office.settle(60)
    assert [words.splitlines()[0] for words in office.to(CARLA)] == [f"{BUSINESS}: on my way", "Be there at 4"]


def test_a_former_owner_is_told_who_has_it_now(office: Office) -> None:
    text = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    office.text(ANA, "ok")
    office.settle(60)
    assert office.thread_of(text).owner == "Ana"
    act(office, Deed.CLAIM, text, "Ben")
    office.settle(60)
    assert office.to(ANA)[-1] == f"Ben took over {office.thread_of(text).code} (...4321) from you."


def test_a_claim_for_who_has_it_with_nothing_open_changes_nothing(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    act(office, Deed.CLAIM, text, "Ben")
    office.settle(60)
    before = len(office.all_relays())
    done = act(office, Deed.CLAIM, text, "Ben")
    assert done.unchanged_because == f"Ben has {office.thread_of(text).code} already"
    assert len(office.all_relays()) == before


def test_a_closed_thread_is_opened_by_a_claim_while_it_keeps_its_code(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    code = office.thread_of(text).code
    office.wait((QUIET_CLOSES).total_seconds() + 60)
    assert not office.thread_of(text).is_open(office.clock.now())
    assert act(office, Deed.SAY, text, words="Hello").refused_because.startswith(f"{code} is closed")
    assert act(office, Deed.CLAIM, text, "Cyd").thread.is_open(office.clock.now())
    office.wait((QUIET_CLOSES + CODE_KEPT).total_seconds() + 60)
    assert "its code is given back" in act(office, Deed.CLAIM, text, "Cyd").refused_because


def test_a_released_thread_has_no_owner_and_its_texts_can_be_redriven(office: Office) -> None:
    text = office.reaches(CARLA, "The couch is on the porch")
    other = office.text(CARLA, "And a lamp")
    office.settle(60)
    office.text(ANA, "ok")
    office.settle(60)
    assert {office.relay(each).final_status for each in (text, other)} == {FinalStatus.CLAIMED}
    done = act(office, Deed.RELEASE, text)
    assert (done.thread.owner, done.more) == (None, False)
    assert office.relay(text).final_status is FinalStatus.DELIVERED
    assert office.relay(other).final_status is FinalStatus.EXHAUSTED
    assert {line.by for line in office.relay(text).error_log if line.step is Step.RELEASED} == {"operator"}
    office.settle(60)
    assert office.to(ANA)[-1] == f"The office took over {office.thread_of(text).code} (...4321) from you."
    assert act(office, Deed.RELEASE, text).unchanged_because.startswith("no person has")


def test_only_what_the_present_owner_has_is_released(office: Office) -> None:
    old = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    office.text(ANA, "ok")
    office.settle(60)
    act(office, Deed.CLAIM, old, "Ben")
    new = office.text(CARLA, "And a lamp")
    act(office, Deed.CLAIM, new, "Ben")
    act(office, Deed.RELEASE, new)
    assert office.relay(old).final_status is FinalStatus.CLAIMED
    assert office.relay(new).final_status is not FinalStatus.CLAIMED


def test_words_of_an_operator_reach_the_customer_and_leave_the_owner_who_reads_them_too(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    act(office, Deed.CLAIM, text, "Ben")
    done = act(office, Deed.SAY, text, words="ok")
    office.settle()
    assert office.to(CARLA) == [f"{BUSINESS}: ok\nReply STOP to opt out."]
    answer = office.relay(done.sent_id)
    assert (answer.purpose, answer.message_id[:2], len(answer.message_id)) == (Purpose.ANSWER, "OP", 36)
    assert office.thread_of(text).owner == "Ben"
    words = office.to(BEN)[-1]
    assert words == f'The office wrote to {done.thread.code} (...4321): "ok"'
    act(office, Deed.SAY, text, words="One more thing")
    office.settle()
    assert office.to(CARLA)[-1] == "One more thing"


def test_what_was_done_is_a_relay_of_its_own_in_the_thread(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    order = order_of(office, Deed.SAY, text, words="On our way")
    done = do(office, order)
    kept = office.relay(relay_id_of(order))
    assert (kept.final_status, kept.sender_class, kept.asked) == (FinalStatus.RECORDED, SenderClass.OWN_NUMBER, "say")
    assert (kept.sender_phone, kept.message_body, kept.thread_id) == (OURS, "On our way", done.thread.thread_id)
    (line,) = kept.error_log
    assert (line.by, line.reason) == ("operator", "an operator answered the customer")
    assert office.relay(done.sent_id).cause_id == kept.message_id


def test_an_operators_answer_that_is_lost_raises_the_alarm_and_tells_no_handler_of_that(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    act(office, Deed.CLAIM, text, "Ben")
    office.settle(60)
    texts = len(office.sent)
    office.messenger.script(refusal(21614))
    done = act(office, Deed.SAY, text, words="On our way")
    office.wait(1000)
    assert office.relay(done.sent_id).final_status is FinalStatus.EXHAUSTED
    (told,) = [words for to, words in office.sent[texts:] if to != CARLA]
    assert told == f'The office wrote to {done.thread.code} (...4321): "On our way"', "and not that it is lost"
    assert done.sent_id in [alarm.message_id for alarm in office.journal.alarms]


def test_words_of_an_operator_to_a_customer_whom_no_person_has_are_told_to_no_handler(office: Office) -> None:
    text = office.reaches(CARLA, "The couch is on the porch")
    texts = len(office.sent)
    act(office, Deed.SAY, text, words="On our way")
    office.settle()
    assert [to for to, _ in office.sent[texts:]] == [CARLA]


def test_a_blocked_customer_gets_nothing_until_unblocked(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    act(office, Deed.CLAIM, text, "Ben")
    assert act(office, Deed.BLOCK, text).refused_because == ""
    assert "blocked" in act(office, Deed.SAY, text, words="On our way").refused_because
    assert act(office, Deed.BLOCK, text).unchanged_because.endswith("is blocked already")
    office.settle(60)
    assert office.to(CARLA) == []
    assert office.to(BEN)[-1].startswith("The office blocked")
    done = act(office, Deed.UNBLOCK, text)
    assert (done.refused_because, done.provider_blocks) == ("", False)
    act(office, Deed.SAY, text, words="On our way")
    office.settle(60)
    assert len(office.to(CARLA)) == 1
    assert act(office, Deed.UNBLOCK, text).unchanged_because.endswith("is not blocked")


def test_lifting_a_customers_own_stop_says_that_the_provider_still_refuses(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    office.text(CARLA, "STOP")
    assert act(office, Deed.UNBLOCK, text).provider_blocks


def test_a_customer_that_no_text_answers_is_to_be_called(office: Office) -> None:
    text = office.text("24365", "Your parcel is here")
    assert act(office, Deed.SAY, text, words="Thanks").refused_because == "no text can answer the customer: call"


def test_with_replies_off_nothing_is_said_and_what_waits_can_be_claimed(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    office.conversations.is_on = False
    assert "RELAY_REPLIES" in act(office, Deed.SAY, text, words="On our way").refused_because
    act(office, Deed.CLAIM, text, "Ben")
    assert office.relay(text).final_status is FinalStatus.CLAIMED


@pytest.mark.parametrize("deed", [Deed.CLAIM, Deed.SAY, Deed.BLOCK, Deed.RELEASE])
def test_the_same_request_again_changes_nothing(office: Office, deed: Deed) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    act(office, Deed.CLAIM, text, "Ana")
    office.settle(60)
    order = order_of(office, deed, text, "Ben" if deed is Deed.CLAIM else "", "On our way")
    first = do(office, order)
    office.settle(60)
    act(office, Deed.CLAIM, text, "Cyd")
    act(office, Deed.UNBLOCK, text)
    office.settle(60)
    before, sent = office.thread_of(text), len(office.sent)
    relays = len(office.all_relays())
    again = do(office, order)
    office.settle(60)
    assert (again.refused_because, again.sent_id) == ("", first.sent_id)
    assert (office.thread_of(text), len(office.sent), len(office.all_relays())) == (before, sent, relays)


def test_a_request_whose_reply_was_lost_is_done_once(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    order = order_of(office, Deed.SAY, text, words="On our way")
    office.store.replies_to_lose = 1
    first = do(office, order)
    assert do(office, order).sent_id == first.sent_id
    office.settle(60)
    assert len(office.to(CARLA)) == 1


def test_a_request_id_stands_for_one_act(office: Office) -> None:
    text = office.text(CARLA, "The couch is on the porch")
    do(office, order_of(office, Deed.CLAIM, text, "Ben", request_id="request-same"))
    done = do(office, order_of(office, Deed.BLOCK, text, request_id="request-same"))
    assert "give a new one" in done.refused_because


def test_a_thread_that_is_not_there_is_said(office: Office) -> None:
    order = Order(Deed.RELEASE, "0" * 40, "request-0001", office.policy)
    assert perform(office.world, office.conversations, order, Budget(office.clock, 20.0, TASK_LIMITS)) is None


def test_a_text_that_waits_for_a_claim_is_taken_by_hand() -> None:
    office = Office(tiers_of(*THREE, claim_seconds=300))
    text = office.reaches(CARLA, "The couch is on the porch")
    assert office.relay(text).claim_until is not None
    act(office, Deed.CLAIM, text, "Cyd")
    office.wait(1000)
    assert office.relay(text).final_status is FinalStatus.CLAIMED
    assert office.to(BEN) == []
    assert len(office.to(CYD)) == 1
