"""What Twilio shows of messages that is not so, not yet so, or not in order."""

from typing import Any

import pytest

from scripts.fake_twilio import InboundFaults, ListFaults, Row, picture
from tests.fake_twilio.support import CUSTOMER, HANDLER, OURS, Account

HOUR = 3600


def rows(account: Account, **query: str) -> list[dict[str, Any]]:
    page = account.get("/Messages.json", **query).json
    assert page is not None
    return list(page["messages"])


def bodies(account: Account, **query: str) -> list[str]:
    return [row["body"] for row in rows(account, **query)]


def pages(account: Account, size: int) -> list[list[str]]:
    """The bodies on each page, as a reader follows them."""
    uri, seen = f"{account.root}/Messages.json?PageSize={size}", []
    while uri:
        page = account.http.get(uri, auth=account.auth).json
        assert page is not None
        seen.append([message["body"] for message in page["messages"]])
        uri = page["next_page_uri"]
    return seen


def test_each_direction_lags_by_itself_and_a_late_row_has_its_old_date(account: Account) -> None:
    account.fake.show_lists(ListFaults(inbound_lag_seconds=2 * HOUR, outbound_lag_seconds=600))
    text = account.text("in")
    sent = account.post(Body="out").json
    assert sent is not None
    assert bodies(account) == []
    assert account.get(f"/Messages/{sent['sid']}.json").status_code == 200
    account.clock.advance(600)
    assert bodies(account) == ["out"]
    account.clock.advance(2 * HOUR)
    (row,) = rows(account, To=OURS)
    assert (row["sid"], row["date_created"]) == (text.sid, "Thu, 01 Jan 2026 00:00:00 +0000")


def test_a_lag_that_begins_hides_rows_that_were_there(account: Account) -> None:
    account.post(Body="out")
    assert bodies(account) == ["out"]
    account.fake.show_lists(ListFaults(outbound_lag_seconds=HOUR))
    assert bodies(account) == []
    account.fake.show_lists(ListFaults())
    assert bodies(account) == ["out"]


def test_an_inbound_row_may_not_be_whole_yet(account: Account) -> None:
    account.fake.show_lists(ListFaults(receiving_seconds=90))
    text = account.text("a couch and a fridge", files=[picture("A couch")])
    (row,) = rows(account, To=OURS)
    assert (row["status"], row["body"], row["num_media"]) == ("receiving", "", "0")
    account.clock.advance(90)
    fetched = account.get(f"/Messages/{text.sid}.json").json or {}
    assert (fetched["status"], fetched["body"], fetched["num_media"]) == ("received", "a couch and a fridge", "1")


def test_a_lost_text_may_appear_with_an_age_late_or_in_pieces(account: Account) -> None:
    account.text("old", faults=InboundFaults(dropped=True, age_seconds=20 * 60))
    account.text("late", faults=InboundFaults(dropped=True, listed_after_seconds=HOUR))
    account.text("partly", faults=InboundFaults(dropped=True, receiving_seconds=HOUR))
    shown = rows(account, To=OURS)
    assert [(row["body"], row["status"]) for row in shown] == [("", "receiving"), ("old", "received")]
    assert shown[1]["date_created"] == "Wed, 31 Dec 2025 23:40:00 +0000"
    account.clock.advance(HOUR)
    assert bodies(account, To=OURS) == ["partly", "late", "old"]
    assert account.app.requests == []


def test_a_text_that_the_loop_filter_failed_stands_on_the_list_and_calls_no_webhook(account: Account) -> None:
    text = account.text("out of office", faults=InboundFaults(error_code=30039))
    (row,) = rows(account, To=OURS)
    assert (row["status"], row["error_code"]) == ("failed", 30039)
    assert (account.app.requests, text.outcome) == ([], "dropped")


def test_texts_of_other_programs_and_numbers_are_on_the_same_list(account: Account) -> None:
    account.post(Body="ours")
    account.fake.add_row(Row("outbound-api", OURS, HANDLER, "another program's", age_seconds=60))
    account.fake.add_row(Row("outbound-reply", "+15550001999", CUSTOMER, "another number's", status="read"))
    account.fake.add_row(Row("inbound", CUSTOMER, "+15550001999", "not for us", "received", age_seconds=30))
    account.clock.advance(60)
    assert sorted(bodies(account)) == ["another number's", "another program's", "not for us", "ours"]
    assert bodies(account, To=HANDLER) == ["ours", "another program's"]
    assert {request.form["MessageSid"] for request in account.app.requests} == {account.fake.posts[0].message_sid}


