"""The kinds of records: relays, and what is kept of threads. What each is found by, and how long it is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from relay.core.model import RETENTION, FinalStatus, Purpose, Relay
from relay.core.threads.model import OptOut, PersonRecord, Thread, ThreadCode, ThreadRecord

# Ends that a claim still takes.
_UNCLAIMED = frozenset({FinalStatus.IN_PROGRESS, FinalStatus.DELIVERED, FinalStatus.EXHAUSTED})


class Kind(StrEnum):
    """What a record is about."""

    RELAY = "relay"
    THREAD = "thread"
    CODE = "code"
    OPT_OUT = "opt-out"
    PERSON = "person"


# Where a record is stored: its kind, and its id among those of its kind.
Key = tuple[Kind, str]


def key_of(record: Relay | ThreadRecord) -> Key:
    """Returns where a record is stored."""
    match record:
        case Relay():
            return Kind.RELAY, record.message_id
        case Thread():
            return Kind.THREAD, record.thread_id
        case ThreadCode():
            return Kind.CODE, record.code
        case OptOut():
            return Kind.OPT_OUT, record.customer_id
        case PersonRecord():
            return Kind.PERSON, record.person


def touched_at(record: ThreadRecord) -> datetime:
    """Returns the time by which a record stands among those of its kind."""
    match record:
        case Thread():
            return record.touched_at
        case ThreadCode():
            return record.given_at
        case OptOut():
            return record.at
        case PersonRecord():
            return record.seen_at


def expires_at(record: ThreadRecord) -> datetime | None:
    """Returns when a record may be removed; None for one that never is.

    An opt-out holds until it is lifted. A code is one of a few hundred, names no number, and its thread may be in use
    for years: another thread that was given it meanwhile would get this one's answers.
    """
    if isinstance(record, OptOut | ThreadCode):
        return None
    return touched_at(record) + RETENTION


def awaits_claim(relay: Relay) -> bool:
    """Whether it is a customer's text of a thread that no person has claimed: a claim takes it.

    Not by its sender's class, which another revision may have called by another word: only a customer's is forwarded.
    """
    return relay.purpose is Purpose.FORWARD and bool(relay.thread_id) and relay.final_status in _UNCLAIMED


def is_wanted(relay: Relay, since: datetime | None) -> bool:
    """Whether a relay of a thread is one that `relays_of` returns: a claim takes it, or it is of `since` or later."""
    return awaits_claim(relay) or (since is not None and relay.timestamp >= since)
