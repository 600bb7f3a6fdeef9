"""Every entry point as functions-framework serves it, in this process, on doubles; and what a request did to them."""

from __future__ import annotations

import contextlib
import cProfile
import gc
import io
import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from functions_framework import create_app
from relay import homes, shared, wiring
from relay.core.threads.model import Thread
from relay.ports import Search, Write
from relay.settings.variables import ENTRY_POINTS

from scripts.local_google.issuer import IssuerApp, TokenIssuer
from tests.endurance.fuzz.doubles import Doubles, media, sample_threads, samples
from tests.endurance.fuzz.raw import Incoming, Raw
from tests.endurance.fuzz.signed import ACCOUNT_SID, AUTH_TOKEN, BASE_URL, SECOND_TOKEN
from tests.endurance.load import BUSINESS, HANDLERS
from tests.record.documents import written
from tests.stories.relay_process import ROOT
from tests.wsgi_served import wsgi_served

AUDIENCE = f"{BASE_URL}/sms/relay-state"
OPERATOR = "operator@example.com"
API_SECRET = "made-up-api-secret"
_SOURCE = str(ROOT / "functions" / "main.py")
_ENTRY_POINTS = tuple(sorted(ENTRY_POINTS))
# The store is emptied after so many inputs, so that no input meets a store that others have filled.
_INPUTS_PER_STORE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request.

    Attributes:
        effects: writes, sends, timers and publications.
        printed: everything that came out on standard output, standard error and the server's error stream.
        received: what was read of the body.
        peak_bytes, calls: memory at its peak and function calls, when they were measured.
        created: the ids of new relays.
        sent: what was POSTed, as (to, words).
    """

    status: int
    effects: int
    printed: str
    received: bytes
    peak_bytes: int = 0
    calls: int = 0
    created: tuple[str, ...] = ()
    sent: tuple[tuple[str, str], ...] = ()


class World:
    """The applications by name, what tokens there are, and what is in the store."""

    def __init__(self, folder: Path, certs_url: str, issuer: TokenIssuer) -> None:
        self._doubles = Doubles(folder / "fuzz.db")
        self._home = homes.Home(self._doubles.store, self._doubles.timers, self._doubles.operator_records)
        self._certs_url = certs_url
        self.apps: dict[str, Any] = {}
        self.known: list[str] = []
        self.thread_ids: list[str] = []
        self.page_tokens: list[str] = []
        self.documents: list[bytes] = []
        self.tokens = _tokens(issuer)
        self._inputs = 0

    def open(self, running: ExitStack) -> None:
        """Make the applications; everything that is replaced for them is put back when `running` ends."""
        running.enter_context(mock.patch.dict(os.environ, _environment(self._certs_url), clear=True))
        running.enter_context(mock.patch.dict(shared.shared, clear=True))
        running.enter_context(mock.patch.object(wiring, "shared_home", return_value=self._home))
        running.enter_context(mock.patch.object(wiring, "shared_messenger", return_value=self._doubles.messenger))
        running.enter_context(mock.patch.object(wiring, "shared_media", return_value=media()))
        running.enter_context(mock.patch.object(wiring.Runtime, "publisher", self._doubles))
        running.callback(self._doubles.store.database.close)
        for name in _ENTRY_POINTS:
            # Said for each, because the framework takes what it once learned of one function for all later ones.
            kind = "cloudevent" if name == "relay_events" else "http"
            self.apps[name] = create_app(name, _SOURCE, kind).wsgi_app  # type: ignore[no-untyped-call]
        self._fill()

    def _fill(self) -> None:
        self._doubles.empty()
        relays = samples()
        for relay in relays:
            self._doubles.store.create(relay, (), timeout_seconds=60)
        self.known = [relay.message_id for relay in relays]
        self.begin_threads()
        token = self._doubles.store.search(Search(limit=1), timeout_seconds=60).next_page_token
        self.page_tokens = [token or "", "sqlite:1:" + "0" * 34]
        self.documents = [written(None, relays[2]), written(relays[2], relays[2]), written(relays[0], None)]

    def begin_threads(self) -> None:
        """Have the two customers' threads as they are at the beginning, and no other record of threads."""
        threads = sample_threads()
        self._doubles.store.forget_threads()
        self._doubles.store.commit([Write(each) for each in threads], (), timeout_seconds=60)
        self.thread_ids = [each.thread_id for each in threads if isinstance(each, Thread)]

    def send(self, entry_point: str, raw: Raw, measure: bool = False) -> Answer:
        """Let one application answer; `measure` also memory and calls, which takes its time."""
        self._inputs += 1
        if self._inputs % _INPUTS_PER_STORE == 0:
            self._fill()
        incoming = Incoming(raw.body, raw.endless, raw.breaks)
        printed = io.StringIO()
        environ = raw.environ(incoming, printed)
        self._doubles.forget_calls()
        sends = self._doubles.messenger.sends
        before = len(sends)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _no_collection():
            if measure:
                status, peak, calls = _measured(lambda: _answered(self.apps[entry_point], environ))
            else:
                status, peak, calls = _answered(self.apps[entry_point], environ), 0, 0
        created = tuple(self._doubles.store.created)
        sent = tuple((each.to, each.body) for each in sends[before:])
        return Answer(status, self._doubles.effects, printed.getvalue(), incoming.received, peak, calls, created, sent)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A collection calls Hypothesis back. In the depths of a nested body there is no room left for that, and the error
    would be printed among the lines of the application."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _answered(app: Any, environ: dict[str, Any]) -> int:
    statuses: list[str] = []
    answer = app(environ, lambda status, headers, exc_info=None: statuses.append(status))
    try:
        for _ in answer:
            pass
    finally:
        close = getattr(answer, "close", None)
        if close is not None:
            close()
    return int(statuses[-1].split()[0])


