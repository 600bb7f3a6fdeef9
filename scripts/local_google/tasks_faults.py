"""What a test can make Cloud Tasks do wrong, nearly all of it within what its contract allows.

"At least once, unordered, may be late" means: a task runs twice, or minutes late; a create is stored while its
reply is lost. A lost task is outside the contract, and the relay survives it all the same.

    server.faults.delay(30, where=lambda task: "deadline" in task.name, times=None)
    server.faults.fail_create(stored=True)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from google.cloud import tasks_v2

TaskFilter = Callable[[tasks_v2.Task], bool]


@dataclass
class _Rule:
    """Applies to the next `left` tasks (None: to all) for which `where` holds."""

    where: TaskFilter
    left: int | None

    def spend_on(self, task: tasks_v2.Task) -> bool:
        if self.left == 0 or not self.where(task):
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass
class CreateFault(_Rule):
    """CreateTask answers after `after_seconds`, with UNAVAILABLE when `fails`; the task is stored or not."""

    stored: bool = True
    fails: bool = False
    after_seconds: float = 0.0


@dataclass
class DispatchFault(_Rule):
    """Applied when a task's turn has come. Exactly one of the three is meant."""

    lose: bool = False
    delay_seconds: float = 0.0
    repeat: Literal["", "parallel", "after"] = ""


_AnyRule = TypeVar("_AnyRule", bound=_Rule)


def _any(_task: tasks_v2.Task) -> bool:
    return True


class Faults:
    """The faults of one server; thread-safe. Rules are tried in the order they were added, and each task meets one.

    `where` is a condition on the task, `times` how many tasks are hit (None: every one).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._create: list[CreateFault] = []
        self._dispatch: list[DispatchFault] = []

    def twice(self, *, where: TaskFilter = _any, times: int | None = 1, in_parallel: bool = True) -> None:
        """Send the same attempt twice: at once, or the second after the first was answered.

        The queue goes by the first one's answer.
        """
        self._dispatch.append(DispatchFault(where, times, repeat="parallel" if in_parallel else "after"))

    def delay(self, seconds: float, *, where: TaskFilter = _any, times: int | None = 1) -> None:
        """Run so many seconds after it was due. The API keeps showing the original schedule time."""
        self._dispatch.append(DispatchFault(where, times, delay_seconds=seconds))

    def lose(self, *, where: TaskFilter = _any, times: int | None = 1) -> None:
        """When its time has come the task vanishes without having been sent."""
        self._dispatch.append(DispatchFault(where, times, lose=True))

    def fail_create(self, *, stored: bool, times: int | None = 1) -> None:
        """Answer CreateTask with an error: before the task is stored, or after it (the reply is what gets lost)."""
        self._create.append(CreateFault(_any, times, stored=stored, fails=True))

    def slow_create(self, seconds: float) -> None:
        """Store the next task at once and answer late; a client with a shorter deadline never hears of it."""
        self._create.append(CreateFault(_any, 1, after_seconds=seconds))

    def for_create(self, task: tasks_v2.Task) -> CreateFault | None:
        """The server asks for every CreateTask."""
        return self._first(self._create, task)

    def for_dispatch(self, task: tasks_v2.Task) -> DispatchFault | None:
        """The server asks whenever a task's turn has come."""
        return self._first(self._dispatch, task)

    def _first(self, rules: list[_AnyRule], task: tasks_v2.Task) -> _AnyRule | None:
        with self._lock:
            return next((rule for rule in rules if rule.spend_on(task)), None)
