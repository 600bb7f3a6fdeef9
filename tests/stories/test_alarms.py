"""Operators get told: by text, e-mail and webhook, of the very outages that these alarms are about, in both homes."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from relay.flow.incidents import JOINING
from relay.homes import SystemClock

from scripts.fake_twilio import Message
from scripts.fake_twilio.behaviour import refuse
from tests.entry_points.served import Served, settings_for
from tests.local_stack.signed import post_webhook, text_in
from tests.operators.alerting.mail import FROM, Mailbox, mail_server
from tests.operators.alerting.receivers import Receiver, webhook_receiver
from tests.ports import free_port
from tests.stories.conftest import TownMaker
from tests.stories.town import PATIENCE_SECONDS, Town

ANA, ANAS_MAIL = "+12025550177", "ana@example.com"


@dataclass
class Told:
    """Where operators are told: a real mail server on this machine, and a real receiver."""

    mailbox: Mailbox
    receiver: Receiver
    settings: dict[str, str]

    def mails(self) -> list[str]:
        return [f"{message['Subject']}\n{message.get_content()}" for _, _, message in self.mailbox.taken]

    def posts(self) -> list[str]:
        return [json.loads(body)["text"] for _, body in self.receiver.posts]


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with ExitStack() as running:
        mail = running.enter_context(mail_server(tmp_path, SystemClock(), "none", signs_in=False))
        receiver = running.enter_context(webhook_receiver())
        settings = {
            "RELAY_ALARM_PHONES": ANA,
            "RELAY_ALARM_EMAILS": ANAS_MAIL,
            "RELAY_EMAIL_FROM": FROM,
            "SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
            "RELAY_ALARM_WEBHOOK_URL": receiver.url,
        }
        yield Told(mail.mailbox, receiver, settings)


def test_a_text_that_reached_no_handler_is_told_by_every_channel_and_leads_to_its_relay(
    own_town: TownMaker, told: Told
) -> None:
    town = own_town(settings=told.settings)
    for phone in town.tiers:
        phone.carrier.refuse(21614)
    text = town.customer().texts("the boiler is leaking")
    assert town.ended(text)["final_status"] == "exhausted"
    _eventually(lambda: told.mails() and told.posts() and _texts(town), "every channel tells")
    for words in (told.mails()[0], told.posts()[0], _texts(town)[0].body):
        assert "No handler was reached with a text from the number ending in" in words
        assert f"#relay={text.sid}" in words
        assert "boiler" not in words
    time.sleep(2)
    assert (len(told.mails()), len(told.posts()), len(_texts(town))) == (1, 1, 1)
    log = town.relay.log.read_text("utf-8")
    assert not any(secret in log for secret in (ANA, ANAS_MAIL, "s3cret"))


def test_an_account_that_is_refused_is_told_by_every_channel_but_text(own_town: TownMaker, told: Told) -> None:
    town = own_town(settings=told.settings)
    town.fake.begin_outage(refuse(20003))
    town.customer().texts("the boiler is leaking")
    _eventually(lambda: told.mails() and told.posts(), "e-mail and webhook tell")
    assert "Texts wait since" in told.mails()[0]
    assert "Check our account" in told.posts()[0]
    assert [post for post in town.fake.posts if post.to == ANA] == []
    time.sleep(JOINING.total_seconds() + 1)  # while texts still join, one that is taken ends nothing
    town.fake.end_outage()
    _eventually(lambda: len(told.mails()) == 2, "its end is told")
    assert "Texts go again." in told.mails()[1]


def test_a_channel_that_is_away_is_told_when_it_is_back_whatever_happens_to_the_relay_meanwhile(
    own_town: TownMaker, told: Told, tmp_path: Path
) -> None:
    port = free_port()
    town = own_town(settings={**told.settings, "SMTP_URL": f"smtp://127.0.0.1:{port}"})
    for phone in town.tiers:
        phone.carrier.refuse(21614)
    text = town.customer().texts("the boiler is leaking")
    town.ended(text)
    _eventually(lambda: told.posts(), "the webhook tells")
    if town.relay.settings.get("GOOGLE_CLOUD_PROJECT") is None:
        town.relay.kill()
        town.relay.start()
    with mail_server(tmp_path, SystemClock(), "none", signs_in=False, port=port) as mail:
        _eventually(lambda: mail.mailbox.taken, "the mail server is told too")
    assert len(told.posts()) == 1


def test_sign_in_codes_leave_by_the_same_channels_at_once(own_town: TownMaker, told: Told) -> None:
    people = [{"name": "Ana", "phone": ANA}, {"name": "Bo", "email": ANAS_MAIL}]
    town = own_town(settings={**told.settings, "RELAY_OPERATORS": json.dumps(people)})
    began = time.monotonic()
    for to in (ANA, ANAS_MAIL):
        headers = {"Content-Type": "application/json", "Origin": town.address}
        request = urllib.request.Request(f"{town.address}/console/sign-in", json.dumps({"to": to}).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["sent"] is True
    _eventually(lambda: told.mails() and _texts(town), "both codes come")
    assert time.monotonic() - began < 50, "not only when the clock comes by"
    for words in (told.mails()[0], _texts(town)[0].body):
        assert re.search(r"\b[0-9]{6}\b", words)


# About the store, without the store: the embedded home's.


def test_a_database_that_is_gone_is_told_by_every_channel_that_works(told: Told, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    settings = settings_for(tmp_path, RELAY_DATABASE=str(home / "relay.db"), **told.settings)
    with Served("sms_inbound", settings, tmp_path) as served:
        text_in(served.address, settings)
        for path in home.iterdir():
            os.unlink(path)
        _eventually(lambda: post_webhook(served.address, settings)[0] == 503, "texts are refused")
        _eventually(lambda: told.mails() and told.posts(), "it is told")
        assert "database cannot be used" in told.mails()[0]
        for _ in range(3):
            post_webhook(served.address, settings)
        time.sleep(1)
        assert (len(told.mails()), len(told.posts())) == (1, 1)
        lines = served.log.read_text("utf-8")
        assert re.search(r'"an operator could not be told directly"', lines), "no provider answers here"


def _texts(town: Town) -> list[Message]:
    return [message for message in town.fake.messages if message.to == ANA]


def _eventually(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.1)
