"""Telling tells what is due: it makes messages of alarms, leases each message, hands it over, and writes down the end.

At least once: a message is leased by compare-and-set while its channel has it, and when the process dies meanwhile, the
next run hands it over again. What fails is tried again with growing waits until it is over, and raises no alarm.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relay.core.numbers import canonical
from relay.errors import StoreRefused, StoreUnavailable, VersionConflict
from relay.log.throttle import Throttle
from relay.operators.alerting.channel import OperatorChannel, Outcome
from relay.operators.alerting.folding import ALARM_KEYS, Folding
from relay.operators.alerting.messages import ChannelKind, Message
from relay.operators.alerting.outbox import Waiting, by, ended, record_of, waiting_of
from relay.operators.allowances import Allowances, What
from relay.ports import Clock, Journal
from relay.ports.operator_records import OperatorKind, OperatorRecord, OperatorRecords

# How long one run goes on taking messages; how long one is waited for; how long it is leased, which is more.
RUN_SECONDS = 45.0
CHANNEL_SECONDS = 15.0
_LEASE = timedelta(seconds=60)
_STORE_SECONDS = 5.0
_AT_ONCE = 50
# How long a message waits after its first, second, … failure; the last wait repeats.
WAITS = (10, 20, 40, 60, 120, 300, 600, 1200, 1800, 3600)
# An alarm that is told so much later says from when it is.
_LATE = timedelta(minutes=10)
_LOGGED_EVERY_SECONDS = 300.0


@dataclass(slots=True)
class Report:
    """What one run did. `failed` were handed over in vain, and wait; `over` were never told."""

    told: int = 0
    failed: int = 0
    over: int = 0


class Telling:
    """Tells operators what is due, by the channels that are set. Threads may share it, and processes the records."""

    def __init__(
        self,
        records: OperatorRecords,
        channels: Mapping[ChannelKind, OperatorChannel],
        folding: Folding,
        clock: Clock,
        journal: Journal,
    ) -> None:
        self._records = records
        self._channels = channels
        self._folding = folding
        self._clock = clock
        self._journal = journal
        self._allowances = Allowances(records, clock)
        self._throttle = Throttle(_LOGGED_EVERY_SECONDS)

    def run(self, seconds: float = RUN_SECONDS) -> Report:
        """Tell what is due, for at most about so long. Raises StoreUnavailable when the store does not answer.

        Each channel has a thread of its own, so that one that hangs keeps the others from nothing.
        """
        ends_at = self._clock.monotonic() + seconds
        report, met = Report(), set[tuple[str, datetime | None]]()
        self._folding.make_messages()
        while self._clock.monotonic() < ends_at:
            before, limit = by(self._clock.now()), _AT_ONCE + len(met)
            due = self._records.due(OperatorKind.MESSAGE, before, limit, timeout_seconds=_STORE_SECONDS)
            fresh = [record for record in due if (record.key, record.due_at) not in met]
            if not fresh:
                break
            met.update((record.key, record.due_at) for record in fresh)
            self._tell_each(fresh, ends_at, report)
        if report.failed or report.over:
            self._journal.note("INFO", "operators were told", told=report.told, failed=report.failed, over=report.over)
        return report

    def _tell_each(self, due: list[OperatorRecord], ends_at: float, report: Report) -> None:
        by_channel: dict[ChannelKind | None, list[tuple[OperatorRecord, Waiting | None]]] = {}
        for record in due:
            waiting = waiting_of(record)
            by_channel.setdefault(waiting.message.channel if waiting else None, []).append((record, waiting))

        def tell(some: list[tuple[OperatorRecord, Waiting | None]]) -> None:
            for record, waiting in some:
                if self._clock.monotonic() >= ends_at:
                    return
                self._take_on(record, waiting, report)

        if len(by_channel) == 1:
            tell(*by_channel.values())
            return
        with ThreadPoolExecutor(len(by_channel), thread_name_prefix="relay-telling") as threads:
            for done in [threads.submit(tell, some) for some in by_channel.values()]:
                done.result()

    def _take_on(self, record: OperatorRecord, waiting: Waiting | None, report: Report) -> None:
        """Lease one message, hand it over, and write down what came of it."""
        now = self._clock.now()
        try:
            if waiting is None:
                # Of a kind that only another revision knows, or broken: not due any more, and it expires.
                self._write(replace(record, due_at=None))
                return
            if now >= waiting.message.until:
                self._end(record, waiting, waiting.failed_because or "it was not its turn in time", report)
                return
            if now - waiting.put_at > _LATE and not self._folding.waits(waiting.message.relay_id):
                self._write(ended(record, now, "it was seen to before it could be told"))
                return
            leased = self._write(replace(record, due_at=now + _LEASE))
        except VersionConflict:
            return  # another run has it
        if is_counted(waiting.message):
            wait = self._allowances.take(_texts_key(waiting.message), What.TEXTS)
            if wait:
                self._write(replace(leased, due_at=now + timedelta(seconds=wait)))
                return
        outcome = self._hand_over(waiting, now)
        try:
            self._settle(leased, waiting, outcome, report)
        except (VersionConflict, StoreUnavailable, StoreRefused):
            # The lease runs out, and it is told once more: twice is better than not at all.
            self._note("what came of a message could not be stored", waiting, "")

    def _settle(self, leased: OperatorRecord, waiting: Waiting, outcome: Outcome, report: Report) -> None:
        because, now = outcome.failed_because, self._clock.now()
        if because and not outcome.may_have_gone and is_counted(waiting.message):
            self._allowances.give_back(_texts_key(waiting.message), What.TEXTS)
        if not because:
            self._write(ended(leased, now, ""))
            report.told += 1
        elif outcome.is_for_good:
            self._end(leased, waiting, because, report)
        else:
            seconds = WAITS[min(waiting.tries, len(WAITS) - 1)]
            failed = replace(waiting, tries=waiting.tries + 1, failed_because=because)
            self._write(record_of(failed, now + timedelta(seconds=seconds), leased.version))
            report.failed += 1
            self._note("an operator could not be told; it is tried again", waiting, because)

    def _end(self, record: OperatorRecord, waiting: Waiting, because: str, report: Report) -> None:
        self._write(ended(record, self._clock.now(), because))
        report.over += 1
        self._note("an operator was not told", waiting, because, severity="ERROR")

    def _hand_over(self, waiting: Waiting, now: datetime) -> Outcome:
        message = waiting.message
        channel = self._channels.get(message.channel)
        if channel is None:
            return Outcome("its channel is not set (any more)")
        if message.key.startswith(ALARM_KEYS) and now - waiting.put_at > _LATE:
            message = replace(message, words=f"(Of {waiting.put_at:%d %b %H:%M} UTC.) {message.words}")
        return in_time(lambda: channel.tell(message, timeout_seconds=CHANNEL_SECONDS), CHANNEL_SECONDS)

    def _write(self, record: OperatorRecord) -> OperatorRecord:
        return self._records.put(record, timeout_seconds=_STORE_SECONDS)

    def _note(self, words: str, waiting: Waiting, because: str, severity: str = "WARNING") -> None:
        """Log a line, of each kind one in five minutes: a channel that fails fails for every message."""
        channel = waiting.message.channel.value
        untold = self._throttle.held_back(f"{words} {channel} {because}", self._clock.monotonic())
        if untold is not None:
            labels = {"channel": channel, "reason": because, "tries": waiting.tries + 1, "untold": untold or ""}
            self._journal.note(severity, words, **labels)


def is_counted(message: Message) -> bool:
    """Whether the message is one of the few texts of alarms that its number gets an hour."""
    return message.channel is ChannelKind.TEXT and message.key.startswith(ALARM_KEYS)


def _texts_key(message: Message) -> str:
    return f"texts.{hashlib.sha256(canonical(message.to).encode()).hexdigest()}"


def in_time(tell: Callable[[], Outcome], seconds: float) -> Outcome:
    """Returns what `tell` returns, or a failure when it takes longer than so many seconds and one more.

    Its own limits are for each step, and a server can take one little step after another; names are looked up without
    any. What still goes on then is left alone.
    """
    outcomes: list[Outcome] = []

    def run() -> None:
        try:
            outcomes.append(tell())
        except Exception as error:
            outcomes.append(Outcome(f"unexpected {type(error).__name__}"))

    thread = threading.Thread(target=run, name="relay-channel", daemon=True)
    thread.start()
    thread.join(seconds + 1.0)
    return outcomes[0] if outcomes else Outcome("it did not answer in time", may_have_gone=True)
