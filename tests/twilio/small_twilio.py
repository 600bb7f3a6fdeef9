"""A Twilio that keeps files, and its host for media: two servers of the test's own, whose logs are the judges."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pytest
from relay.errors import MediaUnavailable
from relay.twilio.media import TwilioMedia

from tests.twilio.raw_server import Connection, RawServer, Talk

ACCOUNT_SID = "AC" + "1" * 32
TOKEN = "made-up-auth-token"
MESSAGE, FILE = "MM" + "2" * 32, "ME" + "3" * 32
_API = re.compile(r"GET /2010-04-01/Accounts/(\w+)/Messages/(\w+)/Media(?:\.json\?PageSize=50|/(\w+)) HTTP/1\.1")
_HOST = re.compile(r"GET /(\w+)/(\w+)\?Signature=[0-9]+ HTTP/1\.1")
_RANGE = re.compile(r"Range: bytes=([0-9]*)-([0-9]*)\r\n")


def headers_of(request: str) -> dict[str, str]:
    """A request's headers by their names in small letters."""
    lines = request.partition("\r\n\r\n")[0].split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


def basic(name: str, secret: str) -> str:
    """The Authorization header of these credentials."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def fetch(media: TwilioMedia, part: str = "") -> bytes:
    """The bytes of the usual file."""
    return b"".join(media.open(MESSAGE, FILE, part=part, timeout_seconds=60.0).chunks)


def refused(media: TwilioMedia, part: str = "") -> str:
    """Why the usual file, which is not gone, cannot be had."""
    with pytest.raises(MediaUnavailable) as error:
        fetch(media, part)
    assert not error.value.is_gone
    return error.value.reason


@dataclass
class SmallTwilio:
    """`files` by the text's id and the file's: type and bytes. `rows` are a text's list in place of its files.

    `api_says` and `host_says`, where given, answer in place of what the two would.
    """

    files: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    rows: dict[str, object] = field(default_factory=dict)
    is_down: bool = False
    api_says: Talk | None = None
    host_says: Talk | None = None

    def __enter__(self) -> Self:
        self.api = RawServer(lambda connection: self._serve(connection, self._api))
        self.host = RawServer(lambda connection: self._serve(connection, self._host))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.api.__exit__(kind, error, trace)
        self.host.__exit__(kind, error, trace)

    def media(self, **credentials: str) -> TwilioMedia:
        return TwilioMedia(account_sid=ACCOUNT_SID, auth_token=TOKEN, base_url=self.api.base_url, **credentials)

    def _serve(self, connection: Connection, answer: Callable[[Connection, str], None]) -> None:
        server = self.api if answer == self._api else self.host
        says = self.api_says if server is self.api else self.host_says
        if says is not None:
            says(connection)
            return
        while connection.read_request():
            if self.is_down:
                return
            answer(connection, server.requests[-1])

    def _api(self, connection: Connection, request: str) -> None:
        asked = _API.match(request)
        if headers_of(request).get("authorization") != basic(ACCOUNT_SID, TOKEN):
            connection.answer(401, b"{}")
        elif asked is None or asked[1] != ACCOUNT_SID:
            connection.answer(404, b"{}")
        elif asked[3]:
            place = f"{self.host.base_url}/{asked[2]}/{asked[3]}?Signature=42"
            is_known = (asked[2], asked[3]) in self.files
            connection.answer(307 if is_known else 404, b"", Location=place, Set_Cookie="session=secret; Path=/")
        else:
            of = {name: kind for (text, name), (kind, _) in self.files.items() if text == asked[2]}
            rows = [{"sid": name, "content_type": kind, "parent_sid": asked[2]} for name, kind in of.items()]
            known = asked[2] in self.rows or bool(of)
            listed = {"media_list": self.rows.get(asked[2], rows)}
            connection.answer(200 if known else 404, json.dumps(listed).encode(), Set_Cookie="session=secret; Path=/")

    def _host(self, connection: Connection, request: str) -> None:
        asked = _HOST.match(request)
        if asked is None or (asked[1], asked[2]) not in self.files:
            connection.answer(404, b"<html>")
            return
        content_type, content = self.files[asked[1], asked[2]]
        part = _RANGE.search(request)
        if part is None:
            connection.answer(200, content, Content_Type=content_type)
            return
        first = int(part[1]) if part[1] else max(0, len(content) - int(part[2]))
        last = min(int(part[2] or len(content)), len(content) - 1) if part[1] else len(content) - 1
        if first > last:
            connection.answer(416, b"")
            return
        told = f"bytes {first}-{last}/{len(content)}"
        connection.answer(206, content[first : last + 1], Content_Type=content_type, Content_Range=told)
