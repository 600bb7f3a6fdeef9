"""How an operator's browser asks the page at the relay's own address, and signs in there by a link."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.stories.town import Town

OPERATORS = json.dumps([{"name": "Ana", "phone": "+12025550121"}])


def asked(town: Town, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any, str]:
    """Status, JSON and cookie of the answer to a page at the relay's own address."""
    host = urlsplit(town.address).netloc
    connection = http.client.HTTPConnection(host, timeout=200)
    given = {"Content-Type": "application/json", "Origin": town.address, **headers}
    connection.request(method, path, None if body is None else json.dumps(body), given)
    answer = connection.getresponse()
    cookies = [cookie.partition(";")[0] for cookie in answer.headers.get_all("Set-Cookie") or []]
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told, "; ".join(cookies)


def link_token(town: Town, kind: str) -> str:
    """The token of a link, made on this machine by its credential."""
    secret = Path(f"{town.relay.settings['RELAY_DATABASE']}.credential").read_text("ascii").strip()
    status, made, _ = asked(
        town, "POST", "/console/links", {"kind": kind, "for": "Ana"}, Authorization=f"Bearer {secret}"
    )
    assert status == 200, made
    return str(made["link"]).rpartition("=")[2]


def signed_in(town: Town) -> str:
    """The cookie of an operator who signed in by a link."""
    status, told, cookie = asked(town, "POST", "/console/sign-in/link", {"token": link_token(town, "sign_in")})
    assert (status, told["operator"]["name"]) == (200, "Ana")
    return cookie