@pytest.mark.parametrize("field", ["from", "to", "sid", "date_created", "date_sent", "body", "num_media", "error_code"])
def test_any_field_of_a_row_may_be_null(account: Account, field: str) -> None:
    text = account.text("a text")
    account.fake.show(text.sid, {field: None})
    (row,) = rows(account, To=OURS)
    assert row[field] is None
    fetched = account.get(f"/Messages/{text.sid}.json").json
    assert (fetched or {})[field] is None


def test_a_row_may_show_anything_else_than_the_truth(account: Account) -> None:
    text = account.text("a text")
    account.fake.show(text.sid, {"body": "\ud83d", "sid": "SM" + "A" * 32, "status": "accepted", "error_code": 30008})
    (row,) = rows(account, To=OURS)
    assert (row["body"], row["sid"], row["error_message"]) == ("\ud83d", "SM" + "A" * 32, "Unknown error")


def test_what_is_no_message_or_no_field_cannot_be_shown(account: Account) -> None:
    with pytest.raises(ValueError, match="no message"):
        account.fake.show("SM" + "0" * 32, {})
    with pytest.raises(ValueError, match="no field 'boddy'"):
        account.fake.show(account.text().sid, {"boddy": ""})


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (("redacted",), ""),
        (("trimmed",), "see https://example.com/a?b=c now"),
        (("shortened",), "see https://twil.io/aB3dE now \n"),
        (("trial",), "Sent from your Twilio trial account - see https://example.com/a?b=c now \n"),
        (("trial", "trimmed"), "Sent from your Twilio trial account - see https://example.com/a?b=c now"),
    ],
)
def test_words_may_be_shown_otherwise_than_they_were_sent(account: Account, changes: Any, shown: str) -> None:
    account.fake.show_lists(ListFaults(bodies=changes))
    account.text("in")
    created = account.post(Body="see https://example.com/a?b=c now \n").json or {}
    fetched = account.get(f"/Messages/{created['sid']}.json").json or {}
    assert created["body"] == fetched["body"] == bodies(account)[0] == shown
    assert bodies(account, To=OURS) == ["in"]
    account.fake.show_lists(ListFaults(inbound_bodies=("redacted",)))
    assert bodies(account, To=OURS) == [""]


def test_a_number_may_come_back_in_another_spelling_and_is_found_by_either(account: Account) -> None:
    account.fake.show_lists(ListFaults(numbers={"+525512345678": "+5215512345678"}))
    created = account.post(To="+525512345678").json or {}
    assert created["to"] == "+5215512345678"
    for spelling in ("+525512345678", "+5215512345678"):
        assert [row["to"] for row in rows(account, To=spelling)] == ["+5215512345678"]


@pytest.mark.parametrize(
    ("faults", "seen"),
    [
        (ListFaults(page_repeats=1), [["4", "3"], ["3", "2"], ["2", "1"], ["1", "0"]]),
        (ListFaults(page_skips=1), [["4", "3"], ["1", "0"]]),
        (ListFaults(page_repeats=9), [["4", "3"], ["3", "2"], ["2", "1"], ["1", "0"]]),
        (ListFaults(page_skips=9), [["4", "3"], []]),
    ],
)
def test_pages_may_repeat_and_skip_rows_and_still_end(
    account: Account, faults: ListFaults, seen: list[list[str]]
) -> None:
    for n in range(5):
        account.post(Body=str(n))
    account.fake.show_lists(faults)
    assert pages(account, 2) == seen


@pytest.mark.parametrize("place", ["https://elsewhere.example.com", "//elsewhere.example.com"])
def test_the_next_page_may_be_said_to_be_elsewhere(account: Account, place: str) -> None:
    for n in range(3):
        account.post(Body=str(n))
    account.fake.show_lists(ListFaults(next_page_at=place))
    page = account.get("/Messages.json", PageSize="2").json or {}
    assert page["next_page_uri"].startswith(f"{place}/2010-04-01/")
    assert page["meta"]["next_page_url"] == page["next_page_uri"]
    last = account.get("/Messages.json", PageSize="5").json or {}
    assert last["next_page_uri"] is None


def test_a_restricted_key_may_send_and_not_read(account: Account) -> None:
    settings = account.fake.settings
    account.fake.restrict_key(["send"])
    token = account.auth
    account.auth = (settings.api_key_sid, settings.api_key_secret)
    sent = account.post()
    assert sent.status_code == 201
    for path in ("/Messages.json", f"/Messages/{(sent.json or {})['sid']}.json", "/IncomingPhoneNumbers.json"):
        refused = account.get(path)
        assert (refused.status_code, (refused.json or {})["code"]) == (403, 70051)
    account.auth = token
    assert account.get("/Messages.json").status_code == 200
    account.fake.restrict_key(["list"])
    account.auth = (settings.api_key_sid, settings.api_key_secret)
    assert (account.get("/Messages.json").status_code, account.post().status_code) == (200, 403)
    assert account.fake.posts[-1].error_code == 70051
