"""Point a Twilio number's texts at the relay: shows what is set, what would change, and changes it.

make configure-number                      every business number of the relay on this machine, as .env says
make configure-number PROJECT=my-project   of the relay in this Google Cloud project (REGION=… if it has two)
make configure-number DRY_RUN=1            only show the difference
make configure-number YES=1                also take a number away from another relay
python -m scripts.deployment.configure_number --number +15550100000 --base-url https://relay.example.com
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.settings.reader import why_not_called
from relay.settings.settings import E164
from relay.twilio.forms import CONNECTION_OVERRIDES
from relay.web import INBOUND_PATH

from scripts.deployment.meant import ENV, Relay, relay_meant
from scripts.deployment.tools import REPOS_ENV, Problem, credentials, run_command
from scripts.deployment.twilio_api import TwilioApi
from scripts.local_stack.places import with_env_file

# What we set, by the name that Twilio takes → the name that it gives back.
_FIELDS = {
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.deployment.configure_number",
        description="Point Twilio numbers at the relay. Everything is shown before it is changed.",
        epilog="By make: make configure-number, with PROJECT=…, REGION=…, DRY_RUN=1, YES=1; HELP=1 shows this.",
    )
    parser.add_argument("--project", default=os.environ.get("PROJECT"), help="a relay at Google: its project")
    parser.add_argument("--region", default=os.environ.get("REGION"), help="and its region, where there are two")
    parser.add_argument("--number", action="append", help="E.164; default: the relay's business numbers")
    parser.add_argument("--base-url", help="the relay's public address; default: as .env says, or what is deployed")
    parser.add_argument("--fallback-base-url", help="where Twilio goes when that fails; default: the same address")
    parser.add_argument("--file", type=Path, help=f"credentials, unless in the environment; default: .env, {REPOS_ENV}")
    parser.add_argument("--dry-run", action="store_true", default=bool(os.environ.get("DRY_RUN")))
    parser.add_argument("--yes", action="store_true", help="also take a number away from another relay")
    options = parser.parse_args(arguments)
    relay = _relay(options)
    base_url = public_address(options.base_url or relay.base_url)
    fallback = public_address(options.fallback_base_url or base_url)
    file = options.file or Path(ENV if relay.source == ENV else REPOS_ENV)
    numbers = TwilioApi(credentials(file, relay.environ))
    if relay.source:
        print(f"As {relay.source} says: the relay is at {base_url}.")
    for phone in options.number or relay.numbers:
        if not E164.fullmatch(phone):
            raise Problem(f"{phone} is not E.164, like +15551234567.")
        configure(numbers, phone, base_url, fallback, dry_run=options.dry_run, is_sure=options.yes)
    return 0


def _relay(options: argparse.Namespace) -> Relay:
    """Returns the relay that is meant. Raises Problem as `relay_meant` does."""
    own = dict(os.environ) if options.file else with_env_file(os.environ)
    if options.number and options.base_url:
        return Relay("", "", (), own)
    return relay_meant(options.project, options.region or None, own)


def public_address(url: str) -> str:
    """The address without a slash at its end. Raises Problem for one at which Twilio would not call."""
    if why := why_not_called(url, is_real=True):
        raise Problem(f"The relay's address {why}.")
    return url.rstrip("/")


def configure(
    numbers: TwilioApi, phone: str, base_url: str, fallback_base_url: str, *, dry_run: bool, is_sure: bool = False
) -> None:
    """Show and, unless it is a dry run, make the difference.

    Raises Problem when it did not take, and unless `is_sure` when the number leads to another relay.
    """
    number = numbers.find(phone)
    if not number["capabilities"]["sms"]:
        raise Problem(f"The number {phone} cannot receive texts.")
    changes = difference(number, base_url, fallback_base_url)
    print(f"{phone}:")
    for name, (now, wanted) in changes.items():
        print(f"  {name}: {now or '(nothing)'} → {wanted or '(nothing)'}")
    if not changes:
        print("  set already, nothing to change")
        return
    if dry_run:
        print("  not changed: this is a dry run")
        return
    if (other := _another_relay(number, base_url)) and not is_sure:
        raise Problem(
            f"The number {phone} leads to the relay at {other}, and nothing was changed: YES=1 takes it away "
            "from there. (PROJECT=my-project names a relay at Google; without it the one of .env is meant.)"
        )
    after = numbers.change(number["sid"], {name: wanted for name, (_, wanted) in changes.items()})
    if difference(after, base_url, fallback_base_url):
        raise Problem(f"Twilio did not keep every setting of {phone}: look at it in the Twilio console.")
    print("  changed")
    print(
        "  If the number belongs to a messaging service, that service's own webhook counts: set it to defer to numbers."
    )


def _another_relay(number: Mapping[str, Any], base_url: str) -> str:
    """Returns the address of the relay that the number leads to; "" when it is at `base_url`, or when it is none."""
    address, path, _ = str(number["sms_url"] or "").partition(INBOUND_PATH)
    return address if path and address != base_url else ""


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
