"""Folding keeps alarms until they are told, those of one cause together, and makes messages of what is due.

The first alarm of a cause is due at once; those that follow within ten minutes are told together when these are over,
with their number. What raises an alarm writes one record, whatever the channels and however many the recipients.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from relay.errors import RelayError, StoreUnavailable, VersionConflict
from relay.operators.alerting.messages import ChannelKind, Message, Recipients, messages_to
from relay.operators.alerting.outbox import Waiting, by, record_of
from relay.operators.alerting.wording import EVERY_CHANNEL, Alarm
from relay.ports import Clock
from relay.ports.operator_records import OperatorKind, OperatorRecord, OperatorRecords, time_in

# What the keys of alarms' messages begin with.
ALARM_KEYS = "alarm."
FOLDED_FOR = timedelta(minutes=10)
# For how long an alarm is tried to be told, and what has happened is known.
_TOLD_UNTIL = timedelta(hours=24)
_HAPPENED_MAX = 200  # of those that are known, and not counted again
_TRIES = 4
_STORE_SECONDS = 5.0
_AT_ONCE = 50


class Folding:
    """The alarms on record. Threads may share it, and processes the records."""

    def __init__(
        self,
        records: OperatorRecords,
        clock: Clock,
        recipients: Recipients,
        console_url: str,
        poke: Callable[[], None],
        waits: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Make one.

        Args:
            poke: has what is due told at once; never raises.
            waits: whether the relay with this id still waits for a person. Raises RelayError.
        """
        self._records = records
        self._clock = clock
        self._recipients = recipients
        self._console_url = console_url
        self._poke = poke
        self._waits = waits

    def note(self, alarm: Alarm, *, timeout_seconds: float) -> None:
        """Have this alarm told: at once, or with others of its cause. Raises StoreUnavailable, StoreRefused."""
        ends_at = time.monotonic() + timeout_seconds
        for _ in range(_TRIES):
            left = max(0.05, ends_at - time.monotonic())
            known = self._records.get(OperatorKind.INCIDENT, alarm.cause, timeout_seconds=left)
            now = self._clock.now()
            record = _with(known, alarm, now)
            if record is None:
                return  # it has been noted
            try:
                self._records.put(record, timeout_seconds=max(0.05, ends_at - time.monotonic()))
            except VersionConflict:
                continue
            if record.due_at is not None and record.due_at <= now:
                self._poke()
            return
        raise StoreUnavailable("an alarm's record kept changing")

    def make_messages(self) -> None:
        """Put the messages of alarms that are due. Raises StoreUnavailable."""
        now = self._clock.now()
        for record in self._records.due(OperatorKind.INCIDENT, by(now), _AT_ONCE, timeout_seconds=_STORE_SECONDS):
            for message in self._messages(record, now) if self.waits(_single(record)) else ():
                try:
                    self._records.put(record_of(Waiting(message, now), now), timeout_seconds=_STORE_SECONDS)
                except VersionConflict:
                    continue  # another run has put it
            self._told(record)

    def waits(self, relay_id: str) -> bool:
        """Returns whether this relay still waits for a person; of "", and of one that cannot be read, that it does."""
        try:
            return not relay_id or self._waits(relay_id)
        except RelayError:
            return True

    def _told(self, record: OperatorRecord) -> None:
        """Write down how many are told. Others may have been counted meanwhile, which are told later."""
        told = _number(record.content, "count")
        latest: OperatorRecord | None = record
        for _ in range(_TRIES):
            if latest is None or _opened_at(latest) != _opened_at(record):
                return
            has_more = _number(latest.content, "count") > told
            due_at = max(_opened_at(record), self._clock.now()) + FOLDED_FOR if has_more else None
            content = {**latest.content, "told": told, "told_at": self._clock.now().isoformat()}
            try:
                self._records.put(replace(latest, content=content, due_at=due_at), timeout_seconds=_STORE_SECONDS)
            except VersionConflict:
                latest = self._records.get(OperatorKind.INCIDENT, record.key, timeout_seconds=_STORE_SECONDS)
                continue
            return

    def _messages(self, record: OperatorRecord, now: datetime) -> list[Message]:
        content = record.content
        count, told = _number(content, "count"), _number(content, "told")
        headline, words = _said(content, count - told, is_first=told == 0)
        link = f"{self._console_url}/console/" if self._console_url else ""
        if link and count - told == 1 and content.get("relay_id"):
            link += f"#relay={content['relay_id']}"
        kinds = {kind for kind in ChannelKind if kind.value in content.get("by", ())}
        about = (ALARM_KEYS, record.key, str(_opened_at(record)), str(told))
        return messages_to(self._recipients, kinds, about, headline, words, now + _TOLD_UNTIL, link, _single(record))


def _with(known: OperatorRecord | None, alarm: Alarm, now: datetime) -> OperatorRecord | None:
    """Returns the record with one more alarm of its cause; None when it has this one already."""
    content = dict(known.content) if known is not None else {}
    happened = [each for each in content.get("happened", ()) if isinstance(each, str)]
    if alarm.occurrence in happened:
        return None
    content |= {
        "headline": alarm.headline,
        "details": alarm.details,
        "advice": alarm.advice,
        "folded": alarm.folded,
        "relay_id": alarm.relay_id,
        "until_seen_to": alarm.until_seen_to,
        "by": sorted(kind.value for kind in alarm.by or EVERY_CHANNEL),
        "happened": [*happened, alarm.occurrence][-_HAPPENED_MAX:],
        "count": _number(content, "count") + 1,
    }
    due_at = known.due_at if known is not None else None
    last = time_in(content, "told_at") or _opened_at_in(content)
    if due_at is None and (last is None or abs(now - last) >= FOLDED_FOR):
        content |= {"opened_at": now.isoformat(), "told_at": None, "count": 1, "told": 0}
        due_at = now
    elif due_at is None and last is not None:
        due_at = last + FOLDED_FOR
    version = known.version if known is not None else None
    return OperatorRecord(OperatorKind.INCIDENT, alarm.cause, content, now + _TOLD_UNTIL, due_at, version)


def _said(content: Mapping[str, Any], count: int, *, is_first: bool) -> tuple[str, str]:
    """Returns the headline of so many alarms, and all that is said of them."""
    headline, details, advice = (str(content.get(name, "")) for name in ("headline", "details", "advice"))
    if count > 1:
        since = time_in(content, "told_at") or _opened_at_in(content)
        number = f"{count}" if is_first else f"{count} more"
        details = f"The latest: {headline} {details}".rstrip()
        headline = str(content.get("folded", "")).replace("{count}", number)
        headline += f" since {since:%H:%M} UTC." if since else "."
    return headline, " ".join(filter(None, (headline, details, advice)))


def _single(record: OperatorRecord) -> str:
    """Returns the only relay whose being seen to ends what there is to tell; "" for several, and for other alarms."""
    is_single = _number(record.content, "count") - _number(record.content, "told") == 1
    return str(record.content["relay_id"]) if is_single and record.content.get("until_seen_to") is True else ""


def _opened_at(record: OperatorRecord) -> datetime:
    return _opened_at_in(record.content) or record.expires_at


def _opened_at_in(content: Mapping[str, Any]) -> datetime | None:
    return time_in(content, "opened_at")


def _number(content: Mapping[str, Any], name: str) -> int:
    value = content.get(name, 0)
    return value if isinstance(value, int) else 0
