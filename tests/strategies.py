"""Relays for tests: `a_relay` where the test says what matters, `relays` where anything well-formed must work."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from hypothesis import strategies as st
from relay.core.failures import Failure, FailureClass
from relay.core.foreign import foreign
from relay.core.model import (
    RETENTION,
    Attachment,
    Attempt,
    AttemptStatus,
    FinalStatus,
    Purpose,
    Relay,
    SenderClass,
    Step,
    Timer,
    TimerKind,
    TrailEntry,
)
from relay.core.policy import Policy, Reach, Success, Tier, sms

from tests.fakes.clock import START

CUSTOMER = "+15550100001"
BUSINESS = "+15550199999"

W = TypeVar("W", bound=StrEnum)

_numbers = itertools.count(1)


def a_message_id() -> str:
    """A well-formed MessageSid that no other call in this process gives."""
    return f"SM{next(_numbers):032x}"


def a_policy(tiers: int = 3) -> Policy:
    """So many tiers, each with its own number and everything else as by default."""
    return Policy(tuple(Tier(f"Handler {n}", sms(f"+1555010{n:04d}")) for n in range(1001, 1001 + tiers)))


def an_attempt(number: int = 1, **changes: Any) -> Attempt:
    """A scheduled attempt at tier 1, with these fields changed."""
    return replace(Attempt(number, 1, 1, AttemptStatus.SCHEDULED, START, sms("+15550101001")), **changes)


def a_relay(**changes: Any) -> Relay:
    """A customer's text in progress, taken in at the fake clock's start, with these fields changed."""
    message_id = changes.pop("message_id", None) or a_message_id()
    timestamp: datetime = changes.pop("timestamp", START)
    relay = Relay(
        message_id=message_id,
        timestamp=timestamp,
        sender_phone=CUSTOMER,
        recipient_phone=BUSINESS,
        message_body="The pump on 5th Street is leaking again",
        media_count=0,
        sender_class=SenderClass.CUSTOMER,
        policy=a_policy(),
        expires_at=timestamp + RETENTION,
        attempts=(an_attempt(starts_at=timestamp),),
        error_log=(TrailEntry(timestamp, Step.RECEIVED, status="customer"),),
        due_at=timestamp,
    )
    return replace(relay, **changes)


def a_timer(message_id: str | None = None, **changes: Any) -> Timer:
    """The start of attempt 1 at tier 1, due at the fake clock's start, with these fields changed."""
    return replace(Timer(message_id or a_message_id(), 1, TimerKind.ATTEMPT, START, 1), **changes)


instants = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
# Short codes and names write to us too.
phones = st.integers(10**6, 10**15 - 1).map("+{}".format) | st.sampled_from(["72404", "ACME Bank", CUSTOMER])
texts = st.text(st.characters(codec="utf-8"), max_size=200)
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
seconds = st.floats(0, 100_000, allow_nan=False) | st.integers(0, 100_000).map(float)
small = st.integers(0, 1_000)
sids = st.integers(0, 16**32 - 1).map("SM{:032x}".format)
error_codes = st.integers(1, 99_999)

# What a newer revision may have added: plain values under names of its own.
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=3,
)
_additions = st.dictionaries(st.sampled_from(["x_claimed_by", "x_thread", "x_media"]), plain_values, max_size=2)
rests = st.just(()) | _additions.map(lambda added: tuple(sorted(added.items(), key=lambda pair: pair[0])))


def words_of(kind: type[W]) -> st.SearchStrategy[W]:
    """Words of this kind; now and then one that only a newer revision knows."""
    return st.sampled_from([*kind, *kind, foreign(kind, "of_tomorrow")])


