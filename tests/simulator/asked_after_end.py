"""When Twilio is asked about relays that have ended: which may still be, all else settled, and which was too early."""

from __future__ import annotations

from relay.core.fates import open_attempts
from relay.core.model import FinalStatus, Relay, Step
from relay.core.policy import FATE_LOOKUP_SECONDS, FATE_LOOKUPS

from tests.simulator.history import seconds_of
from tests.simulator.kinds import Kind
from tests.simulator.simulation import Simulation

_ENDS = frozenset({Step.DELIVERED, Step.EXHAUSTED})


def is_flagged(run: Simulation, relay: Relay, number: int) -> bool:
    """Whether the trail says of an attempt that it cannot be told what became of it.

    That is no excuse but where Twilio shows no text whole, or our key may not read. A line about the attempt says so,
    or the end if it was the last one; or, where an earlier one's delivery ended the relay, a look-up after that.
    """
    wide = run.plan.wide
    if wide is None or not (wide.shown_body == "redacted" or wide.kind is Kind.MAY_NOT_READ):
        return False
    trail = relay.error_log
    ended = max((n for n, entry in enumerate(trail) if entry.step in _ENDS), default=len(trail))
    return any(
        (entry.step is Step.ATTEMPT_UNCONFIRMED and entry.attempt == number)
        or (entry.step is Step.LOOKUP_REPEATED and entry.attempt is None and n > ended)
        or (entry.step is Step.EXHAUSTED and number == len(relay.attempts) and "unknown" in entry.reason)
        for n, entry in enumerate(trail)
    )


def is_asked_for_ever(run: Simulation, relay: Relay) -> bool:
    """Whether it has ended, alarm included, and is asked about as long as it is kept: each attempt that is open is
    flagged, or known to Twilio, which our key may not ask or which was asked often enough about it."""
    may_not_read = run.plan.wide is not None and run.plan.wide.kind is Kind.MAY_NOT_READ
    is_enough = may_not_read or relay.fate_lookups_answered >= FATE_LOOKUPS
    return (
        relay.final_status is not FinalStatus.IN_PROGRESS
        and not relay.alarm_is_due
        and bool(asked := open_attempts(relay))
        and (may_not_read or any(attempt.is_unresolved for attempt in asked))
        and all(is_flagged(run, relay, attempt.number) if attempt.is_unresolved else is_enough for attempt in asked)
    )


def is_asked_late(run: Simulation, relay: Relay) -> bool:
    """Whether it has ended, alarm included, and Twilio did not answer more than one look-up: the next ones, which are
    not overdue, are further apart than `settling` has it."""
    has_ended = relay.final_status is not FinalStatus.IN_PROGRESS and not relay.alarm_is_due
    is_ahead = relay.due_at is not None and seconds_of(relay.due_at) > run.kernel.now
    return has_ended and is_ahead and relay.fate_lookups - relay.fate_lookups_answered > 1


def was_asked_early(run: Simulation, relay: Relay) -> bool:
    """Whether clocks that are minutes apart had a look-up after its end made before its five minutes were over: where a
    carrier's `sent` ended it that is the only one, and finds no failure that comes later."""
    commits = run.history.commits[relay.message_id]
    ended = max((at for at, seen in commits if seen.error_log[-1].step is Step.DELIVERED), default=run.kernel.now)
    looked_up = (at for at, seen in commits if seen.error_log[-1].step is Step.LOOKUP_REPEATED)
    return any(run.plan.skews) and any(0.0 < at - ended < FATE_LOOKUP_SECONDS for at in looked_up)
