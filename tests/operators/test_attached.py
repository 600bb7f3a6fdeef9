"""What operators are told of files that came with a text: their kinds, their link, and no more of its secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.model import Attachment, Relay, Step, TrailEntry
from relay.errors import BadRequest
from relay.operators.attached import attached
from relay.operators.identity import Caller
from relay.operators.state_api import handle_relay_state
from relay.operators.story import summary
from relay.web import Request

from tests.fakes.clock import START
from tests.fakes.world import MEDIA_URL
from tests.operators.operator_calls import ORIGIN, redrive, request, state, told
from tests.played import Played
from tests.strategies import a_relay

TOKEN = "a-secret-of-22-letters"
LINK = f"{MEDIA_URL}/m/{TOKEN}"
PHOTO = Attachment("ME" + "1" * 32, "image/jpeg")
CARD = Attachment("ME" + "2" * 32, "text/vcard")
WORDS = Attachment("ME" + "3" * 32, "text/plain", is_in_words=True)


@pytest.fixture
def played() -> Played:
    return Played()


def _with(*files: Attachment, count: int = 0, **changes: object) -> Relay:
    return a_relay(media_count=count or len(files), attachments=files, media_token=TOKEN, **changes)


def test_files_are_told_by_kind_with_their_link_and_each_with_type_and_id() -> None:
    assert attached(_with(PHOTO, CARD, WORDS, Attachment("ME9"), count=6), START, MEDIA_URL) == {
        "words": "1 photo, 1 contact card, 3 attachments",
        "link": LINK,
        "note": "",
        "lines": [
            {"words": "photo, image/jpeg", "media_id": PHOTO.media_id},
            {"words": "contact card, text/vcard", "media_id": CARD.media_id},
            {"words": "words of the text, text/plain", "media_id": WORDS.media_id},
            {"words": "attachment, of unknown type", "media_id": "ME9"},
            {"words": "2 without an id on record", "media_id": None},
        ],
    }


def test_a_text_without_files_tells_of_none() -> None:
    assert attached(a_relay(), START, MEDIA_URL) is None


def test_files_that_are_all_words_need_no_link() -> None:
    answer = attached(_with(WORDS), START, MEDIA_URL)
    assert answer is not None
    assert (answer["words"], answer["link"], answer["note"]) == ("words alone, which are in the text", None, "")


@pytest.mark.parametrize(
    ("relay", "base_url", "note"),
    [
        (_with(PHOTO), "", ""),
        (replace(_with(PHOTO), media_token=""), MEDIA_URL, "No link opens them; they are in Twilio's log."),
        (_with(PHOTO, timestamp=START - timedelta(days=91)), MEDIA_URL,
         "No link opens them; they are in Twilio's log."),
        (replace(_with(PHOTO, error_log=(TrailEntry(START, Step.LINK_REVOKED),)), media_token=""), MEDIA_URL,
         "Their link was revoked; they are in Twilio's log."),
    ],
    ids=["a list", "no link was made", "over", "revoked"],
)  # fmt: skip
def test_where_no_link_is_told_the_reason_is_if_nothing_opens_them(relay: Relay, base_url: str, note: str) -> None:
    answer = attached(relay, START, base_url)
    assert answer is not None
    assert (answer["words"], answer["link"], answer["note"]) == ("1 photo", None, note)


def test_a_row_of_a_list_says_what_came_and_gives_no_link() -> None:
    row = summary(_with(PHOTO, PHOTO), START)
    assert row["files"] == "2 photos"
    assert TOKEN not in json.dumps(row)


def test_only_a_relays_story_holds_its_link(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    token = played.relay(message_id).media_token
    assert token
    answer = told(state(played, {"message_id": message_id}))
    assert answer["story"].pop("attachments")["link"] == f"{MEDIA_URL}/m/{token}"
    assert token not in json.dumps(answer)
    for view in ({}, {"view": "full"}, {"view": "whole"}, {"view": "summary"}):
        found = told(state(played, view))
        assert len(found["relays"]) == 1
        assert token not in json.dumps(found)


def test_a_redrives_answer_holds_no_link(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    answer = redrive(played, {"message_id": message_id, "request_id": "request-0001"})
    assert answer.status == 409
    assert played.relay(message_id).media_token.encode() not in answer.body


class _Refuses:
    def caller(self, _request: Request) -> Caller:
        raise BadRequest(401, "Sign in.")


def test_a_caller_who_is_not_accepted_is_told_no_link(played: Played) -> None:
    message_id = played.text("See this", files=(PHOTO,))
    asked = request({"message_id": message_id})
    answer = handle_relay_state(played.store, played.clock, _Refuses(), (ORIGIN,), MEDIA_URL, asked)
    assert answer.status == 401
    assert played.relay(message_id).media_token.encode() not in answer.body
