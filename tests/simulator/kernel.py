"""Virtual time, and handlers that take turns at every port call.

A handler runs in a greenlet. Wherever it would wait for the world it calls `pause`; whoever is due next goes on. Which
that is follows from the seeded delays alone, so a run repeats exactly. Knows nothing of the relay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any

from greenlet import getcurrent, greenlet


class ProcessKilled(BaseException):
    """This handler's process is gone. Not an Exception: nothing in a dead process catches anything."""


class Process:
    """One machine: handlers on it share its clock's error and its death."""

    __slots__ = ("name", "skew", "starts")

    def __init__(self, name: str, skew: float = 0.0) -> None:
        self.name = name
        self.skew = skew
        self.starts = 0  # how often it was started again: whoever began before is dead


class Task:
    """One handler at work: what it does, where, and what becomes of it."""

    __slots__ = ("body", "done", "error", "killed", "name", "process", "result", "start")

    def __init__(self, name: str, process: Process, body: Callable[[], Any], done: Callable[[Task], None]) -> None:
        self.name = name
        self.process = process
        self.body = body
        self.done = done
        self.start = process.starts
        self.result: Any = None
        self.error: Exception | None = None
        self.killed = False


class Worker(greenlet):  # type: ignore[misc]  # greenlet has no types
    """A greenlet that works off one task after the other: making a new one for each costs more than a task."""

    task: Task | None = None

    def run(self) -> None:
        while True:
            task = self.task
            assert task is not None
            try:
                task.result = task.body()
            except ProcessKilled:
                task.killed = True
            except Exception as error:
                task.error = error
            self.task = None
            self.parent.switch()


class Round:
    """What happens again and again: when it is due, after how many seconds again, and what it is."""

    __slots__ = ("action", "at", "seconds")

    def __init__(self, at: float, seconds: float, action: Callable[[], None]) -> None:
        self.at = at
        self.seconds = seconds
        self.action = action


_time_of_round = attrgetter("at")
_idle: list[Worker] = []

Entry = tuple[float, int, Worker | None, Any, Any]


class Kernel:
    """The run's clock and its queue of what happens next."""

    def __init__(self) -> None:
        self.now = 0.0
        self.trace: list[str] | None = None
        self.current: Worker | None = None
        self.replies_take_time = False  # whether others get a turn between an effect and its reply, too
        self._heap: list[Entry] = []
        self._serial = 0
        self._limit = 0.0
        self._rounds: list[Round] = []
        self._round_at = math.inf  # when the next of them is due

    @property
    def task(self) -> Task | None:
        """The handler whose turn it is; None while it is the world's."""
        return None if self.current is None else self.current.task

    @property
    def waiting(self) -> int:
        """How many things are still to happen, but for those that happen again and again."""
        return len(self._heap)

    def at(self, time: float, action: Callable[[Any], None], argument: Any = None) -> None:
        """Let something happen at this time (now, if that is past)."""
        self._serial += 1
        heappush(self._heap, (time if time > self.now else self.now, self._serial, None, action, argument))

    def after(self, seconds: float, action: Callable[[Any], None], argument: Any = None) -> None:
        self._serial += 1
        heappush(self._heap, (self.now + seconds, self._serial, None, action, argument))

    def start(self, task: Task) -> None:
        """Begin a handler now. Called by the world, never by a handler."""
        worker = _idle.pop() if _idle else Worker(parent=getcurrent())
        worker.parent = getcurrent()
        worker.task = task
        if self.trace is not None:
            self.note(f"{task.name} starts", task)
        self._go_on(worker)

    def pause(self, seconds: float) -> None:
        """Called by a handler: time passes, others get their turn. Raises ProcessKilled if its process died."""
        worker = self.current
        assert worker is not None
        time = self.now + seconds
        heap = self._heap
        if (heap and heap[0][0] <= time) or time > self._limit:
            self._serial += 1
            heappush(heap, (time, self._serial, worker, None, None))
            worker.parent.switch()
        else:
            self.now = time  # nobody else comes before: no need to switch
        task = worker.task
        assert task is not None
        if task.start != task.process.starts:
            raise ProcessKilled

    def pause_at_timers(self, seconds: float) -> None:
        """The same on the way to the timers, whose calls no other handler can see."""
        self.pause(seconds)

    def kill(self, process: Process) -> None:
        """Every handler on this process dies where it stands; the process itself is back at once."""
        process.starts += 1

    def every(self, seconds: float, first: float, action: Callable[[], None]) -> None:
        """Let something happen again and again, without end. What is due at the same moment comes before it."""
        self._rounds.append(Round(first, seconds, action))
        self._round_at = min(self._round_at, first)

    def run(self, until: float) -> None:
        """Let everything happen that is due until then."""
        heap = self._heap
        while True:
            self._limit = limit = min(until, self._round_at)
            while heap and heap[0][0] <= limit:
                self.now, _, worker, action, argument = heappop(heap)
                if worker is not None:
                    self._go_on(worker)
                else:
                    action(argument)
            self.now = max(self.now, limit)
            if self._round_at > until:
                return
            self._go_round()

    def leap(self, step: float, until: float) -> None:
        """Let time go by in these steps, as far as nothing but rounds is due, and leave those out."""
        until = min(until, self._heap[0][0]) if self._heap else until
        while self.now + step < until:
            self.now += step
        for each in self._rounds:
            while each.at <= self.now:
                each.at += each.seconds
        self._round_at = min(map(_time_of_round, self._rounds))

    def _go_round(self) -> None:
        this = min(self._rounds, key=_time_of_round)
        this.at += this.seconds
        self._round_at = min(map(_time_of_round, self._rounds))
        this.action()

    def end(self) -> None:
        """Nothing happens any more: unwind whoever is still at work, so that its greenlet can be used again."""
        self._rounds, self._round_at = [], math.inf
        while self._heap:
            worker = heappop(self._heap)[2]
            if worker is not None and worker.task is not None:
                worker.task.start = -1
                worker.task.done = _ignore
                self._go_on(worker)

    def _go_on(self, worker: Worker) -> None:
        task = worker.task
        assert task is not None
        self.current = worker
        worker.switch()
        self.current = None
        if worker.task is None:
            _idle.append(worker)
            if self.trace is not None:
                self.note(f"{task.name} ends: {_outcome(task)}", task)
            task.done(task)

    def note(self, words: str, task: Task | None = None) -> None:
        """A line of the trace, if there is one."""
        if self.trace is not None:
            if task is None and self.current is not None:
                task = self.current.task
            place = f"{task.process.name:<4}" if task is not None else "    "
            self.trace.append(f"{self.now:10.3f}  {place} {words}")


def _ignore(task: Task) -> None:
    """What becomes of a task after the end of a run."""


def _outcome(task: Task) -> str:
    if task.killed:
        return "its process died"
    if task.error is not None:
        return f"raised {type(task.error).__name__}"
    status = getattr(task.result, "status", None)
    return f"answered {status}" if status is not None else "done"
