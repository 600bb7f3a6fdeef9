"""The way in for Twilio's status callbacks, and what a status means for an attempt."""

from __future__ import annotations

from relay.core.events import Event, EventKind
from relay.core.model import Attempt, Relay
from relay.core.policy import Success
from relay.errors import BadRequest, StoreUnavailable
from relay.flow import conductor
from relay.flow.conductor import WEBHOOK_LIMITS, Budget, World
from relay.flow.intake import WEBHOOK_SECONDS
from relay.twilio import webhook
from relay.twilio.webhook import NO_CONTENT, TwilioAccount, Word
from relay.web import DELIVERY_STATUS_PATH, Request, Response, refusal, try_again


def handle_delivery_status(world: World, account: TwilioAccount, request: Request) -> Response:
    """Answer one status callback.

    204: recorded, or nothing to do (the relay is unknown, expired or past caring). 503: not recorded, try again.
    """
    try:
        form = webhook.verified_form(account, DELIVERY_STATUS_PATH, request)
        told = webhook.delivery_status(form, request.query)
    except BadRequest as error:
        return refusal(error)
    budget = Budget(world.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
    try:
        stored = conductor.load(world, told.message_id, budget)
        if stored is None:
            return NO_CONTENT
        attempt = stored.relay.attempt(told.attempt)
        if attempt is None:
            world.journal.note("WARNING", "receipt for an attempt never made", relay=told.message_id)
            return NO_CONTENT
        success = success_for(stored.relay, attempt)
        event = receipt_event(told.status, told.code, success, told.attempt, told.message_sid)
        if event is not None:
            applied = conductor.apply(world, stored, event, budget)
            if applied.ignored_because:
                world.journal.note(
                    "INFO",
                    "receipt ignored",
                    relay=told.message_id,
                    attempt=told.attempt,
                    status=told.status,
                    reason=applied.ignored_because,
                )
    except StoreUnavailable:
        world.journal.note("ERROR", "receipt not recorded: asked Twilio to try again", relay=told.message_id)
        return try_again()
    return NO_CONTENT


def success_for(relay: Relay, attempt: Attempt) -> Success:
    """What counts as having reached the handler of this attempt.

    Of a drive before a redrive only a delivery does: its tiers may have been others, and are not kept.
    """
    if attempt.number < relay.first_attempt_of_drive:
        return Success.DELIVERED
    return relay.policy.tier(attempt.tier).success


def receipt_event(
    status: str, code: int | None, success: Success, attempt: int, message_sid: str, *, reason: str = "", by: str = ""
) -> Event | None:
    """What a Twilio status says of an attempt, given what counts as success at its tier; None when it says nothing."""
    word = webhook.word_for(status)
    if word is Word.NONE:
        return None
    if word is Word.SENT:
        word = Word.DELIVERED if success is Success.SENT and status == "sent" else Word.PROGRESS
    kind = {
        Word.PROGRESS: EventKind.RECEIPT_PROGRESS,
        Word.DELIVERED: EventKind.RECEIPT_DELIVERED,
        Word.FAILED: EventKind.RECEIPT_FAILED,
    }[word]
    return Event(kind, attempt, message_sid=message_sid, code=code, reason=reason, by=by)
