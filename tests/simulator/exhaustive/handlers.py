"""The handlers that meet in the interleavings, each made for a run that has come to the moment of meeting."""

from __future__ import annotations

from relay.core.model import Timer
from relay.core.moves import pending
from relay.flow import timers
from relay.flow.intake import Intake
from relay.flow.reconcile import reconcile
from relay.flow.sweep import sweep
from relay.flow.world import SendingWorld
from relay.operators.redrive import redrive
from relay.twilio.delivery_status import handle_delivery_status
from relay.twilio.inbound import handle_inbound_webhook
from relay.web import DELIVERY_STATUS_PATH, INBOUND_PATH, Response

from tests.simulator.exhaustive.case import TEXT
from tests.simulator.exhaustive.choosing import Handler, Makes
from tests.simulator.sim_twilio import ACCOUNT_SID, Message
from tests.simulator.simulation import Simulation


def webhook(run: Simulation) -> Handler:
    """Twilio's webhook for the text, come again."""
    fields = {
        "MessageSid": TEXT.message_id,
        "AccountSid": ACCOUNT_SID,
        "From": TEXT.sender_phone,
        "To": TEXT.recipient_phone,
        "Body": TEXT.body,
    }
    request = run.calls.request(INBOUND_PATH, "", fields)
    return lambda world, intake: handle_inbound_webhook(world, run.fleet.account, intake, request)


def receipt(status: str) -> Makes:
    """A callback with this status about the first text that Twilio took."""
    return lambda run: told(run, next(iter(run.fleet.twilio.messages.values())), status)


def told(run: Simulation, message: Message, status: str) -> Handler:
    """A callback, true from the moment on at which it is made. A text that was delivered stays so."""
    fields = {"MessageSid": message.sid, "MessageStatus": status, "AccountSid": ACCOUNT_SID, "To": message.to}
    code = 30006 if status == "undelivered" else None
    if code is not None:
        fields["ErrorCode"] = str(code)
    query = message.callback.partition("?")[2].partition("#")[0]
    request = run.calls.request(DELIVERY_STATUS_PATH, query, fields)

    def handle(world: SendingWorld, intake: Intake) -> Response:
        run.kernel.pause(0.0)  # the other handler may ask before
        if message.status != "delivered":
            run.fleet.twilio.becomes(message, status, code)
        return handle_delivery_status(world, run.fleet.account, request)

    return handle


def timer(run: Simulation) -> Handler:
    """What the relay waits for fires."""
    armed = pending(run.fleet.store.relays[TEXT.message_id].relay)
    assert isinstance(armed, Timer)
    return lambda world, intake: timers.fire(world, armed)


def watchman(run: Simulation) -> Handler:
    """The sweep."""
    return lambda world, intake: sweep(world)


def comparison(run: Simulation) -> Handler:
    """Reconcile."""
    return lambda world, intake: reconcile(world, intake)


def operator(run: Simulation) -> Handler:
    """Somebody redrives the relay."""
    return lambda world, intake: redrive(world, intake.policy, TEXT.message_id, "request-one", 1)
