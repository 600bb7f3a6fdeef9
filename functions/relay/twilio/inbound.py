"""Twilio's webhook for a text that came in. 200 is answered only once the relay is durable."""

from __future__ import annotations

from relay.errors import BadRequest, StoreRefused, StoreUnavailable
from relay.flow.budget import WEBHOOK_LIMITS, WEBHOOK_SECONDS, Budget
from relay.flow.intake import Intake, accept
from relay.flow.world import SendingWorld
from relay.twilio.forms import inbound_text
from relay.twilio.signature import TwilioAccount, verified_form
from relay.web import INBOUND_PATH, Request, Response, refusal, try_again

TWIML = Response(
    200,
    b'<?xml version="1.0" encoding="UTF-8"?><Response/>',
    {"Content-Type": "text/xml; charset=utf-8"},
)


def handle_inbound_webhook(world: SendingWorld, account: TwilioAccount, intake: Intake, request: Request) -> Response:
    """Answer Twilio's webhook for one text.

    Returns 200 with empty TwiML when the text is durable, or was known already: nothing is left for Twilio to do. 503:
    not stored, try again. 403, 400, 405, 413, 415: not a request of ours; a retry would not help, Twilio logs it and
    tries the fallback URL.
    """
    try:
        text = inbound_text(verified_form(account, INBOUND_PATH, request))
    except BadRequest as error:
        return refusal(error)
    try:
        accept(world, intake, text, Budget(world.clock, WEBHOOK_SECONDS, WEBHOOK_LIMITS))
    except StoreRefused:
        return try_again()  # the alarm names the text, and reconcile finds it in the list
    except StoreUnavailable:
        world.journal.note("ERROR", "store unavailable: asked Twilio to try again", relay=text.message_id)
        return try_again()
    return TWIML
