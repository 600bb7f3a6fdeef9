"""No credential goes where it was not meant to go: not after a redirect, not in the clear, to no proxy in between.

Every place that asks another server is here or in the list of those that cannot follow a redirect.
"""

from __future__ import annotations

import ast
import http.server
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from relay.operators.identity import fetch_keys
from relay.outgoing import may_carry_secrets, open_url
from relay.ports import OutgoingText
from relay.twilio.messenger import TwilioMessenger

from scripts.deployment import asking, smoke_target
from scripts.deployment.tools import Problem
from scripts.deployment.twilio_api import TwilioApi
from scripts.local_google import issuer
from scripts.local_stack.client import StackClient
from scripts.relayctl import checks_twilio, checks_webhooks
from scripts.relayctl.api import ApiError, RelayApi
from scripts.relayctl.tokens import Tokens

ROOT = Path(__file__).resolve().parents[1]
NUMBER, HANDLER, SID = "+15550100100", "+15550100001", "SM" + "0" * 32
TOKEN = "aaa.bbb.ccc"


class Recorded:
    """A server that counts its requests and answers all of them alike."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.status, self.location = 200, ""
        recorded = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                recorded.requests.append(self.path)
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                self.send_response(recorded.status)
                if recorded.location:
                    self.send_header("Location", recorded.location)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_POST = do_GET

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def asked() -> Iterator[Recorded]:
    recorded = Recorded()
    yield recorded
    recorded.close()


@pytest.fixture
def elsewhere() -> Iterator[Recorded]:
    recorded = Recorded()
    yield recorded
    recorded.close()


def _values(address: str) -> dict[str, str]:
    return {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "1" * 32,
        "TWILIO_API_BASE_URL": address,
        "PUBLIC_BASE_URL": address,
        "BUSINESS_PHONE_NUMBER": NUMBER,
    }


def _messenger(address: str) -> TwilioMessenger:
    return TwilioMessenger(
        account_sid="AC" + "0" * 32,
        auth_token="1" * 32,
        base_url=address,
        callback_base_url="https://relay.example.com",
    )


def _api(address: str) -> RelayApi:
    return RelayApi(address, Tokens(address, TOKEN), sleep=lambda _: None)


_NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
_TEXT = OutgoingText(HANDLER, NUMBER, "hello", 600, SID, 1, 1)
# Everything that sends a credential, or asks for one, and everything that asks over HTTP beside it.
CALLS: dict[str, Callable[[str], object]] = {
    "relayctl reads": lambda address: _api(address).one(SID),
    "relayctl redrives": lambda address: _api(address).redrive(SID, "request", 1),
    "relayctl asks a local stack for a token": lambda address: Tokens(address).token(),
    "doctor signs webhooks": lambda address: list(checks_webhooks.signatures(_values(address))),
    "doctor reads the numbers": lambda address: list(checks_twilio.numbers(_values(address))),
    "doctor asks how the account stands": lambda address: list(checks_twilio.credentials(_values(address))),
    "doctor asks what is registered": lambda address: list(checks_twilio.registered(_values(address))),
    "configure-number reads": lambda address: TwilioApi(_values(address)).find(NUMBER),
    "configure-number changes": lambda address: TwilioApi(_values(address)).change("PN1", {"SmsUrl": "x"}),
    "the smoke test asks": lambda address: asking.ask(address, {}, {"Authorization": f"Bearer {TOKEN}"}),
    "the smoke test finds a local stack": smoke_target.local,
    "the local stack's client": lambda address: StackClient(address).description(),
    "the token command": lambda address: issuer.main(["--stack", address, "--audience", "a", "--email", "b"]),
    "the keys of identity tokens": fetch_keys,
    "the relay sends": lambda address: _messenger(address).send(_TEXT, timeout_seconds=60),
    "the relay looks a text up": lambda address: _messenger(address).fetch(SID, timeout_seconds=60),
    "the relay looks for a text": lambda address: _messenger(address).sent_to(
        HANDLER, NUMBER, _NOW, timeout_seconds=60
    ),
    "reconcile reads a page": lambda address: _messenger(address).received_page(NUMBER, "", timeout_seconds=60),
    "reconcile goes on": lambda address: _messenger(address).received_page(NUMBER, "PageToken=1", timeout_seconds=60),
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_redirect_is_not_followed(
    asked: Recorded, elsewhere: Recorded, call: Callable[[str], object], status: int
) -> None:
    asked.status, asked.location = status, f"{elsewhere.address}/take?this=1"
    with suppress(Exception):  # what each says of it is tested beside it
        call(asked.address)
    assert asked.requests
    assert elsewhere.requests == []


def test_a_redirect_is_said_with_the_place_that_it_leads_to(asked: Recorded) -> None:
    asked.status, asked.location = 302, "https://login.example.com/?secret=1"
    with pytest.raises(ApiError, match=r"redirects \(to login\.example\.com\), where the token is not sent"):
        _api(asked.address).one(SID)
    with pytest.raises(Problem, match="leads to another address, where the credentials do not go"):
        TwilioApi(_values(asked.address)).find(NUMBER)


def test_credentials_go_nowhere_in_the_clear() -> None:
    """The addresses are of documentation and would not answer: nothing is waited for, since nothing is sent."""
    for far in ("http://192.0.2.1", "http://relay.example.com"):
        with pytest.raises(ApiError, match="must begin with https://"):
            _api(far)
        with pytest.raises(Problem, match="must be https, or on this machine"):
            TwilioApi(_values(far))
        with pytest.raises(Problem, match="its address must be https"):
            asking.ask(f"{far}/sms/relay-state", {}, {"Authorization": f"Bearer {TOKEN}"})
        with pytest.raises(Problem, match="must be a local stack's address"):
            smoke_target.local(f"{far}:8080")
        for header in ("Authorization", "X-Serverless-Authorization"):
            with pytest.raises(ValueError, match="over https only"):
                open_url(urllib.request.Request(far, headers={header: "Bearer x"}), 5)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://relay.example.com", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
        ("http://relay.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@relay.example.com", False),
        ("http://192.168.1.5", False),
        ("ftp://127.0.0.1", False),
        ("file:///etc/passwd", False),
        ("https:/relay", True),  # nobody answers there, so nothing can be read
    ],
)
def test_secrets_go_over_https_or_stay_on_this_machine(url: str, may: bool) -> None:
    assert may_carry_secrets(url) is may


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "https://", "http:///x", "x"])
def test_what_is_no_web_address_is_not_opened(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - urllib's own words for some of them
        open_url(url, 5)


def test_what_stays_on_this_machine_is_not_shown_to_a_proxy(
    asked: Recorded, elsewhere: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", elsewhere.address)
    monkeypatch.delenv("no_proxy", raising=False)
    request = urllib.request.Request(asked.address, headers={"Authorization": f"Bearer {TOKEN}"})
    with open_url(request, 60) as answer:
        assert answer.status == 200
    assert (len(asked.requests), elsewhere.requests) == (1, [])


# Who asks over HTTP otherwise than by `open_url`, and why no credential can stray there.
OTHERWISE = {
    "functions/relay/loading.py": "loads requests for Google's and Twilio's clients, and asks nothing by it",
    "functions/relay/outgoing.py": "it is `open_url`",
    "functions/relay/twilio/exchange.py": "sends for Twilio's client, which is given a session; redirects are off",
    "functions/relay/twilio/fetched.py": "reads what twilio/media.py asked for, through exchange.py's session",
    "scripts/fake_twilio/transport.py": "a fake Twilio's webhooks, by http.client, which follows nothing",
    "scripts/local_google/emulators.py": "an emulator on this machine, by http.client",
    "scripts/local_google/eventarc.py": "a function on this machine, without credentials; redirects are off",
    "scripts/local_google/tasks_dispatch.py": "a task's own URL, by http.client, as Cloud Tasks follows nothing",
}
_ASKING = {"urlopen", "build_opener", "HTTPConnection", "HTTPSConnection", "requests", "httpx", "aiohttp", "urllib3"}


def _asks(path: Path) -> bool:
    """Whether the file calls what opens a connection, or imports a library whose defaults follow redirects."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            names.add(getattr(node.func, "attr", getattr(node.func, "id", "")))
        elif isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return bool(names & _ASKING)


def test_nothing_asks_another_server_but_by_the_one_function_that_follows_no_redirect() -> None:
    """A new call with urllib, or with requests and its defaults, would send its token wherever an answer points."""
    sources = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]
    assert {path.relative_to(ROOT).as_posix() for path in sources if _asks(path)} == set(OTHERWISE)
