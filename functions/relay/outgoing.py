"""`open_url` asks another server, and its answer leads what the request carries nowhere else.

urllib by itself follows a redirect with every header that it was given: a token for one host would be sent to another.
"""

from __future__ import annotations

import urllib.request
from typing import Any
from urllib.parse import urlsplit

from relay.addresses import is_loopback

_CREDENTIALS = ("Authorization", "X-serverless-authorization")  # as urllib spells what it keeps
REDIRECTS = frozenset((301, 302, 303, 307, 308))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Return no request to go on with, so that the redirect is an answer like any other that is none of 2xx."""


def open_url(asked: str | urllib.request.Request, timeout_seconds: float) -> Any:
    """Returns the answer of 2xx, open for reading.

    Raises urllib.error.HTTPError for any other one, a redirect too; other OSErrors and http.client.HTTPException when
    there is none; ValueError for what is no web address, and for one that a credential must not go to.
    """
    request = urllib.request.Request(asked) if isinstance(asked, str) else asked  # noqa: S310 - schemes: see below
    url = urlsplit(request.full_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("not a web address")
    if any(request.has_header(name) for name in _CREDENTIALS) and not may_carry_secrets(request.full_url):
        raise ValueError("a credential goes over https only, or stays on this machine")
    # What stays on this machine is not shown to a proxy either.
    proxies: dict[str, str] | None = {} if is_loopback(url.hostname) else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), _Stay)
    return opener.open(request, timeout=timeout_seconds)


def may_carry_secrets(url: str) -> bool:
    """Returns whether what is sent to this web address is encrypted, or stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
