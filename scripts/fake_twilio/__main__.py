"""Serve a fake Twilio alone: `python -m scripts.fake_twilio --port 8090 --sms-url http://127.0.0.1:8080/sms/inbound`."""

import argparse
import sys
import threading
from collections.abc import Sequence

from scripts.fake_twilio.model import FakeTwilio
from scripts.fake_twilio.send_request import is_e164, is_web_url
from scripts.fake_twilio.server import Server
from scripts.fake_twilio.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; 2 for arguments that cannot be used, 1 if the port is taken."""
    usual = Settings()
    parser = argparse.ArgumentParser(prog="python -m scripts.fake_twilio", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0: the system chooses")
    parser.add_argument("--account-sid", default=usual.account_sid)
    parser.add_argument("--auth-token", default=usual.auth_token)
    parser.add_argument("--api-key-sid", default=usual.api_key_sid)
    parser.add_argument("--api-key-secret", default=usual.api_key_secret)
    parser.add_argument(
        "--number", action="append", type=_number, help=f"a number of the account (again for more); {usual.numbers[0]}"
    )
    parser.add_argument(
        "--sms-url", default="", type=_url, help="where texts to these numbers go; may carry #rc=5&rp=all"
    )
    parser.add_argument("--sms-fallback-url", default="", type=_url)
    parser.add_argument(
        "--phone", action="append", default=[], metavar="NUMBER=NAME", help="a phone's name for the page"
    )
    parser.add_argument("--seed", default="0", help="sids and draws follow from it")
    parser.add_argument("--time-scale", type=float, default=1.0, help="0.1: everything ten times as fast")
    options = parser.parse_args(arguments)
    fake = FakeTwilio(
        Settings(
            account_sid=options.account_sid,
            auth_token=options.auth_token,
            api_key_sid=options.api_key_sid,
            api_key_secret=options.api_key_secret,
            numbers=tuple(options.number or usual.numbers),
            sms_url=options.sms_url,
            sms_fallback_url=options.sms_fallback_url,
            seed=options.seed,
            time_scale=options.time_scale,
        )
    )
    for phone in options.phone:
        number, _, name = phone.partition("=")
        if not is_e164(number):
            parser.error("--phone takes NUMBER=NAME with an E.164 number")
        fake.phone(number, name)
    try:
        server = Server(fake, options.host, options.port)
    except OSError as error:
        print(f"cannot listen on port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    with server:
        print(f"fake Twilio at {server.base_url} (control API: {server.base_url}/fake/state)", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _number(given: str) -> str:
    if not is_e164(given):
        raise argparse.ArgumentTypeError("not a phone number in E.164 form")
    return given


def _url(given: str) -> str:
    if given and not is_web_url(given):
        raise argparse.ArgumentTypeError("not an http or https URL")
    return given


if __name__ == "__main__":
    sys.exit(main())
