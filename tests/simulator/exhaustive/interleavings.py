"""Every interleaving of two handlers on one relay, switched at each call of the store and of Twilio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from relay import escalation
from relay.inbound import Intake, handle_inbound_webhook
from relay.model import Timer
from relay.receipts import handle_delivery_status
from relay.reconcile import reconcile
from relay.redrive import redrive
from relay.shell import World
from relay.steps import pending
from relay.sweep import sweep
from relay.web import DELIVERY_STATUS_PATH, INBOUND_PATH, Response

from tests.simulator.exhaustive.case import TEXT, CalmDice, Case, Report, ScriptedFaults, plan, policy, violations_of
from tests.simulator.faults import Does, Fault
from tests.simulator.fleet import ACCOUNT_SID
from tests.simulator.kernel import Kernel, ProcessKilled, Task, Worker
from tests.simulator.plan import Plan
from tests.simulator.sim_twilio import Carrier
from tests.simulator.simulation import Simulation

_SILENT = Carrier(delivers=False)
_FAILS = Carrier(delivers=False, fails_with=30006)

Handler = Callable[[World, Intake], Any]
Makes = Callable[[Simulation], Handler]


class ChoosingKernel(Kernel):
    """While `choosing`, time stands still, and who goes on at each call is chosen by the list of `choices`.

    `widths` says how many there were to choose from each time.
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
            self._go_on(self._ready.pop(choice))
        self._choosing = False


def _every_order(prepare: Callable[[ChoosingKernel], Simulation], one: Makes, other: Makes) -> Report:
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
        choices = _next(choices, kernel.widths)
        if not choices:
            return report


def _next(choices: list[int], widths: list[int]) -> list[int]:
    """The choices after these, depth first; empty when there are none."""
    taken = choices + [0] * (len(widths) - len(choices))
    while taken:
        last = taken.pop()
        if last + 1 < widths[len(taken)]:
            return [*taken, last + 1]
    return []


def _must_not_raise(report: Report, task: Task) -> None:
    if task.error is not None:
        report.violations.append(f"{task.name} raised {task.error!r}")


def _prepared(
    story: Callable[[], Plan],
    until: float,
    world: dict[Fault, int],
    kernel: Kernel,
    script: Mapping[int, Fault] | None = None,
) -> Simulation:
    """A relay's life up to the moment at which the two handlers meet."""
    dice = CalmDice()
    run = Simulation(story(), dice, ScriptedFaults(dice, script or {}, world), kernel)
    run.kernel.run(until)
    return run


def _alarm_lost(kernel: Kernel) -> Simulation:
    """Exhausted by the sweep, which died between committing that and putting the alarm on record."""
    world = {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 9}
    story = partial(plan, policy(1), (_SILENT,))
    undisturbed = _prepared(story, 125.0, world, Kernel())
    assert isinstance(undisturbed.faults, ScriptedFaults)
    kinds = undisturbed.faults.kinds
    recorded = max(number for number, does in enumerate(kinds, start=1) if does is Does.WRITE)
    undisturbed.kernel.end()
    run = _prepared(story, 135.0, world, kernel, {recorded: Fault.CRASH_BEFORE})
    assert run.fleet.store.relays[TEXT.message_id].relay.alarm_is_due
    return run


def _webhook(run: Simulation) -> Handler:
    fields = {
        "MessageSid": TEXT.message_id,
        "AccountSid": ACCOUNT_SID,
        "From": TEXT.sender_phone,
        "To": TEXT.recipient_phone,
        "Body": TEXT.body,
    }
    request = run.calls.request(INBOUND_PATH, "", fields)
    return lambda world, intake: handle_inbound_webhook(world, run.fleet.account, intake, request)


def _receipt(status: str) -> Makes:
    """A callback with this status, which is also what Twilio tells from then on when it is asked."""

    def makes(run: Simulation) -> Handler:
        message = next(iter(run.fleet.twilio.messages.values()))
        fields = {"MessageSid": message.sid, "MessageStatus": status, "AccountSid": ACCOUNT_SID, "To": message.to}
        code = 30006 if status == "undelivered" else None
        if code is not None:
            fields["ErrorCode"] = str(code)
        query = f"relay={TEXT.message_id}&tier=1&attempt=1"
        request = run.calls.request(DELIVERY_STATUS_PATH, query, fields)

        def handle(world: World, intake: Intake) -> Response:
            run.kernel.pause(0.0)  # the other handler may ask before
            if message.status != "delivered":
                message.status, message.code, message.status_since = status, code, run.kernel.now
            return handle_delivery_status(world, run.fleet.account, request)

        return handle

    return makes


