"""The embedded home's clockwork: fires the timers in the relays' own file, and runs periodic jobs.

At least once: a timer's row is deleted only after `fire` has returned for it. Processes that share the file share the
timers: each takes what is due under a lease, and when it dies, another process takes it once the lease has run out.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from relay.core.model import Timer
from relay.embedded import timer_rows
from relay.embedded.clock_watch import DRIFT_SECONDS, ClockWatch
from relay.embedded.database import Database
from relay.embedded.file import to_micros
from relay.embedded.timer_rows import Leased
from relay.embedded.timers import labels
from relay.errors import NewerRecord, StoreUnavailable
from relay.log.throttle import Throttle
from relay.ports import Clock, Journal

_SECOND = 1_000_000
_NEVER = 2**63
_STORE_SECONDS = 5.0
# How long the ticker waits after the store failed, instead of asking it four times a second.
_STORE_PAUSE_SECONDS = 1.0
# How long a timer waits after `fire` raised for it the first, second, … time; the last wait repeats. Meanwhile the
# sweep goes on with its relay.
_BACKOFF_SECONDS = (1, 2, 4, 8, 16, 32, 60)
# By how much the clock is set before what waits is moved, and people are told; less is the time service's work.
_SET_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """A function that one of the processes sharing the file runs every `every_seconds`.

    Attributes:
        name: what the processes know it by.
        lease_seconds: longer than a run ever takes: when the process that runs it dies, another one starts the job
            only after this time.
    """

    name: str
    every_seconds: float
    run: Callable[[], object]
    lease_seconds: float = 60.0


class Ticker:
    """Fires due timers by calling `fire`, and runs periodic jobs, until stopped.

    `fire` may be called from `threads` threads at once. When it raises, the timer comes again, later each time.
    It must be done within `lease_seconds`, or else another process calls it for the same timer too.
    Timers armed by other processes are noticed within `poll_seconds`, those of this one at once.
    `on_clock_set` is called by one of the processes when the time of day was set by more than a minute: with by how
    many seconds, and how long ago that was at most; no timer is fired meanwhile.
    """

    def __init__(
        self,
        database: Database,
        fire: Callable[[Timer], object],
        clock: Clock,
        journal: Journal,
        *,
        jobs: Sequence[Job] = (),
        threads: int = 4,
        poll_seconds: float = 0.25,
        lease_seconds: float = 60.0,
        on_clock_set: Callable[[float, float], object] | None = None,
    ) -> None:
        self._database = database
        self._fire = fire
        self._clock = clock
        self._journal = journal
        self._jobs = tuple(jobs)
        self._threads = threads
        self._poll_seconds = poll_seconds
        self._lease_micros = int(lease_seconds * _SECOND)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._is_stopping = False
        self._is_woken = False
        self._firing = 0
        self._running_jobs: set[str] = set()
        self._next_look = _NEVER
        self._throttle = Throttle()
        longest_wait = max(self._lease_micros, _BACKOFF_SECONDS[-1] * _SECOND)
        self._watch = ClockWatch(database, clock, longest_wait, timeout_seconds=_STORE_SECONDS)
        self._on_clock_set = on_clock_set

    def start(self) -> None:
        """Start; timers that became due while no process ran are fired at once. A second call does nothing."""
        if self._thread is not None:
            return
        self._is_stopping = False
        self._workers = ThreadPoolExecutor(self._threads + len(self._jobs), thread_name_prefix="relay-timer")
        self._database.listen(self._on_armed)
        self._thread = threading.Thread(target=self._run, name="relay-ticker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more timers and wait until the worker threads have ended. Timers not fired stay stored."""
        if self._thread is None or self._workers is None:
            return
        self._database.unlisten(self._on_armed)
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join()
        self._workers.shutdown(wait=True)
        self._thread = self._workers = None

    def wake(self) -> None:
        """Look now for what is due, e.g. because the clock was set."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()

    def _on_armed(self, due_at: int) -> None:
        if due_at < self._next_look:
            self.wake()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_stopping:
                    return
                self._is_woken = False
                # Any timer armed from now on wakes this thread, until it has read how long there is nothing to do.
                self._next_look = _NEVER
                free = self._threads - self._firing
            try:
                now = to_micros(self._clock.now())
                self._mind_the_clock(now)
                ready = min(self._start_timers(now, free), self._start_jobs(now))
                seconds = min((ready - now) / _SECOND, self._poll_seconds)
            except Exception as error:
                untold = self._throttle.held_back("timers", self._clock.monotonic())
                if untold is not None:
                    self._note_failure("timers could not be read", error, untold=untold or "")
                ready, seconds = 0, _STORE_PAUSE_SECONDS
            with self._changed:
                self._next_look = ready
                self._changed.wait_for(lambda: self._is_woken or self._is_stopping, max(seconds, 0))

    def _mind_the_clock(self, now: int) -> None:
        """When the clock was set, say so, and have what waits moved."""
        jump = self._watch.look(now)
        if jump is None:
            return
        seconds = round(jump.seconds, 1)
        self._journal.note("WARNING", "the clock was set", seconds=seconds, pulled_back=jump.pulled_back)
        if self._on_clock_set is not None and jump.is_ours and abs(jump.seconds) > _SET_SECONDS:
            self._on_clock_set(jump.seconds, jump.within)

    def _start_timers(self, now: int, free: int) -> int:
        """Have at most `free` of the due timers fired. Returns when to look again, in microseconds."""
        if free == 0:
            return _NEVER
        ready = self._database.read(timer_rows.next_ready, timeout_seconds=_STORE_SECONDS)
        if ready is None or ready > now:
            return _NEVER if ready is None else ready
        until = now + self._lease_micros
        take = partial(timer_rows.lease, now=now, until=until, limit=free)
        leased = self._database.write(take, timeout_seconds=_STORE_SECONDS)
        with self._changed:
            self._firing += len(leased)
        for one in leased:
            self._submit(self._fire_one, one)
        return now

    def _start_jobs(self, now: int) -> int:
        """Have the jobs that are due run. Returns when to look again, in microseconds."""
        soonest = _NEVER
        for job in self._jobs:
            if job.name in self._running_jobs:
                continue
            ready_at = partial(timer_rows.job_ready_at, name=job.name)
            ready = self._database.read(ready_at, timeout_seconds=_STORE_SECONDS)
            if ready <= now or ready > _latest(job, now):
                self._start_job(job, now)
            else:
                soonest = min(soonest, ready)
        return soonest

    def _start_job(self, job: Job, now: int) -> None:
        until = now + int(job.lease_seconds * _SECOND)
        take = partial(timer_rows.lease_job, name=job.name, now=now, until=until, latest=_latest(job, now))
        if self._database.write(take, timeout_seconds=_STORE_SECONDS):
            self._running_jobs.add(job.name)
            self._submit(self._run_job, job, now, until)

    def _submit(self, work: Callable[..., None], *arguments: object) -> None:
        if self._workers is not None:
            self._workers.submit(work, *arguments)

    # From here on: the worker threads.

    def _fire_one(self, leased: Leased) -> None:
        try:
            self._fire(leased.timer)
        except Exception as error:
            # The store has already raised the alarm about a record that is left to a newer revision.
            if not isinstance(error, NewerRecord):
                self._note_failure("a timer could not be acted on; it comes again", error, **labels(leased.timer))
            seconds = _BACKOFF_SECONDS[min(leased.failures, len(_BACKOFF_SECONDS) - 1)]
            again_at = to_micros(self._clock.now()) + seconds * _SECOND
            self._settle(partial(timer_rows.put_back, leased=leased, ready_at=again_at))
        else:
            self._settle(partial(timer_rows.finish, leased=leased))
        finally:
            with self._changed:
                self._firing -= 1
                may_have_been_full = self._firing == self._threads - 1
            if may_have_been_full:
                self.wake()

    def _run_job(self, job: Job, started_at: int, lease_until: int) -> None:
        try:
            job.run()
        except Exception as error:
            self._note_failure("periodic job failed; it comes again", error, job=job.name)
        next_at = started_at + int(job.every_seconds * _SECOND)
        finish = partial(timer_rows.finish_job, name=job.name, lease_until=lease_until, next_at=next_at)
        self._settle(finish)
        self._running_jobs.discard(job.name)

    def _settle(self, work: Callable[[sqlite3.Connection], None]) -> None:
        try:
            self._database.write(work, timeout_seconds=_STORE_SECONDS)
        except StoreUnavailable as error:
            # The lease runs out, and the timer or the job is taken once more.
            self._note_failure("a timer's end could not be stored", error)

    def _note_failure(self, message: str, error: Exception, **labels: object) -> None:
        # Its type and place only: an error's words may hold what must not be logged.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(frame.filename)}:{frame.lineno}"
        self._journal.note("ERROR", message, error=type(error).__name__, where=where, **labels)


def _latest(job: Job, now: int) -> int:
    """Returns until when a job may be put off, in microseconds: what puts it off further is a clock that was ahead."""
    return now + int((max(job.every_seconds, job.lease_seconds) + DRIFT_SECONDS) * _SECOND)
