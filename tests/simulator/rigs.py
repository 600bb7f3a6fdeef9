"""The simulated ports as the contract suites take them: the same classes, with a line that neither waits nor fails."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from relay.core.model import InboundText, Relay, Timer
from relay.ports import Kept, OutgoingText, SendOutcome, Stored
from relay.record import thread_documents
from relay.record.documents import SCHEMA_VERSION, Document, from_document
from relay.record.kinds import Key, Kind

from tests.contract.conftest import Change, StoreRig, TimersRig
from tests.fakes import FakeClock, MemoryJournal
from tests.simulator.exhaustive.case import CalmDice, ScriptedFaults
from tests.simulator.faults import Does, Failed, Line, Service
from tests.simulator.history import History, Post, seconds_of
from tests.simulator.kernel import Kernel
from tests.simulator.revisions import ThisRevision
from tests.simulator.sim_messenger import ProcessMessenger
from tests.simulator.sim_store import ProcessStore
from tests.simulator.sim_timers import ProcessTimers, TimerService
from tests.simulator.sim_twilio import InboundRow, TwilioState
from tests.simulator.store_state import StoreState
from tests.twilio_words import refusal

T = TypeVar("T")


class FollowingKernel(Kernel):
    """A kernel whose time is a test's clock, and in which nobody waits."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.follow()

    def follow(self) -> None:
        """Take the time from the clock."""
        self.now = seconds_of(self._clock.now())

    def pause(self, seconds: float) -> None:
        """Nobody else has a turn to take."""


class DirectLine(Line):
    """Calls go through at once, one at a time, unless the service is down or the next one is to be lost."""

    def __init__(self, kernel: FollowingKernel) -> None:
        dice = CalmDice()
        super().__init__(kernel, ScriptedFaults(dice, {}, {}), dice)
        self.following = kernel
        self.is_down = False
        self.loses: str = ""  # "request" or "reply" of the next call
        self._lock = threading.RLock()

    def call(self, service: Service, does: Does, name: str, timeout_seconds: float, effect: Callable[[], T]) -> T:
        with self._lock:
            self.following.follow()
            lost, self.loses = self.loses, ""
            if self.is_down or lost == "request":
                raise Failed
            result = effect()
            if lost == "reply":
                raise Failed
            return result

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        self.is_down = True
        yield
        self.is_down = False


def _line() -> tuple[FakeClock, DirectLine, TimerService]:
    clock = FakeClock()
    line = DirectLine(FollowingKernel(clock))
    return clock, line, TimerService(line.kernel, line.faults, CalmDice())


@contextlib.contextmanager
def simulated_store(request: pytest.FixtureRequest) -> Iterator[StoreRig]:
    clock, line, service = _line()
    state = StoreState(History(), deletes_expired=True)
    journal = MemoryJournal()
    store = ProcessStore(state, line, ProcessTimers(service, line, journal), alarms=journal)
    rig = StoreRig(store, clock, lambda: list(service.armed.values()), line.down, journal=journal)
    rig.spoil = lambda message_id, _: state.unreadable.add(message_id)
    rig.spoil_kept = lambda key, _: state.unreadable.add(key[1])
    yield rig


class AnyVersion(ThisRevision):
    """Reads also what this revision leaves alone: the view that the judges of a run have."""

    def read(self, document: Document) -> Relay:
        return from_document({**document, "schema_version": SCHEMA_VERSION})

    def read_record(self, kind: Kind, document: Document) -> Any:
        return thread_documents.from_document(kind, {**document, "schema_version": thread_documents.SCHEMA_VERSION})


@contextlib.contextmanager
def simulated_store_of_documents(request: pytest.FixtureRequest) -> Iterator[StoreRig]:
    clock, line, service = _line()
    state = StoreState(History(), deletes_expired=True)
    state.reader = AnyVersion()
    journal = MemoryJournal()
    timers = ProcessTimers(service, line, journal)
    store = ProcessStore(state, line, timers, alarms=journal, revision=ThisRevision())

    def rewrite(message_id: str, change: Change) -> None:
        document = copy.deepcopy(state.documents[message_id])
        change(document)
        state.documents[message_id] = document
        state.version += 1
        state.relays[message_id] = Stored(AnyVersion().read(document), state.version)

    def rewrite_kept(key: Key, change: Change) -> None:
        document = copy.deepcopy(state.record_documents[key])
        change(document)
        state.record_documents[key] = document
        state.version += 1
        state.records[key] = Kept(AnyVersion().read_record(key[0], document), state.version)

    rig = StoreRig(store, clock, lambda: list(service.armed.values()), line.down, journal=journal)
    rig.document, rig.rewrite = state.documents.__getitem__, rewrite
    rig.kept_document, rig.rewrite_kept = state.record_documents.__getitem__, rewrite_kept
    yield rig


@contextlib.contextmanager
def simulated_timers(request: pytest.FixtureRequest) -> Iterator[TimersRig]:
    clock, line, service = _line()
    journal = MemoryJournal()
    rig = TimersRig(ProcessTimers(service, line, journal), journal, clock.now, lambda seconds: None, line.down)

    def pass_time(seconds: float) -> None:
        clock.advance(seconds)
        # A timer is dispatched some moments after it is due, and that by the service's own clock.
        line.kernel.run(seconds_of(clock.now()) + 0.1)
        line.following.follow()

    rig.pass_time = pass_time

    def fire(timer: Timer, done: Callable[[bool], None]) -> None:
        rig.fired.append(timer)
        done(True)

    service.fire = fire
    yield rig


class RefusingTwilio(TwilioState):
    """Refuses the next texts with the codes given."""

    def __init__(self, line: DirectLine) -> None:
        super().__init__(line.kernel, line.faults, CalmDice(), History())
        self.codes: deque[int] = deque()

    def take(self, text: OutgoingText, post: Post) -> SendOutcome:
        return refusal(self.codes.popleft()) if self.codes else super().take(text, post)


class SimulatedRig:
    """The simulated Twilio; its carriers do what the test says and nothing by themselves."""

    def __init__(self) -> None:
        self._clock, self._line, _ = _line()
        self._twilio = RefusingTwilio(self._line)
        self.messenger = ProcessMessenger(self._twilio, self._line)
        self.now = self._clock.now
        self.pass_time = self._clock.advance

    def refuse_next(self, code: int) -> None:
        self._twilio.codes.append(code)

    def lose_next_reply(self, text: OutgoingText) -> None:
        self._line.loses = "reply"

    def lose_next_request(self) -> None:
        self._line.loses = "request"

    def prepare_end(self, status: str, code: int | None) -> None:
        """Nothing: the end itself says it all."""

    def end_as(self, message_sid: str, status: str, code: int | None) -> None:
        message = self._twilio.messages[message_sid]
        message.status, message.code = status, code

    def redact(self, message_sid: str) -> None:
        self._twilio.messages[message_sid].body = ""

    def receive(self, text: InboundText) -> str:
        second = float(int(seconds_of(self.now())))
        self._twilio.inbound.append(InboundRow(text, second, second))
        return text.message_id

    def unreachable(self) -> contextlib.AbstractContextManager[None]:
        return self._line.down()


@contextlib.contextmanager
def simulated_messenger() -> Iterator[SimulatedRig]:
    yield SimulatedRig()
