"""The page in the browser: its files as they are, and `/local/stack`, which tells it what stack this is."""

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
from relay.log import masked
from relay.settings.settings import Settings
from relay.twilio import codes
from relay.twilio.forms import CONNECTION_OVERRIDES
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio.errors import is_told_by_an_answer
from scripts.local_stack.environment import CUSTOMER_PHONE, Plan
from scripts.local_stack.places import Twilio

PAGE = Path(__file__).resolve().parent / "page"
_FILES = {f"/page/{path.name}": path for path in PAGE.iterdir() if path.is_file()} | {"/": PAGE / "index.html"}
_DESCRIPTION = "/local/stack"
_HEADERS = {
    # Everything the page needs is here; what customers write is never taken for markup.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A new revision of the stack brings new files under the same names.
    "Cache-Control": "no-cache",
}


class PageApp:
    """A WSGI application for the page of one stack; `trouble` says in words what keeps it from taking texts, or ""."""

    def __init__(self, plan: Plan, settings: Settings, trouble: Callable[[], str] = str) -> None:
        self._description = _describe(plan, settings)
        self._trouble = trouble

    def serves(self, path: str) -> bool:
        return path in _FILES or path == _DESCRIPTION

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response("Only GET is answered here.\n", 405, {"Allow": "GET, HEAD"})
        if request.path == _DESCRIPTION:
            told = json.dumps({**self._description, "trouble": self._trouble()})
            return Response(told, 200, _HEADERS, content_type="application/json")
        path = _FILES[request.path]
        return Response(path.read_bytes(), 200, _HEADERS, content_type=_content_type(path))


def _content_type(path: Path) -> str:
    # Some systems' tables call JavaScript plain text, which browsers then refuse to run.
    if path.suffix == ".js":
        return "text/javascript; charset=utf-8"
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _describe(plan: Plan, settings: Settings) -> dict[str, Any]:
    """What the page needs to know. With a real Twilio the numbers are real people's, and only their ends are told."""
    is_fake = plan.twilio is Twilio.FAKE
    policy = settings.policy or Policy(())
    description: dict[str, Any] = {
        # Another one after a restart: then the page must forget what it has seen.
        "id": secrets.token_hex(8),
        "twilio": plan.twilio.value,
        "backend": settings.backend,
        "our_numbers": [number if is_fake else masked(number) for number in settings.business_phones],
        "tiers": [
            {
                "number": number,
                "name": tier.name,
                "phone": tier.reach.address if is_fake else masked(tier.reach.address),
                "receipt_timeout_seconds": tier.receipt_timeout_seconds,
                "retry_delays_seconds": list(tier.retry_delays_seconds),
                "success": tier.success.value,
            }
            for number, tier in enumerate(policy.tiers, start=1)
        ],
        "webhook_url": f"{settings.public_base_url}/sms/inbound{CONNECTION_OVERRIDES}",
    }
    if is_fake:
        description["customer_phone"] = CUSTOMER_PHONE
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
