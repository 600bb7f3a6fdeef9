"""Operators' own phones: they are no customers, and a sign-in code that is texted back reaches nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.model import FinalStatus, SenderClass
from relay.errors import StoreUnavailable
from relay.flow.intake import Intake, classify_sender
from relay.operators.directions import kind_of, recorded
from relay.operators.signing_in.pending import PendingCodes

from tests.fakes.operator_records import MemoryOperatorRecords
from tests.office import ANA, CARLA, OURS, Office
from tests.relays import text

OLIVIA = "+15550100099"


class OperatorsOffice(Office):
    """Olivia is an operator; Ana is one too, and a handler. Reads of operators' records are counted."""

    def __init__(self, *, replies: bool = True) -> None:
        super().__init__(replies=replies)
        self.records = MemoryOperatorRecords(self.clock)
        self.pending = PendingCodes(self.records)
        self.asked = 0

        def is_sign_in_code(number: str, words: str, seconds: float) -> bool:
            self.asked += 1
            return self.pending.may_be(number, words, seconds)

        self.intake = replace(self.intake, operators=(ANA, OLIVIA), is_sign_in_code=is_sign_in_code)

    def sends_code_to(self, phone: str) -> None:
        self.pending.note(phone, self.clock.now() + timedelta(minutes=10))


@pytest.fixture
def office() -> OperatorsOffice:
    return OperatorsOffice()


@pytest.mark.parametrize("words", ["204871", "204 871", " 204-871 "])
def test_a_code_of_a_handlers_reaches_no_customer_and_its_writer_is_told(office: OperatorsOffice, words: str) -> None:
    carla = office.reaches(CARLA, "The couch is on the porch")
    office.sends_code_to(ANA)
    texted = office.text(ANA, words)
    office.settle()
    assert office.to(CARLA) == []
    assert office.thread_of(carla).owner is None
    assert "your code for the console" in office.to(ANA)[-1]
    kept = office.relay(texted)
    assert (kept.final_status, kept.asked, kept.thread_id) == (FinalStatus.RECORDED, "sign-in code", "")
    assert recorded(kept)[0] == "From Ana: a code that signs in at the console; it went nowhere."
    assert "204" not in str(kept.error_log)


def test_six_digits_are_an_answer_where_no_code_is_pending_any_more(office: OperatorsOffice) -> None:
    office.reaches(CARLA, "What is the gate's code?")
    office.sends_code_to(ANA)
    office.wait(600)
    office.text(ANA, "204871")
    office.settle()
    assert "204871" in office.to(CARLA)[0]


@pytest.mark.parametrize("words", ["The code is 204871", "20487", "On my way"])
def test_other_words_go_to_the_customer_while_a_code_is_pending(office: OperatorsOffice, words: str) -> None:
    office.reaches(CARLA, "What is the gate's code?")
    office.sends_code_to(ANA)
    office.text(ANA, words)
    office.settle()
    assert words in office.to(CARLA)[0]


def test_six_digits_behind_a_customers_code_are_meant_for_the_customer(office: OperatorsOffice) -> None:
    code = office.thread_of(office.reaches(CARLA, "What is the gate's code?")).code
    office.sends_code_to(ANA)
    office.text(ANA, f"{code} 204871")
    office.settle()
    assert "204871" in office.to(CARLA)[0]


def test_ordinary_words_and_other_people_cost_no_read_of_operators_records(office: OperatorsOffice) -> None:
    office.records.is_down = True
    office.reaches(CARLA, "204871")
    office.text(ANA, "On my way")
    office.text(OLIVIA, "204871")
    assert office.asked == 1
    with pytest.raises(StoreUnavailable):
        office.text(ANA, "204871")


def test_while_replies_are_off_a_code_is_recorded_as_one_in_silence() -> None:
    office = OperatorsOffice(replies=False)
    office.sends_code_to(ANA)
    kept = office.relay(office.text(ANA, "204871"))
    office.settle()
    assert (kept.asked, office.sent) == ("sign-in code", [])


@pytest.mark.parametrize("replies", [True, False], ids=["replies", "no replies"])
@pytest.mark.parametrize("words", ["204871", "ok, I call her", "STOP"])
def test_an_operators_text_is_kept_and_goes_to_no_handler(words: str, replies: bool) -> None:
    office = OperatorsOffice(replies=replies)
    kept = office.relay(office.text(OLIVIA, words))
    office.settle()
    assert (kept.sender_class, kept.final_status, office.sent) == (SenderClass.OPERATOR, FinalStatus.RECORDED, [])
    assert kind_of(kept) == "operator's text"
    assert "begins with the word test" in recorded(kept)[1]


@pytest.mark.parametrize("replies", [True, False], ids=["replies", "no replies"])
def test_with_test_in_front_an_operator_tries_the_number_as_a_customer(replies: bool) -> None:
    office = OperatorsOffice(replies=replies)
    kept = office.relay(office.text(OLIVIA, "test does it ring?"))
    assert (kept.sender_class, kept.final_status) == (SenderClass.CUSTOMER, FinalStatus.IN_PROGRESS)
    assert "does it ring?" in office.to(ANA)[0]


@pytest.mark.parametrize(
    ("sender", "sender_class"),
    [
        (OLIVIA, SenderClass.OPERATOR),
        ("+5215512345678", SenderClass.OPERATOR),
        (ANA, SenderClass.HANDLER),
        (OURS, SenderClass.OWN_NUMBER),
        (CARLA, SenderClass.CUSTOMER),
    ],
)
def test_who_a_number_is_counts_in_this_order(office: OperatorsOffice, sender: str, sender_class: SenderClass) -> None:
    intake: Intake = replace(office.intake, operators=(ANA, OLIVIA, OURS, "+525512345678"))
    assert classify_sender(intake, text(sender=sender, body="test")) is sender_class
