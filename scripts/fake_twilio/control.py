"""The control API of the fake, for the page of phones and for people; only for local use.

All bodies are JSON; a POST must say `Content-Type: application/json`, which no foreign web page can do unasked.
Times are seconds since 1970. A mistake is answered 400 with {"error": "…"}.

GET /fake/state
    The whole visible state:
    {"version": 7, "now": …, "account": {"account_sid", "numbers": ["+1…"], "outages": {"send": "api_down", …},
                 "lists": {the faults of lists that hold}, "media": {those of files}, "key_may": ["send", …],
                 "queue": {"segments_per_second", "hours"}},
     "behaviours": [{"name", "label", "takes_error_code", "takes_delay_seconds"}],
     "tapbacks": ["like", …], "driving": an iPhone's words while its owner drives,
     "pictures": [{"file", "name"}], drawn by the fake for phones to attach,
     "phones": [{"phone", "name", "behaviour", "error_code", "delay_seconds", "arranged": ["refuse", …],
                 "opted_out", "opted_out_of": ["+1…"], "auto_reply": {"words", "after_seconds"} or null,
                 "inbox": [MESSAGE], "sent": [MESSAGE]}],
     "messages": [MESSAGE]}
    MESSAGE: {"sid", "direction", "from", "to", "body", "media", "status", "error_code", "error_message",
     "behaviour", "created_at", "sent_at", "updated_at", "reached_phone_at", "history": [{"at", "status"}]}.
    An inbox holds what the handset has shown, with Twilio's own answers (direction "outbound-reply"); `arranged` are
    behaviours that hold for one message each before `behaviour` applies, "mms" the one of messages with files. "media":
    [{"sid", "file", "content_type"}].
GET /fake/state?since=7&wait_seconds=25
    The same as soon as `version` is above 7, or after so many seconds (25 unless said, 60 at most) whatever it
    is: a page asks again and again and never polls.
GET /fake/record
    For judges in another process: {"posts": [every POST of a message], "exchanges": [every webhook request],
    "media_arrivals": [the latest requests to the second host, with their headers]}.
GET /fake/files/…
    The bytes of a file: one of "pictures" or of a message's "media", by the id that stands there.
POST /fake/files   {"content_type", "content": in base64}
    A file to attach. 201 {"file": its id}.
POST /fake/customer-texts   {"from", "to", "body", "files"?: [ids], "faults"?}
    Any phone, a handler's too, texts a number of the account; `to` may be left out if there is only one. `from` may be
    on a channel ("rcs:+1…") or a name. `faults`: any fields of faults/texts.py. 202 {"sid": "SM…"}.
    A text that is STOP, START, HELP or one of their like: Twilio blocks what we send to that phone (21610) or lets it
    through again, answers by itself, and calls the webhook as for every text.
POST /fake/tapbacks   {"phone", "sid", "tapback"?: "like", "form"?: "apple" or "google", "on_photo"?, "takes_back"?,
                       "quoted_characters"?}
    A phone reacts to a text in its inbox, and so texts the number that it came from: tapbacks.py, Reaction.
    202 {"sid": "SM…"}.
POST /fake/auto-reply   {"phone", "words", "after_seconds"?: 2}
    The phone answers each text that it gets from now on with these words, so many seconds later; with null for words it
    no longer does. 200 {"version"}.
POST /fake/carrier   {"phone", BEHAVIOUR, "times"?, "containing"?, "mms"?}
    What happens to messages for that phone from now on, or only to the next `times` (that contain these words); with
    "mms": true to those with files, until {"behaviour": null, "mms": true}. 200 {"version"}.
POST /fake/outage   {BEHAVIOUR, "seconds"?, "requests"?, "endpoints"?: ["send", "fetch", "list", "media", "numbers"]}
    The API, or these endpoints of it, answers as that behaviour answers a POST: for a while, for so many requests, or
    until lifted; {"behaviour": null, "endpoints"?} lifts it. "refused_connection" is for the whole API and for some
    seconds: meanwhile this control API cannot be reached either. 200 {"version"}.

BEHAVIOUR: "behaviour" (a name), "error_code"? and "delay_seconds"? where it takes them, and on top of it any fields of
"answer"?: {…} (faults/answers.py), "fate"?: {…} (faults/fates.py) and "callbacks"?: {…} (faults/receipts.py):
    {"behaviour": "refuse", "error_code": 21999, "answer": {"status": 404}}
    {"behaviour": "reply_lost", "answer": {"resets": false, "status": 503, "error_code": 20503, "retry_after": "10"}}
    {"behaviour": "deliver", "answer": {"interim": [103]}, "callbacks": {"copies": 3, "query": {"tier": "2"}}}
POST /fake/phones   {"phone", "name"}
    Make a phone known and give it a name for people. 200 {"version"}.
POST /fake/lists   {any fields of faults/lists.py, ListFaults}
    What is wrong with lists and with what is shown of messages from now on; {} is nothing. 200 {"version"}.
POST /fake/media   {any fields of faults/media.py, MediaFaults}
    What is wrong with the files that came with texts from now on; {} is nothing. 200 {"version"}.
POST /fake/rows   {"sid", "fields": {"from": null, …}}, or {"row": {"direction", "from", "to", "body", …}, "fields"?}
    Show these fields of a message instead of the true ones, or add a message of which the application hears nothing:
    fields of rows.py, Row. 202 {"sid"}.
POST /fake/queue   {"segments_per_second", "hours"?}
    How fast each number sends (1 for a US long code) and how long its queue may get; {} is no queue. 200 {"version"}.
POST /fake/key   {"may": ["send", "fetch", "list", "media", "numbers"]}
    What the API key may do: a restricted key. 200 {"version"}.
POST /fake/standing   {"status"?: "active", "type"?: "Full" or "Trial", "services"?: [{"name", "numbers",
                       "campaign_status"?}], "verifications"?: {number: status}}
    How the account stands and what is registered of its numbers (standing.py); {} is an account in which nothing is.
    200 {"version"}.
POST /fake/opt-out   {"words": {"BAJA": "STOP", "ALTA": "START", "AYUDA": "HELP"} or "usual", "lists_own_answers"?}
    The words of Advanced Opt-Out, with which webhooks carry OptOutType; {} is without it. `lists_own_answers`: lists
    show what Twilio answers by itself from now on. 200 {"version"}.
"""

