"""A handler's photos that are refused: the words go alone and the handler is told, and no empty text is sent."""

from __future__ import annotations

import pytest
from relay.core.events import Event, EventKind, Meaning
from relay.core.model import Consent, FinalStatus
from relay.flow import conductor, sweep
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.ports import Refused
from relay.twilio.codes import TABLE, refusal_of

from tests.flow.answering_photos import PHOTO, office_of_carla, receipt, to_carla
from tests.office import ANA, CARLA, DANA

# What Twilio or a carrier tells that does not take the files.
OF_FILES = (11200, 11751, 12300, 21620, 21623, 30007, 30011, 30019, 63019, 63034)


@pytest.mark.parametrize("code", OF_FILES)
def test_refused_as_an_mms_the_words_go_alone_and_the_handler_is_told(code: int) -> None:
    office = office_of_carla()
    office.messenger.script(Refused(refusal_of(400, code)))
    cause = office.text(ANA, "Like this one?", files=(PHOTO,))
    office.settle()
    assert to_carla(office) == [("Like this one?", 1), ("Like this one?", 0)]
    (told,) = office.to(ANA)
    who = f"{office.relay(f'{cause}-a').code} (...4321)"
    assert told == f"{who} did not get your photos: {TABLE[code].words}. Your words go alone."
    office.wait(1000)
    assert len(office.messenger.sends) == 3


def test_refused_for_a_reason_that_is_not_known_the_words_go_alone() -> None:
    office = office_of_carla()
    office.messenger.script(Refused(refusal_of(400, 21999)))
    office.text(ANA, "Like this one?", files=(PHOTO,))
    office.settle()
    assert to_carla(office) == [("Like this one?", 1), ("Like this one?", 0)]


@pytest.mark.parametrize("was_sent", [True, False], ids=["after sent", "before"])
def test_a_receipt_that_refuses_the_files_has_the_words_go_alone(was_sent: bool) -> None:
    office = office_of_carla()
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    if was_sent:
        office.delivered(answer, Meaning.HANDED_OVER)
    receipt(office, answer, 1, 30019)
    receipt(office, answer, 1, 30019)
    office.settle()
    assert to_carla(office) == [("Like this one?", 1), ("Like this one?", 0)]
    assert len(office.to(ANA)) == 1
    office.delivered(answer, Meaning.HANDED_OVER)
    assert office.relay(answer).final_status is FinalStatus.DELIVERED


def test_a_receipt_too_late_for_the_words_says_that_nothing_arrived() -> None:
    office = office_of_carla()
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    office.delivered(answer, Meaning.HANDED_OVER)
    office.wait(20 * 60)
    receipt(office, answer, 1, 30019)
    office.settle()
    assert to_carla(office) == [("Like this one?", 1)]
    assert "did not get your text" in office.to(ANA)[-1]


def test_words_that_fail_after_the_files_are_told_as_every_lost_answer() -> None:
    office = office_of_carla()
    office.messenger.script(Refused(refusal_of(400, 30019)), Refused(refusal_of(400, 21614)))
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    office.settle()
    assert to_carla(office) == [("Like this one?", 1), ("Like this one?", 0)]
    assert office.relay(answer).final_status is FinalStatus.EXHAUSTED
    assert "did not get your text" in office.to(ANA)[-1]


@pytest.mark.parametrize("is_first", [True, False], ids=["first answer", "a later one"])
def test_photos_alone_that_are_refused_send_nothing_and_the_handler_is_told(is_first: bool) -> None:
    office = office_of_carla()
    customer = CARLA
    if is_first:
        customer = DANA
        code = office.thread_of(office.reaches(DANA, "A fridge, please")).code
    office.messenger.script(Refused(refusal_of(400, 30019)))
    answer = f"{office.text(ANA, code if is_first else '', files=(PHOTO,))}-a"
    office.settle()
    assert sum(one.to == customer for one in office.messenger.sends) == 1
    assert office.relay(answer).final_status is FinalStatus.EXHAUSTED
    assert "did not get your photos: the content is too large" in office.to(ANA)[-1]
    # An operator who starts it again sends no empty text either.
    again = Event(EventKind.REDRIVE_REQUESTED, request_id="once more", by="operator")
    stored = conductor.load(office.world, answer, budget := Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS))
    assert stored is not None
    conductor.apply(office.world, stored, again, budget)
    office.settle()
    assert sum(one.to == customer for one in office.messenger.sends) == 1
    assert office.relay(answer).final_status is FinalStatus.EXHAUSTED


def test_a_passing_failure_is_tried_again_with_the_files() -> None:
    office = office_of_carla()
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    receipt(office, answer, 1, 30008)
    office.settle()
    assert to_carla(office) == [("Like this one?", 1)] * 2
    assert office.to(ANA) == []


def test_an_answer_that_a_later_one_overtook_does_not_go_without_its_files() -> None:
    office = office_of_carla()
    office.messenger.script(Refused(refusal_of(400, 30019)))
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    # Before the second try begins.
    office.clock.advance(0.5)
    office.text(ANA, "Or that one?")
    office.settle()
    assert to_carla(office) == [("Like this one?", 1), ("Or that one?", 0)]
    assert office.relay(answer).final_status is FinalStatus.EXHAUSTED


def test_nothing_goes_to_a_customer_who_opts_out_meanwhile() -> None:
    office = office_of_carla()
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    office.text(CARLA, "STOP", consent=Consent.STOP)
    receipt(office, answer, 1, 30019)
    office.settle()
    assert to_carla(office) == [("Like this one?", 1)]


def test_a_link_that_was_revoked_opens_nothing_and_the_words_go_alone() -> None:
    office = office_of_carla()
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    budget = Budget(office.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
    stored = conductor.load(office.world, answer, budget)
    assert stored is not None
    conductor.apply(office.world, stored, Event(EventKind.LINK_REVOKED, by="operator"), budget)
    receipt(office, answer, 1, 30008)
    office.settle()
    assert to_carla(office) == [("Like this one?", 1), ("Like this one?", 0)]
    assert "did not get your photos. Your words go alone." in office.to(ANA)[-1]


def test_the_sweep_tells_what_the_dead_process_left() -> None:
    """The words' lease and the notice are one commit: no handler is left to believe that the photos went."""
    office = office_of_carla()
    answer = f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a"
    receipt(office, answer, 1, 30019)
    office.timers.armed.clear()
    office.clock.advance(60)
    sweep.sweep(office.world)
    office.settle(60)
    assert to_carla(office) == [("Like this one?", 1), ("Like this one?", 0)]
    assert len(office.to(ANA)) == 1
