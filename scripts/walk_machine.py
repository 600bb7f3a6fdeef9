"""Every relay the machine can bring about: a breadth-first walk from a received text over all events.

The walk that docs/states.md is drawn from and that the tests of the machine check, so that neither rests on examples.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from relay.core import handling, machine, moves
from relay.core.changes import changed, with_attempt
from relay.core.events import ABOUT_THE_RELAY, Decision, Event, EventKind
from relay.core.failures import Failure, FailureClass
from relay.core.model import AttemptStatus, InboundText, Purpose, Relay, SenderClass, Step
from relay.core.policy import LOOKUP_RETRIES_MAX, OUTAGE_SECONDS_MAX, Policy, Tier, sms
from relay.core.routes import Forward, Hold, Record

RECEIVED_AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
# Once before any lease or deadline of the walk has passed, and once after all of them have.
EARLY, LATE = RECEIVED_AT, RECEIVED_AT + timedelta(hours=1)
# When no provider keeps a text queued any more.
MUCH_LATER = LATE + timedelta(hours=12)
# By a clock that is right, where the one that wrote the relay was a day ahead.
PUT_BACK = RECEIVED_AT - timedelta(days=1)

# While an answer may still be sent.
SOON = RECEIVED_AT + timedelta(minutes=5)

_OTHER_TIMES = {
    EventKind.ATTEMPT_DUE: (SOON,),
    EventKind.TIMES_ARE_OFF: (PUT_BACK,),
    EventKind.DEADLINE_QUEUED: (MUCH_LATER,),
    EventKind.DEADLINE_NOT_FOUND: (EARLY,),
}

# One after which the same tier is tried again, and one after which it is not.
TRANSIENT = Failure(FailureClass.TRANSIENT, "out of coverage", 30003)
PERMANENT = Failure(FailureClass.RECIPIENT, "a landline", 30006)
# One that, told by an answer, is waited out.
OURS = Failure(FailureClass.SENDER, "our account is suspended", 30002)

MAY_LEASE = frozenset(
    {
        EventKind.INBOUND_REPEATED,
        EventKind.INBOUND_SAYS_MORE,
        EventKind.ATTEMPT_DUE,
        EventKind.DEADLINE_UNCONFIRMED,
        EventKind.DEADLINE_NOT_FOUND,
        EventKind.DEADLINE_QUEUED,
        EventKind.DEADLINE_UNANSWERED,
        EventKind.DEADLINE_UNDECIDED,
        EventKind.DEADLINE_UNTOLD,
        EventKind.CLAIM_DUE,
        EventKind.PASSED,
    }
)
# What only happens to a text of a thread, an answer or a notice.
OF_THREADS = frozenset(
    {EventKind.CLAIM_DUE, EventKind.CLAIMED, EventKind.PASSED, EventKind.RELEASED, EventKind.RETURNED}
)
_PERSONS = {EventKind.CLAIMED: ("handler 1",), EventKind.PASSED: ("handler 1", "handler 2")}
_TELLS_SID = frozenset(
    {
        EventKind.SEND_ACCEPTED,
        EventKind.RECEIPT_PROGRESS,
        EventKind.RECEIPT_HANDED_OVER,
        EventKind.RECEIPT_DELIVERED,
        EventKind.RECEIPT_FAILED,
    }
)


@dataclass
class Walked:
    """One event acting on one reachable relay, and what the machine made of it. Not frozen: millions are made."""

    before: Relay
    event: Event
    now: datetime
    decision: Decision

    @functools.cached_property
    def again(self) -> Decision:
        """What the machine makes of the same event when it comes once more."""
        return machine.transition(self.decision.relay, self.event, self.now)


@dataclass(frozen=True)
class Claims:
    """What a tier asks of a person, and for whom a delivery there claims a text."""

    timeout_seconds: float = 0.0
    delivery_claims_for: str = ""


def policy_of(tiers: int, retry_delays_seconds: tuple[float, ...] = (), claims: tuple[Claims, ...] = ()) -> Policy:
    """So many tiers, each with its own made-up phone, and what each asks of a person."""
    asked = (*claims, *[Claims()] * (tiers - len(claims)))
    return Policy(
        tuple(
            Tier(
                f"handler {level}",
                sms(f"+1555010000{level}"),
                retry_delays_seconds,
                claim_timeout_seconds=each.timeout_seconds,
                delivery_claims_for=each.delivery_claims_for,
            )
            for level, each in enumerate(asked, start=1)
        )
    )


TEXT = InboundText("SM" + "0" * 32, "+15557654321", "+15551234567", "The boiler is leaking")
# The same one, when it comes in again and says more.
MORE = replace(TEXT, body=f"{TEXT.body}, please come")


def starts(policy: Policy, purpose: Purpose = Purpose.FORWARD) -> Iterator[Relay]:
    """The relays that a received text can begin as: leased to its webhook, to none, or only recorded."""
    text = TEXT
    if purpose is not Purpose.FORWARD:
        answer = Forward(policy, purpose=purpose)
        yield moves.receive(text, SenderClass.HANDLER, answer, RECEIVED_AT, None).relay
        return
    yield moves.receive(text, SenderClass.CUSTOMER, Forward(policy, thread_id="a thread"), RECEIVED_AT, "lease 0").relay
    yield moves.receive(text, SenderClass.CUSTOMER, Forward(policy, thread_id="a thread"), RECEIVED_AT, None).relay
    yield moves.receive(text, SenderClass.HANDLER, Record(policy, "not from a customer"), RECEIVED_AT, "lease 0").relay
    yield moves.receive(text, SenderClass.CUSTOMER, Record(policy, "to a handler", True), RECEIVED_AT, "lease 0").relay
    yield moves.receive(text, SenderClass.CUSTOMER, Hold(policy, "too many"), RECEIVED_AT, "lease 0").relay


def events_for(relay: Relay) -> tuple[tuple[Event, datetime], ...]:
    """Everything that can happen to a relay, each at a time: about every attempt, and about one it never made."""
    current = relay.current_attempt
    lease = current.lease if current else None
    return _events(len(relay.attempts), len(relay.error_log), lease, len(relay.redrive_ids))


@functools.cache
def _events(attempts: int, lines: int, lease: str | None, redrives: int) -> tuple[tuple[Event, datetime], ...]:
    # The trail grows with every change, so no two leases of one history are the same.
    leases = (None, f"lease {lines}", *([lease] if lease else []))
    found: list[tuple[Event, datetime]] = []
    for kind in EventKind:
        about_all = kind in ABOUT_THE_RELAY
        for attempt in (0,) if about_all else range(1, attempts + 1):
            sid = f"SM{attempt:032x}" if kind in _TELLS_SID else None
            text = MORE if kind is EventKind.INBOUND_SAYS_MORE else None
            for own in leases if kind in MAY_LEASE else (None,):
                for failure, person in itertools.product(_failures_for(kind), _PERSONS.get(kind, ("",))):
                    event = Event(
                        kind,
                        attempt,
                        lease=own,
                        sent_id=sid,
                        failure=failure,
                        request_id=f"request {redrives}",
                        text=text,
                        person=person,
                    )
                    found += [(event, now) for now in (LATE, *_OTHER_TIMES.get(kind, ()))]
        if not about_all:
            found.append((Event(kind, attempts + 1), LATE))
    return tuple(found)


def _failures_for(kind: EventKind) -> tuple[Failure | None, ...]:
    if kind is EventKind.SEND_REFUSED:
        return (TRANSIENT, PERMANENT, OURS)
    return (TRANSIENT, PERMANENT) if kind is EventKind.RECEIPT_FAILED else (None,)


@dataclass(frozen=True)
class Cascade:
    """What a walk begins with: so many tiers, each with these retry delays in seconds, and what `walk` may do.

    `claims` are what the first tiers ask of a person; with any of them people claim and pass on. `purpose` is what the
    relays are for.
    """

    tiers: int
    retry_delays_seconds: tuple[float, ...] = ()
    redrives: int = 0
    may_say_more: bool = False
    may_wait: bool = False
    may_be_handled: bool = False
    claims: tuple[Claims, ...] = ()
    purpose: Purpose = Purpose.FORWARD

    def walk(self) -> Iterator[Walked]:
        """Returns the steps of the walk over this cascade."""
        policy = policy_of(self.tiers, self.retry_delays_seconds, self.claims)
        may = {"may_say_more": self.may_say_more, "may_wait": self.may_wait, "may_be_handled": self.may_be_handled}
        return walk(policy, self.redrives, **may, purpose=self.purpose)


# Two tiers, one with a retry, one with a redrive, one whose text may say more, and outages: the smallest in which
# everything can happen; and with people who claim texts, or are waited for, and an answer to a customer.
ASKS, OWNERS = Claims(900.0), Claims(900.0, "handler 1")
SMALLEST = (
    Cascade(2),
    Cascade(1, (2.0,)),
    Cascade(1, redrives=1, may_be_handled=True),
    Cascade(1, may_say_more=True),
    Cascade(2, may_wait=True),
    Cascade(1, redrives=1, claims=(ASKS,)),
    Cascade(1, may_say_more=True, claims=(ASKS,), may_be_handled=True),
    Cascade(2, claims=(ASKS,)),
    Cascade(1, may_wait=True, claims=(OWNERS,)),
    Cascade(1, purpose=Purpose.ANSWER),
)


def walk(
    policy: Policy,
    redrives: int = 1,
    *,
    may_say_more: bool = False,
    may_wait: bool = False,
    may_be_handled: bool = False,
    purpose: Purpose = Purpose.FORWARD,
) -> Iterator[Walked]:
    """Every event on every relay that can be reached under `policy` with at most so many redrives.

    `may_say_more`: the text comes in again with more words, which begins a drive from wherever the relay is by then.

    `may_wait`: outages are waited out. Else their allowance is used up from the start.

    `may_be_handled`: operators see to what needs a person.

    Where a tier asks for a claim, or the relays are no customers' texts, what happens to threads happens too; a text is
    passed on at most once.

    Two relays that differ only in times, trail, Twilio's ids, attempts that were withdrawn, or the fate of attempts
    before the last two count as the same one: nothing that is decided depends on those. Asking Twilio again leads
    nowhere new either: after the first time the walk goes on as if it had been the last.
    """
    of_threads = purpose is not Purpose.FORWARD or any(tier.asks_for_a_claim for tier in policy.tiers)
    begin = starts(policy, purpose)
    waiting = deque(begin if may_wait else map(_without_allowance, begin))
    seen = {_essence(relay) for relay in waiting}
    while waiting:
        relay = waiting.popleft()
        for event, now in events_for(relay):
            if event.kind is EventKind.REDRIVE_REQUESTED and len(relay.redrive_ids) >= redrives:
                continue
            if event.kind is EventKind.INBOUND_SAYS_MORE and not may_say_more:
                continue
            if event.kind in handling.ANSWERS and not may_be_handled:
                continue
            if event.kind in OF_THREADS and not (of_threads and _may_happen(relay, event)):
                continue
            decision = machine.transition(relay, event, now)
            yield Walked(relay, event, now, decision)
            if not decision.changed:
                continue
            after = _asked_often(decision.relay if may_wait else _without_allowance(decision.relay))
            key = _essence(after)
            if key not in seen:
                seen.add(key)
                waiting.append(after)


def _may_happen(relay: Relay, event: Event) -> bool:
    return event.kind is not EventKind.PASSED or all(entry.step is not Step.PASSED for entry in relay.error_log)


def _without_allowance(relay: Relay) -> Relay:
    used_up = relay.outage_seconds == OUTAGE_SECONDS_MAX
    return relay if used_up else changed(relay, outage_seconds=OUTAGE_SECONDS_MAX)


def _asked_often(relay: Relay) -> Relay:
    if relay.outage_seconds:
        relay = _without_allowance(relay)
    current = relay.current_attempt
    if current is None or current.lookups in (0, LOOKUP_RETRIES_MAX):
        return relay
    return with_attempt(relay, current.number, lookups=LOOKUP_RETRIES_MAX)


def _essence(relay: Relay) -> Hashable:
    # Of what was sent before the text said more, nothing decides any more.
    with_all_words = relay.attempts[relay.first_attempt_of_words - 1 :]
    made = [attempt for attempt in with_all_words if attempt.status is not AttemptStatus.WITHDRAWN]
    path = tuple((attempt.tier, attempt.try_in_tier, attempt.is_resend) for attempt in made)
    fates = tuple((attempt.status, attempt.lookups, attempt.is_handed_over) for attempt in made[-2:])
    may_go_back = len(made) > 1 and made[-1].status is AttemptStatus.SCHEDULED and made[-2].is_refused
    drive = (relay.first_attempt_of_drive - relay.first_attempt_of_words, relay.message_body)
    outage = (relay.outage_since is None, relay.outage_seconds > 0)
    was_passed = any(entry.step is Step.PASSED for entry in relay.error_log)
    claim = (relay.claim_until is None, relay.claimed_by, relay.claimed_at == relay.delivery_confirmed_at, was_passed)
    end = (relay.final_status, relay.delivered_tier, relay.due_at is None, relay.is_handled)
    return (*end, path, fates, may_go_back, outage, *drive, *claim)
