"""RecordsOutbox puts messages among the operators' records, from where telling.py takes them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from relay.errors import VersionConflict
from relay.operators.alerting.messages import ChannelKind, Message
from relay.ports import Clock
from relay.ports.operator_records import OperatorKind, OperatorRecord, OperatorRecords, time_in

# For how long a message that is over stays, so that telling says that it never went; and one that was told, so that its
# key is known.
_KEPT_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message on record.

    Attributes:
        put_at: when it was put.
        tries: how often it was handed to its channel.
        failed_because: what came of the last try; "" before the first one, and once it was told.
    """

    message: Message
    put_at: datetime
    tries: int = 0
    failed_because: str = ""


class RecordsOutbox:
    """The port Outbox over the operators' records. Threads may share it.

    `poke` has what is due told at once; it never raises, and the clock of each home stands behind it.
    """

    def __init__(self, records: OperatorRecords, clock: Clock, poke: Callable[[], None]) -> None:
        self._records = records
        self._clock = clock
        self._poke = poke

    def put(self, message: Message, *, timeout_seconds: float) -> None:
        now = self._clock.now()
        # A known key may be this very message, stored by a try whose reply was lost before it could be told.
        with contextlib.suppress(VersionConflict):
            self._records.put(record_of(Waiting(message, now), now), timeout_seconds=timeout_seconds)
        self._poke()


def by(now: datetime) -> datetime:
    """Returns before when is due what is due now: what is put at this very moment is."""
    return now + timedelta(microseconds=1)


def record_of(waiting: Waiting, due_at: datetime, version: object | None = None) -> OperatorRecord:
    """Returns the record of a message that waits until `due_at`."""
    message = waiting.message
    content = {
        "channel": message.channel.value,
        "to": message.to,
        "subject": message.subject,
        "words": message.words,
        "link": message.link,
        "until": message.until.isoformat(),
        "relay_id": message.relay_id,
        "put_at": waiting.put_at.isoformat(),
        "tries": waiting.tries,
        "failed_because": waiting.failed_because,
    }
    return OperatorRecord(OperatorKind.MESSAGE, message.key, content, message.until + _KEPT_FOR, due_at, version)


def ended(record: OperatorRecord, now: datetime, words: str) -> OperatorRecord:
    """Returns the record of a message that ended now, without what it said and to whom; its key stays known."""
    content = {"channel": record.content.get("channel"), "ended_at": now.isoformat(), "failed_because": words}
    return replace(record, content=content, due_at=None)


def waiting_of(record: OperatorRecord) -> Waiting | None:
    """Returns the message in a record; None where there is none: it has ended, or cannot be read."""
    content = record.content
    try:
        message = Message(
            key=record.key,
            channel=ChannelKind(content["channel"]),
            to=_text(content, "to"),
            subject=_text(content, "subject"),
            words=_text(content, "words"),
            link=_text(content, "link"),
            until=_time(content, "until"),
            relay_id=str(content.get("relay_id", "")),
        )
        return Waiting(message, _time(content, "put_at"), int(content["tries"]), _text(content, "failed_because"))
    except (KeyError, TypeError, ValueError):
        return None


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _time(content: Mapping[str, Any], name: str) -> datetime:
    at = time_in(content, name)
    if at is None:
        raise ValueError(name)
    return at
