"""From a carrier's refusal to the POST for the next try: how much longer than the delay that was planned?"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from scripts.bench import load, settings, texts
from scripts.bench.rounds import Row, Samples, median, percentile
from scripts.bench.servers import FunctionServer
from scripts.bench.twilio_double import Post, TwilioDouble

_MAIN = settings.FUNCTIONS / "main.py"
_RETRY_SECONDS = 0.3
_PATIENCE_SECONDS = 20.0
_GOAL_SECONDS = 0.05
# What the carrier says, and after how long the next try is due: this handler never, or not now.
_REFUSALS = (("30006", 0.0), ("30003", _RETRY_SECONDS))


class Escalation:
    """The embedded home's two webhooks under the production server, each firing its own timers."""

    name = "escalation"

    def __init__(self, relays: int = 6) -> None:
        """`relays` for each kind of refusal in each round."""
        self._relays = relays
        self._numbers = itertools.count(1)
        self._excesses: list[float] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="relay-bench-")))
            self._twilio = stack.enter_context(TwilioDouble())
            environ = settings.embedded(folder / "relay.db", self._twilio.url)
            environ["RELAY_TIERS"] = settings.tiers((_RETRY_SECONDS,))
            self._inbound = stack.enter_context(FunctionServer(_MAIN, environ))
            self._status = stack.enter_context(FunctionServer(_MAIN, environ, target="sms_delivery_status"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def sample(self, round_number: int) -> Mapping[str, float]:
        found = [self._excess(code, delay) for code, delay in _REFUSALS for _ in range(self._relays)]
        if round_number:
            self._excesses += found
        return {"excess": median(found)}

    def rows(self, samples: Samples) -> Sequence[Row]:
        typical = median(samples["excess"])
        return [
            Row(
                "embedded: carrier's refusal to the next try's POST, beyond the scheduled delay",
                f"{typical * 1000:.0f} ms",
                f"{_REFUSALS[0][1]:g} s and {_RETRY_SECONDS:g} s of delay",
                f"95 % within {percentile(self._excesses, 95) * 1000:.0f} ms",
                f"at most {_GOAL_SECONDS * 1000:.0f} ms",
                typical <= _GOAL_SECONDS,
            )
        ]

    def _excess(self, code: str, delay_seconds: float) -> float:
        """Seconds beyond the delay, for one relay."""
        before = len(self._twilio.posts())
        sid = texts.message_id(next(self._numbers), 0xE5C)
        _ask(self._inbound, texts.signed("/sms/inbound", texts.form(sid)), 200)
        refused = self._post(before)
        callback = urlsplit(refused.status_callback)
        fields = {
            "AccountSid": settings.ACCOUNT_SID,
            "MessageSid": refused.sid,
            "MessageStatus": "undelivered",
            "ErrorCode": code,
            "From": settings.BUSINESS_PHONE,
            "To": refused.to,
        }
        request = texts.signed(f"{callback.path}?{callback.query}", fields)
        refused_at = time.monotonic()
        _ask(self._status, request, 204)
        return self._post(before + 1).at - refused_at - delay_seconds

    def _post(self, index: int) -> Post:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            posts = self._twilio.posts()
            if len(posts) > index:
                return posts[index]
            time.sleep(0.02)
        raise RuntimeError("the next try did not come")


def _ask(server: FunctionServer, request: bytes, status: int) -> None:
    done = load.closed_loop(server.port, [request], 1)
    if done.count(status) != 1:
        raise RuntimeError(f"answered {done.answers[0].status} instead of {status}")
