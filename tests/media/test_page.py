"""What the link opens: a page of the files and nothing else, and one sentence for whatever opens nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from relay.core.files import ANSWERS_FILES_FOR
from relay.core.model import Attachment, Purpose
from relay.web import Response

from tests.media.links import ME, TOKEN, Office
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER

OVER = "This link is over; ask the office."
PHOTO, VIDEO = ("image/jpeg", b"\xff\xd8a picture"), ("video/mp4", b"a video")


@pytest.fixture
def office() -> Office:
    return Office()


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip() and self.tags[-1][0] != "style":
            self.text.append(data.strip())


def test_each_file_is_shown_as_what_it_is_in_the_order_of_the_record(office: Office) -> None:
    office.text(PHOTO, VIDEO, ("audio/amr", b"a"), ("text/vcard", b"c"), ("application/zip", b"z"), ("image/png", b"p"))
    page = _Tags(office.page())
    shown = [(tag, names) for tag, names in page.tags if tag in ("img", "video", "audio", "a")]
    assert shown == [
        ("a", {"href": f"{TOKEN}/1"}),
        ("img", {"src": f"{TOKEN}/1", "alt": "Photo 1", "loading": "lazy"}),
        ("video", {"src": f"{TOKEN}/2", "aria-label": "Video 2", "controls": None, "preload": "metadata"}),
        ("a", {"href": f"{TOKEN}/2", "download": None}),
        ("audio", {"src": f"{TOKEN}/3", "aria-label": "Sound 3", "controls": None, "preload": "metadata"}),
        ("a", {"href": f"{TOKEN}/3", "download": None}),
        ("a", {"href": f"{TOKEN}/4", "download": None}),
        ("a", {"href": f"{TOKEN}/5", "download": None}),
        ("a", {"href": f"{TOKEN}/6"}),
        ("img", {"src": f"{TOKEN}/6", "alt": "Photo 6", "loading": "lazy"}),
    ]
    assert page.text == ["Video 2", "Sound 3", "Contact card 4", "File 5"]


def test_the_page_says_nothing_of_the_text_and_offers_nothing_for_a_preview(office: Office) -> None:
    office.text(PHOTO)
    page = office.page()
    tags = _Tags(page).tags
    assert {tag for tag, _ in tags} == {"html", "head", "meta", "style", "body", "main", "a", "img"}
    assert [names for tag, names in tags if tag == "meta"] == [
        {"charset": "utf-8"},
        {"name": "viewport", "content": "width=device-width, initial-scale=1"},
    ]
    assert not any(word in page for word in (BODY, CUSTOMER, OUR_NUMBER, CUSTOMER[-4:], MESSAGE_ID, ME[0]))


def _policy_of(answer: Response) -> dict[str, str]:
    return dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))


def test_every_answer_is_kept_by_nobody_and_runs_nothing(office: Office) -> None:
    office.text(PHOTO, ("text/html", b"<script>"))
    paths = (f"/m/{TOKEN}", f"/m/{TOKEN}/1", f"/m/{TOKEN}/2", "/m/" + "x" * 22, "/m/", f"/m/{TOKEN}/99")
    answers = [office.ask(path, method) for path in paths for method in ("GET", "HEAD", "POST")]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Robots-Tag"].startswith("noindex")
        policy = _policy_of(answer)
        style = policy.pop("style-src")
        assert policy == {
            "default-src": "'none'",
            "img-src": "'self'",
            "media-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", style)


def test_the_policy_lets_the_pages_own_style_through(office: Office) -> None:
    office.text(PHOTO)
    answer = office.ask(f"/m/{TOKEN}")
    style = re.search(r"<style>(.*)</style>", answer.body.decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert _policy_of(answer)["style-src"] == f"'sha256-{digest}'"
    assert "color-scheme:light dark" in style[1]


WRONG = {
    "another token": "/m/" + "x" * 22,
    "one letter less": f"/m/{TOKEN[:-1]}",
    "one letter more": f"/m/{TOKEN}x",
    "another case": f"/m/{TOKEN.upper()}",
    "none": "/m/",
    "no folder": "/m",
    "elsewhere": f"/x/{TOKEN}",
    "beside the folder": f"/{TOKEN}",
    "below another folder": f"/sms/m/{TOKEN}",
    "a slash at the end": f"/m/{TOKEN}/",
    "two slashes": f"/m//{TOKEN}",
    "two slashes before": f"//m/{TOKEN}",
    "out of the folder": f"/m/../m/{TOKEN}",
    "out of the token": f"/m/{TOKEN}/../{TOKEN}",
    "encoded twice": f"/m/%2e%2e/m/{TOKEN}",
    "a line's end": f"/m/{TOKEN}\n",
    "a zero byte": f"/m/{TOKEN}\0",
    "letters of another script": "/m/" + "\u0430" * 22,
    "number 0": f"/m/{TOKEN}/0",
    "number -1": f"/m/{TOKEN}/-1",
    "number +1": f"/m/{TOKEN}/+1",
    "number 01": f"/m/{TOKEN}/01",
    "number 1.0": f"/m/{TOKEN}/1.0",
    "more than there are": f"/m/{TOKEN}/2",
    "number 99": f"/m/{TOKEN}/99",
    "a huge number": f"/m/{TOKEN}/" + "9" * 5000,
    "digits of another script": f"/m/{TOKEN}/\u0661",
    "a digit above the line": f"/m/{TOKEN}/\u00b9",
    "a file below the file": f"/m/{TOKEN}/1/1",
    "an id": f"/m/{TOKEN}/{ME[0]}",
}


@pytest.mark.parametrize("path", WRONG.values(), ids=WRONG)
def test_what_opens_nothing_is_told_so_in_one_sentence_and_asks_the_provider_nothing(office: Office, path: str) -> None:
    office.text(PHOTO)
    right = office.ask("/m/" + "x" * 22)
    for method in ("GET", "HEAD"):
        assert office.ask(path, method) == right
    assert (right.status, _Tags(right.body.decode()).text) == (404, [OVER])
    assert office.media.opened == []


def test_expired_revoked_and_wrong_links_are_told_the_same(office: Office) -> None:
    relay = office.text(PHOTO)
    wrong = office.ask("/m/" + "x" * 22)
    office.store.relay = replace(relay, media_token="")
    assert office.ask(f"/m/{TOKEN}") == office.file() == wrong
    office.store.relay = relay
    office.clock.advance((relay.expires_at - relay.timestamp).total_seconds())
    assert office.ask(f"/m/{TOKEN}") == office.file() == wrong


def test_what_a_messenger_adds_to_the_link_is_not_looked_at(office: Office) -> None:
    office.text(PHOTO)
    assert office.ask(f"/m/{TOKEN}", query="utm_source=x&n=../..").status == 200


@pytest.mark.parametrize("path", [f"/m/{TOKEN}", f"/m/{TOKEN}/1", "/m/wrong", "/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"])
def test_nothing_but_reading_is_answered(office: Office, method: str, path: str) -> None:
    office.text(PHOTO)
    answer = office.ask(path, method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert office.store.asked == []


def test_a_store_that_does_not_answer_is_said_and_is_no_link_that_is_over(office: Office) -> None:
    office.text(PHOTO)
    office.store.is_down = True
    for answer in (office.ask(f"/m/{TOKEN}"), office.file()):
        assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
        assert _Tags(answer.body.decode()).text == ["This cannot be shown just now. Try again in a moment."]


def test_files_that_the_record_does_not_know_are_asked_of_the_provider(office: Office) -> None:
    office.text(PHOTO, VIDEO, PHOTO, known=1)
    office.media.listed_as[MESSAGE_ID] = ()
    page = office.page()
    assert 'alt="Photo 1"' in page
    assert _Tags(page).text == ["More are still on their way. Open the link again in a moment."]
    del office.media.listed_as[MESSAGE_ID]
    page = office.page()
    assert (page.count(f'src="{TOKEN}'), _Tags(page).text) == (3, ["Video 2"])


def test_the_numbers_of_files_on_record_stay_when_the_list_grows(office: Office) -> None:
    relay = office.text(PHOTO, VIDEO)
    office.store.relay = replace(relay, attachments=(Attachment(ME[1], "video/mp4"),))
    assert 'aria-label="Video 1"' in office.page()
    assert 'alt="Photo 2"' in office.page()
    office.file(1)
    assert office.media.opened == [(MESSAGE_ID, ME[1])]


def test_photos_that_the_provider_does_not_list_yet_are_on_their_way(office: Office) -> None:
    office.text(PHOTO, known=0)
    office.media.listed_as[MESSAGE_ID] = ()
    assert _Tags(office.page()).text == ["The photos are still on their way. Open the link again in a moment."]
    early = office.file()
    assert (early.status, early.headers["Retry-After"]) == (503, "3")
    assert office.file(2).status == 404


def test_photos_that_are_never_listed_are_not_awaited_for_ever(office: Office) -> None:
    office.text(PHOTO, known=0)
    office.media.listed_as[MESSAGE_ID] = ()
    office.clock.advance(3600)
    answer = office.ask(f"/m/{TOKEN}")
    assert answer.status == 404
    assert _Tags(answer.body.decode()).text == ["The photos are not to be had any more; ask the office."]
    assert office.file() == answer, "a program, too, is not told to come again for ever"


def test_a_list_that_cannot_be_had_keeps_nothing_back_that_is_known(office: Office) -> None:
    office.text(PHOTO, PHOTO, known=1)
    office.media.is_down = True
    assert 'alt="Photo 1"' in office.page()
    office.text(PHOTO, known=0)
    answer = office.ask(f"/m/{TOKEN}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
    assert "the provider does not answer" in answer.body.decode()
    assert office.journal.notes[-1][0] == "WARNING"


def test_files_that_are_words_of_the_text_are_not_on_the_page(office: Office) -> None:
    relay = office.text(("text/plain", b"words"), PHOTO)
    words, photo = relay.attachments
    office.store.relay = replace(relay, attachments=(replace(words, is_in_words=True), photo))
    assert _Tags(office.page()).text == []
    assert 'alt="Photo 1"' in office.page()
    office.file(1)
    assert office.media.opened == [(MESSAGE_ID, ME[1])]


def test_an_answers_files_are_those_of_the_handlers_text_for_an_hour(office: Office) -> None:
    relay = office.text(PHOTO)
    answer = replace(relay, message_id="SM" + "9" * 32, cause_id=MESSAGE_ID, purpose=Purpose.ANSWER)
    office.store.relay = answer
    assert office.file().status == 200
    assert office.media.opened == [(MESSAGE_ID, ME[0])]
    office.clock.advance((ANSWERS_FILES_FOR - timedelta(seconds=1)).total_seconds())
    assert office.file().status == 200
    office.clock.advance(1)
    assert office.file().status == office.ask(f"/m/{TOKEN}").status == 404
