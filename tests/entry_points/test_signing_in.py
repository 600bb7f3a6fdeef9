"""Signing in at the function `console` under the real functions-framework server, and what it is good for elsewhere."""

from __future__ import annotations

import http.client
import json
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.entry_points.served import Served, settings_for

CONSOLE = "https://console.example.com"
ANA, BO = {"name": "Ana", "phone": "+15550100011"}, {"name": "Bo", "phone": "+15550100012", "role": "look"}
Answer = tuple[int, dict[str, object]]


class Desk:
    """Two functions in processes of their own that share a database, and a browser with cookies."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.folder = folder
        settings = settings_for(folder, RELAY_OPERATORS=json.dumps([ANA, BO]), CONSOLE_BASE_URL=CONSOLE)
        self.console, self.redrive, self.state = (
            running.enter_context(Served(target, settings, folder))
            for target in ("console", "sms_redrive", "sms_relay_state")
        )
        self.cookies: dict[str, str] = {}

    @property
    def credential(self) -> str:
        return (self.folder / "relay.db.credential").read_text("ascii").strip()

    def post(self, served: Served, path: str, body: object, **headers: str) -> Answer:
        """A POST of JSON; keywords are further headers."""
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        try:
            sent = {"Content-Type": "application/json", **headers}
            connection.request("POST", path, json.dumps(body).encode(), sent)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            told: dict[str, object] = json.loads(answer.read())
            return answer.status, told
        finally:
            connection.close()

    def by_browser(self, served: Served, path: str, body: object, origin: str = CONSOLE) -> Answer:
        """The same, as our own page has a browser send it."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self.post(served, path, body, Origin=origin, Cookie=cookies)

    def by_command(self, route: str, body: object) -> Answer:
        """The same to the console, as relayctl sends it."""
        return self.post(self.console, f"/console/{route}", body, Authorization=f"Bearer {self.credential}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with ExitStack() as running:
        yield Desk(tmp_path_factory.mktemp("desk"), running)


def link_for(desk: Desk, name: str) -> str:
    """The token of a link that signs this operator in."""
    status, made = desk.by_command("links", {"kind": "sign_in", "for": name})
    assert status == 200, made
    return str(made["link"]).partition("#sign-in=")[2]


def test_the_credential_is_made_at_start_for_its_owner_alone(desk: Desk) -> None:
    assert stat.S_IMODE((desk.folder / "relay.db.credential").stat().st_mode) == 0o600
    assert desk.credential.startswith("rc_")


def test_a_link_signs_a_browser_in_and_its_session_acts_in_other_processes(desk: Desk) -> None:
    status, told = desk.by_browser(desk.console, "/console/sign-in/link", {"token": link_for(desk, "Ana")})
    assert (status, told["operator"]) == (200, {"name": "Ana", "role": "act", "kind": "person"})
    assert desk.by_browser(desk.state, "/sms/relay-state", {"limit": 1})[0] == 200
    asked = {"message_id": "SM" + "0" * 32, "request_id": "request-1"}
    assert desk.by_browser(desk.redrive, "/sms/redrive", asked)[0] == 404
    assert desk.by_browser(desk.redrive, "/sms/redrive", asked, origin="https://evil.example.com")[0] == 403
    assert desk.by_browser(desk.console, "/console/sign-out", {})[0] == 200
    assert desk.by_browser(desk.state, "/sms/relay-state", {"limit": 1})[0] == 401


def test_a_link_is_spent_by_one_of_many_who_ask_at_once(desk: Desk) -> None:
    token = link_for(desk, "Bo")
    with ThreadPoolExecutor(8) as threads:
        asked = [
            threads.submit(
                desk.console.ask,
                "POST",
                "/console/sign-in/link",
                json.dumps({"token": token}).encode(),
                {"Content-Type": "application/json", "Origin": CONSOLE},
            )
            for _ in range(8)
        ]
    assert sorted(each.result()[0] for each in asked) == [200] + [403] * 7


def test_opening_the_page_of_a_link_spends_nothing(desk: Desk) -> None:
    token = link_for(desk, "Bo")
    for path in ("/console/", "/console/sign-in/link", f"/console/?token={token}"):
        for method in ("GET", "HEAD"):
            assert desk.console.ask(method, path)[0] in (200, 404)
    assert desk.by_browser(desk.console, "/console/sign-in/link", {"token": token})[0] == 200


def test_a_stranger_is_told_the_same_of_every_address_and_stores_nothing(desk: Desk) -> None:
    def kept() -> int:
        with sqlite3.connect(f"file:{desk.folder / 'relay.db'}?mode=ro", uri=True) as database:
            (count,) = database.execute("SELECT count(*) FROM operator_records").fetchone()
            return int(count)

    before = kept()
    status, told = desk.post(desk.console, "/console/sign-in", {"to": "+15550199999"}, Origin=CONSOLE)
    assert (status, told) == (200, {"sent": True, "expires_in": 600})
    assert kept() == before


def test_commands_on_this_machine_just_work(desk: Desk) -> None:
    bearer = f"Bearer {desk.credential}"
    assert desk.post(desk.state, "/sms/relay-state", {"limit": 1}, Authorization=bearer)[0] == 200
    status, told = desk.by_command("session", {})
    assert (status, told["operator"]) == (200, {"name": "relayctl", "role": "act", "kind": "machine"})


def test_no_secret_is_in_any_log(desk: Desk) -> None:
    token = link_for(desk, "Ana")
    desk.by_browser(desk.console, "/console/sign-in/link", {"token": token})
    session = desk.cookies["__Host-relay-session"]
    logs = "".join(served.log.read_text("utf-8") for served in (desk.console, desk.redrive, desk.state))
    assert "an operator signed in" in logs
    for secret in (token, session, desk.credential, "+15550100011", "+15550199999"):
        assert secret not in logs
    assert "Traceback" not in logs
