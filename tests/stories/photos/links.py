"""What a handler's phone does with the link in a text: it asks for the page, and for each file that the page names."""

from __future__ import annotations

import base64
import re
import urllib.error
import urllib.request
from typing import NamedTuple
from urllib.parse import urljoin

from relay.outgoing import open_url

from scripts.fake_twilio import FakeTwilio, Message

_LINK = re.compile(r"https?://\S+/m/[\w-]{22}(?!\S)")
_NAMED = re.compile(r'(?:src|href)="([^"]+)"')
_SECONDS = 30.0
# What is another in each answer, whatever was asked for.
_OWN = ("date",)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def words(self) -> str:
        """What a page says, without its tags."""
        return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", self.body.decode(), flags=re.DOTALL).split())


def has_link(message: Message) -> bool:
    return "/m/" in message.body


def link_in(message: Message) -> str:
    """The link that is the last thing in a handler's text."""
    found: list[str] = _LINK.findall(message.body)
    assert len(found) == 1, "there is not one link in the text"
    assert message.body.endswith(found[0])
    return found[0]


def asked(url: str, method: str = "GET", part: str = "") -> Answer:
    """What comes back; `part` is a Range header."""
    request = urllib.request.Request(url, headers={"Range": part} if part else {}, method=method)
    try:
        with open_url(request, _SECONDS) as answer:
            return _answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read())


def _answer(status: int, headers: object, body: bytes) -> Answer:
    items: list[tuple[str, str]] = list(headers.items())  # type: ignore[attr-defined]
    return Answer(status, {name.lower(): value for name, value in items if name.lower() not in _OWN}, body)


def files_on(link: str) -> list[str]:
    """Where the files are that the page shows, in its order."""
    page = asked(link)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return list(dict.fromkeys(urljoin(link, place) for place in _NAMED.findall(page.body.decode())))


def judge_second_host(fake: FakeTwilio) -> None:
    """No request to the host of the bytes told it a credential of the account's."""
    account = fake.settings
    pairs = ((account.account_sid, account.auth_token), (account.api_key_sid, account.api_key_secret))
    secrets = [secret for _, secret in pairs]
    secrets += [base64.b64encode(":".join(pair).encode()).decode() for pair in pairs]
    for arrival in fake.media_arrivals:
        assert arrival.header("Authorization") is None
        told = (arrival.path, *(value for _, value in arrival.headers))
        assert not any(secret in value for secret in secrets for value in told), "a credential reached the second host"
