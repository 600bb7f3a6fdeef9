"""Point a Twilio number's texts at the relay: shows what is set, what would change, and changes it.

make configure-number                      every business number of the deployment
make configure-number DRY_RUN=1            only show the difference
python -m scripts.deployment.configure_number --number +15550100000 --base-url https://relay.example.com
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.outgoing import REDIRECTS, may_carry_secrets, open_url
from relay.settings.reader import why_not_called
from relay.settings.settings import E164
from relay.twilio.forms import CONNECTION_OVERRIDES
from relay.web import INBOUND_PATH

from scripts.deployment import terraform
from scripts.deployment.tools import REPOS_ENV, Problem, credentials, run_command, shown

_TWILIO = "https://api.twilio.com"
_TIMEOUT_SECONDS = 20
# What we set, by the name that Twilio takes → the name that it gives back.
_FIELDS = {
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
}


class TwilioNumbers:
    """The account's numbers at Twilio, or at a server that behaves like it (TWILIO_API_BASE_URL)."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._base = f"{given.get('TWILIO_API_BASE_URL', _TWILIO).rstrip('/')}/2010-04-01"
        if not may_carry_secrets(self._base):
            raise Problem("TWILIO_API_BASE_URL must be https, or on this machine: the credentials go there.")
        self._account = given["TWILIO_ACCOUNT_SID"]
        user, secret = given.get("TWILIO_API_KEY_SID"), given.get("TWILIO_API_KEY_SECRET")
        if not user or not secret:
            user, secret = self._account, given["TWILIO_AUTH_TOKEN"]
        self._authorization = "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()

    def find(self, phone: str) -> dict[str, Any]:
        """The number's settings. Raises Problem when the account does not have it."""
        query = urllib.parse.urlencode({"PhoneNumber": phone})
        found = self._ask(f"IncomingPhoneNumbers.json?{query}")["incoming_phone_numbers"]
        exact = [number for number in found if number["phone_number"] == phone]
        if not exact:
            raise Problem(f"The Twilio account has no number {shown(phone)}: check the account and the number.")
        return dict(exact[0])

    def all(self) -> list[dict[str, Any]]:
        """The settings of the account's numbers, at most 1,000 of them. Raises Problem when they cannot be read."""
        return list(self._ask("IncomingPhoneNumbers.json?PageSize=1000")["incoming_phone_numbers"])

    def read_texts(self) -> None:
        """Read the newest text of the account. Raises Problem when that is refused."""
        self._ask("Messages.json?PageSize=1")

    def change(self, number_sid: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Change a number's settings and return them."""
        return self._ask(f"IncomingPhoneNumbers/{number_sid}.json", urllib.parse.urlencode(values).encode())

    def _ask(self, path: str, form: bytes | None = None) -> dict[str, Any]:
        url = f"{self._base}/Accounts/{self._account}/{path}"
        request = urllib.request.Request(url, data=form, headers={"Authorization": self._authorization})  # noqa: S310
        try:
            with open_url(request, _TIMEOUT_SECONDS) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            raise Problem(_refused(error)) from error
        except (OSError, ValueError) as error:
            raise Problem(f"Twilio could not be asked ({type(error).__name__}): is the network up?") from error


def _refused(error: urllib.error.HTTPError) -> str:
    if error.code == 401:
        return "Twilio does not accept the credentials: check TWILIO_ACCOUNT_SID and the token or API key."
    if error.code in REDIRECTS:
        return "Twilio's answer leads to another address, where the credentials do not go: check TWILIO_API_BASE_URL."
    try:
        code = json.load(error).get("code", "")
    except ValueError:
        code = ""
    return f"Twilio refused with status {error.code}" + (f", error {code}." if code else ".")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="configure_number", description="Point Twilio numbers at the relay.")
    parser.add_argument("--number", action="append", help="E.164; default: the deployment's business numbers")
    parser.add_argument("--base-url", help="the relay's public address; default: the deployment's")
    parser.add_argument("--fallback-base-url", help="where Twilio goes when that fails; default: the same address")
    parser.add_argument("--file", type=Path, default=Path(REPOS_ENV), help="credentials, unless in the environment")
    parser.add_argument("--dry-run", action="store_true", default=bool(os.environ.get("DRY_RUN")))
    options = parser.parse_args(arguments)
    deployed = terraform.outputs() if not (options.number and options.base_url) else {}
    base_url = public_address(options.base_url or deployed["webhook_base_url"])
    fallback = public_address(options.fallback_base_url or base_url)
    numbers = TwilioNumbers(credentials(options.file))
    for phone in options.number or deployed["business_phone_numbers"]:
        if not E164.fullmatch(phone):
            raise Problem(f"{shown(phone)} is not E.164, like +15551234567.")
        configure(numbers, phone, base_url, fallback, dry_run=options.dry_run)
    return 0


def public_address(url: str) -> str:
    """The address without a slash at its end. Raises Problem for one at which Twilio would not call."""
    if why := why_not_called(url, is_real=True):
        raise Problem(f"The relay's address {why}.")
    return url.rstrip("/")


def configure(numbers: TwilioNumbers, phone: str, base_url: str, fallback_base_url: str, *, dry_run: bool) -> None:
    """Show and, unless it is a dry run, make the difference. Raises Problem when it did not take."""
    number = numbers.find(phone)
    if not number["capabilities"]["sms"]:
        raise Problem(f"The number {shown(phone)} cannot receive texts.")
    changes = difference(number, base_url, fallback_base_url)
    print(f"{shown(phone)}:")
    for name, (now, wanted) in changes.items():
        print(f"  {name}: {now or '(nothing)'} → {wanted or '(nothing)'}")
    if not changes:
        print("  set already, nothing to change")
        return
    if dry_run:
        print("  not changed: this is a dry run")
        return
    after = numbers.change(number["sid"], {name: wanted for name, (_, wanted) in changes.items()})
    if difference(after, base_url, fallback_base_url):
        raise Problem(f"Twilio did not keep every setting of {shown(phone)}: look at it in the Twilio console.")
    print("  changed")
    print(
        "  If the number belongs to a messaging service, that service's own webhook counts: set it to defer to numbers."
    )


def difference(number: Mapping[str, Any], base_url: str, fallback_base_url: str) -> dict[str, tuple[str, str]]:
    """What is set and shall be, by Twilio's name, where the two differ."""
    wanted = {
        "SmsUrl": f"{base_url}{INBOUND_PATH}{CONNECTION_OVERRIDES}",
        "SmsMethod": "POST",
        # Again the same way in, which handles a text twice without harm; Twilio adds ErrorCode and ErrorUrl.
        "SmsFallbackUrl": f"{fallback_base_url}{INBOUND_PATH}{CONNECTION_OVERRIDES}",
        "SmsFallbackMethod": "POST",
    }
    changes = {name: (str(number[_FIELDS[name]] or ""), value) for name, value in wanted.items()}
    if number.get("sms_application_sid"):
        # An application's URLs would count instead of the number's.
        changes["SmsApplicationSid"] = (str(number["sms_application_sid"]), "")
    return {name: (now, value) for name, (now, value) in changes.items() if now != value}


if __name__ == "__main__":
    run_command(main)
