"""The one world in memory: every port a double, on a clock that stands still, with the relay's own flow around it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from relay import wiring
from relay.core.model import Relay, Timer
from relay.flow import timers
from relay.flow.conversations import Conversations
from relay.flow.world import Files, SendingWorld
from relay.ports import Alarms, Clock, Messenger, RelayStore, Timers

from tests.fakes.clock import START, FakeClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.media import MemoryMedia
from tests.fakes.messenger import ScriptedMessenger
from tests.fakes.operator_records import MemoryOperatorRecords
from tests.fakes.store import MemoryStore
from tests.fakes.timers import MemoryTimers


def sending_world(
    store: RelayStore,
    timers: Timers,
    messenger: Messenger,
    clock: Clock,
    journal: Any,
    new_lease: Callable[[], str],
    alarms: Alarms | None = None,
    conversations: Conversations | None = None,
    files: Files | None = None,
) -> SendingWorld:
    """The product's channels over this one provider; the journal hears the alarms unless others do."""

    def provider_of(_our_phone: str) -> Messenger:
        return messenger

    channels = wiring.channels(provider_of, store, clock, files.base_url if files is not None else "")
    return SendingWorld(
        store,
        timers,
        clock,
        journal,
        alarms or journal,
        channels,
        provider_of,
        new_lease,
        conversations=conversations,
        files=files,
    )


# Where the links to files lead.
MEDIA_URL = "https://p.example.com"


class MemoryWorld:
    """`world` is what the flow takes; each double is there by name. Folders add what their tests say often."""

    def __init__(self, start: datetime = START) -> None:
        self.clock = FakeClock(start)
        self.journal = MemoryJournal()
        self.timers = MemoryTimers(self.journal)
        self.store = MemoryStore(self.clock, self.timers, self.journal)
        self.operator_records = MemoryOperatorRecords(self.clock, self.journal)
        self.messenger = ScriptedMessenger(self.clock)
        self.media = MemoryMedia()
        leases, tokens = itertools.count(1), itertools.count(1)
        self.world = sending_world(
            self.store,
            self.timers,
            self.messenger,
            self.clock,
            self.journal,
            lambda: f"lease {next(leases)}",
            files=Files(lambda: f"token-of-22-letters-{next(tokens):02}", lambda _our_phone: self.media, MEDIA_URL),
        )

    def relay(self, message_id: str) -> Relay:
        """What the store holds; fails when it holds no such relay. A test's own look, which is not observed."""
        stored = MemoryStore.get(self.store, message_id, timeout_seconds=1.0)
        assert stored is not None
        return stored.relay

    def wait(self, seconds: float) -> None:
        """So much time passes; every timer that becomes due meanwhile fires at its time."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.timers.armed and self.timers.armed[0].due_at <= end:
            self.fire_next()
        self.clock.advance((end - self.clock.now()).total_seconds())

    def fire_next(self) -> list[Timer]:
        """Time passes until the next timer, which fires with all that are due then. Returns them."""
        self.clock.advance(max(0.0, (self.timers.armed[0].due_at - self.clock.now()).total_seconds()))
        due = self.timers.take_due(self.clock.now())
        for timer in due:
            timers.fire(self.world, timer)
        return due


def _nothing() -> None:
    """The usual thing to happen before and after a call."""


class Calls:
    """Remembers in which order ports were called, and can hold them up or kill them there.

    `made` are words like `create`, `get`, `update`, `arm deadline 1`, `cancel deadline 1`, `send`. `before`, `after`:
    by such a word, what happens right before or after that call; what they raise takes the place of its answer.
    """

    def __init__(self) -> None:
        self.made: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, Callable[[], None]] = {}

    def of_all(self, store: object, timers: object, messenger: object) -> None:
        """Observe every port that goes out of the process."""
        for name in ("create", "get", "update", "missing", "due", "search", "set_watermark", "with_media_token"):
            self.of(store, name, lambda *_, name=name: name)
        for name in ("arm", "cancel"):
            self.of(timers, name, lambda timer, name=name: f"{name} {timer.kind} {timer.attempt}")
        for name in ("send", "fetch", "sent_to"):
            self.of(messenger, name, lambda *_, name=name: name)

    def of(self, port: object, name: str, word: Callable[..., str]) -> None:
        """Observe this method of a port; `word` says of its arguments how the call is called."""
        method = getattr(port, name)

        def observed(*args: Any, **kwargs: Any) -> Any:
            call = word(*args)
            self.made.append(call)
            self.before.get(call, _nothing)()
            answer = method(*args, **kwargs)
            self.after.get(call, _nothing)()
            return answer

        setattr(port, name, observed)

    def count(self, *words: str) -> int:
        """How many calls have a word that begins with one of these."""
        return sum(call.split()[0] in words for call in self.made)
