"""What the stores of tests answer of records of threads, from all that are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from relay.core.threads.model import PersonRecord, Thread, ThreadRecord
from relay.ports import Kept, ThreadPage
from relay.record.kinds import expires_at, key_of, touched_at
from relay.record.pages import place_of, token_after

R = TypeVar("R", bound=ThreadRecord)


def people_among(records: Iterable[Kept[PersonRecord]], limit: int, now: datetime) -> list[Kept[PersonRecord]]:
    return _newest_first(_lasting(records, now))[:limit]


def shown_among(
    records: Iterable[Kept[Thread]], person: str, since: datetime, limit: int, now: datetime
) -> list[Kept[Thread]]:
    fitting = [kept for kept in _lasting(records, now) if kept.record.shown_to(person)]
    return _newest_first(kept for kept in fitting if kept.record.touched_at >= since)[:limit]


def open_among(records: Iterable[Kept[Thread]], limit: int, page_token: str | None, now: datetime) -> ThreadPage:
    found = _newest_first(kept for kept in records if kept.record.is_open(now))
    if page_token is not None:
        last = place_of(page_token)
        found = [kept for kept in found if _place(kept) < last]
    page = tuple(found[:limit])
    return ThreadPage(page, token_after(*_place(page[-1])) if len(found) > limit else None)


def _lasting(records: Iterable[Kept[R]], now: datetime) -> list[Kept[R]]:
    return [kept for kept in records if (until := expires_at(kept.record)) is None or until > now]


def _newest_first(records: Iterable[Kept[R]]) -> list[Kept[R]]:
    return sorted(records, key=_place, reverse=True)


def _place(kept: Kept[R]) -> tuple[datetime, str]:
    return touched_at(kept.record), key_of(kept.record)[1]
