"""The control API of the fake, for the page of phones and for people; only for local use.

All bodies are JSON; a POST must say `Content-Type: application/json`, which no foreign web page can do unasked.
Times are seconds since 1970. A mistake is answered 400 with {"error": "…"}.

GET /fake/state
    The whole visible state:
    {"version": 7, "now": …, "account": {"account_sid", "numbers": ["+1…"], "api": "up" or a behaviour's name},
     "behaviours": [{"name", "label", "takes_error_code", "takes_delay_seconds"}],
     "phones": [{"phone", "name", "behaviour", "error_code", "delay_seconds", "arranged": ["refuse", …],
                 "opted_out", "inbox": [MESSAGE], "sent": [MESSAGE]}],
     "messages": [MESSAGE]}
    MESSAGE: {"sid", "direction", "from", "to", "body", "media", "status", "error_code", "error_message",
     "behaviour", "created_at", "sent_at", "updated_at", "reached_phone_at", "history": [{"at", "status"}]}.
    An inbox holds what the handset has shown; `arranged` are behaviours that hold for one message each before
    `behaviour` applies.
GET /fake/state?since=7&wait_seconds=25
    The same as soon as `version` is above 7, or after so many seconds (25 unless said, 60 at most) whatever it
    is: a page asks again and again and never polls.
GET /fake/record
    For judges in another process: {"posts": [every POST of a message], "exchanges": [every webhook request]}.
POST /fake/customer-texts   {"from", "to", "body", "media": ["https://…"]}
    A phone texts a number of the account; `to` may be left out if there is only one. 202 {"sid": "SM…"}.
POST /fake/carrier   {"phone", "behaviour", "error_code"?, "delay_seconds"?, "times"?}
    What happens to messages for that phone from now on, or only to the next `times`. 200 {"version"}.
POST /fake/outage   {"behaviour", "seconds"?}
    The whole API behaves like that (by name, as for carriers) for a while or until lifted; {"behaviour": null}
    lifts it. 200 {"version"}.
POST /fake/phones   {"phone", "name"}
    Make a phone known and give it a name for people. 200 {"version"}.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio import snapshot
from scripts.fake_twilio.catalogue import behaviour_named
from scripts.fake_twilio.model import FakeTwilio
from scripts.fake_twilio.send_request import is_e164

PREFIX = "/fake/"
_USUAL_WAIT_SECONDS, _MOST_WAIT_SECONDS = 25.0, 60.0

Body = dict[str, Any]


class ControlApi:
    """A WSGI application for everything under `/fake/`."""

    def __init__(self, fake: FakeTwilio) -> None:
        self._fake = fake
        self._reads: dict[str, Callable[[Request], Response]] = {
            "/fake/state": self._state,
            "/fake/record": self._record,
        }
        self._writes: dict[str, Callable[[Body], Response]] = {
            "/fake/customer-texts": self._customer_texts,
            "/fake/carrier": self._carrier,
            "/fake/outage": self._outage,
            "/fake/phones": self._name_phone,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = self._answer(Request(environ))
        except ValueError as mistake:
            response = _json({"error": str(mistake)}, 400)
        except HTTPException as refusal:
            response = _json({"error": refusal.description}, refusal.code or 400)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        read, write = self._reads.get(request.path), self._writes.get(request.path)
        if read is None and write is None:
            return _json({"error": "no such page"}, 404)
        if read is not None and request.method == "GET":
            return read(request)
        if write is not None and request.method == "POST":
            if request.mimetype != "application/json":
                return _json({"error": "the body must be application/json"}, 415)
            body = request.get_json()
            if not isinstance(body, dict):
                raise ValueError("the body must be an object")
            return write(body)
        return _json({"error": "method not allowed"}, 405)

    def _state(self, request: Request) -> Response:
        if (since := request.args.get("since")) is not None:
            seconds = float(request.args.get("wait_seconds", _USUAL_WAIT_SECONDS))
            last_seen = int(since)
            self._fake.wait_for(lambda: self._fake.state.version > last_seen, min(seconds, _MOST_WAIT_SECONDS))
        return _json(snapshot.visible_state(self._fake))

    def _record(self, _request: Request) -> Response:
        return _json(snapshot.record(self._fake))

    def _customer_texts(self, body: Body) -> Response:
        numbers = self._fake.settings.numbers
        to = body.get("to") or (numbers[0] if len(numbers) == 1 else "")
        media = body.get("media") or []
        if not isinstance(media, list) or not all(isinstance(url, str) for url in media):
            raise ValueError("media must be a list of URLs")
        text = self._fake.customer_texts(_phone(body, "from"), to, _text(body, "body"), media)
        return _json({"sid": text.sid, "version": self._fake.state.version}, 202)

    def _carrier(self, body: Body) -> Response:
        behaviour = behaviour_named(
            _text(body, "behaviour"),
            _whole_number(body, "error_code"),
            _seconds(body, "delay_seconds"),
        )
        times = _whole_number(body, "times")
        self._fake.phone(_phone(body, "phone")).carrier.does(behaviour, times)
        return self._version()

    def _outage(self, body: Body) -> Response:
        if body.get("behaviour") is None:
            self._fake.end_outage()
        else:
            behaviour = behaviour_named(_text(body, "behaviour"))
            self._fake.begin_outage(behaviour, _seconds(body, "seconds"))
        return self._version()

    def _name_phone(self, body: Body) -> Response:
        self._fake.phone(_phone(body, "phone"), _text(body, "name"))
        return self._version()

    def _version(self) -> Response:
        return _json({"version": self._fake.state.version})


def _json(content: Body, status: int = 200) -> Response:
    return Response(json.dumps(content), status, {"Cache-Control": "no-store"}, content_type="application/json")


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value


def _phone(body: Body, name: str) -> str:
    if not is_e164(number := _text(body, name)):
        raise ValueError(f"{name} must be a phone number in E.164 form")
    return number


def _whole_number(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise ValueError(f"{name} must be a whole number")
    return value


def _seconds(body: Body, name: str) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be a number of seconds")
    return float(value)
