"""One running relay for all tests of its routes, and a small HTTP client that shows everything."""

from __future__ import annotations

import http.client
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from relay.twilio.signature import signature

from tests.stories.town import Town

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Caller:
    """Asks the relay over HTTP, one connection a request."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._where = urllib.parse.urlsplit(town.address).netloc

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(self._where, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        finally:
            connection.close()

    def twilio(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """A POST as Twilio signs it; keywords replace headers, with _ for -."""
        account = self.town.fake.settings
        lists = {name: [value] for name, value in form.items()}
        signed = signature(account.auth_token, self.town.address + path, lists)
        usual = {"Content-Type": FORM, "X-Twilio-Signature": signed}
        given = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, urllib.parse.urlencode(form).encode(), given)

    def operator(self, path: str, body: bytes, **headers: str) -> Answer:
        """A POST of JSON with an operator's token; keywords replace headers."""
        usual = {"Content-Type": JSON, "Authorization": f"Bearer {self.town.token()}"}
        return self.ask("POST", path, body, usual | {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture(scope="session")
def open_relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder: Path = tmp_path_factory.mktemp("routes")
    town = Town("embedded", folder)
    try:
        town.open()
        yield town
    finally:
        town.close()


@pytest.fixture
def caller(open_relay: Town) -> Caller:
    open_relay.begin_story()
    return Caller(open_relay)
