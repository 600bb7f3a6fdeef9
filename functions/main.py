"""The entry points and nothing else: each takes its runtime and hands the request to its way in.

`functions-framework --source functions/main.py --target NAME` serves one of them exactly as it is deployed. Heavy
clients are loaded by the adapters on first use: tests hold what importing this file loads.
"""

from __future__ import annotations

import dataclasses
import io
import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import cast

import flask
import functions_framework
from cloudevents.http import CloudEvent
from relay import wiring
from relay.errors import BadRequest, ConfigurationError, NewerRecord, StoreUnavailable
from relay.log import current_trace
from relay.settings.variables import ENTRY_POINTS, Need
from relay.web import BODY_MAX_BYTES, JSON, Request, Response, check_post, json_response, refusal, try_again
from relay.wiring import Runtime
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

Handler = Callable[[Runtime, Request], Response]

# Of X-Cloud-Trace-Context, whatever else a caller may have put there.
_TRACE = re.compile(r"[0-9a-f]{32}(?=/|\Z)")
# A document has at most 1 MiB (Firestore, quotas and limits), and a write's event holds it before and after.
_EVENT_MAX_BYTES = 4 * 1024 * 1024


def _serve(entry_point: str, request: flask.Request, handle: Handler) -> flask.Response:
    """Translate from and to Flask, and keep what went wrong inside: the framework would show an exception's text."""
    trace = _TRACE.match(request.headers.get("X-Cloud-Trace-Context", ""))
    current_trace.set(trace[0] if trace else "")
    try:
        if _IS_EMBEDDED:
            # A worker started it when it was forked; a server that forks none (functions-framework --debug) has not.
            wiring.start_background()
        response = handle(wiring.runtime(entry_point), _request(request))
    except BadRequest as error:
        response = refusal(error)
    except StoreUnavailable:
        response = try_again()
    except Exception as error:
        _note_unexpected(entry_point, error)
        response = Response(500, b"Internal error.", {"Content-Type": "text/plain"})
    return flask.Response(response.body, response.status, dict(response.headers))


def _note_unexpected(entry_point: str, error: Exception) -> None:
    """Type and place only: an exception's text may quote the text of a customer."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    journal = wiring.runtime(entry_point).journal
    journal.note("ERROR", f"unexpected {type(error).__name__} in {place.name}:{place.lineno}", entry=entry_point)


def _request(request: flask.Request) -> Request:
    # One byte more: a body whose length nobody announced is silently cut there, and then refused for its length.
    request.max_content_length = BODY_MAX_BYTES + 1
    try:
        body = request.get_data(cache=True)
    except Exception as error:
        # Too large, broken off, or in malformed chunks, for which servers have errors of their own. The framework reads
        # what is left of a body after the answer, and would answer 500 if that went wrong again.
        request.max_content_length = None
        request.environ |= {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
        vars(request).pop("stream", None)
        if not isinstance(error, RequestEntityTooLarge):
            raise BadRequest(400, "The body could not be read.") from error
        # Each way in refuses it in its own form, and of what is too long only the length counts.
        body = bytes(BODY_MAX_BYTES + 1)
    # Asked by name only, and werkzeug's answer in any case of letters: no use in copying them all.
    headers = cast(Mapping[str, str], request.headers)
    return Request(request.method, request.path, request.query_string.decode("latin-1"), headers, body)


def sms_inbound(request: flask.Request) -> flask.Response:
    """Twilio's webhook for a customer's text."""

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.flow.intake import handle_inbound_webhook

        if request.method == "OPTIONS":
            return _no_cors()
        return handle_inbound_webhook(runtime.world, runtime.account, runtime.intake, request)

    return _serve("sms_inbound", request, handle)


def sms_delivery_status(request: flask.Request) -> flask.Response:
    """Twilio's callback about a text we sent."""

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.flow.receipts import handle_delivery_status

        if request.method == "OPTIONS":
            return _no_cors()
        return handle_delivery_status(runtime.world, runtime.account, request)

    return _serve("sms_delivery_status", request, handle)


def _no_cors() -> Response:
    return Response(204, b"", {"Allow": "POST, OPTIONS"})


def sms_relay_state(request: flask.Request) -> flask.Response:
    """What happened to a text: one relay, or a search."""

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.operators.state_api import handle_relay_state

        origins = runtime.settings.allowed_origins
        return handle_relay_state(runtime.store, wiring.SystemClock(), runtime.verifier, origins, request)

    return _serve("sms_relay_state", request, handle)


