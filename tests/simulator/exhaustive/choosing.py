"""Every interleaving of two handlers: a scheduler that is told who goes on, and all there is to tell it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from relay.flow.intake import Intake
from relay.flow.world import SendingWorld

from tests.simulator.exhaustive.case import Report, violations_of
from tests.simulator.kernel import Kernel, ProcessKilled, Task, Worker
from tests.simulator.simulation import Simulation

Handler = Callable[[SendingWorld, Intake], Any]
Makes = Callable[[Simulation], Handler]


# So much later each call is made than the one before: judges tell by that what was stored first.
_MOMENT = 1e-5


class ChoosingKernel(Kernel):
    """While `choosing`, time all but stands still, and who goes on at each call is chosen by the list of `choices`.

    `widths` says how many there were to choose from each time. 0 is the one that went on last: nothing is switched.
    """

    def __init__(self, choices: list[int]) -> None:
        super().__init__()
        self.widths: list[int] = []
        self._choices = choices
        self._choosing = False
        self._ready: list[Worker] = []

    def pause(self, seconds: float) -> None:
        if not self._choosing:
            super().pause(seconds)
            return
        worker = self.current
        assert worker is not None
        assert worker.task is not None
        self._ready.append(worker)
        worker.parent.switch()
        if worker.task.start != worker.task.process.starts:
            raise ProcessKilled

    def pause_at_timers(self, seconds: float) -> None:
        # Without a switch: arming and cancelling change nothing that the other handler could see.
        if not self._choosing:
            super().pause_at_timers(seconds)

    def interleave(self, tasks: list[Task]) -> None:
        """Run these handlers to their ends, as chosen."""
        self._choosing = True
        for task in tasks:
            self.start(task)
        while self._ready:
            place = len(self.widths)
            self.widths.append(len(self._ready))
            choice = self._choices[place] if place < len(self._choices) else 0
            self.now += _MOMENT
            self._go_on(self._ready.pop(-1 - choice))
        self._choosing = False


Prepare = Callable[[ChoosingKernel], Simulation]


def every_order(prepare: Prepare, one: Makes, other: Makes, switches: float = math.inf) -> Report:
    """Play and judge each order in which the two go on, or each with at most so many switches between them."""
    report = Report()
    choices: list[int] = []
    while True:
        kernel = ChoosingKernel(choices)
        run = prepare(kernel)
        tasks = [
            Task(f"handler {number}", process, partial(handler, world, intake), partial(_must_not_raise, report))
            for number, (handler, process, world, intake) in enumerate(
                zip((one(run), other(run)), run.fleet.processes, run.fleet.worlds, run.fleet.intakes, strict=True)
            )
        ]
        kernel.interleave(tasks)
        report.cases += 1
        report.violations += violations_of(run, f"order {choices}")
        choices = _next(choices, kernel.widths, switches)
        if not choices:
            return report


def _next(choices: list[int], widths: list[int], switches: float) -> list[int]:
    """The choices after these, depth first; empty when there are none."""
    taken = choices + [0] * (len(widths) - len(choices))
    while taken:
        last = taken.pop()
        if last + 1 < widths[len(taken)] and sum(taken) + last < switches:
            return [*taken, last + 1]
    return []


def _must_not_raise(report: Report, task: Task) -> None:
    if task.error is not None:
        report.violations.append(f"{task.name} raised {task.error!r}")
