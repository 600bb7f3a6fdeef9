"""The way in for receipts: `take_in` applies what a provider says of one of our texts to the attempt it belongs to."""

from __future__ import annotations

from relay.core import attempts
from relay.core.events import Event, EventKind, Meaning, Receipt
from relay.core.model import Attempt, Relay
from relay.core.numbers import same
from relay.core.policy import Success
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.world import World


def take_in(
    world: World,
    message_id: str,
    number: int,
    receipt: Receipt | None,
    budget: Budget,
    *,
    tier: int | None = None,
    to: str | None = None,
) -> None:
    """Apply a receipt to the attempt with this number. Nothing happens when the relay or the attempt is unknown.

    Neither does anything when the receipt is about another text than the attempt's: by its id, by `tier`, or by the
    number `to` which the text went ("": the provider hides it; None: its receipts name none).
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
    if because := about_another(stored.relay, attempt, receipt, tier, to):
        labels = {"relay": message_id, "attempt": number, "status": receipt.word, "reason": because}
        world.journal.note("WARNING", "receipt about another text: it decides nothing", **labels)
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


def about_another(relay: Relay, attempt: Attempt, receipt: Receipt, tier: int | None, to: str | None) -> str:
    """Returns why the receipt is not about the attempt's text; "" when it is."""
    if tier is not None and tier != attempt.tier:
        return "its address names another tier"
    if to and not same(to, attempt.reach.address):
        return "that text went to another number"
    if attempts.has_another_text(attempt, receipt.sent_id):
        return "the attempt's text has another id"
    is_its_id = receipt.sent_id == attempt.sent_id
    if not is_its_id and any(each.sent_id == receipt.sent_id and not each.is_adopted for each in relay.attempts):
        return "another attempt has that text"
    if to == "" and not is_its_id:
        return "it shows no number, and its id is not on record"
    return ""


def success_for(relay: Relay, attempt: Attempt) -> Success:
    """Returns what counts as having reached the handler of this attempt.

    For an attempt made before the latest redrive that is a delivery: which tiers were set then is not kept.
    """
    if attempt.number < relay.first_attempt_of_drive:
        return Success.DELIVERED
    return relay.policy.tier(attempt.tier).success


def receipt_event(
    receipt: Receipt, success: Success, attempt: int, *, reason: str = "", by: str = "", asked_after: int = 0
) -> Event:
    """Returns the machine's event for a receipt, given what counts as success at the attempt's tier.

    `asked_after`: a look-up found the text, by its number and words, when this was the last attempt leased.
    """
    counts = success is Success.SENT
    kind = {
        Meaning.QUEUED: EventKind.RECEIPT_PROGRESS,
        Meaning.PROGRESS: EventKind.RECEIPT_PROGRESS,
        Meaning.HANDED_OVER: EventKind.RECEIPT_HANDED_OVER if counts else EventKind.RECEIPT_PROGRESS,
        Meaning.DELIVERED: EventKind.RECEIPT_DELIVERED,
        Meaning.FAILED: EventKind.RECEIPT_FAILED,
    }[receipt.meaning]
    return Event(
        kind, attempt, sent_id=receipt.sent_id, failure=receipt.failure, reason=reason, by=by, asked_after=asked_after
    )
