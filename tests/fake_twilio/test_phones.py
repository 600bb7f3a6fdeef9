"""The vocabulary of phones, against a little application that answers every text by one to the handler."""

import itertools
import threading
from collections.abc import Iterator

import pytest
import requests
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio import FakeTwilio, Phone, RealClock, Server, Settings, StatusDelays
from tests.fake_twilio.support import CUSTOMER, HANDLER, OURS, HttpApp


class Story:
    """A served fake whose number points at an application that forwards each text to the handler."""

    def __init__(self, server: Server) -> None:
        self.fake = server.fake
        self.customer: Phone = server.fake.phone(CUSTOMER, "customer")
        self.handler: Phone = server.fake.phone(HANDLER, "tier 1")
        self._url = f"{server.base_url}/2010-04-01/Accounts/{server.fake.settings.account_sid}/Messages.json"

    def forward(self, request: Request) -> Response:
        settings = self.fake.settings
        requests.post(
            self._url,
            data={"To": HANDLER, "From": OURS, "Body": f"fwd: {request.form['Body']}"},
            auth=(settings.account_sid, settings.auth_token),
            timeout=20,
        )
        return Response("<Response/>", content_type="text/xml")


@pytest.fixture
def story() -> Iterator[Story]:
    clock = RealClock()
    fake = FakeTwilio(Settings(delays=StatusDelays(0.01, 0.01, 0.01)), clock)
    with Server(fake) as server:
        told = Story(server)
        with HttpApp(told.forward) as app:
            fake.set_sms_url(OURS, app.base_url)
            yield told
    assert clock.failures == []


def test_a_text_is_expected_once_and_then_nothing_more(story: Story) -> None:
    assert story.customer.texts("boiler").outcome == "answered"
    message = story.handler.expect_text(containing="boiler")
    assert (message.body, message.status) == ("fwd: boiler", "delivered")
    story.handler.expect_nothing_more(for_seconds=0.05)
    story.customer.expect_nothing_more(for_seconds=0)
    with pytest.raises(AssertionError):
        story.handler.expect_text(containing="boiler", within_seconds=0.05)


def test_texts_may_be_expected_in_any_order(story: Story) -> None:
    story.customer.texts("one")
    story.customer.texts("two")
    assert story.handler.expect_text("two").body == "fwd: two"
    assert story.handler.expect_text("one").body == "fwd: one"


def test_a_text_nobody_expected_is_found(story: Story) -> None:
    story.customer.texts("boiler")
    with pytest.raises(AssertionError, match="an unexpected text"):
        story.handler.expect_nothing_more(for_seconds=20)


def test_a_failed_expectation_shows_what_happened_but_no_words_and_no_number(story: Story) -> None:
    story.handler.carrier.refuse(21614, times=1)
    story.customer.texts("secret one")
    story.customer.texts("secret two")
    story.handler.expect_text()
    with pytest.raises(AssertionError) as failure:
        story.handler.expect_text(containing="three", within_seconds=0.01)
    told = str(failure.value)
    assert "refuse: HTTP 400 code 21614; deliver: HTTP 201" in told
    assert "phone …2001 shows SM" in told
    assert "secret" not in told
    assert HANDLER not in told


def test_attempts_are_expected_one_by_one_whatever_was_answered(story: Story) -> None:
    story.handler.carrier.refuse(30006, times=1)
    story.customer.texts("one")
    story.customer.texts("two")
    assert story.handler.expect_post().error_code == 30006
    assert story.handler.expect_post().http_status == 201
    story.handler.expect_no_more_posts(for_seconds=0.05)
    with pytest.raises(AssertionError, match="no attempt"):
        story.handler.expect_post(within_seconds=0.01)
    story.customer.texts("three")
    with pytest.raises(AssertionError, match="unexpected attempt"):
        story.handler.expect_no_more_posts(for_seconds=20)


def test_a_message_on_its_way_is_not_in_the_inbox_yet(story: Story) -> None:
    story.handler.carrier.deliver_late(1000)
    story.customer.texts("one")
    assert story.handler.expect_post().accepted
    story.handler.expect_nothing_more(for_seconds=0.1)
    assert story.handler.inbox == []


def test_a_handler_can_text_too_and_stop_is_obeyed(story: Story) -> None:
    story.handler.texts("STOP")
    assert story.handler.is_opted_out
    assert story.handler.expect_post().error_code == 21610
    story.handler.texts("START")
    story.handler.expect_text(containing="START")


def test_the_same_number_is_the_same_phone(story: Story) -> None:
    assert story.fake.phone(HANDLER) is story.handler


def test_every_verb_of_a_carrier_arranges_what_it_says() -> None:
    fake = FakeTwilio()
    carrier = fake.phone(HANDLER).carrier
    verbs = [
        (carrier.deliver, (), "deliver"),
        (carrier.refuse, (30006,), "refuse"),
        (carrier.undelivered, (30003,), "undelivered"),
        (carrier.fail, (30001,), "failed"),
        (carrier.stay_silent, ("queued",), "silent"),
        (carrier.deliver_late, (5,), "late"),
        (carrier.api_down, (500,), "api_down"),
        (carrier.lose_reply, (), "reply_lost"),
        (carrier.throttle, (), "throttled"),
        (carrier.reset, (), "reset"),
        (carrier.hang, (5,), "hang"),
    ]
    for verb, arguments, name in verbs:
        verb(*arguments)  # type: ignore[operator]
        assert fake.state.handset(HANDLER).usual.name == name
        verb(*arguments, times=2)  # type: ignore[operator]
        assert [chooser.name for _, chooser in fake.state.handset(HANDLER).script] == [name, name]
    fake.close()


def test_many_texts_at_the_same_time_all_arrive(story: Story) -> None:
    numbers = [f"+1555111{n:04}" for n in range(20)]

    def text(number: str) -> None:
        for word in ("one", "two"):
            assert story.fake.phone(number).texts(f"{word} from {number}").outcome == "answered"

    threads = [threading.Thread(target=text, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, word in itertools.product(numbers, ("one", "two")):
        story.handler.expect_text(containing=f"{word} from {number}")
    story.handler.expect_nothing_more(for_seconds=0.05)
    assert len(story.fake.posts) == 40
