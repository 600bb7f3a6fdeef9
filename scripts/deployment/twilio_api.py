"""The account at Twilio, as set-up and doctor ask it: its state, its numbers, what is registered of them, its texts."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from relay.outgoing import REDIRECTS, may_carry_secrets, open_url
from relay.settings.settings import is_twilio_itself

from scripts.deployment.tools import Problem

_TWILIO = "https://api.twilio.com"
_TIMEOUT_SECONDS = 20
# More than any small business has; what is beyond them is not looked at.
_PAGE_SIZE = 1000
_SERVICES_MAX = 100


class TwilioApi:
    """The account at Twilio, or at a server that behaves like it (TWILIO_API_BASE_URL)."""

    def __init__(self, given: Mapping[str, str]) -> None:
        api = given.get("TWILIO_API_BASE_URL", _TWILIO).rstrip("/")
        self._base = f"{api}/2010-04-01"
        if not may_carry_secrets(self._base):
            raise Problem("TWILIO_API_BASE_URL must be https, or on this machine: the credentials go there.")
        self._messaging = f"{_messaging_host(api)}/v1"
        self._account = given["TWILIO_ACCOUNT_SID"]
        self._by_token = _basic(self._account, given["TWILIO_AUTH_TOKEN"])
        user, secret = given.get("TWILIO_API_KEY_SID"), given.get("TWILIO_API_KEY_SECRET")
        self._usual = _basic(user, secret) if user and secret else self._by_token

    def find(self, phone: str) -> dict[str, Any]:
        """The number's settings. Raises Problem when the account does not have it."""
        query = urllib.parse.urlencode({"PhoneNumber": phone})
        found = self._ask(f"IncomingPhoneNumbers.json?{query}")["incoming_phone_numbers"]
        exact = [number for number in found if number["phone_number"] == phone]
        if not exact:
            raise Problem(f"The Twilio account has no number {phone}: check the account and the number.")
        return dict(exact[0])

    def all(self) -> list[dict[str, Any]]:
        """The settings of the account's numbers, at most 1,000 of them. Raises Problem when they cannot be read."""
        return list(self._ask(f"IncomingPhoneNumbers.json?PageSize={_PAGE_SIZE}")["incoming_phone_numbers"])

    def itself(self) -> dict[str, Any]:
        """The account's state and type, by the auth token: no API key may ask that. Raises Problem."""
        return self._got(f"{self._base}/Accounts/{self._account}.json", None, self._by_token)

    def services_of(self, phone: str) -> list[dict[str, Any]]:
        """The messaging services that have this number, each with its `campaigns`. Raises Problem."""
        found = []
        for service in self._listed("Services", "services", _SERVICES_MAX):
            numbers = self._listed(f"Services/{service['sid']}/PhoneNumbers", "phone_numbers")
            if any(number["phone_number"] == phone for number in numbers):
                campaigns = list(self._listed(f"Services/{service['sid']}/Compliance/Usa2p", "compliance"))
                found.append({**service, "campaigns": campaigns})
        return found

    def verifications_of(self, number_sid: str) -> list[dict[str, Any]]:
        """What was asked for to have a toll-free number verified. Raises Problem."""
        query = urllib.parse.urlencode({"TollfreePhoneNumberSid": number_sid})
        return list(self._listed(f"Tollfree/Verifications?{query}", "verifications"))

    def read_texts(self) -> None:
        """Read the newest text of the account. Raises Problem when that is refused."""
        self._ask("Messages.json?PageSize=1")

    def send(self, sender: str, receiver: str, words: str) -> str:
        """Send a text and return its id. Raises Problem."""
        form = urllib.parse.urlencode({"From": sender, "To": receiver, "Body": words}).encode()
        return str(self._ask("Messages.json", form)["sid"])

    def text(self, sid: str) -> dict[str, Any]:
        """A text that was sent, as Twilio has it now. Raises Problem."""
        return self._ask(f"Messages/{sid}.json")

    def change(self, number_sid: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Change a number's settings and return them."""
        return self._ask(f"IncomingPhoneNumbers/{number_sid}.json", urllib.parse.urlencode(values).encode())

    def _listed(self, path: str, key: str, most: int = _PAGE_SIZE) -> Iterator[dict[str, Any]]:
        """Yields what the Messaging API lists there, of one page."""
        joint = "&" if "?" in path else "?"
        yield from self._got(f"{self._messaging}/{path}{joint}PageSize={most}", None, self._usual)[key]

    def _ask(self, path: str, form: bytes | None = None) -> dict[str, Any]:
        return self._got(f"{self._base}/Accounts/{self._account}/{path}", form, self._usual)

    def _got(self, url: str, form: bytes | None, authorization: str) -> dict[str, Any]:
        request = urllib.request.Request(url, data=form, headers={"Authorization": authorization})  # noqa: S310
        try:
            with open_url(request, _TIMEOUT_SECONDS) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            raise Refused(error) from error
        except (OSError, ValueError) as error:
            raise NotReached(f"Twilio could not be asked ({type(error).__name__}): is the network up?") from error


class NotReached(Problem):
    """Twilio could not be asked at all, so that nothing is known of what it would say."""


class Refused(Problem):
    """Twilio answered that it will not. `code` is its error code; None without one."""

    def __init__(self, error: urllib.error.HTTPError) -> None:
        try:
            code = json.load(error).get("code")
        except (ValueError, AttributeError):
            code = None
        self.code = code if isinstance(code, int) else None
        super().__init__(_refused(error.code, self.code))


def _refused(status: int, code: int | None) -> str:
    if status == 401:
        return "Twilio does not accept the credentials: check TWILIO_ACCOUNT_SID and the token or API key."
    if status in REDIRECTS:
        return "Twilio's answer leads to another address, where the credentials do not go: check TWILIO_API_BASE_URL."
    return f"Twilio refused with status {status}" + (f", error {code}." if code else ".")


def _basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def _messaging_host(api: str) -> str:
    """Returns where the Messaging API is; at a server that stands in for Twilio both are at one address."""
    if not is_twilio_itself(api):
        return api
    return f"https://messaging.{(urlsplit(api).hostname or '').removeprefix('api.')}"
