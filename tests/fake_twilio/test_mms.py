"""Messages of ours with files: Twilio fetches these itself, and refuses what it or a carrier would not take."""

import pytest

from scripts.fake_twilio import Behaviour, behaviour, picture
from scripts.fake_twilio.transport import Fetched
from tests.fake_twilio.support import CUSTOMER, HANDLER, Account

COUCH = picture("A couch")
URL = "https://relay.example.com/m/abc/1"
MEGABYTE = 1024 * 1024


def sent(account: Account, *urls: str, to: str = CUSTOMER) -> str:
    """The id of a message with the files at these addresses, on its way for a minute."""
    response = account.post(To=to, Body="here it is", MediaUrl=list(urls))
    assert response.status_code == 201
    account.clock.advance(60)
    return str((response.json or {})["sid"])


def end_of(account: Account, sid: str) -> tuple[str, int | None]:
    shown = account.get(f"/Messages/{sid}.json").json or {}
    return shown["status"], shown["error_code"]


def test_it_is_fetched_without_credentials_shown_on_the_phone_and_never_confirmed(account: Account) -> None:
    account.app.serve(URL, "image/png", COUCH.content)
    sid = sent(account, URL)
    assert sid.startswith("MM")
    assert account.app.fetches == [("HEAD", URL), ("GET", URL)]
    assert end_of(account, sid) == ("sent", None)
    assert account.app.statuses[-1] == "sent"
    (shown,) = account.customer.inbox
    (medium,) = shown.files
    assert account.fake.file(medium.file) == COUCH
    resource = account.get(f"/Messages/{sid}.json").json or {}
    assert resource["num_media"] == "1"
    listed = account.get(f"/Messages/{sid}/Media.json").json or {}
    assert [file["sid"] for file in listed["media_list"]] == [medium.sid]


def test_ten_addresses_may_be_given_and_each_must_be_one(account: Account) -> None:
    for urls, code in (([URL] * 11, 21623), (["/m/abc/1"], 21620), ([URL, "ftp://example.com/1"], 21620)):
        response = account.post(To=CUSTOMER, MediaUrl=urls)
        assert (response.status_code, (response.json or {})["code"]) == (400, code)
    account.app.serve(URL, "image/png", COUCH.content)
    sid = sent(account, *[URL] * 10)
    assert len(account.customer.inbox[0].files) == 10
    assert end_of(account, sid) == ("sent", None)


@pytest.mark.parametrize(
    ("content_type", "content", "code"),
    [
        ("image/jpeg", COUCH.content, 12300),
        ("text/html; charset=utf-8", b"<h1>Sign in</h1>", 12300),
        ("application/octet-stream", COUCH.content, 12300),
        ("image/png", b"", 63019),
        ("image/png", COUCH.content + bytes(5 * MEGABYTE), 11751),
        ("video/mp4", bytes(MEGABYTE), 30019),
    ],
)
def test_a_file_that_will_not_do_fails_the_message_with_twilios_code(
    account: Account, content_type: str, content: bytes, code: int
) -> None:
    account.app.serve(URL, content_type, content)
    assert end_of(account, sent(account, URL)) == ("failed", code)
    assert account.app.requests[-1].form["ErrorCode"] == str(code)
    assert account.customer.inbox == []


def test_files_that_are_together_too_large_fail_the_message(account: Account) -> None:
    account.app.serve(URL, "image/png", COUCH.content + bytes(3 * MEGABYTE))
    assert end_of(account, sent(account, URL)) == ("sent", None)
    assert end_of(account, sent(account, URL, URL)) == ("failed", 11751)


@pytest.mark.parametrize("head", [Fetched(None), Fetched(404), Fetched(302), Fetched(405)])
def test_a_file_has_to_answer_head_as_well(account: Account, head: Fetched) -> None:
    account.app.serve(URL, "image/png", COUCH.content)
    account.app.files["HEAD", URL] = head
    assert end_of(account, sent(account, URL)) == ("failed", 11200)


def test_head_and_get_must_tell_the_same_type(account: Account) -> None:
    account.app.serve(URL, "image/png", COUCH.content)
    account.app.files["HEAD", URL] = Fetched(200, "image/gif")
    assert end_of(account, sent(account, URL)) == ("failed", 12300)


def test_no_phone_beyond_north_america_gets_files(account: Account) -> None:
    assert end_of(account, sent(account, URL, to="+447700900123")) == ("failed", 30011)
    assert account.app.fetches == []


@pytest.mark.parametrize(
    ("does", "status", "end"),
    [(behaviour.refuse(21612), 400, None), (behaviour.failed(63034), 201, ("failed", 63034))],
)
def test_a_phone_may_take_texts_and_no_files(
    account: Account, does: Behaviour, status: int, end: tuple[str, int] | None
) -> None:
    account.app.serve(URL, "image/png", COUCH.content)
    account.handler.carrier.does_with_mms(does)
    response = account.post(MediaUrl=URL)
    assert response.status_code == status
    words = account.post().json or {}
    account.clock.advance(60)
    assert end_of(account, words["sid"]) == ("delivered", None)
    if end is not None:
        assert end_of(account, (response.json or {})["sid"]) == end
    account.handler.carrier.does_with_mms(None)
    assert account.post(MediaUrl=URL).status_code == 201


def test_the_control_interface_sets_what_happens_to_files_alone(account: Account) -> None:
    told = {"phone": HANDLER, "behaviour": "refuse", "error_code": 21612, "mms": True}
    assert account.http.post("/fake/carrier", json=told).status_code == 200
    (shown,) = [one for one in (account.http.get("/fake/state").json or {})["phones"] if one["phone"] == HANDLER]
    assert (shown["behaviour"], shown["mms"]) == ("deliver", "refuse")
    assert [account.post(MediaUrl=URL).status_code, account.post().status_code] == [400, 201]
    account.http.post("/fake/carrier", json={"phone": HANDLER, "behaviour": None, "mms": True})
    assert account.post(MediaUrl=URL).status_code == 201
