"""Functions served one by one that share a file: each goes on with what is due by itself, also after a kill -9."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.fake_twilio import FakeTwilio, Phone, PostAttempt, Server, Settings, StatusDelays
from tests.entry_points.served import Served, settings_for
from tests.ports import bound_socket
from tests.stories.town import BUSINESS, NAMES, TIERS

PUBLIC = "https://relay.example.com"
WEBHOOK, RECEIPTS = "sms_inbound", "sms_delivery_status"
_PATHS = {WEBHOOK: "/sms/inbound", RECEIPTS: "/sms/delivery-status"}
_DELAYS = StatusDelays(queued_seconds=0.02, sending_seconds=0.03, sent_seconds=0.1)
# When the first tier is given up without a receipt, where that is what a test is about; else nothing waits so long.
SOON_SECONDS, NEVER_SECONDS = 2.0, 3600.0
_WARM_UP_TEXTS_MAX = 5
_WARM_UP_SECONDS = 30.0


class Business:
    """A fake Twilio in this process, and functions that it reaches under one public address."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self._folder = folder
        self._running = running
        self._ports = {target: running.enter_context(bound_socket()) for target in _PATHS}
        addresses = {target: f"http://127.0.0.1:{port.getsockname()[1]}" for target, port in self._ports.items()}
        routes = {PUBLIC + path: addresses[target] + path for target, path in _PATHS.items()}
        self.fake = FakeTwilio(
            Settings(numbers=(BUSINESS,), sms_url=f"{PUBLIC}/sms/inbound", delays=_DELAYS, routes=routes)
        )
        self._server = running.enter_context(Server(self.fake))
        self.tier_1, self.tier_2, self.tier_3 = (self.fake.phone(number) for number in TIERS)
        self.customer = self.fake.phone("+13035550001")

    def serve(self, target: str, *options: str, first_tier_seconds: float = SOON_SECONDS) -> Served:
        tiers = [
            {"name": name, "phone": phone, "retry_delays_seconds": [0.2], "receipt_timeout_seconds": seconds}
            for name, phone, seconds in zip(NAMES, TIERS, (first_tier_seconds, *[NEVER_SECONDS] * 2), strict=True)
        ]
        settings = settings_for(
            self._folder, self._server.base_url, PUBLIC_BASE_URL=PUBLIC, RELAY_TIERS=json.dumps(tiers)
        )
        served = Served(target, settings, self._folder, held=self._ports[target], options=options)
        self._running.callback(served.kill)
        return served.start()

    def warm_up(self, *kinds: str) -> None:
        """Have these webhooks succeed once: on a busy machine a cold process answers later than Twilio waits."""
        for _ in range(_WARM_UP_TEXTS_MAX):
            self.customer.texts("warming up")
            if self.fake.wait_for(lambda: set(kinds) <= self._succeeded(), _WARM_UP_SECONDS):
                return
        pytest.fail(f"of {kinds} only {self._succeeded()} were answered in time")

    def _succeeded(self) -> set[str]:
        return {exchange.kind for exchange in self.fake.exchanges if exchange.succeeded}

    def text(self, words: str) -> None:
        """A customer's text comes in and is taken."""
        assert self.customer.texts(words).http_status == 200

    def sends(self, phone: Phone, words: str) -> list[PostAttempt]:
        """Every attempt to send this phone a text with these words."""
        return [post for post in phone.posts if words in dict(post.form)["Body"]]


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    with ExitStack() as running:
        yield Business(tmp_path, running)


def test_webhook_and_receipts_in_processes_of_their_own_take_a_text_through_the_tiers(business: Business) -> None:
    business.serve(WEBHOOK, first_tier_seconds=NEVER_SECONDS)
    business.serve(RECEIPTS, first_tier_seconds=NEVER_SECONDS)
    business.warm_up("inbound", "status")
    business.tier_1.carrier.undelivered(30006)
    business.tier_2.carrier.undelivered(30003)
    business.text("two processes, one file")
    business.tier_3.expect_text(containing="two processes")
    # The first try, and by the receipt of its failure the one planned retry.
    assert len(business.sends(business.tier_2, "two processes")) == 2


def test_without_any_receipt_the_webhooks_own_process_escalates_at_the_deadline(business: Business) -> None:
    business.serve(WEBHOOK)
    business.warm_up("inbound")
    business.tier_1.carrier.stay_silent()
    business.text("nobody tells us anything")
    business.tier_2.expect_text(containing="nobody tells")
    sends = [
        len(business.sends(phone, "nobody tells")) for phone in (business.tier_1, business.tier_2, business.tier_3)
    ]
    assert sends == [1, 1, 0]


def test_killed_and_started_again_it_goes_on_without_waiting_for_a_request(business: Business) -> None:
    webhook = business.serve(WEBHOOK)
    business.warm_up("inbound")
    business.tier_1.carrier.stay_silent()
    business.text("killed in the middle")
    webhook.kill()
    webhook.start()
    business.tier_2.expect_text(containing="killed in the middle")
    assert len(business.sends(business.tier_1, "killed in the middle")) == 1


def test_another_function_that_shares_the_file_takes_over_from_one_that_was_killed(business: Business) -> None:
    webhook = business.serve(WEBHOOK)
    business.warm_up("inbound")
    business.tier_1.carrier.stay_silent()
    business.text("somebody else goes on")
    webhook.kill()
    business.serve(RECEIPTS)
    business.tier_2.expect_text(containing="somebody else")


def test_a_server_that_forks_no_worker_begins_with_its_first_request(business: Business) -> None:
    business.serve(WEBHOOK, "--debug")
    business.warm_up("inbound")
    business.tier_1.carrier.stay_silent()
    business.text("a developer looks on")
    business.tier_2.expect_text(containing="looks on")
