"""Files that come with texts: in the webhook, in lists, by a redirect on the second host, and what is wrong there."""

from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from scripts.fake_twilio import PICTURES, File, InboundFaults, MediaFaults, picture
from tests.fake_twilio.support import HANDLER, Account

COUCH = picture("A couch")
HOUR = 3600


def texted(account: Account, *files: File) -> tuple[str, list[str]]:
    """The customer sends these; the text's path below the account, and the files' ids by its webhook."""
    text = account.text("look", files=files, faults=InboundFaults())
    form = next(sent.form for sent in account.app.requests if sent.form.get("MessageSid") == text.sid)
    ids = [form[f"MediaUrl{index}"].rpartition("/")[2] for index in range(int(form["NumMedia"]))]
    return f"/Messages/{text.sid}/Media", ids


def followed(account: Account, place: str, method: str = "GET", headers: dict[str, str] | None = None) -> TestResponse:
    """The second host's answer, after the API's redirect."""
    sent_on = account.get(place)
    assert sent_on.status_code == 307
    parts = urlsplit(sent_on.headers["Location"])
    return account.media_host.open(f"{parts.path}?{parts.query}", method=method, headers=headers)


def test_a_phone_sends_ten_files_at_most(account: Account) -> None:
    place, ids = texted(account, *[picture(name) for name in PICTURES * 2])
    assert place.startswith("/Messages/MM")
    assert len(set(ids)) == 10
    with pytest.raises(ValueError, match="10 files at most"):
        texted(account, *[COUCH] * 11)


def test_files_are_listed_in_their_order_with_types_and_pages(account: Account) -> None:
    place, ids = texted(account, COUCH, File("text/plain", b"and the fridge"), COUCH)
    listed = account.get(f"{place}.json").json or {}
    assert [file["sid"] for file in listed["media_list"]] == ids
    assert [file["content_type"] for file in listed["media_list"]] == ["image/png", "text/plain", "image/png"]
    page = account.get(f"{place}.json", PageSize="2").json or {}
    assert len(page["media_list"]) == 2
    assert page["next_page_uri"]


def test_the_bytes_are_on_a_second_host_which_is_shown_no_credentials(account: Account) -> None:
    place, (media_id,) = texted(account, COUCH)
    location = account.get(f"{place}/{media_id}").headers["Location"]
    assert location.startswith("https://mms.twiliocdn.com/")
    served = followed(account, f"{place}/{media_id}")
    assert (served.status_code, served.data, served.content_type) == (200, COUCH.content, "image/png")
    assert served.content_length == len(COUCH.content)
    (arrival,) = account.fake.media_arrivals
    assert (arrival.method, arrival.header("Authorization")) == ("GET", None)
    account.media_host.get("/x", headers={"Authorization": "Basic c2VjcmV0"})
    assert account.fake.media_arrivals[-1].header("authorization") == "Basic c2VjcmV0"


def test_head_is_sent_on_too_and_has_the_length_alone(account: Account) -> None:
    place, (media_id,) = texted(account, COUCH)
    assert account.http.head(f"{account.root}{place}/{media_id}", auth=account.auth).status_code == 307
    served = followed(account, f"{place}/{media_id}", "HEAD")
    assert (served.data, served.content_length) == (b"", len(COUCH.content))


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-3", 206, COUCH.content[:4], "bytes 0-3/"),
        ("bytes=8-", 206, COUCH.content[8:], "bytes 8-"),
        ("bytes=-5", 206, COUCH.content[-5:], "bytes "),
        ("bytes=99999-", 416, b"", "bytes */"),
        ("lines=1-2", 200, COUCH.content, ""),
    ],
)
def test_a_part_of_a_file_can_be_asked_for(account: Account, asked: str, status: int, part: bytes, told: str) -> None:
    place, (media_id,) = texted(account, COUCH)
    served = followed(account, f"{place}/{media_id}", headers={"Range": asked})
    assert (served.status_code, served.data) == (status, part)
    assert served.headers.get("Content-Range", "").startswith(told)
    assert served.content_length == len(part)


def test_the_api_asks_for_credentials_and_a_keys_id_goes_with_its_own_secret(account: Account) -> None:
    place, (media_id,) = texted(account, COUCH)
    settings, url = account.fake.settings, f"{account.root}{place}/{media_id}"
    right = [account.auth, (settings.api_key_sid, settings.api_key_secret)]
    wrong = [None, (settings.api_key_sid, settings.auth_token), (settings.account_sid, settings.api_key_secret)]
    for path in (url, f"{account.root}{place}.json", f"{url}.json"):
        assert [account.http.get(path, auth=auth).status_code for auth in wrong] == [401] * 3
        assert all(account.http.get(path, auth=auth).status_code in (200, 307) for auth in right)
    assert [account.http.delete(url, auth=auth).status_code for auth in wrong] == [401] * 3


