"""One run, from its seed to its history: texts come in, the world misbehaves, then it stops and the run settles."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from relay.core.model import FinalStatus, Timer
from relay.core.people import handlers_of
from relay.errors import StoreUnavailable
from relay.flow import timers
from relay.flow.intake import Intake
from relay.flow.reconcile import WATERMARK, reconcile
from relay.flow.sweep import sweep
from relay.flow.world import SendingWorld
from relay.twilio.signature import TwilioAccount
from relay.web import Response

from tests.simulator import errands
from tests.simulator.arrivals import arrive
from tests.simulator.dice import Dice
from tests.simulator.faults import Fault, FaultSource
from tests.simulator.fleet import BASE_URL, Fleet
from tests.simulator.history import History, time_of
from tests.simulator.kernel import Kernel, Task
from tests.simulator.kinds import OF_PEOPLE, Kind, kind_of
from tests.simulator.marking import prepare_marks
from tests.simulator.people.acting import People
from tests.simulator.people.cast import add_people, conversations_of
from tests.simulator.plan import BEFORE_US, OUR_PHONES, SUCCESS_IS_SENT, Plan, Redrive, draw_plan
from tests.simulator.revisions import NextRevision, Revision, Rollout, ThisRevision, draw_rollout
from tests.simulator.sim_twilio import InboundRow
from tests.simulator.store_state import only_confirmations_are_open
from tests.simulator.twilio_calls import TwilioCalls
from tests.simulator.widening import widen

SWEEP_SECONDS = 60.0
RECONCILE_SECONDS = 300.0
TOKENS = ("old-token-0123456789", "new-token-0123456789")

# A new deployment has had its first run of reconcile by then.
_FIRST_TEXT_AT = 2.0


class Simulation:
    """A run in the making."""

    def __init__(self, plan: Plan, dice: Dice, faults: FaultSource, kernel: Kernel | None = None) -> None:
        self.plan = plan
        self.dice = dice
        self.faults = faults
        self.kernel = kernel or Kernel()
        self.history = History()
        self.fleet = Fleet(self.kernel, self.faults, self.dice, self.history)
        self.calls = TwilioCalls(self.fleet, TOKENS[0])
        self._watched = True
        self._idle = 0  # events to come that nobody waits for
        self._vain_rounds = 0
        self.people = None if plan.people is None else People(self.fleet, self.calls, plan.people)
        self._prepare(self.plan)

    @classmethod
    def of_seed(
        cls,
        seed: int,
        calmed: Collection[int] | None = None,
        traced: bool = False,
        two_revisions: bool = False,
        kind: Kind | None = None,
    ) -> Simulation:
        """The run of this seed. `calmed` are the positions of draws to be made harmless, for shrinking; with
        `two_revisions` a made-up next revision works on the store, too; with `kind` it is one of this kind."""
        dice = Dice(seed, calmed)
        plan = draw_plan(dice)
        kind = kind or kind_of(seed)
        if kind in OF_PEOPLE:
            add_people(plan, kind, seed)
        elif kind is not None:
            widen(plan, kind, dice)
        if two_revisions:
            message_ids = [text.message_id for _, text in plan.texts]
            plan.rollout = draw_rollout(dice, len(plan.skews), message_ids)
        kernel = Kernel()
        if traced:
            kernel.trace = []
        return cls(plan, dice, FaultSource(dice, plan.fault_probability, plan.swarm), kernel)

    def _prepare(self, plan: Plan) -> None:
        fleet = self.fleet
        fleet.follow(plan.wide, plan.held)
        if plan.wide is not None:
            self.faults.count(plan.wide.kind)
            prepare_marks(fleet, plan.wide.marks)
        if plan.people is not None:
            self.faults.count(plan.people.kind)
            # Once a day the watchmen tell the store who is a handler.
            self._meanwhile(0.5, self._reconcile_daily)
        intake = Intake(plan.policy, OUR_PHONES, handlers_of(plan.policy))
        for skew in plan.skews:
            if skew:
                self.faults.count(Fault.SKEW)
            fleet.add_process(skew, intake, plan.timers_first, conversations_of(plan))
        if plan.rollout is not None:
            self._roll_out(plan.rollout)
        fleet.account = TwilioAccount(fleet.account.account_sid, (TOKENS[0],), BASE_URL)
        fleet.store.deletes_expired = plan.store_deletes_expired
        if plan.store_deletes_expired:
            fleet.store.purged_until = time_of(0.0)  # its first round found nothing
        fleet.twilio.carriers = plan.carriers
        fleet.twilio.success_is_sent = SUCCESS_IS_SENT
        fleet.timers.fire = self._fire
        self.faults.outages = plan.outages
        if plan.newly_deployed:
            # The first run of reconcile is what makes the relay responsible for what Twilio takes in from then on.
            fleet.twilio.inbound.append(InboundRow(BEFORE_US, -900.0, -900.0))
            self.faults.probability = 0.0
            self.kernel.at(0.0, self._first_reconcile)
        else:
            # The watchmen have been at work for a while.
            fleet.store.watermarks[WATERMARK] = time_of(-300.0)
        for when, text in plan.texts:
            self.kernel.at(when + _FIRST_TEXT_AT, partial(arrive, self.fleet, self.calls), text)
        self._meanwhile(plan.faults_stop_at, lambda _: self.stop_faults())
        if plan.new_policy is not None:
            for number in range(len(fleet.processes)):
                self._meanwhile(plan.config_changes_at + 20.0 * number, self._change_config, number)
        for when, number, skew in plan.clocks_set:
            self._meanwhile(when, self._set_clock, (number, skew))
        for when, number, error in plan.wide.clocks if plan.wide is not None else ():
            self._meanwhile(when, self._set_clock_by_days, (number, error))
        if plan.token_rotates_at:
            self._meanwhile(plan.token_rotates_at, self._rotate_token)
        for redriven in plan.redrives:
            self.kernel.at(redriven.at, self._operator_redrives, redriven)
        self.kernel.every(SWEEP_SECONDS, self.dice.between(0.0, SWEEP_SECONDS), self._sweep)
        self.kernel.every(RECONCILE_SECONDS, self.dice.between(0.0, RECONCILE_SECONDS), self._reconcile)

    def _roll_out(self, rollout: Rollout) -> None:
        revisions: dict[str, Revision] = {"this": ThisRevision(), "next": NextRevision(rollout.raised)}
        self.fleet.store.reader = revisions["next"]
        for number in range(len(self.fleet.processes)):
            self.fleet.deploy(number, revisions[rollout.first])
        for at, number, name in rollout.changes:
            self._meanwhile(at, self._deploy, (number, revisions[name]))
        for at in rollout.tells:
            self._meanwhile(at, self._next_tells)

    def _deploy(self, deployed: tuple[int, Revision]) -> None:
        number, revision = deployed
        self.kernel.note(f"process {number + 1} is of the {revision.name} revision")
        self.fleet.deploy(number, revision)

    def _next_tells(self, _: object) -> None:
        for message_id in list(self.fleet.store.relays) if self._watched else ():
            self.fleet.run(f"tells …{message_id[-3:]}", partial(errands.tell_of, message_id), self._only_store_errors)

    def run(self, until: float, settles: bool = True) -> None:
        """Let the run go on until then, or until nothing is left to happen that anybody waits for.

        `settles` waits also for what Twilio has and the carrier does not confirm.
        """
        kernel = self.kernel
        while kernel.now < until:
            kernel.run(min(kernel.now + SWEEP_SECONDS, until))
            if kernel.waiting <= self._idle and self._is_quiet(settles):
                return
            if not self.faults.probability and self._is_quiet():
                # Sweep and reconcile would find nothing to do until something else happens, which can take weeks.
                kernel.leap(SWEEP_SECONDS, until)

    def _is_quiet(self, settles: bool = True) -> bool:
        """Nothing is under way that anything else could still disturb: every text has ended, with nothing due."""
        relays = self.fleet.store.relays
        if not all(map(self.is_known, self.history.texts)):
            return False
        return all(
            stored.relay.due_at is None or (not settles and only_confirmations_are_open(stored.relay))
            for stored in relays.values()
        )

    def is_known(self, message_id: str) -> bool:
        stored, wide = self.fleet.store.relays.get(message_id), self.plan.wide
        if stored is None or wide is None or wide.kind is not Kind.NOT_WHOLE:
            return stored is not None or message_id in self.history.set_aside
        return stored.relay.message_body == self.history.texts[message_id].text.body  # what it says more is to come

    def _meanwhile(self, time: float, action: Callable[[Any], None], argument: Any = None) -> None:
        """Let something happen at this time that by itself keeps no run going."""

        def happens(argument: Any) -> None:
            self._idle -= 1
            action(argument)

        self._idle += 1
        self.kernel.at(time, happens, argument)

    def _fire(self, timer: Timer, done: Callable[[bool], None]) -> None:
        def finished(task: Task) -> None:
            self._only_store_errors(task)
            done(not task.killed and task.error is None)

        name = f"timer …{timer.message_id[-3:]} {timer.kind.value} {timer.attempt}"
        self.fleet.run(name, lambda world, _: timers.fire(world, timer), finished)

    def _sweep(self) -> None:
        if not self._watched or self.faults.strikes(Fault.SWEEP_LOST, 0.1):
            return
        # With nothing due by any clock it has nothing to do, and running it would only cost time.
        due = [due for stored in self.fleet.store.relays.values() if (due := stored.relay.due_at) is not None]
        if due and min(due) < time_of(self.kernel.now + max(0.0, *[process.skew for process in self.fleet.processes])):
            self.fleet.run("sweep", lambda world, _: sweep(world), self._only_store_errors)

    def _reconcile(self) -> None:
        if not self._watched or self.faults.strikes(Fault.SWEEP_LOST, 0.1):
            return
        # With every text known and nothing open it can change nothing.
        texts = self.history.texts
        is_due = any(stored.relay.due_at is not None for stored in self.fleet.store.relays.values())
        unlisted = [
            text.listed > self.kernel.now for message_id, text in texts.items() if not self.is_known(message_id)
        ]
        if unlisted and all(unlisted) and not is_due:
            # Hours of runs in vain: every other one would do, and then every fourth, and so on.
            self._vain_rounds += 1
            if self._vain_rounds & (self._vain_rounds - 1):
                return
        if unlisted or is_due:
            self.fleet.run("reconcile", reconcile, self._only_store_errors)

    def _reconcile_daily(self, _: object) -> None:
        self._meanwhile(self.kernel.now + 86400.0, self._reconcile_daily)
        if self._watched:
            self.fleet.run("reconcile", reconcile, self._only_store_errors)

    def _first_reconcile(self, _: object) -> None:
        def faults_begin(task: Task) -> None:
            self._only_store_errors(task)
            self.faults.probability = self.plan.fault_probability

        self.fleet.run("first reconcile", reconcile, faults_begin)

    def _only_store_errors(self, task: Task) -> None:
        if task.error is not None and not isinstance(task.error, StoreUnavailable):
            self.history.violated("L1", f"{task.name} raised {task.error!r}")

    def stop_watchmen(self) -> None:
        """From here on neither sweep nor reconcile runs."""
        self._watched = False

    def stop_faults(self) -> None:
        """From here on the world behaves."""
        self.kernel.note("--- faults stop; clocks are set right ---")
        self.faults.stop()
        for process in self.fleet.processes:
            process.skew = 0.0

    def _change_config(self, number: int) -> None:
        assert self.plan.new_policy is not None
        self.faults.count(Fault.CONFIG_CHANGED)
        self.kernel.note(f"process {number + 1} has new tiers")
        self.fleet.configure(number, Intake(self.plan.new_policy, OUR_PHONES, handlers_of(self.plan.new_policy)))

    def _set_clock(self, setting: tuple[int, float]) -> None:
        if self.kernel.now < self.plan.faults_stop_at:
            self.faults.count(Fault.CLOCK_SET)
            self.fleet.processes[setting[0]].skew = setting[1]
            self.kernel.note(f"the clock of process {setting[0] + 1} is set to {setting[1]:+.0f} s")

    def _set_clock_by_days(self, setting: tuple[int, float]) -> None:
        number, error = setting
        for process in self.fleet.processes if number < 0 else [self.fleet.processes[number]]:
            process.skew = error
        self.kernel.note(f"clocks are {error / 86400.0:+.1f} days off ({'all' if number < 0 else number + 1})")

    def _rotate_token(self, _: object) -> None:
        self.faults.count(Fault.TOKEN_ROTATED)
        self.fleet.account = TwilioAccount(self.fleet.account.account_sid, (TOKENS[1], TOKENS[0]), BASE_URL)
        self.calls.token = TOKENS[1]

    def _operator_redrives(self, asked: Redrive) -> None:
        for stored in list(self.fleet.store.relays.values()):
            if stored.relay.final_status is not FinalStatus.EXHAUSTED:
                continue
            self.faults.count(Fault.REDRIVE)
            request = partial(errands.redrive_of, stored.message_id, asked)
            if asked.doubled:
                self.faults.count(Fault.REDRIVE_DOUBLED)
            for _ in range(2 if asked.doubled else 1):
                self.fleet.run(f"redrive …{stored.message_id[-3:]}", request, partial(self._redriven, request))

    def _redriven(self, request: Callable[[SendingWorld, Intake], Response], task: Task) -> None:
        # An operator sees an error and may ask again; nothing else depends on it.
        if task.result is not None and task.result.status == 200:
            self.history.recorded.append(request)
