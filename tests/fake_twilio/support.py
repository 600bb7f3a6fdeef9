"""What the tests of the fake Twilio share: an application without sockets, one with, and ways to ask the API."""

import dataclasses
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client as HttpClient
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio import FakeTwilio, ManualClock, Settings, make_app
from scripts.fake_twilio.media_host import MediaHost
from scripts.fake_twilio.transport import Answer, Fetched

OURS = "+15550001000"
HANDLER = "+15550002001"
CUSTOMER = "+15550003001"
SMS_URL = "https://relay.example.com/sms/inbound"
CALLBACK_URL = "https://relay.example.com/sms/delivery-status?relay=SM1&tier=1"

TWIML = Answer(200, "text/xml", "<Response/>")
NO_CONNECTION = Answer(None, failure="connect")
NO_ANSWER = Answer(None, failure="read")


def status(code: int) -> Answer:
    return Answer(code, "text/plain", "")


@dataclasses.dataclass(frozen=True)
class Sent:
    """One request the application got from the fake."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    connect_seconds: float = 0.0
    read_seconds: float = 0.0
    at: float = 0.0

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def signature(self) -> str:
        return self.headers["X-Twilio-Signature"]


class ScriptedApp:
    """The application as a transport: answers what it is told, in order, then 200 with empty TwiML."""

    def __init__(self, clock: ManualClock) -> None:
        self.requests: list[Sent] = []
        self.answers: deque[Answer] = deque()
        # What is fetched, by method and address; and what was asked for.
        self.files: dict[tuple[str, str], Fetched] = {}
        self.fetches: list[tuple[str, str]] = []
        # How long each answer takes, on the manual clock.
        self.takes_seconds = 0.0
        self._clock = clock

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_seconds: float,
        read_seconds: float,
    ) -> Answer:
        self.requests.append(Sent(method, url, headers, body, connect_seconds, read_seconds, self._clock.now()))
        self._clock.advance(min(self.takes_seconds, read_seconds))
        return self.answers.popleft() if self.answers else TWIML

    def fetch(self, method: str, url: str, most_bytes: int, timeout_seconds: float) -> Fetched:
        self.fetches.append((method, url))
        found = self.files.get((method, url), Fetched(404))
        return found._replace(content=found.content[:most_bytes])

    def serve(self, url: str, content_type: str, content: bytes) -> None:
        """From now on the application has this file at this address."""
        for method in ("HEAD", "GET"):
            self.files[method, url] = Fetched(200, content_type, content if method == "GET" else b"")

    @property
    def statuses(self) -> list[str]:
        """The MessageStatus of each request, in order of arrival."""
        return [request.form["MessageStatus"] for request in self.requests]


class Account:
    """A fake on a manual clock, with its scripted application and its API, without a socket or a thread."""

    def __init__(self, **settings: object) -> None:
        self.clock = ManualClock()
        self.app = ScriptedApp(self.clock)
        usual = {"sms_url": SMS_URL}
        self.fake = FakeTwilio(Settings(**{**usual, **settings}), self.clock, self.app)  # type: ignore[arg-type]
        self.handler = self.fake.phone(HANDLER)
        self.customer = self.fake.phone(CUSTOMER)
        self.http = HttpClient(make_app(self.fake))
        self.media_host = HttpClient(MediaHost(self.fake))
        self.root = f"/2010-04-01/Accounts/{self.fake.settings.account_sid}"
        self.auth = (self.fake.settings.account_sid, self.fake.settings.auth_token)

    def post(self, **form: object) -> TestResponse:
        """POST a message to the handler; keywords replace or (with None) remove parameters."""
        usual = {"To": HANDLER, "From": OURS, "Body": "hello", "StatusCallback": CALLBACK_URL}
        data = {name: value for name, value in {**usual, **form}.items() if value is not None}
        return self.http.post(f"{self.root}/Messages.json", data=data, auth=self.auth)

    def get(self, path: str, **query: str) -> TestResponse:
        """GET a path below the account; write DateSent> as `DateSent_after`, DateSent< as `DateSent_before`."""
        names = {"DateSent_after": "DateSent>", "DateSent_before": "DateSent<"}
        asked = {names.get(name, name): value for name, value in query.items()}
        return self.http.get(f"{self.root}{path}", query_string=asked, auth=self.auth)

    def text(self, body: str = "help", **options: object):  # type: ignore[no-untyped-def]
        """The customer texts us, and time passes until Twilio is done with it."""
        inbound = self.customer.texts(body, waits=False, **options)  # type: ignore[arg-type]
        self.clock.advance(60)
        return inbound.wait(0)


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class HttpApp:
    """The application as a real server on the loopback; `answer` may take its time or raise."""

    def __init__(self, answer: Callable[[Request], Response] | None = None) -> None:
        self.requests: list[Sent] = []
        self._answer = answer or (lambda _request: Response("<Response/>", content_type="text/xml"))
        self._lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=_QuietHandler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def _app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data()
        with self._lock:
            self.requests.append(Sent(request.method, request.url, dict(request.headers), body))
        return self._answer(request)(environ, start_response)

    def __enter__(self) -> "HttpApp":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
