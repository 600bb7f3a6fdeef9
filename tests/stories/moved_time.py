"""A business whose time moves only when a test moves it: the entry points of a home in this process, with their timers.

The relay, its Twilio and the stand-in for Cloud Tasks read one clock. No Cloud Scheduler calls sweep and reconcile.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest import mock
from wsgiref.types import StartResponse, WSGIEnvironment

from relay import homes, serving, shared, wiring
from relay.core.model import AttemptStatus, FinalStatus, Relay
from relay.flow.budget import Limits
from relay.ports import Search
from relay.twilio import delivery_status, inbound
from relay.twilio.forms import CONNECTION_OVERRIDES
from werkzeug.serving import make_server

from scripts.fake_twilio import FakeTwilio, InboundText, Server, Settings, StatusDelays
from scripts.fake_twilio.clock import Action, RealClock
from scripts.local_stack.application import Stack
from scripts.local_stack.environment import make_plan
from tests.stories.relay_process import clean_environment
from tests.stories.town import BUSINESS, NAMES, PATIENCE_SECONDS, TIERS

# Below the drift at which the embedded home takes its clock for one that was set.
_STEP_SECONDS = 2.0
_LOOK_SECONDS = 0.005
# How soon the server notices that the story is over.
_POLL_SECONDS = 0.05
_STORE_SECONDS = 30.0
# A webhook that the real disk holds up would give up, and its lease run on in a time that stands still.
_WEBHOOK_SECONDS = 60.0
_WEBHOOK_LIMITS = Limits(_WEBHOOK_SECONDS, _WEBHOOK_SECONDS, _WEBHOOK_SECONDS)
# The fake's own time is the machine's: a text that is delivered is so at once, whatever time it is.
_DELAYS = StatusDelays(queued_seconds=0.01, sending_seconds=0.01, sent_seconds=0.02)
# What the fake does later than in so many seconds is not waited for.
_SOON_SECONDS = 2.0
_UNDER_WAY_MAX = 200


class MovedClock:
    """The machine's two clocks, standing still but for `move`."""

    def __init__(self) -> None:
        self._began = int(time.time())  # whole, so that floats and microseconds name the same instants
        self._moved = 0.0

    def time(self) -> float:
        """Returns seconds since 1970."""
        return self._began + self._moved

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def monotonic(self) -> float:
        return self._moved

    def move(self, seconds: float) -> None:
        self._moved += seconds


