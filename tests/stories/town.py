"""A town for stories: a business with a relay, its handlers, its customers, and a Twilio that does as it is told.

town.tier_1.carrier.undelivered(30006)
text = town.customer().texts("the boiler is leaking")
town.tier_2.expect_text(containing="boiler")
assert town.ended(text)["delivered_tier"] == 2
"""

from __future__ import annotations

import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from relay.core.threads.codes import code_in_front
from relay.twilio.forms import CONNECTION_OVERRIDES

from scripts.fake_twilio import FakeTwilio, InboundText, Message, Phone, PostAttempt, Server, Settings, StatusDelays
from scripts.local_google.issuer import IssuerApp, TokenIssuer
from tests.pace import pace
from tests.stories.relay_process import RelayProcess

BUSINESS = "+12025550100"
TIERS = ("+12025550111", "+12025550112", "+12025550113")
NAMES = ("Dana", "Sam", "Front desk")
AUDIENCE = "https://relay.example.com/sms/relay-state"
OPERATOR = "operator@example.com"
ORIGIN = "https://console.example.com"
# Long enough for a receipt, short enough to wait for when none comes; stretched by the machine's pace. The second
# tier's leaves time for a late one of the first.
RECEIPT_TIMEOUTS_SECONDS = (2.0, 3.5, 2.0)
RETRY_DELAYS_SECONDS = (0.2, 0.3)
PATIENCE_SECONDS = 180.0
# How soon, and how rarely at most, is looked again: each look costs the relay that is waited for.
_LOOK_SECONDS, _LOOK_SECONDS_MAX = 0.05, 0.3
_WARM_UP_TEXTS_MAX = 5
_DELAYS = StatusDelays(queued_seconds=0.02, sending_seconds=0.03, sent_seconds=0.1)

_customers = itertools.count(1)

Record = dict[str, Any]


