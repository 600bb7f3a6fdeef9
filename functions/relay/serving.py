"""`serve` is the Flask half of every entry point: it turns a request into plain values and has its way in answer it.

Heavy clients are loaded by the adapters on first use, and each entry point its own way in alone (tests hold that).
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
from cloudevents.http import CloudEvent
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from relay import homes, wiring
from relay.errors import BadRequest, ConfigurationError, NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.log import current_trace
from relay.settings.variables import ENTRY_POINTS, Need
from relay.web import (
    BODY_MAX_BYTES,
    JSON,
    THREADS_PATH,
    Request,
    Response,
    Streamed,
    check_post,
    json_response,
    refusal,
    try_again,
)
from relay.wiring import Runtime

WayIn = Callable[[Runtime, Request], Response]

# The trace id in X-Cloud-Trace-Context; a value of any other form is ignored.
_TRACE = re.compile(r"[0-9a-f]{32}(?=/|\Z)")
# How large a request may be for Flask. The largest is Eventarc's: a document has at most 1 MiB (Firestore, quotas and
# limits), and its CloudEvent holds it before and after the write.
_CLOUD_EVENT_MAX_BYTES = 4 * 1024 * 1024
_REFUSED = "the store refuses what a request is about for good"
# The entry points that answer OPTIONS themselves: with CORS headers for the origins that are configured.
_ANSWER_BROWSERS = ("sms_relay_state", "sms_redrive")
# The entry points whose processes also run the ticker: all of the embedded home's that use the store.
_with_background: set[str] = set()


def serve(entry_point: str, request: flask.Request) -> flask.Response:
    """Answer a request to this entry point. Errors stay inside: the framework would show an exception's text."""
    trace = _TRACE.match(request.headers.get("X-Cloud-Trace-Context", ""))
    current_trace.set(trace[0] if trace else "")
    try:
        if entry_point in _with_background:
            # A server that forks workers has started it in each; one that forks none (functions-framework --debug) not.
            wiring.start_background()
        asked = _request(request)
        if asked.method == "OPTIONS" and asked.path.startswith("/sms/") and entry_point not in _ANSWER_BROWSERS:
            response = Response(204, b"", {"Allow": "POST, OPTIONS"})  # without CORS headers
        else:
            response = WAYS_IN[entry_point](wiring.runtime(entry_point), asked)
    except BadRequest as error:
        response = refusal(error)
    except (StoreUnavailable, Unreadable) as error:
        response = dataclasses.replace(try_again(), unavailable=str(error))
    except StoreRefused as error:
        # Perhaps another instance's store takes it; if not, the sweep sets the relay aside.
        wiring.runtime(entry_point).journal.note("ERROR", _REFUSED, relay=error.record_id, reason=error.reason)
        response = try_again()
    except Exception as error:
        _note_unexpected(entry_point, error)
        response = Response(500, b"Internal error.", {"Content-Type": "text/plain"})
    if why := response.unavailable:
        journal = wiring.runtime(entry_point).journal
        journal.note("WARNING", "store unavailable: the caller was asked to try again", entry=entry_point, reason=why)
    return _as_flask(entry_point, response)


def _as_flask(entry_point: str, response: Response) -> flask.Response:
    headers = dict(response.headers)
    if response.stream is not None:

        def note(error: Exception) -> None:
            journal = wiring.runtime(entry_point).journal
            journal.note("WARNING", "a file broke off on its way", error=type(error).__name__)

        return flask.Response(Streamed(response.stream, note), response.status, headers, direct_passthrough=True)
    # A length that is told for a HEAD is that of what GET would have brought.
    made = flask.Response(response.body, response.status, headers)
    made.headers.update(headers)
    for cookie in response.cookies:
        made.headers.add("Set-Cookie", cookie)
    return made


