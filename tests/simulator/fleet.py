"""The relay's side of a run: processes with clocks of their own, each with its view of the ports, running real code.

The ports are not those of tests/fakes, because here a call takes time, may be lost on either way, and lets the other
processes take their turn before, between and after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from relay.core.failures import Failure
from relay.core.model import Relay, TrailEntry
from relay.flow.conversations import Conversations
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.twilio.signature import TwilioAccount

from tests.fakes.world import sending_world
from tests.simulator.dice import Dice
from tests.simulator.faults import FaultSource, Line
from tests.simulator.history import BEGINNING, History
from tests.simulator.kernel import Kernel, Process, Task
from tests.simulator.kinds import Wide
from tests.simulator.revisions import Revision
from tests.simulator.sim_http import OVER_HTTP, HttpMessenger
from tests.simulator.sim_media import Held, MediaState, files_of
from tests.simulator.sim_messenger import ProcessMessenger
from tests.simulator.sim_store import ProcessStore
from tests.simulator.sim_timers import ProcessTimers, TimerService
from tests.simulator.sim_twilio import ACCOUNT_SID, TwilioState
from tests.simulator.store_state import StoreState

BASE_URL = "https://relay.example.com"


class ProcessClock:
    """The time of day as this process has it, and seconds that only grow."""

    def __init__(self, kernel: Kernel, process: Process) -> None:
        self._kernel = kernel
        self._process = process

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self._kernel.now + self._process.skew)

    def monotonic(self) -> float:
        return self._kernel.now


class SimJournal:
    """Remembers alarms, and every word that left the process: a judge looks for what must not be in it."""

    def __init__(self, kernel: Kernel, history: History) -> None:
        self._kernel = kernel
        self._history = history

    def steps(self, relay: Relay, entries: Sequence[TrailEntry]) -> None:
        if self._kernel.trace is not None:
            for entry in entries:
                words = f"{entry.step.value} tier {entry.tier} attempt {entry.attempt} {entry.reason}"
                self._kernel.note(f"    record: {words}{f' (by {entry.by})' if entry.by else ''}")

    def exhausted(self, relay: Relay) -> None:
        self._history.alarms.setdefault(relay.message_id, []).append(self._kernel.now)
        self._kernel.note("    ALARM: a relay reached no handler")

    def not_forwarded(self, relay: Relay) -> None:
        self._history.alarms.setdefault(relay.message_id, []).append(self._kernel.now)
        self._kernel.note("    ALARM: a text is kept and goes to no handler")

    def answer_lost(self, relay: Relay) -> None:
        self._history.alarms.setdefault(relay.message_id, []).append(self._kernel.now)
        self._kernel.note("    ALARM: a customer did not get an answer")

    def codes_used_up(self) -> None:
        self._kernel.note("    ALARM: no code is free")

    def outage(self, message_id: str, failure: Failure, since: datetime) -> None:
        self._kernel.note(f"    ALARM: texts wait: {failure.words}")

    def outage_over(self, failure: Failure, since: datetime, relays: int) -> None:
        self._kernel.note(f"    over: {failure.words}, {relays} relays")

    def database_lost(self, reason: str) -> None:
        raise AssertionError("no store here is a file")

    def store_fails(self, reason: str, advice: str) -> None:
        raise AssertionError("no store here is a file")

    def clock_set(self, seconds: float, moved: int) -> None:
        raise AssertionError("no process here watches its clock")

    def store_works_again(self) -> None:
        raise AssertionError("no store here is a file")

    def left_to_newer(self, message_id: str, word: object) -> None:
        self._history.left.add(message_id)
        self._kernel.note("    ALARM: a record is left to the newer revision")

    def set_aside(self, message_id: str, because: str) -> None:
        self._history.set_aside.add(message_id)
        self._kernel.note(f"    ALARM: a relay is set aside: {because}")

    def webhook_refused(self, reason: str, path: str, url: str, hint: str, untold: int) -> None:
        self._kernel.note(f"    refused: {reason} {hint}")

    def not_taken_in(self, message_id: str, because: str) -> None:
        self._history.not_taken.setdefault(message_id, because)
        self._kernel.note("    ALARM: a text in Twilio's list cannot be relayed")

    def note(self, severity: str, message: str, **labels: object) -> None:
        self._history.notes.append(f"{message} {labels}")


class Fleet:
    """The processes of a run. Whoever calls the relay gets one of them."""

    def __init__(self, kernel: Kernel, faults: FaultSource, dice: Dice, history: History) -> None:
        self.kernel = kernel
        self.dice = dice
        self.history = history
        self.store = StoreState(history)
        self.timers = TimerService(kernel, faults, dice)
        self.twilio = TwilioState(kernel, faults, dice, history)
        self.line = Line(kernel, faults, dice)
        self.processes: list[Process] = []
        self.worlds: list[SendingWorld] = []
        self.intakes: list[Intake] = []
        self.conversations: list[Conversations] = []  # of each process, where replies are on
        self.media = MediaState(kernel, history)
        self.account = TwilioAccount(ACCOUNT_SID, (), BASE_URL)
        self._leases = 0
        self._timers_first = False

    def follow(self, wide: Wide | None, held: Held) -> None:
        """Let Twilio and the store be as odd as the run's kind says, and the files hold these words."""
        self.twilio.wide = self.store.wide = wide
        self.media.held = held
        if wide is not None:
            self.media.listed_after, self.media.held_after = wide.listed_after, wide.held_after

    def add_process(
        self, skew: float, intake: Intake, timers_first: bool, conversations: Conversations | None = None
    ) -> None:
        """One more machine; each has its own configuration, since revisions are rolled out one after the other."""
        process = Process(f"p{len(self.processes) + 1}", skew)
        self._timers_first = timers_first
        self.processes.append(process)
        if conversations is not None:
            self.conversations.append(conversations)
        self.worlds.append(self._world(process))
        self.intakes.append(intake)

    def deploy(self, number: int, revision: Revision) -> None:
        """From here on this process is of that revision; what it has under way ends as it began."""
        self.worlds[number] = self._world(self.processes[number], revision)

    def configure(self, number: int, intake: Intake) -> None:
        """From here on requests to this process are met with these tiers; those under way end with the old ones.

        A process reads its tiers once, at its start, and new ones come with a new process. So what is at work keeps
        the conversations that it has, and never sees two lists of handlers. The new process has read nothing yet.
        """
        self.intakes[number] = intake
        if self.conversations:
            old = self.conversations[number]
            self.conversations[number] = Conversations(
                old.is_on, old.business_name, old.owner_active_for, intake.people, old.random_below, old.new_key
            )
            self.worlds[number] = replace(self.worlds[number], conversations=self.conversations[number])

    def _world(self, process: Process, revision: Revision | None = None) -> SendingWorld:
        journal = SimJournal(self.kernel, self.history)
        timers = ProcessTimers(self.timers, self.line, journal)
        return sending_world(
            ProcessStore(self.store, self.line, timers, self._timers_first, journal, revision, process),
            timers,
            self._messenger(journal),
            ProcessClock(self.kernel, process),
            journal,
            self.new_lease,
            conversations=self.conversations[self.processes.index(process)] if self.conversations else None,
            files=files_of(self.media, self.line),
        )

    def _messenger(self, journal: SimJournal) -> ProcessMessenger:
        wide = self.twilio.wide
        if wide is None or wide.kind not in OVER_HTTP:
            return ProcessMessenger(self.twilio, self.line)
        return HttpMessenger(self.twilio, self.line).use(journal)

    def run(self, name: str, body: Callable[[SendingWorld, Intake], Any], done: Callable[[Task], None]) -> None:
        """Start a handler on one of the processes, now."""
        number = int((1.0 - self.dice.draw()) * len(self.processes)) % len(self.processes)
        world, intake = self.worlds[number], self.intakes[number]
        self.kernel.start(Task(name, self.processes[number], lambda: body(world, intake), done))

    def new_lease(self) -> str:
        self._leases += 1
        return f"lease {self._leases}"
