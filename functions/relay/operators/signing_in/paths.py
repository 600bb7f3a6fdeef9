"""The names of the routes by which operators sign in, apart from what answers them: a refusal loads no more."""

from __future__ import annotations

ROUTES = frozenset(
    ("sign-in", "sign-in/code", "sign-in/link", "session", "sign-out", "links", "links/list", "links/revoke")
)


def route_in(path: str) -> str:
    """Returns the route that a path leads to, "" for none; a function by itself has no /console in front."""
    name = (path.partition("/console/")[2] or path).strip("/")
    return name if name in ROUTES else ""
