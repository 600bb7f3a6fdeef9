"""Net notices that one of the nets that catch lost texts is cut: sweep or reconcile has failed for too long.

The room on the disk is watched alike: told once when it runs out, and when there is room again.

Where a job is done by whichever process is free, none sees all of its runs: since when it fails is kept on record.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from relay.errors import RelayError
from relay.operators.alerting.alarms import TellingAlarms
from relay.operators.alerting.wording import DISK
from relay.ports import Clock
from relay.ports.operator_records import OperatorKind, OperatorRecord, OperatorRecords, time_in

# After so long without a good run it is told; as the alerts on metrics have it (terraform/alerts.tf).
CUT_AFTER = {"sweep": timedelta(minutes=5), "reconcile": timedelta(minutes=30), DISK: timedelta(0)}
_KEPT_FOR = timedelta(days=30)
_STORE_SECONDS = 5.0


class Net:
    """One of the nets of the embedded home, by its job's name."""

    def __init__(self, name: str, records: OperatorRecords, alarms: TellingAlarms, clock: Clock) -> None:
        self._name = name
        self._key = f"net-{name}"
        self._records = records
        self._alarms = alarms
        self._clock = clock

    def watched(self, run: Callable[[], bool | None]) -> None:
        """Run the job, which returns whether it caught what there was to catch, and write down how it went.

        None leaves things as they were: it is neither good nor bad.
        """
        is_good: bool | None = False
        try:
            is_good = run()
        finally:
            if is_good is not None:
                self._note(is_good)

    def _note(self, is_good: bool) -> None:
        # A store that is out of order is told of by itself.
        try:
            known = self._records.get(OperatorKind.INCIDENT, self._key, timeout_seconds=_STORE_SECONDS)
            if is_good and known is not None:
                self._works(known)
            elif not is_good:
                self._fails(known)
        except RelayError:
            return

    def _works(self, known: OperatorRecord) -> None:
        self._records.delete(OperatorKind.INCIDENT, self._key, timeout_seconds=_STORE_SECONDS)
        if known.content.get("is_told") is True:
            self._alarms.net_mended(self._name, self._since(known))

    def _fails(self, known: OperatorRecord | None) -> None:
        now = self._clock.now()
        since = self._since(known) if known is not None else now
        is_cut = abs(now - since) >= CUT_AFTER[self._name]
        if known is not None and (known.content.get("is_told") is True or not is_cut):
            return
        if is_cut:
            self._alarms.net_cut(self._name, since)
        content, version = {"since": since.isoformat(), "is_told": is_cut}, known.version if known is not None else None
        record = OperatorRecord(OperatorKind.INCIDENT, self._key, content, now + _KEPT_FOR, version=version)
        self._records.put(record, timeout_seconds=_STORE_SECONDS)

    def _since(self, known: OperatorRecord) -> datetime:
        return time_in(known.content, "since") or self._clock.now()
