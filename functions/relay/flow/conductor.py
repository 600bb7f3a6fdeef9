"""Load, decide, commit, perform: the one place where a decision of the machine meets the world.

Order is everything here. A relay is committed with compare-and-set before any effect; timers are armed before a send.
A process that dies on any line leaves a record from which a repeated event, a timer or the sweep goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.core import failures, machine
from relay.core.events import ArmTimer, CancelTimer, Decision, Event, EventKind, RaiseAlarm, SendAttempt
from relay.core.model import Relay, Timer
from relay.core.policy import LEASE_SECONDS, SEND_SECONDS_MAX
from relay.errors import AlreadyStored, StoreUnavailable, VersionConflict
from relay.flow.wording import compose
from relay.ports import (
    Accepted,
    Clock,
    Journal,
    Messenger,
    OutgoingText,
    Refused,
    RelayStore,
    SendOutcome,
    Stored,
    Timers,
)
from relay.twilio.webhook import status_callback_url

# Each conflict means that somebody else got on with the relay; so many in a row mean that something is broken.
_COMMIT_TRIES = 8
_VALIDITY_MAX_SECONDS = 36000
# Kept back from a send, for writing down how it went.
_RECORDING_SECONDS = 0.5
_SEND_LEAST_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside the core, as ports. `new_claim` gives a random token, unique for every call."""

    store: RelayStore
    timers: Timers
    messenger: Messenger
    clock: Clock
    journal: Journal
    new_claim: Callable[[], str]
    public_base_url: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of single calls, in seconds."""

    store_seconds: float
    timers_seconds: float
    send_seconds: float


# The webhook's own: Twilio gives up after 15 s, and all of its retries have to fit into them.
WEBHOOK_LIMITS = Limits(store_seconds=1.2, timers_seconds=1.0, send_seconds=2.5)
TASK_LIMITS = Limits(store_seconds=5.0, timers_seconds=5.0, send_seconds=SEND_SECONDS_MAX)


class Budget:
    """What is left of the time in which an answer must be given; every call gets its limit or what is left."""

    def __init__(self, clock: Clock, seconds: float, limits: Limits) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds
        self._limits = limits

    def at_most(self, seconds: float) -> float:
        """What a call may take that has a limit of its own."""
        # Never zero: a call that may not take any time at all could not even fail in an orderly way.
        return max(0.05, min(seconds, self._end - self._clock.monotonic()))

    @property
    def store(self) -> float:
        return self.at_most(self._limits.store_seconds)

    @property
    def timers(self) -> float:
        return self.at_most(self._limits.timers_seconds)

    @property
    def send(self) -> float:
        return self.at_most(min(self._limits.send_seconds, self._left - _RECORDING_SECONDS))

    @property
    def has_time_to_send(self) -> bool:
        """Whether a POST could still be waited for. One given up early would leave an outcome nobody can tell."""
        return self._left - _RECORDING_SECONDS >= _SEND_LEAST_SECONDS

    @property
    def is_used_up(self) -> bool:
        return self._left <= 0

    @property
    def _left(self) -> float:
        return self._end - self._clock.monotonic()


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an event: the relay as committed (None: there is no such relay) and the machine's answer."""

    stored: Stored | None
    ignored_because: str = ""


def load(world: World, message_id: str, budget: Budget) -> Stored | None:
    """The relay, or None when it is unknown or expired. Raises StoreUnavailable, of which NewerRecord when it is left
    to a newer revision: each way in answers that alike, so that the caller comes again."""
    return world.store.get(message_id, timeout_seconds=budget.store)


def create(world: World, decision: Decision, budget: Budget) -> bool:
    """Store a new relay, then perform what it asks for; whether it is new.

    When somebody has stored it before, goes on from what is stored. Raises StoreUnavailable only while nobody knows
    whether it is durable: then Twilio must try again. What goes wrong later is left to the timers and the sweep.
    """
    relay = decision.relay
    began = world.clock.monotonic()
    try:
        stored = Stored(relay, world.store.create(relay, _timers(decision), timeout_seconds=budget.store))
    except (AlreadyStored, StoreUnavailable) as error:
        existing = load(world, relay.message_id, budget)
        if existing is None and isinstance(error, AlreadyStored):
            return False  # it was dealt with and has expired since, or was cleaned up: nothing is left to do
        if existing is None:
            raise StoreUnavailable("the relay could not be stored") from error
        stored = existing
        if existing.relay == relay:
            # Our own create; its reply was lost, and perhaps its timers.
            stored = Stored(relay, existing.version)
            _arm(world, decision, budget)
    is_new = stored.relay is relay
    try:
        if is_new:
            world.journal.steps(relay, relay.error_log)
            _perform(world, stored, decision, budget, began)
        else:
            claim = relay.attempts[0].claim if relay.attempts else None
            apply(world, stored, Event(EventKind.INBOUND_REPEATED, claim=claim), budget, began)
    except StoreUnavailable:
        world.journal.note("WARNING", "store unavailable after the text was durable", relay=relay.message_id)
    return is_new


