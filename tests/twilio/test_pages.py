"""Twilio's list page by page: from Twilio alone, each row once, and to an end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from relay.errors import MessengerUnavailable

from tests.twilio.lists import LIST_PATH, NOW, ago, endless_list, listed, pages
from tests.twilio.raw_server import Connection, RawServer, Talk
from tests.twilio.support import ACCOUNT, HANDLER, OURS, PATIENT, messenger_at


@pytest.mark.parametrize(
    "where",
    [
        "http://{elsewhere}{path}?Page=1",
        "//{elsewhere}{path}?Page=1",
        "https://{here}{path}?Page=1",
        "http://{here}@{elsewhere}{path}?Page=1",
        "http://{here}\\@{elsewhere}{path}?Page=1",
        "http://{here}\t.{elsewhere}{path}?Page=1",
        "http://{here}{other_account}?Page=1",
        "http://{here}{path}/../../Calls.json?Page=1",
        "http://{here}/2010-04-01/Accounts.json?Page=1",
        "http://[{here}{path}",
        7,
    ],
)
@pytest.mark.parametrize("newer", [True, False])
def test_a_list_that_goes_on_elsewhere_is_not_followed_there(where: object, newer: bool) -> None:
    """The next page's address comes in the answer, and our credentials would go along to it."""
    with RawServer(pages([listed(9, ago(1))])) as elsewhere, RawServer(_goes_on(where, newer, elsewhere)) as server:
        with pytest.raises(MessengerUnavailable, match=r"not its own|not understood"):
            messenger_at(server.base_url).sent_to(HANDLER, OURS, ago(10), timeout_seconds=PATIENT)
        assert (len(server.requests), elsewhere.connections) == (1, 0)


def _goes_on(where: object, newer: bool, elsewhere: RawServer) -> Talk:
    def talk(connection: Connection) -> None:
        while connection.read_request():
            here = connection.host
            url = where
            if isinstance(where, str):
                other = LIST_PATH.replace(ACCOUNT, "AC" + "9" * 32)
                host = elsewhere.base_url.removeprefix("http://")
                url = where.format(here=here, elsewhere=host, path=LIST_PATH, other_account=other)
            page: dict[str, Any] = {"messages": [listed(1, ago(1))]}
            page |= {"meta": {"key": "messages", "next_page_url": url}} if newer else {"next_page_uri": url}
            connection.answer(200, json.dumps(page).encode())

    return talk


def test_a_list_that_goes_round_in_a_circle_is_given_up_at_once() -> None:
    page = json.dumps({"messages": [listed(1, ago(1))], "next_page_uri": f"{LIST_PATH}?Page=1"}).encode()

    def circle(connection: Connection) -> None:
        while connection.read_request():
            connection.answer(200, page)

    with RawServer(circle) as server:
        with pytest.raises(MessengerUnavailable, match="does not end"):
            messenger_at(server.base_url).sent_to(HANDLER, OURS, ago(10), timeout_seconds=PATIENT)
        assert len(server.requests) == 2


def test_a_list_of_ever_new_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.twilio.pages._PAGES_MAX", 5)
    with RawServer(endless_list) as server:
        with pytest.raises(MessengerUnavailable, match="does not end"):
            messenger_at(server.base_url).sent_to(HANDLER, OURS, NOW, timeout_seconds=PATIENT)
        assert len(server.requests) == 6


def test_a_row_that_a_page_repeats_is_one_text() -> None:
    talk = pages([listed(3, ago(1)), listed(2, ago(2))], [listed(2, ago(2)), listed(1, ago(3))])
    with RawServer(talk) as server:
        found = messenger_at(server.base_url).sent_to(HANDLER, OURS, ago(10), timeout_seconds=PATIENT)
    assert [int(text.sent_id[2:], 16) for text in found] == [3, 2, 1]