tiers = st.builds(
    Tier,
    name=words,
    reach=st.builds(Reach, st.sampled_from(["sms", "call"]), phones),
    retry_delays_seconds=st.lists(seconds, max_size=4).map(tuple),
    receipt_timeout_seconds=seconds,
    success=words_of(Success),
    claim_timeout_seconds=st.sampled_from((0.0, 900.0)),
    delivery_claims_for=st.sampled_from(("", "primary")),
    rest=rests,
)
policies = st.builds(Policy, st.lists(tiers, min_size=1, max_size=6).map(tuple), rests)
attempts = st.builds(
    Attempt,
    number=small,
    tier=st.integers(1, 6),
    try_in_tier=st.integers(1, 9),
    status=words_of(AttemptStatus),
    starts_at=instants,
    reach=st.builds(Reach, st.sampled_from(["sms", "call"]), phones),
    lease=st.none() | words,
    lease_until=st.none() | instants,
    deadline_at=st.none() | instants,
    sent_id=st.none() | sids,
    failure=st.none() | st.builds(Failure, st.sampled_from(FailureClass), texts, st.none() | error_codes),
    is_resend=st.booleans(),
    lookups=small,
    off_by_seconds=st.sampled_from((0.0, 7200.0)),
    had_link=st.booleans(),
    rest=rests,
)
attachments = st.builds(
    Attachment,
    media_id=st.builds("ME{:032{}}".format, st.integers(0, 16**32 - 1), st.sampled_from("xX")),
    content_type=st.sampled_from(["", "image/jpeg", "text/vcard", "application/vnd.x+json"]),
)
trail_entries = st.builds(
    TrailEntry,
    at=instants,
    step=words_of(Step),
    tier=st.none() | small,
    attempt=st.none() | small,
    status=st.none() | words,
    error_code=st.none() | error_codes,
    reason=texts,
    by=st.sampled_from(["", "sweep", "reconcile", "operator"]),
    rest=rests,
)


@st.composite
def relays(draw: st.DrawFn, message_id: str | None = None) -> Relay:
    """Any well-formed relay that has not expired by the fake clock; each with an id of its own unless one is given."""
    known = draw(st.lists(attachments, max_size=4).map(tuple))
    return Relay(
        message_id=message_id or a_message_id(),
        timestamp=draw(instants),
        sender_phone=draw(phones),
        recipient_phone=draw(phones),
        message_body=draw(texts),
        # Of some files nobody knows the id.
        media_count=len(known) + draw(st.integers(0, 6)),
        sender_class=draw(words_of(SenderClass)),
        policy=draw(policies),
        expires_at=draw(st.datetimes(datetime(2100, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))),
        final_status=draw(words_of(FinalStatus)),
        attempts=draw(st.lists(attempts, max_size=5).map(tuple)),
        error_log=draw(st.lists(trail_entries, max_size=8).map(tuple)),
        delivered_tier=draw(st.none() | small),
        delivery_confirmed_at=draw(st.none() | instants),
        due_at=draw(st.none() | instants),
        recovered=draw(st.booleans()),
        first_attempt_of_drive=draw(st.integers(1, 6)),
        first_attempt_of_words=draw(st.integers(1, 6)),
        redrive_ids=draw(st.lists(words, max_size=3).map(tuple)),
        attachments=known,
        purpose=draw(words_of(Purpose)),
        thread_id=draw(st.sampled_from(("", "a thread"))),
        code=draw(st.sampled_from(("", "K71"))),
        cause_id=draw(st.just("") | sids),
        asked=draw(st.sampled_from(("", "answer"))),
        claimed_by=draw(st.just("") | words),
        claimed_at=draw(st.none() | instants),
        claim_until=draw(st.none() | instants),
        alarm_if_lost=draw(st.booleans()),
        media_token=draw(st.sampled_from(("", "a-token-of-22-letters-"))),
        handler_is_told=draw(st.booleans()),
        handled_by=draw(st.just("") | words),
        handled_note=draw(st.just("") | texts),
        handled_at=draw(st.none() | instants),
        handled_attempts=draw(small),
        written_at=draw(st.none() | instants),
        rest=draw(rests),
    )


@st.composite
def timers(draw: st.DrawFn, message_id: str | None = None) -> Timer:
    """Any timer."""
    return Timer(
        message_id=message_id or a_message_id(),
        attempt=draw(st.integers(1, 50)),
        kind=draw(st.sampled_from(TimerKind)),
        due_at=draw(instants),
        queue_tier=draw(st.integers(1, 9)),
    )


def later(seconds_later: float) -> datetime:
    """So long after the fake clock's start."""
    return START + timedelta(seconds=seconds_later)
