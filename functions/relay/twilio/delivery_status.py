"""Twilio's callback about a text that we sent."""

from __future__ import annotations

from relay.errors import BadRequest, StoreRefused, StoreUnavailable, Unreadable
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.flow.receipts import take_in
from relay.flow.world import World
from relay.twilio import forms
from relay.twilio.refusals import refused
from relay.twilio.signature import TwilioAccount, verified_form
from relay.web import DELIVERY_STATUS_PATH, Request, Response, try_again

NO_CONTENT = Response(204)


def handle_delivery_status(world: World, account: TwilioAccount, request: Request) -> Response:
    """Answer one status callback.

    Returns 204 when it is recorded, or there is nothing to do (the relay is unknown or expired, or the receipt
    changes nothing). 503: not recorded, Twilio tries again.
    """
    try:
        callback = forms.delivery_status(verified_form(account, DELIVERY_STATUS_PATH, request), request.query)
    except BadRequest as error:
        return refused(account, world.alarms, world.clock, DELIVERY_STATUS_PATH, request, error)
    budget = Budget(world.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
    try:
        told = (callback.message_id, callback.attempt, callback.receipt)
        take_in(world, *told, budget, tier=callback.tier, to=callback.to)
    except (StoreUnavailable, StoreRefused, Unreadable) as error:
        labels = {"relay": callback.message_id, "reason": str(error)}
        world.journal.note("ERROR", "receipt not recorded: asked Twilio to try again", **labels)
        return try_again()
    return NO_CONTENT
