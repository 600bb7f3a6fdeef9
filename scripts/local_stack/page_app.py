"""The page in the browser: its files, and what it asks for.

`/local/stack` tells what stack this is. With any Twilio but the stack's own, numbers are told in full to operators who
are signed in at this address, and `/local/set-up` tries the set-up for them: that a caller is on this machine proves
nothing there, since a tunnel's are too.
"""

from __future__ import annotations

import json
import mimetypes
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from relay.core.failures import FailureClass
from relay.core.policy import Policy
from relay.embedded.health import Trouble
from relay.log import masked
from relay.operators import console
from relay.settings.settings import Settings
from relay.twilio import codes
from relay.twilio.forms import CONNECTION_OVERRIDES
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio.errors import is_told_by_an_answer
from scripts.local_stack.environment import CUSTOMER_PHONE, Plan
from scripts.local_stack.places import Twilio
from scripts.local_stack.set_up import Busy, SetUp

PAGE = Path(__file__).resolve().parent / "page"
# With these the page looks as the console does.
_CONSOLES = ("colours.css", "icon.svg")
_FILES = {
    "/": PAGE / "index.html",
    **{f"/page/{path.name}": path for path in PAGE.iterdir() if path.is_file()},
    **{f"/page/{name}": console.PAGE / name for name in _CONSOLES},
}
_DESCRIPTION = "/local/stack"
_SET_UP = "/local/set-up"
_HEADERS = {
    # Everything the page needs is here; what customers write is never taken for markup.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A new revision of the stack brings new files under the same names.
    "Cache-Control": "no-cache",
}


class PageApp:
    """A WSGI application for the page of one stack; `trouble` returns what keeps it from taking texts, or None."""

    def __init__(
        self,
        plan: Plan,
        settings: Settings,
        trouble: Callable[[], Trouble | None] = lambda: None,
        is_signed_in: Callable[[WSGIEnvironment], bool] = lambda _environ: False,
        set_up: SetUp | None = None,
    ) -> None:
        is_fake = plan.twilio is Twilio.FAKE
        self._description = _describe(plan, settings, str)
        self._masked = self._description if is_fake else _describe(plan, settings, masked, self._description["id"])
        self._trouble = trouble
        self._is_signed_in = is_signed_in
        self._set_up = None if is_fake else set_up or SetUp(plan.address, plan.environ)

    def serves(self, path: str) -> bool:
        return path in _FILES or path == _DESCRIPTION or (path == _SET_UP and self._set_up is not None)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == _SET_UP and self._set_up is not None:
            return self._tried(self._set_up, request)
        if request.method not in ("GET", "HEAD"):
            return Response("Only GET is answered here.\n", 405, {"Allow": "GET, HEAD"})
        if request.path == _DESCRIPTION:
            return self._described(request)
        path = _FILES[request.path]
        return Response(path.read_bytes(), 200, _HEADERS, content_type=_content_type(path))

    def _described(self, request: Request) -> Response:
        """Returns what stack this is; also who may see numbers, and so what the page offers."""
        is_signed_in = self._set_up is not None and self._is_signed_in(request.environ)
        described = self._description if is_signed_in else self._masked
        trouble = self._trouble()
        # The words count bytes and change with them; the kind tells whether it is still the same trouble.
        told = {"trouble": str(trouble or ""), "trouble_kind": trouble.cause if trouble else ""}
        return _json({**described, **told, "is_signed_in": is_signed_in})

    def _tried(self, set_up: SetUp, request: Request) -> Response:
        """Returns what came of trying it. Only this page may ask, and only for an operator."""
        if request.method != "POST":
            return Response("Only POST is answered here.\n", 405, {"Allow": "POST"})
        own = f"{request.scheme}://{request.host}"
        if request.mimetype != "application/json" or request.headers.get("Origin") != own:
            return _json({"error": "only the page itself may ask for this"}, 403)
        if not self._is_signed_in(request.environ):
            return _json({"error": "sign in at the console of this address first"}, 401)
        try:
            return _json(set_up.tried())
        except Busy:
            return _json({"error": "it is being tried already; wait for that"}, 429)


def _json(told: object, status: int = 200) -> Response:
    return Response(json.dumps(told), status, _HEADERS, content_type="application/json")


def _content_type(path: Path) -> str:
    # Some systems' tables call JavaScript plain text, which browsers then refuse to run.
    if path.suffix == ".js":
        return "text/javascript; charset=utf-8"
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _describe(plan: Plan, settings: Settings, number_of: Callable[[str], str], name: str = "") -> dict[str, Any]:
    """Returns what the page needs to know, with each phone number as `number_of` shows it."""
    is_fake = plan.twilio is Twilio.FAKE
    policy = settings.policy or Policy(())
    description: dict[str, Any] = {
        # Another one after a restart: then the page must forget what it has seen.
        "id": name or secrets.token_hex(8),
        "twilio": plan.twilio.value,
        "backend": settings.backend,
        "our_numbers": [number_of(number) for number in settings.business_phones],
        "tiers": [
            {
                "number": number,
                "name": tier.name,
                "phone": number_of(tier.reach.address),
                "receipt_timeout_seconds": tier.receipt_timeout_seconds,
                "retry_delays_seconds": list(tier.retry_delays_seconds),
                "success": tier.success.value,
            }
            for number, tier in enumerate(policy.tiers, start=1)
        ],
        "public_base_url": settings.public_base_url,
        "replies": settings.replies,
        "webhook_url": f"{settings.public_base_url}/sms/inbound{CONNECTION_OVERRIDES}",
    }
    if is_fake:
        description["customer_phone"] = CUSTOMER_PHONE
        handlers = {tier.reach.address for tier in policy.tiers}
        description["operators"] = [
            {"name": operator.name, "phone": operator.phone}
            for operator in settings.operators.people
            if operator.phone and operator.phone not in handlers
        ]
        description["relay_state"] = {"audience": settings.audience, "email": min(settings.allowed_emails, default="")}
        description["error_codes"] = [
            {
                "code": code,
                "words": failure.words,
                "class": failure.failure_class.value,
                "is_refusal": is_told_by_an_answer(code),
            }
            for code, failure in sorted(codes.TABLE.items())
            # What Twilio says of the request itself is not a carrier's doing; those have switches of their own.
            if failure.failure_class not in (FailureClass.NOT_PROCESSED, FailureClass.AMBIGUOUS)
        ]
    return description
