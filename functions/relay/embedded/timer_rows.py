"""Timers as rows: what the store, the timers' adapter and the ticker do to them inside a transaction.

A timer's name is all of (message_id, attempt, kind, due_at): a deadline that was put off is another timer.
`ready_at` is when a process may take it: when it is due; while it is leased, when the lease ends; after a failure, when
it is tried again. So the timers of a process that crashed are taken by another one, and one index serves all three.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from relay.core.model import Timer, TimerKind
from relay.embedded.file import from_micros, to_micros

# A newer revision's kinds are left to the processes that know them.
_KNOWN = f"kind IN ({', '.join(repr(kind.value) for kind in TimerKind)})"
_NAMED = "message_id = ? AND attempt = ? AND kind = ? AND due_at = ?"


@dataclass(frozen=True, slots=True)
class Leased:
    """A timer leased to this process until `lease_until` (microseconds), and how often it has failed before."""

    timer: Timer
    lease_until: int
    failures: int


def _name(timer: Timer) -> tuple[str, int, str, int]:
    return timer.message_id, timer.attempt, timer.kind.value, to_micros(timer.due_at)


def arm(connection: sqlite3.Connection, timers: Sequence[Timer]) -> None:
    """Add the timers that are not there yet."""
    connection.executemany(
        "INSERT INTO timers (message_id, attempt, kind, due_at, queue_tier, ready_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(*_name(timer), timer.queue_tier, to_micros(timer.due_at)) for timer in timers],
    )


def cancel(connection: sqlite3.Connection, timer: Timer) -> None:
    connection.execute(f"DELETE FROM timers WHERE {_NAMED}", _name(timer))


def cancel_all(connection: sqlite3.Connection, message_id: str) -> None:
    """Delete the timers of one relay."""
    connection.execute("DELETE FROM timers WHERE message_id = ?", (message_id,))


def all_armed(connection: sqlite3.Connection) -> list[Timer]:
    """Returns all timers, the soonest first; for people and tests."""
    rows = connection.execute(
        "SELECT message_id, attempt, kind, due_at, queue_tier FROM timers ORDER BY due_at, message_id"
    )
    return [
        Timer(message_id, attempt, TimerKind(kind), from_micros(due_at), tier)
        for message_id, attempt, kind, due_at, tier in rows
    ]


def next_ready(connection: sqlite3.Connection) -> int | None:
    """Returns when the first timer may be taken, in microseconds; None when there is none."""
    row = connection.execute(f"SELECT ready_at FROM timers WHERE {_KNOWN} ORDER BY ready_at LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def lease(connection: sqlite3.Connection, now: int, until: int, limit: int) -> list[Leased]:
    """Lease at most `limit` ready timers to this process until then, the longest ready first. Returns them."""
    rows = connection.execute(
        "SELECT message_id, attempt, kind, due_at, queue_tier, failures FROM timers"
        f" WHERE ready_at <= ? AND {_KNOWN} ORDER BY ready_at LIMIT ?",
        (now, limit),
    ).fetchall()
    leased = [
        Leased(Timer(message_id, attempt, TimerKind(kind), from_micros(due_at), tier), until, failures)
        for message_id, attempt, kind, due_at, tier, failures in rows
    ]
    connection.executemany(
        f"UPDATE timers SET ready_at = ? WHERE {_NAMED}", [(until, *_name(one.timer)) for one in leased]
    )
    return leased


def finish(connection: sqlite3.Connection, leased: Leased) -> None:
    """Delete a timer that was fired. Nothing happens when its lease ran out and another process has taken it since."""
    connection.execute(
        f"DELETE FROM timers WHERE {_NAMED} AND ready_at = ?", (*_name(leased.timer), leased.lease_until)
    )


def put_back(connection: sqlite3.Connection, leased: Leased, ready_at: int) -> None:
    """Make a timer whose firing failed ready again at `ready_at`."""
    connection.execute(
        f"UPDATE timers SET ready_at = ?, failures = failures + 1 WHERE {_NAMED} AND ready_at = ?",
        (ready_at, *_name(leased.timer), leased.lease_until),
    )


def pull_back(connection: sqlite3.Connection, now: int, latest: int) -> int:
    """Make those ready now whose lease, or whose wait after a failure, ends after `latest`. Returns how many.

    A clock that was ahead wrote it. When a timer is due is the relay's own business.
    """
    return connection.execute(
        "UPDATE timers SET ready_at = ? WHERE ready_at > ? AND ready_at > due_at", (now, latest)
    ).rowcount


def job_ready_at(connection: sqlite3.Connection, name: str) -> int:
    """Returns when a periodic job may be started, in microseconds; 0 for one that never ran."""
    row = connection.execute("SELECT ready_at FROM jobs WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def lease_job(connection: sqlite3.Connection, name: str, now: int, until: int, latest: int) -> bool:
    """Lease a job to this process until then. Returns False when another process has it or has just run it.

    What is ready only after `latest` was written by a clock that was ahead, and is ready now.
    """
    if now < job_ready_at(connection, name) <= latest:
        return False
    connection.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?)", (name, until))
    return True


def finish_job(connection: sqlite3.Connection, name: str, lease_until: int, next_at: int) -> None:
    """Record that the job was run under the lease that ends then; it is ready again at `next_at`."""
    connection.execute("UPDATE jobs SET ready_at = ? WHERE name = ? AND ready_at = ?", (next_at, name, lease_until))
