"""The operator's console at /console, as the function of that name serves it, with tokens from the stack's issuer."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIEnvironment

from relay.operators.console import handle_console
from relay.settings.settings import Settings
from relay.web import Request as RelayRequest
from werkzeug.wrappers import Request, Response

from scripts.local_google.issuer import IssuerApp

_PATH = "/console"


class ConsoleApp:
    """A WSGI application. Without an issuer (a real Twilio) operators paste a token of their own."""

    def __init__(self, settings: Settings, issuer: IssuerApp | None) -> None:
        self._token_url = ""
        if issuer is not None:
            identity = {"audience": settings.audience, "email": min(settings.allowed_emails, default="")}
            self._token_url = f"{issuer.token_path}?{urlencode(identity)}"

    def serves(self, path: str) -> bool:
        return path == _PATH or path.startswith(f"{_PATH}/")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = Request(environ)
        headers = {name.lower(): value for name, value in asked.headers.items()}
        answer = handle_console(RelayRequest(asked.method, asked.path, headers=headers), token_url=self._token_url)
        return Response(answer.body, answer.status, dict(answer.headers))(environ, start_response)
