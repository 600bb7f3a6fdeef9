"""A running stack from outside: the fake Twilio's phones, and what relay-state tells, all over HTTP."""

from __future__ import annotations

import base64
import json
import urllib.parse
import urllib.request
from collections.abc import Sequence
from typing import Any

from relay.outgoing import open_url

from scripts.fake_twilio.media import File

_TIMEOUT_SECONDS = 20.0


class StackClient:
    """Raises OSError (urllib.error.HTTPError included) when the stack does not answer, or refuses."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._token = ""

    def description(self, timeout_seconds: float = _TIMEOUT_SECONDS) -> dict[str, Any]:
        """What `/local/stack` says of it."""
        answer: dict[str, Any] = json.loads(self._open("/local/stack", timeout_seconds=timeout_seconds))
        return answer

    def set_carrier(
        self, phone: str, behaviour: str, times: int | None, error_code: int | None = None, containing: str = ""
    ) -> None:
        """What happens to the next `times` texts to this phone (with these words), or (None) to all from now on."""
        body = {"phone": phone, "behaviour": behaviour, "times": times, "containing": containing}
        self._json("/fake/carrier", body | ({"error_code": error_code} if error_code else {}))

    def text(self, from_: str, to: str, body: str, files: Sequence[File] = ()) -> str:
        """A customer texts; the new message's id."""
        told = {"from": from_, "to": to, "body": body, "files": [self._handed_over(file) for file in files]}
        sid: str = self._json("/fake/customer-texts", told)["sid"]
        return sid

    def _handed_over(self, file: File) -> str:
        told = {"content_type": file.content_type, "content": base64.b64encode(file.content).decode()}
        name: str = self._json("/fake/files", told)["file"]
        return name

    def tap_back(self, phone: str, sid: str, tapback: str = "like", **fields: object) -> str:
        """A phone reacts to a text of its inbox; the id of the text that this sends. `fields`: the fake's Reaction."""
        sid_of_it: str = self._json("/fake/tapbacks", {"phone": phone, "sid": sid, "tapback": tapback, **fields})["sid"]
        return sid_of_it

    def set_auto_reply(self, phone: str, words: str | None, after_seconds: float = 2.0) -> None:
        """The phone answers each text that it gets by these words, or (None) leaves that to its owner."""
        self._json("/fake/auto-reply", {"phone": phone, "words": words, "after_seconds": after_seconds})

    def phone(self, number: str) -> dict[str, Any]:
        """What the fake's state tells of a phone. Raises LookupError for one that it does not know."""
        for phone in self._json("/fake/state")["phones"]:
            if phone["phone"] == number:
                found: dict[str, Any] = phone
                return found
        raise LookupError("the fake knows no such phone")

    def relay(self, message_id: str) -> dict[str, Any]:
        """The relay's document, asked for as any internal caller would: with an identity token."""
        if not self._token:
            told = self.description()["relay_state"]
            self._token = self._open(f"/local/token?{urllib.parse.urlencode(told)}").decode().strip()
        headers = {"Authorization": f"Bearer {self._token}"}
        relay: dict[str, Any] = self._json("/sms/relay-state", {"message_id": message_id}, headers)["relay"]
        return relay

    def _json(self, path: str, body: object = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        answer: dict[str, Any] = json.loads(self._open(path, data, headers))
        return answer

    def _open(
        self,
        path: str,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> bytes:
        given = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self._address + path, data, given)  # noqa: S310 - the stack's own address
        with open_url(request, timeout_seconds) as answer:
            body: bytes = answer.read()
        return body
