"""How tests get into the console: by a link, as relayctl makes them, or by a code that an operator's phone shows."""

from __future__ import annotations

import json
import re
import urllib.request
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from tests.stack_fixtures import RunningStack, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

OLIVIA = "Olivia"


def link_for(stack: RunningStack, name: str = OLIVIA, kind: str = "sign_in") -> str:
    """Returns a new link; asked for by an identity token, which every home takes."""
    link: str = json.loads(stack.post("/console/links", {"kind": kind, "for": name}))["link"]
    return link


def sign_in(page: Page, stack: RunningStack, name: str = OLIVIA) -> None:
    """Give the page's browser a session of this operator's, without a page of the console."""
    token = link_for(stack, name).partition("#sign-in=")[2]
    headers = {"Content-Type": "application/json", "Origin": stack.address}
    body = json.dumps({"token": token}).encode()
    request = urllib.request.Request(f"{stack.address}/console/sign-in/link", body, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        given = [SimpleCookie(line) for line in answer.headers.get_all("Set-Cookie")]
    page.context.add_cookies(
        [{"name": one.key, "value": one.value, "url": stack.address} for jar in given for one in jar.values()]
    )


class OperatorsPhone:
    """An operator's phone of the fake Twilio's, which shows the codes."""

    def __init__(self, stack: RunningStack, number: str) -> None:
        self._stack = stack
        self.number = number
        self._read = len(self._inbox())

    def _inbox(self) -> list[str]:
        try:
            return [text["body"] for text in self._stack.client.phone(self.number)["inbox"]]
        except LookupError:
            return []

    def next_code(self) -> str:
        """Returns the code of the next text that comes in."""
        words: str = until(lambda: self._inbox()[self._read : self._read + 1], f"a text to …{self.number[-2:]}")[0]
        self._read += 1
        found = re.search(r"\b\d{6}\b", words)
        assert found is not None, words
        return found[0]

    def has_news(self) -> bool:
        """Returns whether a text has come in that was not read here."""
        return len(self._inbox()) > self._read
