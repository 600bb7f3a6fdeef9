"""Ctrl-C while the terminal looks into the store: the look ends first, then the stack."""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Iterator

import pytest
from relay.ports import Page, Search
from rich.console import Console

from scripts.local_stack import interruption
from scripts.local_stack.screen import Follower, Screen
from tests.fakes.clock import FakeClock
from tests.fakes.store import MemoryStore
from tests.fakes.timers import MemoryTimers


@pytest.fixture(autouse=True)
def _listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(interruption, "_told", threading.Event())
    interruption.listen()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_call_that_must_not_be_cut_off_ends_first() -> None:
    done = []

    def call() -> None:
        with interruption.put_off():
            signal.raise_signal(signal.SIGINT)
            done.append("the call")

    with pytest.raises(KeyboardInterrupt):
        call()
    assert done == ["the call"]
    with pytest.raises(KeyboardInterrupt):
        interruption.check()


def test_without_a_signal_nothing_is_raised_and_the_next_one_interrupts_as_before() -> None:
    with interruption.put_off():
        pass
    interruption.check()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


class _Interrupted(MemoryStore):
    """A store during whose search Ctrl-C is pressed."""

    is_told = False
    answered = 0

    def search(self, search: Search, *, timeout_seconds: float) -> Page:
        if self.is_told:
            signal.raise_signal(signal.SIGINT)
        page = super().search(search, timeout_seconds=timeout_seconds)
        self.answered += 1
        return page


def test_the_terminals_look_into_the_store_is_never_cut_off() -> None:
    """gRPC would wait for ever for the call that was cut off, when the process ends."""
    store = _Interrupted(FakeClock(), MemoryTimers())
    follower = Follower(store, Screen(Console(file=io.StringIO()), shows_words=True))
    store.is_told = True
    with pytest.raises(KeyboardInterrupt):
        follower.look()
    assert store.answered == 2
