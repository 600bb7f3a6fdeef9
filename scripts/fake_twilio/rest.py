"""Twilio's REST API over HTTP, `/2010-04-01/Accounts/{Sid}/…`, as a WSGI application.

Served are Messages (create, fetch, list), their Media (list, fetch, delete), IncomingPhoneNumbers (list, fetch, update)
and the account itself (fetch), as JSON, and what messaging_api.py has. The update and the removal of messages are not.
"""

import http.client
import json
import re
import socket
import struct
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio import listing, messaging_api, numbers, rows, standing
from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.faults.outages import Endpoint
from scripts.fake_twilio.media_api import MediaApi
from scripts.fake_twilio.message import API_VERSION, Message
from scripts.fake_twilio.model import FakeTwilio
from scripts.fake_twilio.sending import Reply, as_told, error_reply
from scripts.fake_twilio.state import PhoneNumber

PREFIX = f"/{API_VERSION}/"
# Of both APIs, which are at two names in the real world.
PREFIXES = (PREFIX, messaging_api.PREFIX)

_PATH = re.compile(
    rf"/{API_VERSION}/Accounts/(?P<account>[^/]+)/(?:"
    r"(?P<list>Messages|IncomingPhoneNumbers)(?:/(?P<sid>[^/]+))?\.json|"
    r"Messages/(?P<of>[^/]+)/Media(?:\.json|/(?P<medium>[^/.]+)(?P<as_json>\.json)?))\Z"
)

_ACCOUNT = re.compile(rf"/{API_VERSION}/Accounts/(?P<account>[^/]+)\.json\Z")

# How long an answer waits for the callbacks that are to come before it; a hung application must not hang this.
_CALLBACKS_FIRST_SECONDS = 20.0


class RestApi:
    """The HTTP face of one fake account."""

    def __init__(self, fake: FakeTwilio) -> None:
        self._fake = fake
        self._account_sid = fake.settings.account_sid
        self._media = MediaApi(fake)
        self._messaging = messaging_api.MessagingApi(fake.state, self._account_sid)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        reply = self._reply(request)
        for status in reply.interim:
            answer_before(environ, status)
        if reply.hold_seconds:
            self._fake.hold(reply.hold_seconds)
        if reply.after:
            reply.after.wait(_CALLBACKS_FIRST_SECONDS)
        if reply.status is None:
            reset_connection(environ)
        return _response(reply)(environ, start_response)

    def _reply(self, request: Request) -> Reply:
        try:
            path = _PATH.match(request.path)
            if path is None:
                return self._about_the_account(request)
            if path["list"] == "Messages" and path["sid"] is None and request.method == "POST":
                # It checks and records everything itself, in the order Twilio would.
                return self._fake.sender.post(request.form, self._refusal(request, path["account"], "send"))
            with self._fake.state.lock:
                outage = self._fake.state.outages.meets(_endpoint(path))
            if outage is None:
                return self._answer(request, path)
            right = None if outage.answer.is_error else self._answer(request, path)
            return as_told(outage.answer, right, self._fake.settings.time_scale)
        except ApiError as error:
            return error_reply(error)

    def _about_the_account(self, request: Request) -> Reply:
        """Returns how it stands. An outage of what concerns its numbers is one of this, too."""
        account = _ACCOUNT.match(request.path)
        if account is None and not request.path.startswith(messaging_api.PREFIX):
            raise ApiError(20404)
        with self._fake.state.lock:
            outage = self._fake.state.outages.meets("numbers")
        if outage is not None and outage.answer.is_error:
            return as_told(outage.answer, None, self._fake.settings.time_scale)
        if refusal := self._refusal(request, account["account"] if account else self._account_sid, "numbers"):
            raise refusal
        if account is None:
            return Reply(200, self._messaging.answer(request))
        if request.method != "GET":
            raise ApiError(20004)
        # Keys may not look at the account, whatever else they may.
        if request.authorization is None or request.authorization.username != self._account_sid:
            raise ApiError(20003)
        told = standing.account_json(self._fake.state.standing, self._account_sid, self._fake.settings.auth_token)
        return Reply(200, told)

    def _refusal(self, request: Request, account_sid: str, endpoint: Endpoint) -> ApiError | None:
        given = request.authorization
        if given is None or given.type != "basic" or account_sid != self._account_sid:
            return ApiError(20003)
        return self._fake.refusal(given.username or "", given.password or "", endpoint)

    def _answer(self, request: Request, path: re.Match[str]) -> Reply:
        if refusal := self._refusal(request, path["account"], _endpoint(path)):
            raise refusal
        if path["of"] is not None:
            message = self._message(path["of"])
            if path["medium"] is None:
                return self._media.listed(request, message)
            return self._media.one(request, message, path["medium"], path["as_json"] is not None)
        match path["list"], path["sid"], request.method:
            case "Messages", None, "GET":
                return Reply(200, self._message_list(request))
            case "Messages", str(sid), "GET":
                return Reply(200, self._shown(self._message(sid)))
            case "IncomingPhoneNumbers", None, "GET":
                return Reply(200, self._number_list(request))
            case "IncomingPhoneNumbers", str(sid), "GET":
                return Reply(200, numbers.as_json(self._number(sid), self._account_sid))
            case "IncomingPhoneNumbers", str(sid), "POST":
                return Reply(200, numbers.as_json(self._update(sid, request.form), self._account_sid))
        raise ApiError(20004)

    def _message_list(self, request: Request) -> dict[str, Any]:
        settings, state, now = self._fake.settings, self._fake.state, self._fake.clock.now()
        with state.lock:
            listed = [message for message in self._fake.messages if rows.is_listed(message, now, state, settings)]
        listed.sort(key=lambda message: message.created_at)
        return listing.page_of(
            listing.filtered(listed, request.args, settings.unsent_match_dates, state.lists.numbers),
            "messages",
            lambda message: message.sid,
            self._shown,
            quote(request.path),
            request.args,
            state.lists,
        )

    def _shown(self, message: Message) -> dict[str, Any]:
        with self._fake.state.lock:
            return rows.shown(message, self._fake.clock.now(), self._fake.state, self._fake.settings)

    def _message(self, sid: str) -> Message:
        with self._fake.state.lock:
            message = self._fake.state.messages.get(sid)
        if message is None:
            raise ApiError(20404)
        return message

    def _number_list(self, request: Request) -> dict[str, Any]:
        with self._fake.state.lock:
            owned = list(self._fake.state.numbers.values())
        return listing.page_of(
            [number for number in owned if numbers.matches(number, request.args)],
            "incoming_phone_numbers",
            lambda number: number.sid,
            lambda number: numbers.as_json(number, self._account_sid),
            quote(request.path),
            request.args,
        )

    def _number(self, sid: str) -> PhoneNumber:
        with self._fake.state.lock:
            number = self._fake.state.numbers.get(sid)
        if number is None:
            raise ApiError(20404)
        return number

    def _update(self, sid: str, form: MultiDict[str, str]) -> PhoneNumber:
        with self._fake.state.lock:
            changed = numbers.updated(self._number(sid), form, self._fake.clock.now())
            self._fake.state.numbers[sid] = changed
            self._fake.state.changed()
        return changed


