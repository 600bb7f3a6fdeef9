"""The guard of the operators' routes: `guarded` lets a call through whose identity and fields it accepts.

It checks method, identity, size, content type and the names of the fields, in this order, and answers for CORS.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Protocol

from relay.core.operators import Role
from relay.errors import BadRequest, NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.fields import Fields, fields_of
from relay.operators.identity import Caller
from relay.web import JSON, Request, Response, check_post, json_response

# A browser may keep a preflight's answer this long.
_PREFLIGHT_MAX_AGE_SECONDS = 600
_RETRY_AFTER_SECONDS = "1"
_SEE_TO_IT = "This relay cannot go on by itself: see docs/operations.md, “A relay was set aside”."
_LOOK_ONLY = "You may look here, and not act. An operator with the role `act` can."


class Verifier(Protocol):
    """Says who calls (signing_in/authenticator.py)."""

    def caller(self, request: Request) -> Caller:
        """Returns the caller. Raises BadRequest 401 or 403, or StoreUnavailable."""
        ...


def preflight(request: Request, allowed_origins: Collection[str]) -> Response:
    """Answer OPTIONS: 204, with CORS headers for a configured origin and nothing for any other."""
    headers = _cors(request, allowed_origins)
    if headers:
        headers |= {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": str(_PREFLIGHT_MAX_AGE_SECONDS),
        }
    return Response(204, b"", {"Allow": "POST, OPTIONS", "Vary": "Origin", **headers})


def _cors(request: Request, allowed_origins: Collection[str]) -> dict[str, str]:
    origin = request.headers.get("origin", "")
    if origin not in allowed_origins:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }


def guarded(
    request: Request,
    verifier: Verifier,
    allowed_origins: Collection[str],
    known_fields: Collection[str],
    handle: Callable[[Fields, Caller], Response],
    *,
    role: Role = Role.ACT,
) -> Response:
    """Returns what `handle` makes of a call that passes; a refusal is JSON with `error`, readable from the browser.

    `role` is what the caller must be allowed at least.
    """

    def passed() -> Response:
        caller = _caller(request, verifier, role)
        response = handle(known_fields_of(request, known_fields), caller)
        return replace(response, cookies=(*response.cookies, *caller.cookies))

    if request.method == "OPTIONS":
        return preflight(request, allowed_origins)
    response = answered(passed)
    return replace(response, headers={**response.headers, **_cors(request, allowed_origins)})


def answered(handle: Callable[[], Response]) -> Response:
    """Returns what `handle` returns; what it raises becomes JSON with `error`."""
    try:
        return handle()
    except BadRequest as error:
        return json_response(error.status, {"error": str(error)}, error.headers)
    except (StoreRefused, Unreadable) as error:
        return json_response(500, {"error": f"{_SEE_TO_IT} ({error.reason})"})
    except NewerRecord as error:
        # Another instance may be of that revision.
        return json_response(503, {"error": str(error)}, {"Retry-After": _RETRY_AFTER_SECONDS})
    except StoreUnavailable as error:
        response = json_response(503, {"error": "Try again in a moment."}, {"Retry-After": _RETRY_AFTER_SECONDS})
        return replace(response, unavailable=str(error))


def _caller(request: Request, verifier: Verifier, role: Role) -> Caller:
    if request.method != "POST":
        raise BadRequest(405, "Only POST is answered here.", {"Allow": "POST, OPTIONS"})
    caller = verifier.caller(request)
    if role is Role.ACT and caller.role is not Role.ACT:
        raise BadRequest(403, _LOOK_ONLY)
    return caller


def known_fields_of(request: Request, known_fields: Collection[str]) -> Fields:
    """Returns the fields of a JSON body, all of them known. Raises BadRequest 400, 405, 413 or 415."""
    check_post(request, JSON)
    fields = fields_of(request.body)
    if set(fields) - set(known_fields):
        raise BadRequest(400, f"Only these fields are known: {', '.join(known_fields)}.")
    return fields
