"""Twilio's own Python client against the fake: if it is content, so is whoever uses it."""

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from scripts.fake_twilio import Server
from tests.fake_twilio.support import CUSTOMER, HANDLER, OURS


@pytest.fixture
def client(server: Server) -> Client:
    settings = server.fake.settings
    made = Client(settings.api_key_sid, settings.api_key_secret, settings.account_sid)
    made.api.base_url = server.base_url
    return made


def test_it_creates_and_fetches_until_delivered(server: Server, client: Client) -> None:
    created = client.messages.create(to=HANDLER, from_=OURS, body="hello 🔧", smart_encoded=True, validity_period=60)
    assert (created.status, created.num_segments, created.direction) == ("queued", "1", "outbound-api")
    assert created.date_created is not None
    server.fake.phone(HANDLER).expect_text(containing="hello 🔧")
    fetched = client.messages(created.sid).fetch()
    assert (fetched.status, fetched.body, fetched.error_code) == ("delivered", "hello 🔧", None)
    assert fetched.date_sent is not None


def test_it_lists_with_filters_through_all_pages(server: Server, client: Client) -> None:
    for n in range(7):
        client.messages.create(to=HANDLER, from_=OURS, body=str(n))
    client.messages.create(to=CUSTOMER, from_=OURS, body="other")
    handler = server.fake.phone(HANDLER)
    for n in range(7):
        handler.expect_text(containing=str(n))
    now = datetime.now(UTC)
    recent = client.messages.list(to=HANDLER, from_=OURS, date_sent_after=now - timedelta(hours=1), page_size=3)
    assert [message.body for message in recent] == ["6", "5", "4", "3", "2", "1", "0"]
    assert client.messages.list(to=HANDLER, date_sent_after=now + timedelta(hours=1)) == []
    assert len(client.messages.list(to=HANDLER, date_sent_before=now + timedelta(hours=1), limit=2)) == 2


def test_it_raises_twilios_error_for_a_refusal(server: Server, client: Client) -> None:
    server.fake.phone(HANDLER).carrier.refuse(21610)
    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=HANDLER, from_=OURS, body="hello")
    assert (refusal.value.status, refusal.value.code) == (400, 21610)
    assert refusal.value.msg.startswith("Unable to create record: Attempt to send to unsubscribed recipient")


def test_it_sets_up_a_number(server: Server, client: Client) -> None:
    (number,) = client.incoming_phone_numbers.list(phone_number=OURS)
    assert number.capabilities["sms"] is True
    url = "https://relay.example.com/sms/inbound#rc=5&rp=all"
    changed = client.incoming_phone_numbers(number.sid).update(sms_url=url, sms_method="POST")
    assert changed.sms_url == url
    assert client.incoming_phone_numbers(number.sid).fetch().sms_url == url
