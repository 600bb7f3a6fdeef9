"""What a test or an operator of the local stack can make Cloud Tasks do wrong, all within what its contract allows.

"At least once, unordered, may be late" means: a task runs twice, or minutes late; a create is stored while its
reply is lost. A lost task is outside the contract, and the relay survives it all the same.

    server.faults.twice(queue="tier-1")
    server.faults.delay(30, where=lambda task: "deadline" in task.name, times=None)
    server.faults.fail_create(stored=True)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import grpc
from google.cloud import tasks_v2

TaskFilter = Callable[[tasks_v2.Task], bool]


@dataclass
class _Rule:
    """Applies to the next `left` matching tasks (None: to all), in the queue with this short name (None: any)."""

    queue: str | None
    where: TaskFilter | None
    left: int | None

    def matches(self, queue: str, task: tasks_v2.Task) -> bool:
        if self.left == 0 or (self.queue is not None and self.queue != queue):
            return False
        return self.where is None or self.where(task)

    def spend(self) -> None:
        if self.left is not None:
            self.left -= 1


@dataclass
class CreateFault(_Rule):
    """CreateTask answers `code` (None: the task, late), after `after_seconds`; the task is stored or not."""

    stored: bool
    code: grpc.StatusCode | None
    after_seconds: float


@dataclass
class DispatchFault(_Rule):
    """Applied when a task's turn has come. Exactly one of the three is meant."""

    lose: bool = False
    delay_seconds: float = 0.0
    repeat: Literal["", "parallel", "after"] = ""


_AnyRule = TypeVar("_AnyRule", bound=_Rule)


class Faults:
    """The faults of one server; thread-safe. Rules are tried in the order they were added, and each task meets one.

    `queue` is a queue's short name, `where` a condition on the task as the API shows it in full view, `times` how
    many tasks are hit (None: every one until `clear`).
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._changed = changed
        self._create: list[CreateFault] = []
        self._dispatch: list[DispatchFault] = []
        self._held: set[str] = set()

    def twice(
        self,
        *,
        queue: str | None = None,
        where: TaskFilter | None = None,
        times: int | None = 1,
        in_parallel: bool = True,
    ) -> None:
        """Send the same attempt twice: at once, or the second after the first was answered.

        The queue goes by the first one's answer.
        """
        self._add(DispatchFault(queue, where, times, repeat="parallel" if in_parallel else "after"))

    def delay(
        self, seconds: float, *, queue: str | None = None, where: TaskFilter | None = None, times: int | None = 1
    ) -> None:
        """Run so many seconds after it was due. The API keeps showing the original schedule time."""
        self._add(DispatchFault(queue, where, times, delay_seconds=seconds))

    def lose(self, *, queue: str | None = None, where: TaskFilter | None = None, times: int | None = 1) -> None:
        """When its time has come the task vanishes without having been sent."""
        self._add(DispatchFault(queue, where, times, lose=True))

    def fail_create(
        self,
        *,
        stored: bool,
        code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE,
        after_seconds: float = 0.0,
        queue: str | None = None,
        where: TaskFilter | None = None,
        times: int | None = 1,
    ) -> None:
        """Answer CreateTask with an error: before the task is stored, or after it (the reply is what gets lost)."""
        self._add(CreateFault(queue, where, times, stored, code, after_seconds))

    def slow_create(
        self, seconds: float, *, queue: str | None = None, where: TaskFilter | None = None, times: int | None = 1
    ) -> None:
        """Store the task at once and answer late; a client with a shorter deadline never hears of it."""
        self._add(CreateFault(queue, where, times, True, None, seconds))

    def hold(self, queue: str) -> None:
        """Send nothing from the queue, without the API showing it as paused."""
        with self._lock:
            self._held.add(queue)
        self._changed()

    def release(self, queue: str) -> None:
        with self._lock:
            self._held.discard(queue)
        self._changed()

    def clear(self) -> None:
        """No faults from here on; what was held goes on."""
        with self._lock:
            self._create.clear()
            self._dispatch.clear()
            self._held.clear()
        self._changed()

    def holds(self, queue: str) -> bool:
        with self._lock:
            return queue in self._held

    def for_create(self, queue: str, task: tasks_v2.Task) -> CreateFault | None:
        """The server asks for every CreateTask."""
        return self._first(self._create, queue, task)

    def for_dispatch(self, queue: str, describe: Callable[[], tasks_v2.Task]) -> DispatchFault | None:
        """The server asks whenever a task's turn has come; `describe` is called only when there are rules."""
        if not self._dispatch:
            return None
        return self._first(self._dispatch, queue, describe())

    def _add(self, rule: CreateFault | DispatchFault) -> None:
        with self._lock:
            if isinstance(rule, CreateFault):
                self._create.append(rule)
            else:
                self._dispatch.append(rule)

    def _first(self, rules: list[_AnyRule], queue: str, task: tasks_v2.Task) -> _AnyRule | None:
        with self._lock:
            for rule in rules:
                if rule.matches(queue, task):
                    rule.spend()
                    return rule
        return None
