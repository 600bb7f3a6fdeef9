"""A running local stack for tests that look at the relay from outside, over HTTP alone, in either home.

One stack per home and session; tests keep apart by using customers' numbers of their own.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from tests.pace import pace

if TYPE_CHECKING:
    from scripts.fake_twilio import File
    from scripts.local_stack.environment import Plan

OURS = "+12025550100"
HANDLERS = ("+12025550111", "+12025550112", "+12025550113")
_NAMES = ("Dana", "Sam", "Front desk")
# Short, because tests wait for them; stretched by the machine's pace, so that a receipt gets through in time.
_RECEIPT_TIMEOUT_SECONDS = 4.0
PATIENCE_SECONDS = 180.0
# How soon, and how rarely at most, is looked again: each look costs the relay that is waited for.
_LOOK_SECONDS, _LOOK_SECONDS_MAX = 0.05, 0.4
_TOKEN_SECONDS = 5.0
_STORE_SECONDS = 30.0
# The last digits of each are no handler's and none of ours: one may be searched for by them.
_customers = itertools.count(1001)


class RunningStack:
    """The stack at `address`, with its phones, and a client that asks as an operator would.

    `environ` is what its serving process was given.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        from scripts.local_stack.client import StackClient

        self.address = address
        self.environ = environ
        self.client = StackClient(address)
        self._texted: list[str] = []
        self._is_arranged = False
        self._token, self._minted = "", 0.0

    def token(self, **changes: str) -> str:
        told = {**self.client.description()["relay_state"], **changes}
        return _read(f"{self.address}/local/token?{urllib.parse.urlencode(told)}").strip()

    def _recent_token(self) -> str:
        """A token of these seconds: whoever asks again and again needs no new one each time."""
        now = time.monotonic()
        if now >= self._minted + _TOKEN_SECONDS:
            self._token, self._minted = self.token(), now
        return self._token

    def customer(self) -> str:
        """A number that no other test uses."""
        return f"+1303555{next(_customers):04d}"

    def text(self, body: str, sender: str, *behaviours: Mapping[str, Any], files: Sequence[File] = ()) -> str:
        """A customer texts; `behaviours` say what the carriers of tiers 1, 2, 3 do to it. Its message id.

        Returns before its webhook has arrived.
        """
        was_arranged, self._is_arranged = self._is_arranged, any(behaviour != DELIVERS for behaviour in behaviours)
        # What is arranged with a carrier holds for the next text to that phone, whosever it is, and webhooks overtake
        # each other on a busy machine. Without arrangements any number of texts may be under way.
        if was_arranged or self._is_arranged:
            self._let_all_end()
        for phone, behaviour in zip(HANDLERS, behaviours, strict=False):
            self.client.set_carrier(phone, behaviour["name"], behaviour.get("times", 1), behaviour.get("code"))
        self._texted.append(self.client.text(sender, OURS, body, files))
        return self._texted[-1]

    def state(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What /sms/relay-state answers; asked again, as its 503 asks for, while a busy machine's store is late."""

        def ask() -> dict[str, Any] | None:
            try:
                answer: dict[str, Any] = json.loads(self.post("/sms/relay-state", body))
            except urllib.error.HTTPError as error:
                if error.code == 503:
                    return None
                raise
            return answer

        found: dict[str, Any] = until(ask, "an answer of /sms/relay-state")
        return found

    def post(self, path: str, body: Mapping[str, Any], token: str | None = None) -> str:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token or self._recent_token()}"}
        return _read(urllib.request.Request(self.address + path, json.dumps(body).encode(), headers))

    def wait_until(self, message_id: str, final_status: str) -> dict[str, Any]:
        """The relay's whole answer, once it has come to this end."""

        def look() -> dict[str, Any] | None:
            answer = self.recorded(message_id)
            return answer if answer and answer["relay"]["final_status"] == final_status else None

        found: dict[str, Any] = until(look, f"{final_status} of {message_id}")
        return found

    def wait_until_recorded(self, message_id: str) -> dict[str, Any]:
        """The relay's whole answer, once its webhook has arrived."""
        found: dict[str, Any] = until(functools.partial(self.recorded, message_id), f"the record of {message_id}")
        return found

    def recorded(self, message_id: str) -> dict[str, Any] | None:
        """The relay's whole answer, or None while its webhook is still on its way."""
        try:
            return self.state({"message_id": message_id})
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def _let_all_end(self) -> None:
        for message_id in self._texted:
            self.wait_until_recorded(message_id)
        self._texted.clear()
        # Not only what was texted: also what an earlier test has redriven.
        under_way = {"final_status": "in_progress", "limit": 1}
        until(lambda: not self.state(under_way)["relays"], "the end of every relay before the next text")


