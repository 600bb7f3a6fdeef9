"""A console in memory at which operators sign in, and the browsers that come to it. Time passes only when told."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

from relay.core.operators import Operator, Operators, Role
from relay.operators.identity import IdentityVerifier
from relay.operators.signing_in.room import Said, room_of
from relay.operators.signing_in.routes import handle_signing_in
from relay.ports import Clock, OperatorRecords
from relay.web import JSON, Request, Response

from tests.fakes import FakeClock, MemoryJournal
from tests.fakes.operator_records import MemoryOperatorRecords
from tests.fakes.outbox import MemoryOutbox
from tests.operators.issued import Keys

CONSOLE = "https://console.example.com"
ANA, BO = "+15550100011", "+15550100012"
PEOPLE = (
    Operator("Ana", ANA, "ana@example.com"),
    Operator("Bo", BO, role=Role.LOOK),
    Operator("Cyd", email="cyd@example.com"),
)
STRANGER = "+15550199999"


class Doors:
    """Everything behind the routes, on doubles; `room` is what the routes take."""

    def __init__(
        self,
        people: tuple[Operator, ...] = PEOPLE,
        *,
        clock: Clock | None = None,
        records: OperatorRecords | None = None,
        console: str = CONSOLE,
        proxies: int = 0,
        database_path: str = "",
        verifier: IdentityVerifier | None = None,
        pause: Callable[[float], None] | None = None,
        sends_email: bool = True,
    ) -> None:
        self.fake_clock = FakeClock()
        self.clock: Clock = clock or self.fake_clock
        self.journal = MemoryJournal()
        self.memory = MemoryOperatorRecords(self.clock, self.journal)
        self.records: OperatorRecords = records or self.memory
        self.outbox = MemoryOutbox()
        self.console = console
        self.paused: list[float] = []
        self._pause = pause or self.paused.append
        self._proxies = proxies
        self._database_path = database_path
        self._sends_email = sends_email
        self._verifier = verifier or Keys().verifier()
        self.list_operators(*people)

    def list_operators(self, *people: Operator) -> None:
        """From now on these are the operators, as after a change of the settings and a new start."""
        said = Said(Operators(people), self.console, self._proxies, "Acme", self._database_path, self._sends_email)
        with_what = (self.records, self._verifier, lambda: self.outbox, self.clock, self.journal)
        self.room = room_of(said, *with_what, self._pause)
        self.authenticator = self.room.authenticator

    def restart(self) -> None:
        """The process is another one: what it remembered is gone, what is stored is not."""
        self.list_operators(*self.room.said.operators.people)

    def browser(self) -> Browser:
        """A browser that was never here."""
        return Browser(self)

    def signed_in(self, to: str = ANA) -> Browser:
        """A browser in which the operator with this address is signed in by a code."""
        browser = self.browser()
        assert browser.post("sign-in", to=to).status == 200
        assert browser.post("sign-in/code", code=self.outbox.code()).status == 200
        return browser

    def wait(self, seconds: float) -> None:
        """So much time passes."""
        self.fake_clock.advance(seconds)


class Browser:
    """One browser: it keeps cookies and sends them to our own host, as a page of this origin has it do."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self.cookies: dict[str, str] = {}
        self.last_cookies: tuple[str, ...] = ()

    def request(self, path: str, body: object, **headers: str) -> Request:
        """A POST with this browser's cookies; keywords replace headers, with _ for -. "" leaves one away."""
        sent = {"content-type": JSON, "origin": self._doors.console}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in sent.items() if value}
        return Request("POST", path, headers=given, body=json.dumps(body).encode())

    def post(self, route: str, headers: Mapping[str, str] | None = None, /, **fields: Any) -> Response:
        """What a route answers; its cookies are kept."""
        asked = self.request(f"/console/{route}", fields, **(headers or {}))
        answer = handle_signing_in(self._doors.room, asked)
        self.last_cookies = answer.cookies
        self.keep(answer)
        return answer

    def keep(self, response: Response) -> None:
        """Keep and forget cookies as an answer says."""
        for header in (*response.cookies, *filter(None, [response.headers.get("Set-Cookie")])):
            first, *attributes = header.split("; ")
            name, _, value = first.partition("=")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    @property
    def session(self) -> str:
        """The value of the session's cookie; "" when there is none."""
        return self.cookies.get("__Host-relay-session", "")


def told(response: Response) -> dict[str, Any]:
    """The JSON of an answer."""
    answer: dict[str, Any] = json.loads(response.body)
    return answer


def wrong_codes(digits: str) -> itertools.cycle[str]:
    """Codes that are not this one, for ever."""
    return itertools.cycle(f"{(int(digits) + step) % 1_000_000:06}" for step in range(1, 500))
