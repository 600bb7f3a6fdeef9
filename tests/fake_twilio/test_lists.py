"""Lists: filters, pages, and what is missing from them."""

import pytest

from scripts.fake_twilio import ListFaults, behaviour
from tests.fake_twilio.support import CUSTOMER, HANDLER, OURS, Account

DAY = 86_400


def listed(account: Account, **query: str) -> list[str]:
    """Bodies of the messages on the first page."""
    page = account.get("/Messages.json", **query).json
    assert page is not None
    return [message["body"] for message in page["messages"]]


def three_days(account: Account) -> None:
    """A message to the handler on each of three days, delivered a second after midnight (UTC), and one reply."""
    for body in ("first", "second", "third"):
        account.post(Body=body)
        account.clock.advance(DAY)
    account.text("reply")


def test_a_list_is_newest_first_and_holds_both_directions(account: Account) -> None:
    three_days(account)
    assert listed(account) == ["reply", "third", "second", "first"]


def test_lists_are_filtered_by_both_numbers(account: Account) -> None:
    three_days(account)
    assert listed(account, To=HANDLER) == ["third", "second", "first"]
    assert listed(account, To=OURS) == listed(account, From=CUSTOMER) == ["reply"]
    assert listed(account, To=HANDLER, From=CUSTOMER) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"DateSent": "2026-01-02"}, ["second"]),
        ({"DateSent_after": "2026-01-02"}, ["third", "second"]),
        ({"DateSent_before": "2026-01-02"}, ["second", "first"]),
        ({"DateSent_after": "2026-01-02", "DateSent_before": "2026-01-02"}, ["second"]),
        ({"DateSent_after": "2026-01-01T00:00:00Z"}, ["third", "second", "first"]),
        ({"DateSent_after": "2026-01-01T00:00:01Z"}, ["third", "second"]),
        ({"DateSent_after": "2026-01-01T01:00:00+01:00"}, ["third", "second", "first"]),
        ({"DateSent_after": "2026-01-01 00:00:01.000"}, ["third", "second"]),
        ({"DateSent_before": "Fri, 02 Jan 2026 00:00:00 -0000"}, ["second", "first"]),
        ({"DateSent": "2026-01-02T00:00:00Z"}, ["second"]),
    ],
)
def test_dates_include_their_bounds_and_are_days_or_seconds(
    account: Account, query: dict[str, str], expected: list[str]
) -> None:
    three_days(account)
    assert listed(account, To=HANDLER, **query) == expected


@pytest.mark.parametrize(
    "query",
    [{"DateSent": "yesterday"}, {"DateSent": ">=2026-01-01"}, {"PageSize": "0"}, {"Page": "-1"}, {"PageToken": "x"}],
)
def test_a_filter_that_makes_no_sense_is_400_with_code_20001(account: Account, query: dict[str, str]) -> None:
    response = account.get("/Messages.json", **query)
    assert (response.status_code, response.json and response.json["code"]) == (400, 20001)


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_message_that_has_not_left_passes_a_date_filter_only_if_so_configured(is_listed: bool) -> None:
    account = Account(unsent_match_dates=is_listed)
    account.handler.carrier.does(behaviour.silent(waiting_as="queued"))
    account.post(Body="waiting")
    account.clock.advance(60)
    assert listed(account, DateSent_after="2020-01-01") == (["waiting"] if is_listed else [])
    assert listed(account) == ["waiting"]


def test_a_lagging_list_shows_a_new_message_later_than_a_fetch() -> None:
    account = Account(lists=ListFaults(outbound_lag_seconds=10))
    message = account.post(Body="new").json
    assert message is not None
    assert listed(account) == []
    assert account.get(f"/Messages/{message['sid']}.json").status_code == 200
    account.clock.advance(10)
    assert listed(account) == ["new"]


def test_pages_follow_their_uris_to_the_end_and_back(account: Account) -> None:
    for n in range(5):
        account.post(Body=str(n))
    uri = f"{account.root}/Messages.json?To=%2B15550002001&PageSize=2"
    seen, back = [], []
    while uri:
        page = account.http.get(uri, auth=account.auth).json
        assert page is not None
        seen.append([message["body"] for message in page["messages"]])
        assert "To=%2B15550002001&PageSize=2" in page["uri"]
        last, uri = page, page["next_page_uri"]
    assert seen == [["4", "3"], ["2", "1"], ["0"]]
    assert (last["page"], last["start"], last["end"], last["page_size"]) == (2, 4, 4, 2)
    while (uri := last["previous_page_uri"]) is not None:
        last = account.http.get(uri, auth=account.auth).json
        assert last is not None
        back.append([message["body"] for message in last["messages"]])
    assert back == [["2", "1"], ["4", "3"]]


def test_a_message_that_comes_between_two_pages_shifts_nothing(account: Account) -> None:
    for n in range(4):
        account.post(Body=str(n))
    first = account.get("/Messages.json", PageSize="2").json
    account.post(Body="new")
    assert first is not None
    second = account.http.get(first["next_page_uri"], auth=account.auth).json
    assert second is not None
    assert [message["body"] for message in second["messages"]] == ["1", "0"]


def test_a_page_has_fifty_messages_unless_asked_and_never_more_than_a_thousand(account: Account) -> None:
    for _ in range(51):
        account.post()
    assert len(listed(account)) == 50
    assert len(listed(account, PageSize="51")) == 51
    page = account.get("/Messages.json", PageSize="5000").json
    assert page is not None
    assert page["page_size"] == 1000
