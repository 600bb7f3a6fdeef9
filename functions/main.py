"""The entry points. `functions-framework --source functions/main.py --target NAME` serves one of them."""

from __future__ import annotations

import flask
import functions_framework
from cloudevents.http import CloudEvent
from relay import serving


def sms_inbound(request: flask.Request) -> flask.Response:
    """Twilio's webhook for a customer's text."""
    return serving.serve("sms_inbound", request)


def sms_delivery_status(request: flask.Request) -> flask.Response:
    """Twilio's callback about a text we sent."""
    return serving.serve("sms_delivery_status", request)


def sms_relay_state(request: flask.Request) -> flask.Response:
    """What happened to a text: one relay, or a search."""
    return serving.serve("sms_relay_state", request)


def sms_redrive(request: flask.Request) -> flask.Response:
    """What an operator does: start an exhausted relay again; at its path /sms/threads, act on a thread."""
    return serving.serve("sms_redrive", request)


def console(request: flask.Request) -> flask.Response:
    """The operator's page, which holds nothing, and below it the routes by which operators sign in and out."""
    return serving.serve("console", request)


def media(request: flask.Request) -> flask.Response:
    """The files of a text, for those who have its link."""
    return serving.serve("media", request)


def escalate_tier(request: flask.Request) -> flask.Response:
    """A timer of one tier. Private: called by Cloud Tasks alone. 2xx: nothing left to do; else the task comes again."""
    return serving.serve("escalate_tier", request)


def sweep(request: flask.Request) -> flask.Response:
    """The sweep of overdue relays. Private: called by Cloud Scheduler every minute."""
    return serving.serve("sweep", request)


def reconcile(request: flask.Request) -> flask.Response:
    """The comparison with Twilio's own list. Private: called by Cloud Scheduler every five minutes.

    503 when Twilio or the store did not answer, so that a net that no longer catches anything is noticed.
    """
    return serving.serve("reconcile", request)


def tell(request: flask.Request) -> flask.Response:
    """Telling operators what is due. Private: called by Cloud Scheduler every minute, and by a task at once."""
    return serving.serve("tell", request)


@functions_framework.cloud_event
def relay_events(event: CloudEvent) -> None:
    """A relay's document was written: publish what is new."""
    serving.publish_events(event)


serving.set_up()