def sms_redrive(request: flask.Request) -> flask.Response:
    """Start an exhausted relay again."""

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.operators.redrive import handle_redrive

        origins = runtime.settings.allowed_origins
        return handle_redrive(runtime.world, runtime.policy, runtime.verifier, origins, request)

    return _serve("sms_redrive", request, handle)


def console(request: flask.Request) -> flask.Response:
    """The operator's page. Private: who may open it is decided in front of it; what it shows, by each route it asks."""

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.operators.console import handle_console

        return handle_console(request, runtime.settings.console_api_url)

    return _serve("console", request, handle)


def escalate_tier(request: flask.Request) -> flask.Response:
    """A timer of one tier. Private: called by Cloud Tasks alone. 2xx: nothing left to do; else the task comes again."""

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.flow import timers
        from relay.google import task

        check_post(request, JSON, allow="POST")
        timer = task.decode(request.body)
        if runtime.settings.escalation_tier not in (None, timer.queue_tier):
            # Somebody mixed up queues and functions. The text must go on all the same.
            runtime.journal.note("WARNING", "timer of another tier", relay=timer.message_id, tier=timer.queue_tier)
        applied = timers.fire(runtime.world, timer)
        return json_response(200, {"ignored_because": applied.ignored_because})

    return _serve("escalate_tier", request, handle)


def sweep(request: flask.Request) -> flask.Response:
    """The watchman's round. Private: called by Cloud Scheduler every minute."""

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.flow.sweep import sweep as run

        check_post(request, allow="POST")
        return json_response(200, dataclasses.asdict(run(runtime.world)))

    return _serve("sweep", request, handle)


def reconcile(request: flask.Request) -> flask.Response:
    """The comparison with Twilio's own list. Private: called by Cloud Scheduler every five minutes.

    503 when Twilio or the store did not answer, so that a net that no longer catches anything is noticed.
    """

    def handle(runtime: Runtime, request: Request) -> Response:
        from relay.flow.reconcile import reconcile as run

        check_post(request, allow="POST")
        report = run(runtime.world, runtime.intake)
        return json_response(503 if report.was_held_up else 200, dataclasses.asdict(report))

    return _serve("reconcile", request, handle)


@functions_framework.cloud_event
def relay_events(event: CloudEvent) -> None:
    """A relay's document was written: publish what is new.

    400 for what this revision cannot read, 503 when it could not be published, or when it is a newer revision's to
    publish because the record is of a later version. Eventarc comes again after either.
    """
    from relay.google import trigger
    from relay.record.relay_events import new_events, publish

    runtime = wiring.runtime("relay_events")
    try:
        before, after = trigger.relays_of(event.data)
    except NewerRecord as error:
        runtime.journal.left_to_newer(str(event.get("document", "")).rpartition("/")[2], error.schema_version)
        flask.abort(503, "Left to the newer revision.")
    except Exception as error:
        _note_unexpected("relay_events", error)
        flask.abort(400, "Not a relay's write.")
    if after is None:
        return  # deleted: the TTL policy, or a synthetic text cleaned up
    settings = runtime.settings
    try:
        publish(runtime.publisher, settings.events_topic, settings.dead_letter_topic, new_events(before, after))
    except Exception as error:
        _note_unexpected("relay_events", error)
        flask.abort(503, "Not published.")


def _malformed(error: Exception) -> flask.Response | HTTPException:
    """What the framework raises before our code is called, at an event that is none; it would log its words."""
    if isinstance(error, HTTPException):
        return error
    _note_unexpected(flask.current_app.name, error)
    return flask.Response("The request could not be read.", 400, content_type="text/plain; charset=utf-8")


def _set_up() -> bool:
    """Check the configuration at start, not at the first text; whether this is the embedded home.

    Only under the framework, whose app is named after its target; a plain import of this file does nothing.
    """
    if not flask.has_app_context() or flask.current_app.name not in ENTRY_POINTS:
        return False
    # The framework's server logs every start and stop through logging; our own lines are JSON.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    flask.current_app.config["MAX_CONTENT_LENGTH"] = _EVENT_MAX_BYTES
    if flask.current_app.name == "relay_events":
        flask.current_app.register_error_handler(Exception, _malformed)
    try:
        settings = wiring.runtime(flask.current_app.name).settings
        if settings.backend == "google" or Need.STORE not in ENTRY_POINTS[flask.current_app.name]:
            return False
        wiring.prepare_embedded(settings)
        wiring.start_background_in_workers()
    except (ConfigurationError, StoreUnavailable) as error:
        sys.exit(str(error))
    return True


_IS_EMBEDDED = _set_up()
