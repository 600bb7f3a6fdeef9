"""The way in for receipts: `take_in` applies what a provider says of one of our texts to the attempt it belongs to."""

from __future__ import annotations

from relay.core.events import Event, EventKind, Meaning, Receipt
from relay.core.model import Attempt, Relay
from relay.core.policy import Success
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.world import World


def take_in(world: World, message_id: str, number: int, receipt: Receipt | None, budget: Budget) -> None:
    """Apply a receipt to the attempt with this number. Nothing happens when the relay or the attempt is unknown.

    Raises StoreUnavailable when it could not be recorded: the provider must bring it again.
    """
    stored = conductor.load(world, message_id, budget)
    if stored is None:
        return
    attempt = stored.relay.attempt(number)
    if attempt is None:
        world.journal.note("WARNING", "receipt for an attempt never made", relay=message_id)
        return
    if receipt is None:
        return
    event = receipt_event(receipt, success_for(stored.relay, attempt), number)
    applied = conductor.apply(world, stored, event, budget)
    if applied.ignored_because:
        world.journal.note(
            "INFO",
            "receipt ignored",
            relay=message_id,
            attempt=number,
            status=receipt.word,
            reason=applied.ignored_because,
        )


def success_for(relay: Relay, attempt: Attempt) -> Success:
    """Returns what counts as having reached the handler of this attempt.

    For an attempt made before the latest redrive that is a delivery: which tiers were set then is not kept.
    """
    if attempt.number < relay.first_attempt_of_drive:
        return Success.DELIVERED
    return relay.policy.tier(attempt.tier).success


def receipt_event(receipt: Receipt, success: Success, attempt: int, *, reason: str = "", by: str = "") -> Event:
    """Returns the machine's event for a receipt, given what counts as success at the attempt's tier."""
    meaning = receipt.meaning
    if meaning is Meaning.HANDED_OVER:
        meaning = Meaning.DELIVERED if success is Success.SENT else Meaning.PROGRESS
    kind = {
        Meaning.PROGRESS: EventKind.RECEIPT_PROGRESS,
        Meaning.DELIVERED: EventKind.RECEIPT_DELIVERED,
        Meaning.FAILED: EventKind.RECEIPT_FAILED,
    }[meaning]
    return Event(kind, attempt, sent_id=receipt.sent_id, failure=receipt.failure, reason=reason, by=by)