def _note_unexpected(entry_point: str, error: Exception) -> None:
    """Log an exception's type and place only: its text may quote the text of a customer."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    journal = wiring.runtime(entry_point).journal
    journal.note("ERROR", f"unexpected {type(error).__name__} in {place.name}:{place.lineno}", entry=entry_point)


def _request(request: flask.Request) -> Request:
    # One byte more than allowed: werkzeug silently cuts a body without Content-Length there, and each way in then
    # refuses it for its length.
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
    # Not copied: ways in ask for single headers by name, which werkzeug finds in any case of letters.
    headers = cast(Mapping[str, str], request.headers)
    return Request(request.method, request.path, request.query_string.decode("latin-1"), headers, body)


def _sms_inbound(runtime: Runtime, request: Request) -> Response:
    from relay.twilio.inbound import handle_inbound_webhook

    return handle_inbound_webhook(runtime.sending_world, runtime.account, runtime.intake, request)


def _sms_delivery_status(runtime: Runtime, request: Request) -> Response:
    from relay.twilio.delivery_status import handle_delivery_status

    return handle_delivery_status(runtime.world, runtime.account, request)


def _sms_relay_state(runtime: Runtime, request: Request) -> Response:
    from relay.operators.state_api import handle_relay_state

    settings = runtime.settings
    asked = (settings.allowed_origins, settings.media_base_url, request)
    today = (runtime.policy, settings.business_phones, settings.replies)
    return handle_relay_state(runtime.store, homes.SystemClock(), runtime.signing_in.authenticator, *asked, today)


def _sms_redrive(runtime: Runtime, request: Request) -> Response:
    """What operators do: with a relay, and by its path with a thread. Who may is decided alike."""
    if request.path.rstrip("/").endswith(THREADS_PATH):
        return _sms_threads(runtime, request)
    from relay.operators.redrive import handle_redrive

    who, origins = runtime.signing_in.authenticator, runtime.settings.allowed_origins
    return handle_redrive(runtime.world, runtime.policy, who, origins, request, lambda: runtime.tellers.test)


def _sms_threads(runtime: Runtime, request: Request) -> Response:
    from relay.operators.threads_api import handle_threads

    origins = runtime.settings.allowed_origins
    world, policy = runtime.world, runtime.policy
    return handle_threads(world, runtime.conversations, policy, runtime.signing_in.authenticator, origins, request)


def _console(runtime: Runtime, request: Request) -> Response:
    """Hands out the page; by its paths below /console/, signs operators in."""
    from relay.operators.console import handle_console
    from relay.operators.signing_in.paths import route_in

    if request.method == "POST" and route_in(request.path):
        from relay.operators.signing_in.routes import handle_signing_in

        return handle_signing_in(runtime.signing_in, request)
    return handle_console(request, runtime.settings.console_api_url)


def _media(runtime: Runtime, request: Request) -> Response:
    from relay.media.answering import handle_media

    return handle_media(runtime.store, runtime.media, homes.SystemClock(), runtime.journal, request)


def _escalate_tier(runtime: Runtime, request: Request) -> Response:
    from relay.flow import timers
    from relay.google import task

    check_post(request, JSON, allow="POST")
    timer = task.decode(request.body)
    if runtime.settings.escalation_tier not in (None, timer.queue_tier):
        # The deployment mixed up queues and functions. It is acted on all the same, so that the text is not late.
        runtime.journal.note("WARNING", "timer of another tier", relay=timer.message_id, tier=timer.queue_tier)
    applied = timers.fire(runtime.sending_world, timer)
    return json_response(200, {"ignored_because": applied.ignored_because})


def _sweep(runtime: Runtime, request: Request) -> Response:
    from relay.flow.sweep import sweep as run

    check_post(request, allow="POST")
    return json_response(200, dataclasses.asdict(run(runtime.sending_world)))


def _reconcile(runtime: Runtime, request: Request) -> Response:
    from relay.flow.reconcile import reconcile as run

    check_post(request, allow="POST")
    report = run(runtime.sending_world, runtime.intake)
    return json_response(503 if report.was_held_up else 200, dataclasses.asdict(report))


def _tell(runtime: Runtime, request: Request) -> Response:
    check_post(request, allow="POST")
    return json_response(200, dataclasses.asdict(runtime.tellers.telling.run()))


WAYS_IN: dict[str, WayIn] = {
    "sms_inbound": _sms_inbound,
    "sms_delivery_status": _sms_delivery_status,
    "sms_relay_state": _sms_relay_state,
    "sms_redrive": _sms_redrive,
    "console": _console,
    "media": _media,
    "escalate_tier": _escalate_tier,
    "sweep": _sweep,
    "reconcile": _reconcile,
    "tell": _tell,
}


def publish_events(event: CloudEvent) -> None:
    """Publish the relay events of a write of a relay's document.

    400 for what is no event of Firestore's, 503 when it could not be published, or when it is a newer revision's to
    publish because the record is of a later version. Eventarc comes again after either. A record that cannot be read
    raises the alarm and is passed.
    """
    from relay.google import trigger
    from relay.record.relay_events import new_events, publish

    runtime = wiring.runtime("relay_events")
    message_id = str(event.get("document", "")).rpartition("/")[2]
    try:
        before, after = trigger.relays_of(event.data)
    except NewerRecord as error:
        runtime.alarms.left_to_newer(message_id, error.schema_version)
        flask.abort(503, "Left to the newer revision.")
    except Unreadable as error:
        runtime.alarms.set_aside(message_id, error.reason)
        return  # it will be no more readable the next time
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
    """Answer for an error that the framework raises at a malformed CloudEvent; it would log the error's words."""
    if isinstance(error, HTTPException):
        return error
    _note_unexpected(flask.current_app.name, error)
    return flask.Response("The request could not be read.", 400, content_type="text/plain; charset=utf-8")


def set_up() -> None:
    """Check the configuration of the app that is being made, at start and not at the first text.

    The framework names its app after the target. Without an app, at a plain import of main.py, nothing happens.
    """
    if not flask.has_app_context() or flask.current_app.name not in ENTRY_POINTS:
        return
    entry_point = flask.current_app.name
    # The framework's server logs every start and stop through logging; our own lines are JSON.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    flask.current_app.config["MAX_CONTENT_LENGTH"] = _CLOUD_EVENT_MAX_BYTES
    if entry_point == "relay_events":
        flask.current_app.register_error_handler(Exception, _malformed)
    _with_background.discard(entry_point)
    try:
        settings = wiring.runtime(entry_point).settings
        if settings.backend == "google" or Need.STORE not in ENTRY_POINTS[entry_point]:
            return
        journal = wiring.runtime(entry_point).journal

        def say(words: str) -> None:
            journal.note("WARNING", "others could read the database", reason=words)

        homes.prepare_embedded(settings, say)
        wiring.start_background_in_workers()
    except (ConfigurationError, StoreUnavailable) as error:
        sys.exit(str(error))
    _with_background.add(entry_point)
