"""The list of what came in, page by page, as reconcile reads it."""

from __future__ import annotations

import pytest
from relay.ports import ReceivedMessage
from relay.twilio import messenger as twilio_messenger
from relay.twilio.messenger import TwilioMessenger

from scripts.fake_twilio import FakeTwilio, ManualClock, Server
from tests.twilio.lists import LIST_PATH, NOW, listed, pages
from tests.twilio.raw_server import RawServer
from tests.twilio.support import ACCOUNT, OURS, PATIENT, messenger_at
from tests.twilio_words import BASE_URL


def test_what_came_in_is_read_in_pages_as_large_as_twilio_allows() -> None:
    with RawServer(pages([])) as server:
        messenger_at(server.base_url).received_page(OURS, "", timeout_seconds=PATIENT)
    line = server.requests[0].split("\r\n")[0]
    assert line == f"GET /2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=%2B15550001000&PageSize=1000 HTTP/1.1"


def test_our_own_outgoing_texts_did_not_come_in() -> None:
    with RawServer(pages([listed(1, NOW, to=OURS), listed(2, NOW, to=OURS, direction="inbound")])) as server:
        found = messenger_at(server.base_url).received_page(OURS, "", timeout_seconds=PATIENT).messages
    assert [one.text.message_id for one in found] == [f"SM{2:032x}"]


def test_a_place_of_the_list_is_asked_for_at_twilio_whatever_it_says() -> None:
    """It was kept in the store since Twilio told it."""
    with RawServer(pages([])) as server:
        messenger = messenger_at(server.base_url)
        messenger.received_page(OURS, "PageSize=1000&Page=1&PageToken=PASM1", timeout_seconds=PATIENT)
    line = server.requests[0].split("\r\n")[0]
    assert line == f"GET {LIST_PATH}?PageSize=1000&Page=1&PageToken=PASM1 HTTP/1.1"


def test_a_whole_list_is_read_page_by_page_from_a_server_like_twilios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twilio_messenger, "_WHOLE_PAGE_SIZE", 2)
    fake = FakeTwilio(clock=ManualClock())
    with Server(fake) as server:
        sids = [fake.customer_texts("+15550003001", OURS, f"text {number}").sid for number in range(7)]
        messenger = TwilioMessenger(
            account_sid=fake.settings.account_sid,
            auth_token=fake.settings.auth_token,
            base_url=server.base_url,
            callback_base_url=BASE_URL,
        )
        found: list[ReceivedMessage] = []
        place = ""
        while not found or place:
            page = messenger.received_page(OURS, place, timeout_seconds=PATIENT)
            assert len(page.messages) <= 2
            found, place = [*found, *page.messages], page.next_place
    assert [one.text.message_id for one in found] == sids[::-1]
