"""What a later word takes back: a refusal, that the carrier had taken a text, or which text is an attempt's. Pure.

Each function returns the decision for one kind of word; whatever changes nothing but the attempt is in attempts.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from relay.core import attempts, fates, files, moves, reached
from relay.core.changes import changed, log_relay_attempt, with_attempt, with_fates_open, without_claim
from relay.core.events import Decision, Effect, Event, EventKind
from relay.core.model import RETENTION, Attempt, AttemptStatus, FinalStatus, Relay, Step


def exists_after_all(relay: Relay, event: Event, now: datetime) -> Decision:
    """A refused attempt that turns out to exist counts again, if what was planned in its place is not leased yet.

    So does one that a receipt had failed, where the answer to its POST says that this was about another text. Else what
    is told of an attempt that no longer decides anything is recorded.
    """
    attempt = relay.attempts[event.attempt - 1]
    if not _may_count_again(relay, attempt, event, now):
        return attempts.learn(relay, event, now)
    cancelled = moves.timers_to_cancel(relay)
    if failed_as_another(attempt, event):
        event = replace(event, reason=event.reason or "a receipt about another text had failed it")
    relay = attempts.withdraw_scheduled(relay, now, "the provider has an earlier attempt after all")
    return attempts.exists_after_all(relay, event, now, cancelled)


def _may_count_again(relay: Relay, attempt: Attempt, event: Event, now: datetime) -> bool:
    """Whether the attempt takes the place of the current one, planned because this one counted as not sent or failed.

    The next tier's is withdrawn only before the deadline of this one: after it, that tier is due anyway.
    """
    current = relay.current
    was_not_its_end = attempt.is_refused or attempt.was_declared_not_sent or failed_as_another(attempt, event)
    if not was_not_its_end or current.standing is not AttemptStatus.SCHEDULED:
        return False
    if attempt.number < relay.first_attempt_of_drive or attempt.deadline_at is None:
        return False
    between = relay.attempts[attempt.number : current.number - 1]
    if not all(other.is_refused or other.status is AttemptStatus.WITHDRAWN for other in between):
        return False
    return attempt.tier == current.tier or now < attempt.deadline_at


def waits_for_earlier(relay: Relay, event: Event, now: datetime, first: tuple[Effect, ...]) -> Decision | None:
    """Returns the decision to wait for an earlier try at this tier, now that the event's attempt has failed; or None.

    It is one that was refused, and of which the provider told that it exists while the event's was being sent: another
    try would be one text too many for that handler. `first` are effects that come before.
    """
    failed, current = relay.attempts[event.attempt - 1], relay.current
    is_a_try = current.standing is AttemptStatus.ACCEPTED and current.tier == failed.tier
    if not is_a_try or current.number < relay.first_attempt_of_drive or current.deadline_at is None:
        return None
    told = Event(EventKind.RECEIPT_PROGRESS, current.number, sent_id=current.sent_id, by=event.by)
    return attempts.exists_after_all(relay, told, now, first)


def failed_after_delivery(relay: Relay, event: Event, now: datetime) -> Decision:
    """A failure outranks that the carrier had taken the text: the relay goes on; a delivery it only contradicts."""
    attempt = relay.attempts[event.attempt - 1]
    if attempt.status is not AttemptStatus.DELIVERED:
        return attempts.learn(relay, event, now)
    if not attempt.is_handed_over:
        return _contradicted(relay, attempt, event, now)
    return _without_delivery_of(attempts.fail(relay, event, now), event, now)


def _without_delivery_of(relay: Relay, event: Event, now: datetime) -> Decision:
    """Returns the decision where the event's attempt was not delivered: another one was, or the relay goes on."""
    if relay.claim_until is not None:
        is_still = reached.is_reached_by_another(relay)
        return Decision(relay, moves.still_pending(relay)) if is_still else _goes_on(relay, event, now)
    if relay.delivered_tier is None:
        return Decision(fates.at_rest(relay, now), moves.still_pending(relay))
    delivered = [other for other in relay.attempts[relay.first_attempt_of_words - 1 :] if _ended_it(relay, other)]
    if not delivered and relay.final_status is FinalStatus.CLAIMED and not reached.is_by_delivery(relay):
        return Decision(fates.at_rest(changed(relay, delivered_tier=None, delivery_confirmed_at=None), now))
    if delivered:
        first = min(
            delivered, key=lambda other: (other.tier != relay.delivered_tier, other.is_handed_over, other.number)
        )
        return Decision(fates.at_rest(changed(relay, delivered_tier=first.tier), now))
    return _goes_on(relay, event, now)


def _ended_it(relay: Relay, attempt: Attempt) -> bool:
    """Whether the attempt was delivered at a tier whose delivery ends this relay: as delivered, or for its owner."""
    ends = attempt.tier == relay.delivered_tier or not relay.policy.tier_or_last(attempt.tier).asks_for_a_claim
    return attempt.status is AttemptStatus.DELIVERED and ends


def _contradicted(relay: Relay, attempt: Attempt, event: Event, now: datetime) -> Decision:
    if attempt.is_contradicted:
        return attempts.learn(relay, event, now)
    relay = with_attempt(relay, attempt.number, is_contradicted=True, sent_id=attempt.sent_id or event.sent_id)
    return Decision(attempts.log_late(relay, event, now))


