"""A handler's photos go to the customer with the answer, as an MMS, and to no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from relay.core import files
from relay.core.events import Meaning
from relay.core.model import FinalStatus, Purpose
from relay.ports import Ambiguous, OutgoingText

from tests.fakes.world import MEDIA_URL
from tests.flow.answering_photos import PHOTO, office_of_carla, to_carla
from tests.office import ANA, BUSINESS, CARLA, DANA, Office


def test_photos_go_with_the_words_by_links_of_the_answers_own_and_sent_is_success() -> None:
    office = office_of_carla()
    cause = office.text(ANA, "Like this one?", files=(PHOTO, PHOTO))
    office.settle()
    answer, own = office.relay(f"{cause}-a"), office.relay(cause)
    (mms,) = office.messenger.sends
    link = f"{MEDIA_URL}/m/{answer.media_token}"
    assert (mms.to, mms.body, mms.media_urls) == (CARLA, "Like this one?", (f"{link}/1", f"{link}/2"))
    assert answer.media_token not in ("", own.media_token)
    assert (answer.cause_id, answer.attachments, answer.media_count) == (cause, own.attachments, 2)
    office.delivered(answer.message_id, Meaning.HANDED_OVER)
    assert office.relay(answer.message_id).final_status is FinalStatus.DELIVERED


def test_photos_alone_go_without_words() -> None:
    office = office_of_carla()
    office.text(ANA, "", files=(PHOTO,))
    office.settle()
    assert to_carla(office) == [("", 1)]


def test_the_first_answer_names_the_business_also_with_photos_alone() -> None:
    office = Office()
    office.reaches(CARLA, "The couch is on the porch")
    office.text(ANA, "", files=(PHOTO,))
    office.settle()
    assert to_carla(office) == [(f"{BUSINESS}\nReply STOP to opt out.", 1)]


def test_photos_of_a_burst_go_one_by_one() -> None:
    office = office_of_carla()
    for _ in range(3):
        office.text(ANA, "", files=(PHOTO,))
        office.settle(2)
    assert to_carla(office) == [("", 1)] * 3


def test_photos_alone_that_fit_two_customers_reach_neither() -> None:
    office = office_of_carla()
    office.reaches(DANA, "A fridge, please")
    office.text(ANA, "", files=(PHOTO,))
    office.settle()
    assert to_carla(office) == []
    assert office.to(DANA) == []
    assert "Which one?" in office.to(ANA)[-1]


def test_a_repeated_webhook_sends_no_second_mms() -> None:
    office = office_of_carla()
    cause = office.text(ANA, "Like this one?", files=(PHOTO,))
    office.text(ANA, "Like this one?", files=(PHOTO,), message_id=cause)
    office.settle()
    assert to_carla(office) == [("Like this one?", 1)]


@pytest.mark.parametrize("words", ["Like this one?", ""])
@pytest.mark.parametrize("has_left", [True, False])
def test_an_mms_whose_answer_was_lost_is_sent_again_only_where_the_provider_has_none(
    words: str, has_left: bool
) -> None:
    office = office_of_carla()
    send = office.messenger.send

    def lost(text: OutgoingText, *, timeout_seconds: float) -> Ambiguous:
        send(text, timeout_seconds=timeout_seconds)
        if not has_left:
            office.messenger.messages.popitem()
        return Ambiguous("lost")

    office.messenger.send = lost  # type: ignore[method-assign]
    answer = f"{office.text(ANA, words, files=(PHOTO,))}-a"
    office.messenger.send = send  # type: ignore[method-assign]
    office.wait(3600)
    assert to_carla(office) == [(words, 1)] * (1 if has_left else 2)
    # Without words the provider's text cannot be told from another one: it is not sent again, and people are told.
    is_told = bool(office.to(ANA))
    assert is_told is (has_left and not words)
    assert (office.relay(answer).final_status is FinalStatus.EXHAUSTED) is is_told
    if is_told:
        assert "did not get your photos" in office.to(ANA)[-1]


def test_the_secret_of_an_answers_files_is_good_for_an_hour() -> None:
    office = office_of_carla()
    answer = office.relay(f"{office.text(ANA, 'Like this one?', files=(PHOTO,))}-a")
    assert not files.are_over(answer, answer.timestamp + timedelta(minutes=59))
    assert files.are_over(answer, answer.timestamp + timedelta(minutes=60))


def test_where_there_are_no_links_the_words_go_alone_and_the_handler_is_told() -> None:
    office = office_of_carla()
    object.__setattr__(office.world, "files", None)
    office.text(ANA, "Like this one?", files=(PHOTO,))
    office.settle()
    assert to_carla(office) == [("Like this one?", 0)]
    assert "went your words alone" in office.to(ANA)[-1]
    office.text(ANA, "", files=(PHOTO,))
    office.settle()
    assert len(to_carla(office)) == 1


@pytest.mark.parametrize(("types", "unknown"), [((PHOTO,), 1), (("",), 0)], ids=["no id", "no type"])
def test_a_file_of_which_too_little_is_known_does_not_go(types: tuple[str, ...], unknown: int) -> None:
    """[It is a long text that begins with another customer's code]."""
    office = office_of_carla()
    office.text(ANA, "Like this one?", files=types, media=unknown)
    office.settle()
    assert to_carla(office) == [("Like this one?", 0)]
    assert "went your words alone" in office.to(ANA)[-1]


def test_words_that_came_as_a_file_are_the_answers_and_no_file_of_it() -> None:
    office = office_of_carla()
    cause = "SM" + "c" * 32
    office.media.put(cause, f"ME{0:032x}", "text/plain", b"A long story")
    office.text(ANA, "", message_id=cause, files=("text/plain", PHOTO))
    office.settle()
    assert to_carla(office) == [("A long story", 1)]
    (kept,) = office.relay(f"{cause}-a").attachments
    assert kept.media_id == f"ME{1:032x}"


def test_words_in_a_file_that_cannot_be_read_send_nothing_and_are_not_sent_by_a_repeated_webhook() -> None:
    office = office_of_carla()
    cause = office.text(ANA, "And now", files=("text/plain",))
    office.settle()
    assert to_carla(office) == []
    assert "could not be read" in office.to(ANA)[-1]
    office.media.put(cause, f"ME{0:032x}", "text/plain", b"a long story")
    office.text(ANA, "And now", files=("text/plain",), message_id=cause)
    office.settle()
    assert to_carla(office) == []


def test_a_customers_photos_and_their_link_are_as_ever() -> None:
    office = Office()
    message_id = office.text(CARLA, "This couch", files=(PHOTO, PHOTO))
    (sms,) = office.messenger.sends
    assert (sms.to, sms.media_urls) == (ANA, ())
    assert sms.body.endswith(f"/m/{office.relay(message_id).media_token}")
    office.delivered(message_id)
    office.settle(30)
    office.text(ANA, "On my way")
    office.settle()
    answers = [one for one in office.all_relays() if one.purpose is Purpose.ANSWER]
    assert [(one.media_count, one.media_token) for one in answers] == [(0, "")]
    assert to_carla(office)[0][1] == 0
