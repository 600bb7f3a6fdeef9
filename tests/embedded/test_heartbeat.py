"""The heartbeat: a watcher is called after each good sweep and no bad one, and nothing that it does holds a sweep."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest
from relay import homes
from relay.core.people import handlers_of
from relay.embedded.database import Database
from relay.embedded.heartbeat import Heartbeat
from relay.embedded.store import SqliteStore
from relay.embedded.timers import SqliteTimers
from relay.errors import ConfigurationError, StoreUnavailable
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.settings.settings import load_settings

from tests.embedded.conftest import path as path
from tests.embedded.test_ticker import eventually
from tests.fakes import FakeClock, MemoryJournal
from tests.relays import OUR_NUMBER, policy
from tests.settings.environments import EMBEDDED
from tests.worlds import Doubles

MINUTE = 60.0
MESSAGE = "the heartbeat was not heard"


class Watcher:
    """A server that counts its calls and answers them all with `status`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        watcher = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                watcher.calls.append((self.command, self.path, dict(self.headers)))
                self.send_response(watcher.status)
                for name, value in watcher.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"OK")

            def log_message(self, *_arguments: object) -> None:
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/ping/secret-token?status=up"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    watcher.stop()


def _beats(url: str) -> tuple[Heartbeat, FakeClock, MemoryJournal]:
    clock, journal = FakeClock(), MemoryJournal()
    return Heartbeat(url, clock, journal), clock, journal


def _told(journal: MemoryJournal) -> list[object]:
    return [labels["reason"] for _, message, labels in journal.notes if message == MESSAGE]


def test_the_address_is_called_as_it_was_given(watcher: Watcher) -> None:
    heartbeat, _, journal = _beats(watcher.url)
    heartbeat.beat()
    eventually(lambda: len(watcher.calls) == 1)
    method, asked, headers = watcher.calls[0]
    assert (method, asked) == ("GET", "/ping/secret-token?status=up")
    assert not {name.lower() for name in headers} & {"authorization", "cookie"}
    assert journal.notes == []


def test_without_an_address_nothing_is_called() -> None:
    heartbeat, _, journal = _beats("")
    heartbeat.beat()
    assert journal.notes == []


def test_what_the_watcher_refuses_is_told_once_an_hour_and_without_the_address(watcher: Watcher) -> None:
    watcher.status = 404
    heartbeat, clock, journal = _beats(watcher.url)

    def beat(times: int) -> None:
        for _ in range(times):
            before = len(watcher.calls)
            heartbeat.beat()
            eventually(lambda: len(watcher.calls) > before and not heartbeat._thread.is_alive())  # type: ignore[union-attr]  # noqa: B023
            clock.advance(MINUTE)

    beat(60)
    assert _told(journal) == ["it answers 404"]
    beat(1)
    assert _told(journal) == ["it answers 404"] * 2
    assert journal.notes[-1][2]["untold"] == 59
    assert "secret-token" not in str(journal.notes)


def test_a_redirect_is_not_followed_and_what_to_do_is_said(watcher: Watcher) -> None:
    elsewhere = Watcher()
    watcher.status, watcher.headers = 301, {"Location": elsewhere.url}
    heartbeat, _, journal = _beats(watcher.url)
    heartbeat.beat()
    eventually(lambda: bool(journal.notes))
    assert _told(journal) == ["it answers 301, a redirect: give the address it leads to"]
    assert elsewhere.calls == []
    elsewhere.stop()


def test_one_that_nobody_listens_at_is_told(watcher: Watcher) -> None:
    heartbeat, _, journal = _beats("http://127.0.0.1:9/ping")
    heartbeat.beat()
    eventually(lambda: bool(journal.notes))
    assert _told(journal) == ["no answer (ConnectionRefusedError)"]


def test_one_that_never_answers_holds_no_sweep_and_no_second_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call ends here: a beat that waited for one would never be over."""
    monkeypatch.setattr("relay.embedded.heartbeat._TIMEOUT_SECONDS", 600.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        heartbeat, _, journal = _beats(f"http://127.0.0.1:{deaf.getsockname()[1]}/ping")
        heartbeat.beat()
        first = heartbeat._thread
        for _ in range(4):
            heartbeat.beat()
        assert heartbeat._thread is first
        assert first is not None
        assert first.is_alive()
        assert _told(journal) == ["the last call has not ended yet"]


@pytest.fixture
def machine(path: object, watcher: Watcher) -> Iterator[tuple[SendingWorld, FakeClock, Database]]:
    """An embedded relay with its real clockwork and this watcher."""
    clock, journal, database = FakeClock(), MemoryJournal(), Database(str(path))
    doubles = Doubles().world
    world = SendingWorld(
        SqliteStore(database, clock),
        SqliteTimers(database, journal),
        clock,
        journal,
        journal,
        doubles.channels,
        doubles.provider_of,
        doubles.new_lease,
    )
    intake = Intake(policy(), (OUR_NUMBER,), handlers_of(policy()))
    ticker = homes.ticker(world, intake, database, watcher.url)
    ticker.start()
    yield world, clock, database
    ticker.stop()
    database.close()


def test_each_good_sweep_is_told_and_no_bad_one(
    machine: tuple[SendingWorld, FakeClock, Database], watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, clock, _ = machine

    def is_called(times: int) -> bool:
        """A call that has not ended yet would stand in the way of the next one."""
        is_calling = any(thread.name == "relay-heartbeat" for thread in threading.enumerate())
        return len(watcher.calls) == times and not is_calling

    eventually(lambda: is_called(1))
    clock.advance(MINUTE)
    eventually(lambda: is_called(2))

    def fails(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.store), "purge_expired", fails)
        clock.advance(MINUTE)
        journal = world.journal
        assert isinstance(journal, MemoryJournal)
        eventually(lambda: any("periodic job failed" in message for _, message, _ in journal.notes))
    assert len(watcher.calls) == 2
    clock.advance(MINUTE)
    eventually(lambda: is_called(3))


@pytest.mark.parametrize(
    "url",
    [
        "https://hc-ping.com/0123",
        "https://kuma.example.com/api/push/x?status=up&msg=OK",
        "http://127.0.0.1:3001/x",
        "http://[::1]/x",
    ],
)
def test_an_address_that_can_be_called(url: str) -> None:
    assert load_settings({**EMBEDDED, "HEARTBEAT_URL": url}, ["sweep"]).heartbeat_url == url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("hc-ping.com/0123", "is not a web address"),
        ("https://user:pass@hc-ping.com/0123", "without a user name"),
        ("https://hc-ping.com/0123#x", "without a user name or #"),
        ("http://hc-ping.com/0123", "use https://"),
        ("https://", "is not a web address"),
    ],
)
def test_an_address_that_cannot_is_refused_at_start(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        load_settings({**EMBEDDED, "HEARTBEAT_URL": url}, ["sweep"])
    assert "0123" not in str(refused.value)