class Town:
    """One business with three tiers. `settings` replace settings of its relay; `tier` keys of each of its tiers."""

    def __init__(
        self,
        backend: str,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        tier: Mapping[str, object] | None = None,
    ) -> None:
        self.fake = FakeTwilio(Settings(numbers=(BUSINESS,), delays=_DELAYS, seed=str(folder)))
        self.issuer = TokenIssuer()
        self._twilio = Server(self.fake)
        self._keys = _KeyServer(self.issuer)
        self._pace = pace()
        account = self.fake.settings
        tiers = [
            {
                "name": name,
                "phone": phone,
                "retry_delays_seconds": list(RETRY_DELAYS_SECONDS),
                "receipt_timeout_seconds": self.seconds(seconds),
                **(tier or {}),
            }
            for name, phone, seconds in zip(NAMES, TIERS, RECEIPT_TIMEOUTS_SECONDS, strict=True)
        ]
        usual = {
            "TWILIO_ACCOUNT_SID": account.account_sid,
            "TWILIO_AUTH_TOKEN": account.auth_token,
            "TWILIO_API_BASE_URL": self._twilio.base_url,
            "BUSINESS_PHONE_NUMBER": BUSINESS,
            "RELAY_TIERS": json.dumps(tiers),
            "RELAY_STATE_AUDIENCE": AUDIENCE,
            "RELAY_STATE_ALLOWED_EMAILS": OPERATOR,
            "RELAY_STATE_CERTS_URL": self._keys.url,
            "RELAY_STATE_ALLOWED_ORIGINS": ORIGIN,
        }
        self.relay = RelayProcess(backend, usual | dict(settings or {}), folder)
        self.tier_1, self.tier_2, self.tier_3 = (
            self.fake.phone(phone, name) for phone, name in zip(TIERS, NAMES, strict=True)
        )
        self.tiers = (self.tier_1, self.tier_2, self.tier_3)
        self._posts_before = 0

    @property
    def address(self) -> str:
        return self.relay.address

    @property
    def has_replies(self) -> bool:
        return self.relay.settings.get("RELAY_REPLIES") == "on"

    def open(self) -> None:
        """Start everything, and point the number at the relay."""
        self._twilio.start()
        self._keys.start()
        self.relay.start()
        self.point_the_number()

    def point_the_number(self) -> None:
        """Have Twilio call the relay as it is to be set up."""
        self.fake.set_sms_url(BUSINESS, f"{self.address}/sms/inbound{CONNECTION_OVERRIDES}")

    def close(self) -> None:
        self.relay.stop()
        self._keys.close()
        self._twilio.close()

    def seconds(self, on_an_idle_machine: float) -> float:
        """So many seconds, stretched like the tiers' own on a machine that has much to do."""
        return round(on_an_idle_machine * self._pace, 1)

    def warm_up(self) -> None:
        """Have one text delivered: on a busy machine the first one of a cold process is later than its deadline."""
        for _ in range(_WARM_UP_TEXTS_MAX):
            text = self.customer().texts("warming up")
            if text.outcome != "answered":
                continue
            if self.has_replies:
                self._warm_up_replies()
            if self.has_replies or self.ended(text)["delivered_tier"] == 1:
                break
        self.begin_story()

    def _warm_up_replies(self) -> None:
        """Have the first handler claim, who reads how to answer beside the first text and is told so."""
        forwarded = self.tier_1.expect_text(containing="warming up")
        self.tier_1.expect_text(containing="To answer")
        self.tier_1.texts(f"{code_of(forwarded)} ok")
        self.tier_1.expect_text(containing="is yours")

    def begin_story(self) -> None:
        """All carriers deliver, nothing is wrong with the account, and what earlier stories sent is no news."""
        self.fake.put_right()
        self._posts_before = len(self.fake.posts)
        for phone in self.tiers:
            phone.carrier.deliver()
            phone.overlook_the_past()

    def posts(self, phone: Phone) -> list[PostAttempt]:
        """Every attempt of this story to send this phone something, accepted or not."""
        return [post for post in self.fake.posts[self._posts_before :] if post.to == phone.number]

    def customer(self) -> Phone:
        """Somebody who never texted before."""
        return self.fake.phone(f"+1303555{next(_customers):04d}")

    def token(self, **changes: Any) -> str:
        """An operator's identity token, or a wrong one; keywords are those of TokenIssuer.mint."""
        return self.issuer.mint(**{"audience": AUDIENCE, "email": OPERATOR, **changes})

    def record(self, text: InboundText) -> Record | None:
        """The text's relay as relay-state tells it; None while there is none.

        It is asked again, as its 503 asks for, while a busy machine's store is late.
        """
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer: Record = self.ask({"message_id": text.sid})["relay"]
                return answer
            except urllib.error.HTTPError as error:
                error.close()
                if error.code == 404:
                    return None
                if error.code != 503 or time.monotonic() > give_up_at:
                    raise
            time.sleep(_LOOK_SECONDS_MAX)

    def ask(self, body: object) -> Record:
        """What relay-state answers to this. Raises HTTPError."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token()}"}
        request = urllib.request.Request(f"{self.address}/sms/relay-state", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            told: Record = json.load(answer)
        return told

    def ended(self, text: InboundText) -> Record:
        """The text's record once its relay has ended, and its alarm, if any, was raised."""

        def has_ended() -> Record | None:
            record = self.record(text)
            if record is None or record["final_status"] == "in_progress":
                return None
            is_alarm_due = record["final_status"] == "exhausted" and "alarm_raised" not in steps(record)
            return None if is_alarm_due else record

        return eventually(has_ended, f"the relay of {text.sid} ends")

    def until(self, text: InboundText, step: str, tier: int) -> Record:
        """The text's record as soon as its trail holds this step at this tier."""

        def is_there() -> Record | None:
            record = self.record(text)
            if record is None:
                return None
            return record if any((e["step"], e.get("tier")) == (step, tier) for e in record["error_log"]) else None

        return eventually(is_there, f"{step} at tier {tier} of {text.sid}")

    def events(self, text: InboundText) -> list[str]:
        """What the log says of this text's relay, by the names of its lines."""
        return [line["event"] for line in self.log() if line.get("relay") == text.sid and "event" in line]

    def log(self) -> list[Record]:
        """The relay's log lines so far, as JSON; what else was printed is left out."""
        # What follows the last line feed is being written.
        lines = self.relay.log.read_text("utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]


def code_of(forwarded: Message) -> str:
    """The code that a forwarded text begins with."""
    found = code_in_front(forwarded.body)
    assert found is not None, "a forwarded text begins with no code"
    return found[0]


def steps(record: Record) -> list[str]:
    """The trail's steps, in order."""
    return [entry["step"] for entry in record["error_log"]]


def tiers_tried(record: Record) -> list[int]:
    """The tier of each attempt, in order."""
    return [attempt["tier"] for attempt in record["attempts"]]


def eventually(look: Callable[[], Record | None], what: str) -> Record:
    """The first thing that `look` gives. Fails when nothing comes for very long."""
    deadline, wait = time.monotonic() + PATIENCE_SECONDS, _LOOK_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(wait)
        wait = min(1.3 * wait, _LOOK_SECONDS_MAX)
    return found


class _KeyServer:
    """Publishes an issuer's keys, as Google does."""

    def __init__(self, issuer: TokenIssuer) -> None:
        app = IssuerApp(issuer)
        self._server = make_server("127.0.0.1", 0, app, WSGIServer, _Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}{app.x509_path}"

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        return
