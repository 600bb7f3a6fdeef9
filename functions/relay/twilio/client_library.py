"""Loads Twilio's client library on first use: a process that only refuses forgeries never pays for it.

The costs were measured on a 2-core machine with compiled bytecode, medians of seven.
"""

from __future__ import annotations

from typing import Any

from relay.loading import http_library, late, one_at_a_time

_ACCOUNT = "twilio.rest.api.v2010.account."


def _is_unused(module: str) -> bool:
    """Whether this is one of the 27 kinds of things of an account that are no messages."""
    return module.startswith(_ACCOUNT) and module.removeprefix(_ACCOUNT).split(".")[0] != "message"


def rest() -> Any:
    """Returns `twilio.rest` with its Messages resource (some 10 ms and 1 MB after Firestore, the others 20 and 6)."""
    with one_at_a_time, late(_is_unused):
        http_library()
        # The client itself loads a resource only when it is first touched; do that here, under the lock.
        import twilio.rest.api

        return twilio.rest


def response_class() -> Any:
    """Returns the class in which an HTTP client of one's own gives an answer to `twilio.rest`."""
    with one_at_a_time:
        from twilio.http.response import Response

        return Response