def _measured(do: Callable[[], int]) -> tuple[int, int, int]:
    profile = cProfile.Profile(subcalls=False)  # in C: to count in Python takes several times longer
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    profile.enable()
    try:
        status = do()
    finally:
        profile.disable()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return status, peak - before, sum(entry.callcount for entry in profile.getstats())


def _environment(certs_url: str) -> dict[str, str]:
    tiers = [{"name": f"tier {n}", "phone": phone} for n, phone in enumerate(HANDLERS, start=1)]
    return {
        "RELAY_BACKEND": "google",
        "GOOGLE_CLOUD_PROJECT": "fuzz",
        "TASKS_LOCATION": "us-central1",
        "TASKS_INVOKER_EMAIL": "tasks@example.com",
        "ESCALATION_URL_TEMPLATE": f"{BASE_URL}/tasks/escalate/{{tier}}",
        "ESCALATION_TIER": "1",
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_AUTH_TOKEN_SECONDARY": SECOND_TOKEN,
        "TWILIO_API_KEY_SID": "SK" + "0" * 32,
        "TWILIO_API_KEY_SECRET": API_SECRET,
        "PUBLIC_BASE_URL": BASE_URL,
        "BUSINESS_PHONE_NUMBER": ",".join(BUSINESS),
        "RELAY_TIERS": json.dumps(tiers),
        "RELAY_REPLIES": "on",
        "RELAY_BUSINESS_NAME": "Acme Hauling",
        "RELAY_STATE_AUDIENCE": AUDIENCE,
        "RELAY_STATE_ALLOWED_EMAILS": OPERATOR,
        "RELAY_STATE_CERTS_URL": certs_url,
        "RELAY_STATE_ALLOWED_ORIGINS": "https://console.example.com",
        "EVENTS_TOPIC": "relay-events",
        "DEAD_LETTER_TOPIC": "dead-letters",
    }


def _tokens(issuer: TokenIssuer) -> list[str]:
    """A valid token, and then wrong ones."""
    other = TokenIssuer()
    week = 7 * 24 * 3600.0
    valid = issuer.mint(audience=AUDIENCE, email=OPERATOR, lifetime_seconds=week)
    head, claims, signature = valid.split(".")
    return [
        valid,
        issuer.mint(audience=AUDIENCE, email="stranger@example.com", lifetime_seconds=week),
        issuer.mint(audience="https://other.example.com", email=OPERATOR, lifetime_seconds=week),
        issuer.mint(audience=AUDIENCE, email=OPERATOR, email_verified=False, lifetime_seconds=week),
        issuer.mint(audience=AUDIENCE, email=OPERATOR, lifetime_seconds=1, issued_at=1),
        issuer.mint(audience=AUDIENCE, email=OPERATOR, signed_by=other, lifetime_seconds=week),
        issuer.mint(audience=AUDIENCE, email=OPERATOR, extra_claims={"iss": "https://evil.example.com"}),
        other.mint(audience=AUDIENCE, email=OPERATOR, lifetime_seconds=week),
        "",
        f"{head}.{claims}.",
        f"{head}..{signature}",
        "a.b.c",
        "=.=.=",
        "." * 5000,
        "A" * 20_000,
    ]


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """A world whose database is in this folder."""
    issuer = IssuerApp(TokenIssuer())
    with wsgi_served(issuer) as address, ExitStack() as running:
        world = World(folder, f"{address}{issuer.x509_path}", issuer.issuer)
        world.open(running)
        yield world
