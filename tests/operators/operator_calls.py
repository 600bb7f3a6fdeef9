"""Calls as an operator's tools make them, without HTTP."""

from __future__ import annotations

import json
from typing import Any

from relay.operators.guard import Verifier
from relay.operators.identity import Caller
from relay.operators.redrive import handle_redrive
from relay.operators.state_api import handle_relay_state
from relay.operators.threads_api import handle_threads
from relay.web import Request, Response

from tests.fakes.world import MEDIA_URL, MemoryWorld
from tests.office import Office
from tests.played import Played

ORIGIN = "https://console.example.com"
OPERATOR = "operator@example.com"


class Everybody:
    """Accepts every caller: what a token must be like is tested elsewhere."""

    def __init__(self, email: str = OPERATOR) -> None:
        self._email = email

    def caller(self, _request: Request) -> Caller:
        return Caller(self._email)


def request(body: object, **changes: Any) -> Request:
    """A POST of this JSON body with these parts of the request changed."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    values: dict[str, Any] = {"method": "POST", "path": "/", "headers": {"content-type": "application/json"}}
    return Request(**{**values, "body": raw, **changes})


def state(played: MemoryWorld, body: object, by: Verifier | None = None, **changes: Any) -> Response:
    asked = request(body, **changes)
    return handle_relay_state(played.store, played.clock, by or Everybody(), (ORIGIN,), MEDIA_URL, asked)


def redrive(played: Played, body: object, by: Verifier | str = OPERATOR, **changes: Any) -> Response:
    """A call of /sms/redrive, by the operator of this name or by whom the verifier tells."""
    asked = request(body, **changes)
    verifier = Everybody(by) if isinstance(by, str) else by
    return handle_redrive(played.world, played.policy, verifier, (ORIGIN,), asked)


def on_thread(office: Office, body: object, by: Verifier | None = None, **changes: Any) -> Response:
    """A call of /sms/threads."""
    asked = request(body, **changes)
    given = (office.world, office.conversations, office.policy)
    return handle_threads(*given, by or Everybody(), (ORIGIN,), asked)


def told(response: Response) -> dict[str, Any]:
    """The JSON of an answer."""
    answer: dict[str, Any] = json.loads(response.body)
    return answer
