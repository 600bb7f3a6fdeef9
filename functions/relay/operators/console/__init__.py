"""The operator's console: `handle_console` hands out the page and its files, which are in `page/`. None is secret.

The page signs operators in (signing_in/) and asks /sms/relay-state and /sms/redrive; this module only hands it out.
Two files are not in the folder: `settings.json` says where those routes are, and `words.json` what final
statuses are called where the page has no relay to read it from, in the words of operators/words.py.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from relay.operators.words import ATTEMPT_ENDS, FINAL_STATUS_WORDS
from relay.web import JSON, Request, Response, text_response

PAGE = Path(__file__).with_name("page")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_INDEX = "index.html"
_SETTINGS = "settings.json"
_WORDS = "words.json"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    content_type: str
    etag: str


def handle_console(request: Request, api_url: str = "") -> Response:
    """Returns one file of the console, by the last part of the path: 200, 304, 308 to the folder, 404 or 405.

    Args:
        api_url: base address of relay-state and redrive; empty when they are at the page's own.
    """
    if request.method not in ("GET", "HEAD"):
        return text_response(405, "Only GET is answered here.", {"Allow": "GET, HEAD"})
    folder, _, name = request.path.rpartition("/")
    if name == "console" and not folder:
        # The page's files are found beside it, so its address has to end like a folder's.
        return Response(308, b"", {"Location": "console/", **_headers(api_url)})
    file = _settings(api_url) if name == _SETTINGS else _files().get(name or _INDEX)
    if file is None:
        return text_response(404, "No such file.", _headers(api_url))
    headers = {**_headers(api_url), "ETag": file.etag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(304, b"", headers)
    return Response(200, file.content, {**headers, "Content-Type": file.content_type})


@lru_cache
def _files() -> dict[str, _File]:
    """Returns the folder's files and the words by name; made once, and nothing else can be asked for."""
    files = {
        path.name: _file(path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(PAGE.iterdir())
        if path.suffix in _TYPES
    }
    words = {
        "outcomes": {status.value: list(named) for status, named in FINAL_STATUS_WORDS.items()},
        "attempt_ends": {status.value: list(named) for status, named in ATTEMPT_ENDS.items()},
    }
    return files | {_WORDS: _file(json.dumps(words).encode(), JSON)}


def _settings(api_url: str) -> _File:
    return _file(json.dumps({"api_url": api_url}).encode(), JSON)


def _file(content: bytes, content_type: str) -> _File:
    return _File(content, content_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _headers(api_url: str) -> dict[str, str]:
    """Returns headers that let the page load its own files and call the relay, and nothing else: it shows texts."""
    parts = urlsplit(api_url)
    api = f" {parts.scheme}://{parts.netloc}" if api_url else ""
    policy = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self'{api}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
