"""What the stores of tests answer, from all the relays and records of threads that are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TypeVar

from relay.core.model import Relay
from relay.core.numbers import same
from relay.core.threads.model import PersonRecord, Thread, ThreadRecord
from relay.ports import Kept, Page, Search, Stored, ThreadPage
from relay.ports.scanning import page_of
from relay.record.kinds import expires_at, is_wanted, key_of, touched_at
from relay.record.pages import place_of, token_after

R = TypeVar("R", bound=ThreadRecord)


def page_among(relays: Iterable[Relay], search: Search) -> Page:
    found = sorted((relay for relay in relays if _matches(relay, search)), key=_position, reverse=True)
    if search.page_token is not None:
        last = place_of(search.page_token)
        found = [relay for relay in found if _position(relay) < last]
    if search.words is not None:
        return page_of(((_position(relay), partial(_same, relay)) for relay in found), search)
    page = tuple(found[: search.limit])
    return Page(page, token_after(*_position(page[-1])) if len(found) > len(page) else None)


def _same(relay: Relay) -> Relay:
    return relay


def wanted_among(relays: Iterable[Stored], thread_id: str, limit: int, since: datetime | None) -> list[Stored]:
    found = [each for each in relays if each.relay.thread_id == thread_id and is_wanted(each.relay, since)]
    return sorted(found, key=lambda stored: _position(stored.relay), reverse=True)[:limit]


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


def _matches(relay: Relay, search: Search) -> bool:
    return (
        search.final_status in (None, relay.final_status)
        and (search.sender_phone is None or same(search.sender_phone, relay.sender_phone))
        and search.thread_id in (None, relay.thread_id)
        and (search.since is None or relay.timestamp >= search.since)
        and (search.until is None or relay.timestamp < search.until)
    )


def _position(relay: Relay) -> tuple[datetime, str]:
    return relay.timestamp, relay.message_id