def _goes_on(relay: Relay, event: Event, now: datetime) -> Decision:
    """Returns the decision of a relay that no handler got although it had seemed so: its last attempt decides again."""
    cancelled = moves.timers_to_cancel(relay)
    relay = with_fates_open(
        without_claim(relay),
        final_status=FinalStatus.IN_PROGRESS,
        expires_at=max(relay.expires_at, now + RETENTION),
    )
    last = next(other for other in reversed(relay.attempts) if other.status is not AttemptStatus.WITHDRAWN)
    if last.is_alive:
        timer = moves.pending_timer(relay)
        return Decision(changed(relay, due_at=timer.timer.due_at), (*cancelled, timer))
    return files.after_failure(relay, event, now, last.number, cancelled)


def why_not_believed(relay: Relay, event: Event) -> str:
    """Returns why the text that the event tells of is not taken for the attempt's; "" where it is, or it names none."""
    if may_be_a_later_ones(relay, event):
        return "the text that was found may be a later attempt's"
    told = "than was found" if event.is_found else "of this attempt"
    return f"the provider has told of another text {told}" if is_another_text(relay, event) else ""


def may_be_a_later_ones(relay: Relay, event: Event) -> bool:
    """Whether the text that a look-up found may be that of an attempt to the same handler that was leased since.

    Who asked, then stood still, and was shown a text only after that, knew nothing of that attempt.
    """
    if not event.is_found or event.kind not in attempts.LEARNED:
        return False
    attempt, since = relay.attempts[event.attempt - 1], relay.attempts[event.asked_after :]
    is_its_own = event.sent_id == attempt.sent_id
    return not is_its_own and any(other.lease is not None and other.reach == attempt.reach for other in since)


def is_another_text(relay: Relay, event: Event) -> bool:
    """Whether a look-up or a receipt is about another text than the one that the provider has told of meanwhile.

    Who brings a receipt compares as well, but maybe before the answer to the POST was recorded, which outranks it.
    """
    attempt = relay.attempt(event.attempt)
    if attempt is None or event.sent_id is None or event.kind is EventKind.SEND_ACCEPTED:
        return False
    return attempts.has_another_text(attempt, event.sent_id)


def with_its_id(before: Relay, event: Event, decision: Decision, now: datetime) -> Decision:
    """Returns the decision with the id that the event tells of the attempt's text.

    One that was told outranks one that a look-up found, and the one in the POST's own answer every other.
    """
    attempt = before.attempt(event.attempt)
    if event.sent_id is None or attempt is None:
        return decision
    number = attempt.number
    if event.is_found and decision.changed and attempt.sent_id is None:
        return replace(decision, relay=with_attempt(decision.relay, number, is_adopted=True))
    is_same = event.sent_id == attempt.sent_id
    is_answer = event.kind is EventKind.SEND_ACCEPTED
    is_corrected = is_answer and attempt.sent_id is not None and not is_same
    if event.is_found or not (attempt.is_adopted or is_corrected):
        return decision
    if is_same and not (decision.changed or is_answer):
        return decision
    relay = with_attempt(decision.relay, number, sent_id=event.sent_id, is_adopted=False)
    if failed_as_another(attempt, event) and not decision.changed:
        relay = _without_failure_of(relay, number, now)
    if not decision.changed:
        source = "a look-up had found" if attempt.is_adopted else "a receipt had told"
        reason = f"its text has {'the id' if is_same else 'another id than the one'} that {source}"
        status = relay.attempts[number - 1].status.value
        relay = log_relay_attempt(relay, Step.LATE_STATUS, now, number, status=status, reason=reason, by=event.by)
    if is_corrected and relay.attempts[number - 1].status is AttemptStatus.DELIVERED:
        return _delivered_another(relay, event, now)
    return Decision(relay, decision.effects)


def failed_as_another(attempt: Attempt, event: Event) -> bool:
    """Whether the attempt failed by a receipt or look-up about another text, as this answer to its POST shows."""
    is_answer = event.kind is EventKind.SEND_ACCEPTED and event.sent_id is not None
    was_told = attempt.status is AttemptStatus.FAILED and not attempt.is_refused and attempt.sent_id is not None
    return is_answer and was_told and event.sent_id != attempt.sent_id


def _without_failure_of(relay: Relay, number: int, now: datetime) -> Relay:
    """Returns the relay in which this attempt, which no longer decides anything, did not fail: it may have arrived.

    What its own receipts told meanwhile was not believed: the provider is asked, while no delivery is on record.
    """
    relay = with_attempt(relay, number, status=AttemptStatus.UNCONFIRMED, failure=None, is_contradicted=False)
    return fates.at_rest(with_fates_open(relay), now)


def _delivered_another(relay: Relay, event: Event, now: datetime) -> Decision:
    """A receipt about another text had ended the attempt: it waits for its own, and the relay with it."""
    relay = with_attempt(
        relay, event.attempt, status=AttemptStatus.ACCEPTED, is_handed_over=False, is_contradicted=False
    )
    return _without_delivery_of(relay, event, now)