def _endpoint(path: re.Match[str]) -> Endpoint:
    if path["of"] is not None:
        return "media"
    if path["list"] == "IncomingPhoneNumbers":
        return "numbers"
    return "list" if path["sid"] is None else "fetch"


def _response(reply: Reply) -> Response:
    if reply.location:
        return Response("", reply.status, {"Location": reply.location})
    if reply.status == 204:
        return Response("", 204)
    if reply.body is None:
        response = Response("<html>upstream error</html>\n", reply.status, content_type="text/html")
    else:
        response = Response(json.dumps(reply.body), reply.status, content_type="application/json;charset=utf-8")
    if reply.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if reply.retry_after is not None:
        response.headers["Retry-After"] = reply.retry_after
    return response


def answer_before(environ: WSGIEnvironment, status: int) -> None:
    """Send an interim answer (1xx) ahead of the one that follows. A server that keeps its socket to itself sends
    none."""
    connection = _socket(environ)
    if connection is not None:
        phrase = http.client.responses.get(status, "Interim")
        connection.sendall(f"HTTP/1.1 {status} {phrase}\r\n\r\n".encode())


def _socket(environ: WSGIEnvironment) -> socket.socket | None:
    return environ.get("werkzeug.socket") or environ.get("gunicorn.socket")


def reset_connection(environ: WSGIEnvironment) -> None:
    """End the request without an answer. Always raises ConnectionResetError, which servers take for a lost client.

    The fake's own server then sends a TCP reset. Mounted in another one, the client may see the connection
    closed instead, which tells it no more.
    """
    connection = _socket(environ)
    if connection is not None:
        # Lingering zero seconds makes close() send a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The server would wait for another request on this connection; now it reads the end and closes it.
        connection.shutdown(socket.SHUT_RD)
    raise ConnectionResetError