def test_an_address_ends_after_four_hours_and_cannot_be_made_up(account: Account) -> None:
    place, (media_id,) = texted(account, COUCH)
    parts = urlsplit(account.get(f"{place}/{media_id}").headers["Location"])
    address = f"{parts.path}?{parts.query}"
    assert account.media_host.get(address).status_code == 200
    assert account.media_host.get(address.replace("Expires=1", "Expires=2")).status_code == 403
    assert account.media_host.get(parts.path).status_code == 403
    account.clock.advance(4 * HOUR)
    assert account.media_host.get(address).status_code == 403
    assert followed(account, f"{place}/{media_id}").status_code == 200


def test_a_deleted_file_is_gone_everywhere(account: Account) -> None:
    place, (first, second) = texted(account, COUCH, picture("Boxes"))
    parts = urlsplit(account.get(f"{place}/{first}").headers["Location"])
    assert account.http.delete(f"{account.root}{place}/{first}.json", auth=account.auth).status_code == 204
    assert account.get(f"{place}/{first}").status_code == 404
    assert account.media_host.get(f"{parts.path}?{parts.query}").status_code == 404
    assert [file["sid"] for file in (account.get(f"{place}.json").json or {})["media_list"]] == [second]
    assert account.http.delete(f"{account.root}{place}/{first}", auth=account.auth).status_code == 404


def test_a_file_is_its_own_messages_and_of_this_account(account: Account) -> None:
    place, (media_id,) = texted(account, COUCH)
    other, _ = texted(account, COUCH)
    assert account.get(f"{other}/{media_id}").status_code == 404
    assert account.get(f"/Messages/MM{'0' * 32}/Media.json").status_code == 404
    foreign = f"{account.root.replace('AC0', 'AC1')}{place}/{media_id}"
    assert account.http.get(foreign, auth=account.auth).status_code == 401
    assert account.http.post(f"{account.root}{place}/{media_id}", auth=account.auth).status_code == 405


def test_for_some_seconds_lists_are_empty_and_files_are_not_found(account: Account) -> None:
    account.fake.serve_media(MediaFaults(missing_seconds=90, unlisted_seconds=120))
    place, (media_id,) = texted(account, COUCH)
    assert account.get(f"{place}/{media_id}").status_code == 404
    assert (account.get(f"{place}.json").json or {})["media_list"] == []
    account.clock.advance(30)
    assert followed(account, f"{place}/{media_id}").status_code == 200
    assert (account.get(f"{place}.json").json or {})["media_list"] == []
    account.clock.advance(30)
    assert len((account.get(f"{place}.json").json or {})["media_list"]) == 1


def test_what_is_wrong_with_files_is_wrong_until_it_is_put_right(account: Account) -> None:
    place, (media_id,) = texted(account, COUCH)
    fake, url = account.fake, f"{place}/{media_id}"
    fake.serve_media(MediaFaults(is_gone=True))
    assert account.get(url).status_code == 404
    assert (account.get(f"{place}.json").json or {})["media_list"] == []
    fake.serve_media(MediaFaults(has_old_links=True))
    assert followed(account, url).status_code == 403
    fake.serve_media(MediaFaults(content_type="text/html"))
    assert (followed(account, url).mimetype, followed(account, url).data) == ("text/html", COUCH.content)
    fake.serve_media(MediaFaults(is_empty=True))
    assert (followed(account, url).data, followed(account, url).content_length) == (b"", 0)
    fake.serve_media(MediaFaults(redirects_again=True))
    assert followed(account, url).status_code == 302
    fake.serve_media(MediaFaults(redirects_to="http://169.254.169.254/latest"))
    assert account.get(url).headers["Location"] == "http://169.254.169.254/latest"
    fake.put_right()
    assert followed(account, url).data == COUCH.content


def test_an_outage_or_a_restricted_key_may_be_of_files_alone(account: Account) -> None:
    place, (media_id,) = texted(account, COUCH)
    account.http.post("/fake/outage", json={"behaviour": "api_down", "endpoints": ["media"], "requests": 1})
    assert account.get(f"{place}/{media_id}").status_code == 503
    account.fake.restrict_key(["send"])
    key = (account.fake.settings.api_key_sid, account.fake.settings.api_key_secret)
    assert account.http.get(f"{account.root}{place}/{media_id}", auth=key).status_code == 403


def test_the_pictures_are_small_and_all_different() -> None:
    drawn = [picture(name) for name in PICTURES]
    assert all(file.content.startswith(b"\x89PNG") for file in drawn)
    assert len({file.content for file in drawn}) == len(PICTURES) >= 5
    assert sum(len(file.content) for file in drawn) < 60_000


def test_the_same_content_is_kept_once_and_room_is_bounded(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    files = account.fake.state.files
    monkeypatch.setattr("scripts.fake_twilio.media._ALL_MAX_BYTES", 1000)
    big = File("video/mp4", b"x" * 900)
    assert files.put(big) == files.put(big)
    assert files.read(files.put(big), 890, 100) == b"x" * 10
    with pytest.raises(ValueError, match="no room"):
        files.put(File("video/mp4", b"y" * 900))
    monkeypatch.setattr("scripts.fake_twilio.media._FILE_MAX_BYTES", 100)
    with pytest.raises(ValueError, match="at most"):
        account.handler.texts("", files=[File("video/mp4", b"z" * 101)], waits=False)
    assert account.handler.number == HANDLER
