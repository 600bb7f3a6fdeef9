"""What may be done how often: `wait_for` decides, Allowances keeps count of what was done.

Codes and guesses: an address that browsers ask about which never signed in has one allowance for all of them; a browser
that has signed in before has its own. So strangers can use up the first and never the second. Texts of alarms: each
number has its own, over all alarms.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock

from relay.errors import VersionConflict
from relay.ports import Clock, OperatorKind, OperatorRecord, OperatorRecords

STORE_SECONDS = 5.0
_KEPT = timedelta(days=1)
# So often another writer may come first before the caller is told to come again in _JUST_NOW_SECONDS.
_TRIES = 8
_JUST_NOW_SECONDS = 1
# How far another machine's clock may be ahead. What was done later than that was written by a clock that was wrong.
_AHEAD_SECONDS = 60
# How many addresses are remembered; the one that was heard of the longest ago is forgotten first.
_ADDRESSES_MAX = 10_000


class What(StrEnum):
    """What is counted. The word is stored."""

    CODES = "codes"
    GUESSES = "guesses"
    TEXTS = "texts"  # of alarms, to one number


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many within so many seconds, wherever they begin."""

    most: int
    seconds: int


LIMITS = {What.CODES: Limit(3, 3600), What.GUESSES: Limit(10, 24 * 3600), What.TEXTS: Limit(6, 3600)}
# Of one address on the network, of which many people may have one.
ADDRESS_LIMITS = {What.CODES: Limit(30, 3600), What.GUESSES: Limit(100, 24 * 3600)}


def seconds_of(at: datetime) -> int:
    """Returns whole seconds since 1970."""
    return int(at.timestamp())


def counting(times: Sequence[int], limit: Limit, now: int) -> tuple[int, ...]:
    """Returns those of these times that still count, the oldest first."""
    return tuple(sorted(at for at in times if now - limit.seconds < at <= now + _AHEAD_SECONDS))


def wait_for(times: Sequence[int], limit: Limit, now: int) -> int:
    """Returns in how many seconds one more is allowed; 0 for now."""
    still = counting(times, limit, now)
    return max(1, still[-limit.most] + limit.seconds - now) if len(still) >= limit.most else 0


class Allowances:
    """Counts in the store. What was taken is counted before it is used, so that asking in parallel gains nothing."""

    def __init__(self, records: OperatorRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def take(self, key: str, what: What) -> int:
        """Count one more, if it is allowed. Returns 0, or in how many seconds it will be. Raises StoreUnavailable.

        Where too many count at once it is not allowed just now: that is no word on the store, which an unknown address
        would not give.
        """
        limit, now = LIMITS[what], seconds_of(self._clock.now())
        for _ in range(_TRIES):
            record, times = self._read(key)
            if wait := wait_for(times[what], limit, now):
                return wait
            times[what] = [*counting(times[what], limit, now), now]
            if self._written(record, key, times):
                return 0
        return _JUST_NOW_SECONDS

    def give_back(self, key: str, what: What) -> None:
        """Take the last one off the count: it was none. It stays counted while others write."""
        record, times = self._read(key)
        if record is not None and times[what]:
            times[what] = times[what][:-1]
            self._written(record, key, times)

    def _read(self, key: str) -> tuple[OperatorRecord | None, dict[What, list[int]]]:
        record = self._records.get(OperatorKind.ALLOWANCE, key, timeout_seconds=STORE_SECONDS)
        content = record.content if record is not None else {}
        return record, {what: _whole_numbers(content.get(what)) for what in What}

    def _written(self, record: OperatorRecord | None, key: str, times: dict[What, list[int]]) -> bool:
        content = {what.value: list(each) for what, each in times.items() if each}
        version = record.version if record is not None else None
        expires_at = self._clock.now().astimezone(UTC) + _KEPT
        kept = OperatorRecord(OperatorKind.ALLOWANCE, key, content, expires_at, version=version)
        try:
            self._records.put(kept, timeout_seconds=STORE_SECONDS)
        except VersionConflict:
            return False
        return True


def _whole_numbers(value: object) -> list[int]:
    return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []


class AddressCounts:
    """Counts by addresses of the network, in this process: strangers are to cost no write. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._times: OrderedDict[tuple[str, What], tuple[int, ...]] = OrderedDict()

    def take(self, address: str, what: What, now: int) -> int:
        """Count one more, if it is allowed. Returns 0, or in how many seconds it will be. "" is always allowed."""
        if not address:
            return 0
        limit = ADDRESS_LIMITS[what]
        with self._lock:
            times = counting(self._times.pop((address, what), ()), limit, now)
            wait = wait_for(times, limit, now)
            self._times[address, what] = times if wait else (*times, now)
            if len(self._times) > _ADDRESSES_MAX:
                self._times.popitem(last=False)
        return wait
