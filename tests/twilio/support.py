"""What the tests of sending share: one text, one account, and a Twilio that is a raw server."""

from __future__ import annotations

from typing import Any

from relay.core.failures import UNREACHABLE
from relay.ports import OutgoingText, Refused, SendOutcome
from relay.twilio.messenger import TwilioMessenger

from tests.local_google.target import eventually
from tests.twilio.raw_server import RawServer, Talk
from tests.twilio_words import BASE_URL

ACCOUNT = "AC" + "0" * 32
TOKEN = "made-up-auth-token"
BODY = "the boiler is leaking"
HANDLER, OURS = "+15550002001", "+15550001000"
TEXT = OutgoingText(HANDLER, OURS, BODY, validity_seconds=60, message_id="SM1", tier=1, attempt=1)
PATIENT = 60.0
# How long an answer that never comes is waited for: more only where the machine was so slow that nothing had left.
BRIEFLY = (0.5, 2.0, 10.0, PATIENT)
NOT_SENT = Refused(UNREACHABLE)


class Notes:
    """The port Journal, as far as the messenger uses it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, severity: str, message: str, **labels: object) -> None:
        self.lines.append(f"{severity} {message} {labels}")

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the messenger does not use {name}")


def messenger_at(base_url: str, notes: Notes | None = None) -> TwilioMessenger:
    journal: Any = notes
    return TwilioMessenger(
        account_sid=ACCOUNT, auth_token=TOKEN, base_url=base_url, callback_base_url=BASE_URL, journal=journal
    )


def send(talk: Talk, timeout_seconds: float = PATIENT, notes: Notes | None = None) -> tuple[SendOutcome, RawServer]:
    with RawServer(talk) as server:
        outcome = messenger_at(server.base_url, notes).send(TEXT, timeout_seconds=timeout_seconds)
    return outcome, server


def ignored(talk: Talk) -> tuple[SendOutcome, RawServer]:
    """How a text goes that has left and is not answered in time."""
    for seconds in BRIEFLY:
        outcome, server = send(talk, seconds)
        if outcome != NOT_SENT:
            eventually(lambda: bool(server.requests), "the request is read")  # noqa: B023 - waited for at once
            break
    return outcome, server
