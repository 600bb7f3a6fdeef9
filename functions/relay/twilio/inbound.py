"""Twilio's webhook for a text that came in. 200 is answered only once the relay is durable."""

from __future__ import annotations

from dataclasses import replace

from relay.core.model import InboundText
from relay.errors import BadRequest, MessengerUnavailable, StoreRefused, StoreUnavailable
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.flow.intake import Intake, accept
from relay.flow.world import SendingWorld
from relay.ports import SentMessage
from relay.twilio.cuts import Doubt
from relay.twilio.forms import InboundForm, inbound_form
from relay.twilio.refusals import Doubtful, refused
from relay.twilio.signature import TwilioAccount, verified_form
from relay.twilio.texts import text_of
from relay.web import INBOUND_PATH, Request, Response, try_again

TWIML = Response(
    200,
    b'<?xml version="1.0" encoding="UTF-8"?><Response/>',
    {"Content-Type": "text/xml; charset=utf-8"},
)
# How long Twilio may take to say what it has of a doubtful text; the rest of the webhook's time is for the text itself.
_ASK_SECONDS = 1.0


def handle_inbound_webhook(world: SendingWorld, account: TwilioAccount, intake: Intake, request: Request) -> Response:
    """Answer Twilio's webhook for one text.

    Returns 200 with empty TwiML when the text is durable, or was known already: nothing is left for Twilio to do. 503:
    not stored, try again. 403, 400, 405, 413, 415: not a request of ours; a retry would not help, Twilio logs it and
    tries the fallback URL.
    """
    try:
        told = inbound_form(verified_form(account, INBOUND_PATH, request))
        budget = Budget(world.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS)
        text, is_sure = told.text, told.doubt is Doubt.NONE
        if text is None or not is_sure:
            text, is_sure = _as_twilio_has_it(world, told, budget)
    except BadRequest as error:
        return refused(account, world.alarms, world.clock, INBOUND_PATH, request, error)
    except MessengerUnavailable:
        world.journal.note("WARNING", "a doubtful webhook could not be asked about: left to the list")
        return try_again()
    try:
        # What is known already may be made more of by a text that is sure alone.
        if is_sure or world.store.missing([text.message_id], timeout_seconds=budget.store):
            accept(world, intake, text, budget)
    except StoreRefused:
        return try_again()  # the alarm names the text, and reconcile finds it in the list
    except StoreUnavailable as error:
        labels = {"relay": text.message_id, "reason": str(error)}
        world.journal.note("ERROR", "store unavailable: asked Twilio to try again", **labels)
        return try_again()
    return TWIML


def _as_twilio_has_it(world: SendingWorld, told: InboundForm, budget: Budget) -> tuple[InboundText, bool]:
    """Returns the text of a webhook that cannot be taken at its word, as Twilio has it by its id, and whether it has.

    Where Twilio cannot say, it is the webhook's own text, if that can be no other; else raises Doubtful (no such text),
    BadRequest (nothing to read) or MessengerUnavailable.
    """
    own = told.text if told.doubt is not Doubt.TEXT else None
    try:
        our_phone = told.text.recipient_phone if told.text else ""
        found = world.provider_of(our_phone).fetch(told.sid, timeout_seconds=budget.at_most(_ASK_SECONDS))
    except MessengerUnavailable:
        if own is None:
            raise
        found = None
    if found is not None and found.receipt is None and found.from_ and found.to:
        return _merged(found, told), True
    if own is not None:
        world.journal.note("WARNING", "a doubtful webhook was taken at its word", relay=own.message_id)
        return own, False
    raise BadRequest(400, told.flaw) if told.text is None else Doubtful


def _merged(found: SentMessage, told: InboundForm) -> InboundText:
    """Returns the text that Twilio has, with what only its webhook tells where both speak of the same two phones."""
    text = text_of(told.sid, found.from_, found.to, found.body, 0)
    own = told.text
    if own is None or (own.sender_phone, own.recipient_phone) != (text.sender_phone, text.recipient_phone):
        return text
    # Twilio shows no words of a text that it was told to redact.
    return replace(own, body=text.body or own.body)