import json
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio import asked, snapshot
from scripts.fake_twilio.asked import Body
from scripts.fake_twilio.faults.from_json import changed
from scripts.fake_twilio.faults.lists import ListFaults
from scripts.fake_twilio.faults.media import MediaFaults
from scripts.fake_twilio.faults.queues import QueueLimits
from scripts.fake_twilio.faults.texts import InboundFaults
from scripts.fake_twilio.model import FakeTwilio

PREFIX = "/fake/"
_FILES = f"{PREFIX}files/"
_USUAL_WAIT_SECONDS, _MOST_WAIT_SECONDS = 25.0, 60.0


class ControlApi:
    """A WSGI application for everything under `/fake/`."""

    def __init__(self, fake: FakeTwilio) -> None:
        self._fake = fake
        self._reads: dict[str, Callable[[Request], Response]] = {
            "/fake/state": self._state,
            "/fake/record": self._record,
        }
        self._writes: dict[str, Callable[[Body], Response]] = {
            "/fake/files": self._new_file,
            "/fake/customer-texts": self._customer_texts,
            "/fake/tapbacks": self._tapback,
            "/fake/auto-reply": self._auto_reply,
            "/fake/carrier": self._carrier,
            "/fake/outage": self._outage,
            "/fake/phones": self._name_phone,
            "/fake/lists": self._lists,
            "/fake/media": self._media,
            "/fake/rows": self._row,
            "/fake/key": self._key,
            "/fake/queue": self._queue,
            "/fake/opt-out": self._opt_out,
            "/fake/standing": self._stand,
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
        if request.path.startswith(_FILES):
            read = self._file
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
        asked.only(body, "from", "to", "body", "files", "faults")
        numbers = self._fake.settings.numbers
        to = body.get("to") or (numbers[0] if len(numbers) == 1 else "")
        files = [self._fake.file(name) for name in asked.texts(body, "files")]
        faults = changed(InboundFaults(), body.get("faults", {}), "faults")
        text = self._fake.customer_texts(asked.address(body, "from"), to, asked.text(body, "body"), files, faults)
        return _json({"sid": text.sid, "version": self._fake.state.version}, 202)

    def _file(self, request: Request) -> Response:
        file = self._fake.file(request.path.removeprefix(_FILES))
        # Never shown as a page: what is in it came from a stranger.
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
        return Response(file.content, 200, headers, content_type=file.content_type)

    def _new_file(self, body: Body) -> Response:
        asked.only(body, "content_type", "content")
        return _json({"file": self._fake.state.files.put(asked.file(body))}, 201)

    def _tapback(self, body: Body) -> Response:
        phone, sid = asked.phone(body, "phone"), asked.text(body, "sid")
        text = self._fake.taps_back(phone, sid, asked.reaction(body))
        return _json({"sid": text.sid, "version": self._fake.state.version}, 202)

    def _auto_reply(self, body: Body) -> Response:
        asked.only(body, "phone", "words", "after_seconds")
        self._fake.auto_replies.set(asked.phone(body, "phone"), asked.auto_reply(body))
        return self._version()

    def _carrier(self, body: Body) -> Response:
        asked.only(body, "phone", "times", "containing", "mms", *asked.BEHAVIOUR)
        if asked.flag(body, "mms"):
            asked.only(body, "phone", "mms", *asked.BEHAVIOUR)
            of_mms = None if body.get("behaviour") is None else asked.behaviour(body)
            self._fake.phone(asked.phone(body, "phone")).carrier.does_with_mms(of_mms)
            return self._version()
        behaviour = asked.behaviour(body)
        if behaviour.at_post.refuses_connection:
            raise ValueError("connections are refused by an outage, not by one phone's carrier")
        times, words = asked.whole_number(body, "times"), asked.text({"containing": "", **body}, "containing")
        if words and times is None:
            raise ValueError("say for how many messages with these words: times")
        self._fake.phone(asked.phone(body, "phone")).carrier.does(behaviour, times, words)
        return self._version()

    def _outage(self, body: Body) -> Response:
        asked.only(body, "seconds", "requests", "endpoints", *asked.BEHAVIOUR)
        endpoints = asked.endpoints(body)
        if body.get("behaviour") is None:
            self._fake.end_outage(endpoints)
            return self._version()
        behaviour, seconds = asked.behaviour(body), asked.seconds(body, "seconds")
        if behaviour.at_post.refuses_connection and seconds is None:
            raise ValueError("say for how many seconds: meanwhile nothing can connect to lift the outage")
        self._fake.begin_outage(behaviour, seconds, asked.whole_number(body, "requests"), endpoints)
        return self._version()

    def _name_phone(self, body: Body) -> Response:
        asked.only(body, "phone", "name")
        self._fake.phone(asked.phone(body, "phone"), asked.text(body, "name"))
        return self._version()

    def _lists(self, body: Body) -> Response:
        self._fake.show_lists(changed(ListFaults(), body, "lists"))
        return self._version()

    def _media(self, body: Body) -> Response:
        self._fake.serve_media(changed(MediaFaults(), body, "media"))
        return self._version()

    def _row(self, body: Body) -> Response:
        asked.only(body, "sid", "row", "fields")
        fields = asked.fields(body)
        if "sid" in body:
            asked.only(body, "sid", "fields")
            sid = asked.text(body, "sid")
        else:
            sid = self._fake.add_row(asked.row(body)).sid
        self._fake.show(sid, fields)
        return _json({"sid": sid, "version": self._fake.state.version}, 202)

    def _queue(self, body: Body) -> Response:
        self._fake.limit_queues(changed(QueueLimits(), body, "queue"))
        return self._version()

    def _key(self, body: Body) -> Response:
        asked.only(body, "may")
        self._fake.restrict_key(asked.endpoints(body, "may"))
        return self._version()

    def _opt_out(self, body: Body) -> Response:
        asked.only(body, "words", "lists_own_answers")
        self._fake.opt_out_by(asked.words(body), asked.flag(body, "lists_own_answers"))
        return self._version()

    def _stand(self, body: Body) -> Response:
        self._fake.stand(asked.standing(body))
        return self._version()

    def _version(self) -> Response:
        return _json({"version": self._fake.state.version})


def _json(content: Body, status: int = 200) -> Response:
    return Response(json.dumps(content), status, {"Cache-Control": "no-store"}, content_type="application/json")