class _TwiliosClock(RealClock):
    def __init__(self, clock: MovedClock) -> None:
        super().__init__()
        self._clock = clock
        self._open: dict[object, float] = {}
        self.calls = 0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._clock.time()

    def call_later(self, delay_seconds: float, action: Action) -> None:
        key = object()
        with self._lock:
            self.calls += 1
            self._open[key] = time.monotonic() + delay_seconds

        def act() -> None:
            try:
                action()
            finally:
                with self._lock:
                    del self._open[key]

        super().call_later(delay_seconds, act)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way or about to be."""
        soon = time.monotonic() + _SOON_SECONDS
        with self._lock:
            return all(due > soon for due in self._open.values())


class TimedTown(AbstractContextManager["TimedTown"]):
    """`settings` are those of the home; `wake` is called whenever time was moved."""

    def __init__(
        self, backend: str, folder: Path, clock: MovedClock, settings: Mapping[str, str], wake: Callable[[], None]
    ) -> None:
        self._backend, self._folder, self._settings, self._wake = backend, folder, settings, wake
        self._running = ExitStack()
        self.clock = clock
        self._twilios_clock = _TwiliosClock(clock)
        self.fake = FakeTwilio(
            Settings(numbers=(BUSINESS,), seed=str(folder), delays=_DELAYS), clock=self._twilios_clock
        )

    def __enter__(self) -> Self:
        self._stack: Stack | None = None
        web = make_server("127.0.0.1", 0, self._answer, threaded=True)
        twilio = self._running.enter_context(Server(self.fake))
        database = str(self._folder / "relay.db")
        environ = clean_environment() | self._usual(twilio.base_url) | dict(self._settings)
        plan = make_plan(environ, self._backend, "127.0.0.1", web.server_port, database)
        self._running.enter_context(mock.patch.dict(os.environ, plan.environ, clear=True))
        self._running.enter_context(mock.patch.dict(shared.shared, clear=True))
        # What stayed here would have a later test's entry points start the background of a home that is gone.
        self._running.enter_context(mock.patch.object(serving, "_with_background", set()))
        self._running.enter_context(mock.patch.object(homes, "SystemClock", return_value=self.clock))
        for webhook in (inbound, delivery_status):
            self._running.enter_context(mock.patch.object(webhook, "WEBHOOK_SECONDS", _WEBHOOK_SECONDS))
            self._running.enter_context(mock.patch.object(webhook, "WEBHOOK_LIMITS", _WEBHOOK_LIMITS))
        # It would stay with this process, and with every fork of it.
        self._running.enter_context(mock.patch.object(wiring, "start_background_in_workers"))
        self._stack = Stack(plan, os.environ)
        if self._backend == "embedded":
            self._stack.start()
            self._running.callback(self._stack.stop)
        threading.Thread(target=web.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()
        self._running.callback(web.shutdown)
        self.fake.set_sms_url(BUSINESS, f"{plan.address}/sms/inbound{CONNECTION_OVERRIDES}")
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._running.close()

    def _usual(self, twilio_url: str) -> dict[str, str]:
        account = self.fake.settings
        tiers = [{"name": name, "phone": phone} for name, phone in zip(NAMES, TIERS, strict=True)]
        return {
            "TWILIO_ACCOUNT_SID": account.account_sid,
            "TWILIO_AUTH_TOKEN": account.auth_token,
            "TWILIO_API_BASE_URL": twilio_url,
            "BUSINESS_PHONE_NUMBER": BUSINESS,
            "RELAY_TIERS": json.dumps(tiers),
            "RELAY_STATE_AUDIENCE": "https://relay.example.com/sms/relay-state",
            "RELAY_STATE_ALLOWED_EMAILS": "operator@example.com",
        }

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert self._stack is not None
        return self._stack(environ, start_response)

    def customer_texts(self, sender: str, body: str) -> InboundText:
        """One customer's text, answered."""
        return self.fake.customer_texts(sender, BUSINESS, body).wait()

    def relay(self, text: InboundText) -> Relay:
        stored = wiring.runtime("sms_inbound").store.get(text.sid, timeout_seconds=_STORE_SECONDS)
        assert stored is not None
        return stored.relay

    def move(self, seconds: float) -> None:
        """Let so much time pass: what falls due meanwhile is done at its time."""
        until = self.clock.time() + seconds
        while self.clock.time() < until:
            self.come_to_rest()
            self.clock.move(min(_STEP_SECONDS, until - self.clock.time()))
        self.come_to_rest()

    def come_to_rest(self) -> None:
        """Wait until all is done that is due now."""
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not self._is_all_at_rest():
            assert time.monotonic() < give_up_at, "what is due is not done"
            self._wake()
            time.sleep(_LOOK_SECONDS)

    def _is_all_at_rest(self) -> bool:
        calls, was_quiet = self._twilios_clock.calls, self._twilios_clock.is_quiet
        if not was_quiet or not all(map(self._is_at_rest, self._under_way())):
            return False
        # What Twilio began meanwhile may have made a relay due that was at rest when it was looked at.
        return self._twilios_clock.is_quiet and self._twilios_clock.calls == calls

    def _under_way(self) -> tuple[Relay, ...]:
        search = Search(final_status=FinalStatus.IN_PROGRESS, limit=_UNDER_WAY_MAX)
        return wiring.runtime("sms_inbound").store.search(search, timeout_seconds=_STORE_SECONDS).relays

    def _is_at_rest(self, relay: Relay) -> bool:
        if relay.final_status is not FinalStatus.IN_PROGRESS or relay.due_at is None:
            return True
        return relay.due_at > self.clock.now() and relay.current.status is not AttemptStatus.LEASED
