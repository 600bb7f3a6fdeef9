"""Functions served one by one that share a file: each goes on with what is due by itself, also after a kill -9."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from scripts.fake_twilio import FakeTwilio, Server, Settings, StatusDelays
from tests.entry_points.served import Served, free_port, settings_for
from tests.stories.town import BUSINESS, TIERS

PUBLIC = "https://relay.example.com"
WEBHOOK, RECEIPTS = "sms_inbound", "sms_delivery_status"
_PATHS = {WEBHOOK: "/sms/inbound", RECEIPTS: "/sms/delivery-status"}
_DELAYS = StatusDelays(queued_seconds=0.02, sending_seconds=0.03, sent_seconds=0.1)


class Business:
    """A fake Twilio in this process, and functions that it reaches under one public address."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self._folder = folder
        self._running = running
        self._ports = {target: free_port() for target in _PATHS}
        routes = {PUBLIC + path: f"http://127.0.0.1:{self._ports[target]}{path}" for target, path in _PATHS.items()}
        self.fake = FakeTwilio(
            Settings(numbers=(BUSINESS,), sms_url=f"{PUBLIC}/sms/inbound", delays=_DELAYS, routes=routes)
        )
        self._server = running.enter_context(Server(self.fake))
        self.tier_1, self.tier_2, self.tier_3 = (self.fake.phone(number) for number in TIERS)
        self.customer = self.fake.phone("+13035550001")

    def serve(self, target: str, *options: str) -> Served:
        settings = settings_for(self._folder, self._server.base_url, PUBLIC_BASE_URL=PUBLIC)
        served = Served(target, settings, self._folder, port=self._ports[target], options=options)
        self._running.callback(served.kill)
        return served.start()


@pytest.fixture
def business(tmp_path: Path) -> Iterator[Business]:
    with ExitStack() as running:
        yield Business(tmp_path, running)


def test_webhook_and_receipts_in_processes_of_their_own_take_a_text_through_the_tiers(business: Business) -> None:
    business.serve(WEBHOOK)
    business.serve(RECEIPTS)
    business.tier_1.carrier.undelivered(30006)
    business.tier_2.carrier.undelivered(30003)
    assert business.customer.texts("two processes, one file").http_status == 200
    business.tier_3.expect_text(containing="two processes", within_seconds=60)
    # The first try, and by the receipt of its failure the one planned retry.
    assert len(business.tier_2.posts) == 2


def test_without_any_receipt_the_webhooks_own_process_escalates_at_the_deadline(business: Business) -> None:
    business.serve(WEBHOOK)
    business.tier_1.carrier.stay_silent()
    business.customer.texts("nobody tells us anything")
    business.tier_2.expect_text(containing="nobody tells", within_seconds=60)
    assert (len(business.tier_1.posts), len(business.tier_3.posts)) == (1, 0)


def test_killed_and_started_again_it_goes_on_without_waiting_for_a_request(business: Business) -> None:
    webhook = business.serve(WEBHOOK)
    business.tier_1.carrier.stay_silent()
    business.customer.texts("killed in the middle")
    webhook.kill()
    webhook.start()
    business.tier_2.expect_text(containing="killed in the middle", within_seconds=60)
    assert len(business.tier_1.posts) == 1


def test_another_function_that_shares_the_file_takes_over_from_one_that_was_killed(business: Business) -> None:
    webhook = business.serve(WEBHOOK)
    business.tier_1.carrier.stay_silent()
    business.customer.texts("somebody else goes on")
    webhook.kill()
    business.serve(RECEIPTS)
    business.tier_2.expect_text(containing="somebody else", within_seconds=60)


def test_a_server_that_forks_no_worker_begins_with_its_first_request(business: Business) -> None:
    business.serve(WEBHOOK, "--debug")
    business.tier_1.carrier.stay_silent()
    business.customer.texts("a developer looks on")
    business.tier_2.expect_text(containing="looks on", within_seconds=60)