def until(look: Callable[[], Any], what: str) -> Any:
    """The first true thing that `look` gives. Fails when nothing comes for very long."""
    deadline, wait = time.monotonic() + PATIENCE_SECONDS, _LOOK_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(wait)
        wait = min(1.3 * wait, _LOOK_SECONDS_MAX)
    raise AssertionError(f"not seen within {PATIENCE_SECONDS:.0f} s: {what}")


REFUSED = {"name": "refuse", "code": 21614}
SILENT = {"name": "silent"}
DELIVERS = {"name": "deliver"}


def failed(code: int) -> dict[str, Any]:
    """The carrier takes it and reports it undelivered with this code."""
    return {"name": "undelivered", "code": code}


def tiers(receipt_timeout_seconds: float, **settings: object) -> str:
    """RELAY_TIERS with our three handlers; the time for a receipt is that of an idle machine."""
    seconds = round(receipt_timeout_seconds * pace(), 1)
    handlers = zip(_NAMES, HANDLERS, strict=True)
    common = {"receipt_timeout_seconds": seconds, **settings}
    return json.dumps([{"name": name, "phone": phone, **common} for name, phone in handlers])


@contextmanager
def running_stack(
    backend: str, folder: Path, port: int = 0, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[RunningStack]:
    """A stack of one's own; skips the test where this machine lacks what the home needs."""
    from relay.settings.variables import VARIABLES

    from scripts.local_stack.running import StackError
    from scripts.local_stack.supervisor import Supervisor

    ours = {variable.name for variable in VARIABLES}
    before = dict(os.environ)
    # Neither this machine's configuration nor anybody else's emulators.
    environ = {name: value for name, value in before.items() if name not in ours and "_EMULATOR_HOST" not in name}
    environ["BUSINESS_PHONE_NUMBER"] = OURS
    environ["RELAY_TIERS"] = tiers(_RECEIPT_TIMEOUT_SECONDS, retry_delays_seconds=[0.2])
    environ |= settings
    supervisor = Supervisor(environ, backend, port, str(folder / "relay.db"), folder / "relay.log")
    try:
        supervisor.__enter__()
    except StackError as error:
        if backend == "google" and "needs Google's emulators" in str(error):
            pytest.skip(str(error))
        raise
    _introduce_handlers(supervisor.plan)
    # A google stack tells its own terminal of its emulators through the environment; other tests have theirs.
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)
    try:
        yield RunningStack(supervisor.plan.address, supervisor.plan.environ)
    finally:
        supervisor.stop()


def _introduce_handlers(plan: Plan) -> None:
    """Have the store say that each handler was told how to answer: that line would come beside the first text."""
    from relay import homes
    from relay.core.threads.model import PersonRecord
    from relay.embedded.database import Database
    from relay.embedded.store import SqliteStore
    from relay.errors import Conflict
    from relay.google.store import FirestoreStore
    from relay.ports import RelayStore, Write

    from tests.fakes import MemoryTimers

    settings, clock = plan.settings(), homes.SystemClock()
    store: RelayStore
    if plan.backend == "google":
        store = FirestoreStore(
            project=settings.project,
            database=settings.firestore_database,
            collection=settings.collection,
            clock=clock,
            timers=MemoryTimers(),
        )
    else:
        store = SqliteStore(Database(plan.environ["RELAY_DATABASE"]), clock)

    def introduced(name: str, phone: str) -> bool:
        kept = store.person(name, timeout_seconds=_STORE_SECONDS)
        record = PersonRecord(name, name, (phone,), clock.now(), hinted_at=clock.now())
        try:
            store.commit((Write(record, kept.version if kept else None),), (), timeout_seconds=_STORE_SECONDS)
        except Conflict:
            return False  # the relay has just written it
        return True

    for name, phone in zip(_NAMES, HANDLERS, strict=True):
        until(functools.partial(introduced, name, phone), f"the record of {name}")


@pytest.fixture(scope="session")
def stack_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RunningStack]]:
    """Gives the session's one running stack of a home, started when first asked for."""
    with ExitStack() as running:

        @functools.cache
        def start(backend: str) -> RunningStack:
            return running.enter_context(running_stack(backend, tmp_path_factory.mktemp(backend)))

        yield start


@pytest.fixture(params=["embedded", "google"])
def stack(request: pytest.FixtureRequest, stack_of: Callable[[str], RunningStack]) -> RunningStack:
    """The running stack, once in each home."""
    return stack_of(request.param)


@pytest.fixture
def embedded_stack(stack_of: Callable[[str], RunningStack]) -> RunningStack:
    """For what does not depend on where relays live."""
    return stack_of("embedded")


def _read(request: urllib.request.Request | str) -> str:
    with urllib.request.urlopen(request, timeout=20) as answer:
        text: str = answer.read().decode()
    return text
