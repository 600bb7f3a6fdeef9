"""Texts with files that only the provider's list brought: it tells their number, so they are asked for one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core.model import Attachment
from relay.flow import attached_words

from tests.fakes.world import MEDIA_URL
from tests.flow.attaching import PLAIN, WORDS, bodies
from tests.flow.reconciling import run, runs, twilio_has
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, text
from tests.worlds import Doubles, Observed, inbound_request, media_id, with_files


def listed(doubles: Doubles, media_count: int = 1) -> None:
    """Twilio took in a text with so many files, and its webhook was lost."""
    twilio_has(doubles)
    row = doubles.messenger.received[-1]
    doubles.messenger.received[-1] = replace(row, text=replace(row.text, media_count=media_count))


def test_which_files_came_with_it_is_on_record_and_in_the_text() -> None:
    doubles = Doubles()
    photo = doubles.media.put(MESSAGE_ID, media_id(0), "image/jpeg", b"\xff\xd8")
    listed(doubles)
    assert run(doubles).recovered == 1
    assert doubles.relay().attachments == (photo,)
    assert bodies(doubles) == [f"{CUSTOMER}: {BODY}\n[1 photo] {MEDIA_URL}/m/{doubles.relay().media_token}"]


def test_a_text_without_files_asks_for_none() -> None:
    doubles = Observed()
    twilio_has(doubles)
    run(doubles)
    assert len(bodies(doubles)) == 1
    assert "listed" not in doubles.calls


@pytest.mark.parametrize("is_down", [True, False], ids=["no answer", "an empty list"])
def test_where_they_are_not_told_it_goes_on_with_their_number_and_the_link(is_down: bool) -> None:
    doubles = Doubles()
    doubles.media.is_down = is_down
    listed(doubles, 2)
    assert run(doubles).recovered == 1
    assert doubles.relay().attachments == ()
    assert bodies(doubles) == [f"{CUSTOMER}: {BODY}\n[2 attachments] {MEDIA_URL}/m/{doubles.relay().media_token}"]
    noted = [message for _, message, _ in doubles.journal.notes if message == "files of a text were not listed"]
    assert len(noted) == is_down


def test_it_is_asked_for_once_and_not_again_with_every_run() -> None:
    doubles = Observed()
    listed(doubles)
    runs(doubles, hours=2)
    assert doubles.calls.count("listed") == 1


def test_more_files_than_the_row_told_are_all_counted() -> None:
    doubles = Doubles()
    for number in range(3):
        doubles.media.put(MESSAGE_ID, media_id(number), "image/jpeg", b"\xff\xd8")
    listed(doubles, 1)
    run(doubles)
    assert doubles.relay().media_count == 3


def test_its_words_are_fetched_too() -> None:
    doubles = Doubles()
    doubles.media.put(MESSAGE_ID, media_id(0), PLAIN, WORDS.encode())
    listed(doubles)
    assert run(doubles).recovered == 1
    assert bodies(doubles) == [f"{CUSTOMER}: {BODY}\n{WORDS}"]


def test_the_webhook_that_comes_after_all_adds_and_sends_nothing() -> None:
    doubles = Doubles()
    doubles.media.put(MESSAGE_ID, media_id(0), "image/jpeg", b"\xff\xd8")
    listed(doubles)
    run(doubles)
    before = doubles.relay()
    assert doubles.inbound(inbound_request(**with_files())).status == 200
    assert doubles.relay() == before


def test_ids_that_are_known_are_not_asked_for() -> None:
    doubles = Observed()
    known = replace(text(), media_count=1, attachments=(Attachment(media_id(0), "image/jpeg"),))
    assert attached_words.with_files_listed(doubles.world, known, None) is known  # type: ignore[arg-type]
    assert doubles.calls == []