def apply(world: World, stored: Stored, event: Event, budget: Budget, began: float | None = None) -> Applied:
    """Let an event act on a relay that was read before; on a conflict it is read again.

    `began` is the monotonic time since when the caller may hold a claim, if that is earlier than now. Raises
    StoreUnavailable when the event could not be recorded: whoever brought it must bring it again.
    """
    began = world.clock.monotonic() if began is None else began
    for _ in range(_COMMIT_TRIES):
        decision = machine.transition(stored.relay, event, world.clock.now())
        if decision.relay is stored.relay:
            _arm(world, decision, budget)
            _perform(world, stored, decision, budget, began)
            return Applied(stored, decision.ignored_because)
        committed = _commit(world, stored, decision, budget)
        if committed is None:
            return Applied(None, "the relay is gone")
        if committed.relay is not decision.relay:
            stored = committed  # somebody else got on with it: decide again. The machine knows our own claim.
            if budget.is_used_up:
                break  # whoever waits for an answer has none to wait for any more
            continue
        world.journal.steps(decision.relay, decision.relay.error_log[len(stored.relay.error_log) :])
        _perform(world, committed, decision, budget, began)
        return Applied(committed, decision.ignored_because)
    raise StoreUnavailable("the relay kept changing")


def _commit(world: World, stored: Stored, decision: Decision, budget: Budget) -> Stored | None:
    """Write what was decided; what is stored afterwards: that, or what somebody else wrote, or None if it is gone."""
    try:
        version = world.store.update(decision.relay, stored.version, _timers(decision), timeout_seconds=budget.store)
    except (VersionConflict, StoreUnavailable):
        again = load(world, stored.relay.message_id, budget)
        if again is None or again.relay != decision.relay:
            return again
        # Our own write; its reply was lost, and perhaps its timers.
        version = again.version
        _arm(world, decision, budget)
    return Stored(decision.relay, version)


def _timers(decision: Decision) -> tuple[Timer, ...]:
    return tuple(effect.timer for effect in decision.effects if isinstance(effect, ArmTimer))


def _arm(world: World, decision: Decision, budget: Budget) -> None:
    for timer in _timers(decision):
        world.timers.arm(timer, timeout_seconds=budget.timers)


def _perform(world: World, stored: Stored, decision: Decision, budget: Budget, began: float) -> None:
    """The effects of a committed decision. Timers to arm went with the commit."""
    for effect in decision.effects:
        if isinstance(effect, CancelTimer):
            world.timers.cancel(effect.timer, timeout_seconds=budget.timers)
        elif isinstance(effect, SendAttempt):
            _send_and_record(world, stored, effect.number, budget, began)
        elif isinstance(effect, RaiseAlarm):
            world.journal.exhausted(stored.relay)
            apply(world, stored, Event(EventKind.ALARM_RAISED), budget)


def _send_and_record(world: World, stored: Stored, number: int, budget: Budget, began: float) -> None:
    attempt = stored.relay.attempts[number - 1]
    # By both clocks: the time of day may have been set back since the claim.
    held_up = world.clock.monotonic() - began >= LEASE_SECONDS
    lease_is_over = held_up or attempt.lease_until is None or world.clock.now() >= attempt.lease_until
    if lease_is_over or not budget.has_time_to_send:
        # We were held up: nothing leaves now, others may have gone on. It certainly was not sent, and that is recorded.
        outcome: SendOutcome = Refused(failures.NOT_STARTED)
    else:
        phone = stored.relay.policy.tier(attempt.tier).phone
        outcome = attempt_forward(world, stored.relay, number, phone, budget)
    apply(world, stored, _event_of(outcome, number), budget)


def attempt_forward(world: World, relay: Relay, number: int, phone_number: str, budget: Budget) -> SendOutcome:
    """Send one SMS to one tier through Twilio, once, and say how it went. Never raises for what Twilio does."""
    attempt = relay.attempts[number - 1]
    tier = relay.policy.tier(attempt.tier)
    text = OutgoingText(
        to=phone_number,
        from_=relay.recipient_phone,
        body=body_of(relay),
        # What is still queued at Twilio when we give up must not arrive hours later.
        validity_seconds=max(1, min(_VALIDITY_MAX_SECONDS, int(tier.receipt_timeout_seconds))),
        status_callback=status_callback_url(world.public_base_url, relay.message_id, attempt.tier, number),
    )
    return world.messenger.send(text, timeout_seconds=budget.send)


def body_of(relay: Relay) -> str:
    """What every handler of this relay reads."""
    return compose(relay.sender_phone, relay.recipient_phone, relay.message_body, relay.media_count)


def _event_of(outcome: SendOutcome, number: int) -> Event:
    if isinstance(outcome, Accepted):
        return Event(EventKind.SEND_ACCEPTED, number, message_sid=outcome.message_sid)
    if isinstance(outcome, Refused):
        return Event(EventKind.SEND_REFUSED, number, code=outcome.code)
    return Event(EventKind.SEND_UNKNOWN, number, reason=outcome.reason)