def _timer(run: Simulation) -> Handler:
    timer = pending(run.fleet.store.relays[TEXT.message_id].relay)
    assert isinstance(timer, Timer)
    return lambda world, intake: escalation.fire(world, timer)


def _sweep(run: Simulation) -> Handler:
    return lambda world, intake: sweep(world)


def _reconcile(run: Simulation) -> Handler:
    return lambda world, intake: reconcile(world, intake)


def _redrive(run: Simulation) -> Handler:
    return lambda world, intake: redrive(world, intake.policy, TEXT.message_id, "request-one", 1)


def _silent() -> Plan:
    return plan(policy(2), (_SILENT,))


def _refused() -> Plan:
    return plan(policy(2), (_FAILS,))


def _exhausted() -> Plan:
    return plan(policy(1), (_FAILS,))


def _later() -> Plan:
    """The text is there, and nobody has told the relay of it yet."""
    return replace(plan(policy(2)), texts=[(30.0, TEXT)])


# When the handlers meet. All timers are lost where the sweep has to find something overdue.
_NOTHING_YET = partial(_prepared, _later, 0.5, {})
_TEXT_UNKNOWN = partial(_prepared, lambda: plan(policy(2)), 40.0, {Fault.WEBHOOK_LOST: 1})
_SENT_AND_SILENT = partial(_prepared, _silent, 61.9, {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 9})
_OVERDUE = partial(_prepared, _silent, 115.0, {Fault.TIMER_LOST: 9, Fault.CALLBACK_LOST: 9})
_ATTEMPT_OVERDUE = partial(_prepared, _refused, 17.0, {Fault.TIMER_LOST: 9})
_UNKNOWN_AT_LAST = partial(
    _prepared, lambda: plan(policy(1)), 115.0, {Fault.TIMER_LOST: 9, Fault.SEND_5XX: 1, Fault.SWEEP_LOST: 9}
)
_ENDED = partial(_prepared, _exhausted, 20.0, {})

_PAIRS: tuple[tuple[str, Callable[[ChoosingKernel], Simulation], Makes, Makes], ...] = (
    ("webhook and webhook", _NOTHING_YET, _webhook, _webhook),
    ("webhook and reconcile", _TEXT_UNKNOWN, _webhook, _reconcile),
    ("reconcile and reconcile", _TEXT_UNKNOWN, _reconcile, _reconcile),
    ("deadline and delivery", _SENT_AND_SILENT, _timer, _receipt("delivered")),
    ("deadline and failure", _SENT_AND_SILENT, _timer, _receipt("undelivered")),
    ("deadline and deadline", _SENT_AND_SILENT, _timer, _timer),
    ("attempt and attempt", _ATTEMPT_OVERDUE, _timer, _timer),
    ("attempt and delivery", _ATTEMPT_OVERDUE, _timer, _receipt("delivered")),
    ("unknown at the last tier, twice", _UNKNOWN_AT_LAST, _timer, _timer),
    ("delivery and failure", _SENT_AND_SILENT, _receipt("delivered"), _receipt("undelivered")),
    ("sweep and webhook", _OVERDUE, _sweep, _webhook),
    ("sweep and delivery", _OVERDUE, _sweep, _receipt("delivered")),
    ("sweep and failure", _OVERDUE, _sweep, _receipt("undelivered")),
    ("sweep and deadline", _OVERDUE, _sweep, _timer),
    ("sweep and attempt", _ATTEMPT_OVERDUE, _sweep, _timer),
    ("sweep and sweep", _OVERDUE, _sweep, _sweep),
    ("sweep and reconcile", _OVERDUE, _sweep, _reconcile),
    ("sweep and lost alarm, twice", _alarm_lost, _sweep, _sweep),
    ("sweep and redrive before the alarm", _alarm_lost, _sweep, _redrive),
    ("sweep and delivery before the alarm", _alarm_lost, _sweep, _receipt("delivered")),
    ("sweep and redrive", _ENDED, _sweep, _redrive),
    ("redrive and redrive", _ENDED, _redrive, _redrive),
    ("redrive and delivery", _ENDED, _redrive, _receipt("delivered")),
)

_MANY = frozenset({"reconcile and reconcile", "sweep and reconcile"})
INTERLEAVINGS = tuple(
    Case(f"interleaved: {name}", partial(_every_order, prepare, one, other), is_quick=name not in _MANY)
    for name, prepare, one, other in _PAIRS
)
