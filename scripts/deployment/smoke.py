"""Verify a relay: a signed synthetic text goes in, its relay reaches a final state, and is removed again.

    make smoke                                    the relay that .env sets up on this machine: a text to the first
                                                  handler, who gets one real SMS, and where the tier waits for a claim
                                                  has to answer it with `ok`
    make smoke PROJECT=…                          the same of the relay in this Google Cloud project (REGION=… if two)
    make smoke NO_SMS=1                           as if from our own number: recorded at once, nothing is sent
    make smoke STACK=http://127.0.0.1:8080        the stack at this address, with the fake Twilio or the real one

Beforehand it makes sure that a forged text and a caller without a token are refused; afterwards the relay sends each
recipient of alarms a test. The text comes in as Twilio's would, so the number need not lead to the relay yet: run this
first, then point the number. The first answers of a relay that was just deployed are Google's own; they are told from
the relay's, and waited out for up to ten minutes.
"""

from __future__ import annotations

import argparse
import os
import secrets
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relay.core.model import FinalStatus
from relay.twilio.signature import signature
from relay.web import INBOUND_PATH

from scripts.deployment.alarm_channels import try_channels
from scripts.deployment.asking import Answer, ask
from scripts.deployment.smoke_target import Target, deployed, local
from scripts.deployment.tools import REPOS_ENV, Problem, run_command

_POLL_SECONDS = 1.0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="smoke", description="Send a synthetic text through a relay and watch it.")
    parser.add_argument("--stack", default=os.environ.get("STACK"), help="address of a stack on this machine")
    parser.add_argument("--project", default=os.environ.get("PROJECT"), help="a relay at Google: its project")
    parser.add_argument("--region", default=os.environ.get("REGION"), help="and its region, where there are two")
    parser.add_argument("--file", type=Path, default=Path(REPOS_ENV), help="credentials, unless in the environment")
    parser.add_argument("--no-sms", action="store_true", default=bool(os.environ.get("NO_SMS")))
    parser.add_argument("--from", dest="sender", default="+12025550199", help="the customer's number that is pretended")
    parser.add_argument("--timeout-seconds", type=float, default=900.0)
    parser.add_argument("--keep", action="store_true", help="do not remove the relay afterwards")
    options = parser.parse_args(arguments)
    target = _target(options)
    message_id = f"SM{secrets.token_hex(16)}"
    sender = target.business_phone if options.no_sms else options.sender
    what = "no handler gets it" if options.no_sms else "the first handler gets one text, more if it is refused"
    print(f"Will send a synthetic text to {target.base_url} ({what}) and remove its relay afterwards.", flush=True)
    refuse_strangers(target, message_id)
    print("  forged text refused, caller without a token refused")
    target.token()  # or it would turn out only after the text that its story may not be read
    try:
        send(target, message_id, sender)
        print(f"  taken in as {message_id}")
        relay = wait(target, message_id, options.timeout_seconds)
    finally:
        if not options.keep:
            print("  relay removed" if target.remove(message_id) else "  relay NOT removed; it expires by itself")
    # Where a tier asks for a claim, the handler has to take the text.
    expected = (FinalStatus.RECORDED,) if options.no_sms else (FinalStatus.DELIVERED, FinalStatus.CLAIMED)
    status = relay["final_status"]
    words = f"the relay ended as {status}; {' or '.join(expected)} was expected."
    print(f"{'Good' if status in expected else 'NOT good'}: {words}")
    are_told = options.no_sms or try_channels(target)
    return 0 if status in expected and are_told else 1


def _target(options: argparse.Namespace) -> Target:
    """Returns what is meant. Raises Problem."""
    if options.stack:
        return local(options.stack)
    if options.project:
        return deployed(options.project, options.region or None, options.file)
    return local(f"http://127.0.0.1:{os.environ.get('PORT') or 8080}")


def text_form(target: Target, message_id: str, sender: str) -> dict[str, str]:
    """The webhook's parameters as Twilio sends them (docs/messaging/guides/webhook-request)."""
    return {
        "ToCountry": "US",
        "SmsMessageSid": message_id,
        "NumMedia": "0",
        "SmsSid": message_id,
        "SmsStatus": "received",
        "Body": "Test of the relay. There is nothing to do.",
        "To": target.business_phone,
        "NumSegments": "1",
        "MessageSid": message_id,
        "AccountSid": target.account_sid,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }


def refuse_strangers(target: Target, message_id: str) -> None:
    """Raises Problem when the relay lets in what is not Twilio's or who shows no identity."""
    form = text_form(target, message_id, target.business_phone)
    forged = _post_form(target, form, "not-the-auth-token").status
    if forged != 403:
        raise Problem(f"A forged text was answered with {forged} instead of 403: do not point a number at this.")
    # Without a gateway it is Cloud Run that refuses here, for good.
    asked = target.asker.ask if target.is_behind_gateway else ask
    status = asked(target.relay_state_url, {"message_id": message_id}, {}).status
    if status not in (401, 403):
        raise Problem(f"relay-state answered a caller without a token with {status} instead of 401.")


def send(target: Target, message_id: str, sender: str) -> None:
    """Bring the text as Twilio would. Raises Problem when it is not taken in."""
    status = _post_form(target, text_form(target, message_id, sender), target.auth_token).status
    if status == 403:
        raise Problem(
            "The relay refused our signature: is the auth token the relay's (in Secret Manager, or in its .env), and "
            f"PUBLIC_BASE_URL {target.base_url}?"
        )
    if status != 200:
        raise Problem(f"The relay answered the text with {status} instead of 200; see the log of sms-inbound.")


def _post_form(target: Target, form: Mapping[str, str], token: str) -> Answer:
    url = f"{target.base_url}{INBOUND_PATH}"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": signature(token, url, {name: [value] for name, value in form.items()}),
    }
    return target.asker.ask(url, urllib.parse.urlencode(form).encode(), headers)


def wait(target: Target, message_id: str, timeout_seconds: float) -> dict[str, Any]:
    """The relay in its final state, its story printed as it happens. Raises Problem when there is none in time."""
    started = time.monotonic()
    told = 0
    while True:
        answer = target.asker.ask(target.relay_state_url, {"message_id": message_id}, target.identity_headers())
        if answer.status in (401, 403):
            raise Problem("relay-state does not accept our identity token: is this account among the operators?")
        relay: dict[str, Any] = answer.value.get("relay") or {}
        for entry in relay.get("error_log", [])[told:]:
            told += 1
            tier = f", tier {entry['tier']}" if entry.get("tier") else ""
            reason = f": {entry['reason']}" if entry.get("reason") else ""
            print(f"  {time.monotonic() - started:6.1f} s  {entry['step']}{tier}{reason}", flush=True)
        if relay and relay["final_status"] != FinalStatus.IN_PROGRESS:
            return relay
        if time.monotonic() - started > timeout_seconds:
            reached = "it is still in progress" if relay else f"relay-state answers {answer.status}"
            raise Problem(f"No final state within {timeout_seconds:.0f} s: {reached}.")
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    run_command(main)
