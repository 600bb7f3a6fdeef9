"""The guard of the operators' routes: `guarded` lets a call through whose identity and fields it accepts.

It checks method, identity, size, content type and the names of the fields, in this order, and answers for CORS.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from relay.errors import BadRequest, NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.fields import Fields, fields_of
from relay.operators.identity import Caller, IdentityVerifier
from relay.web import JSON, Request, Response, check_post, json_response

# A browser may keep a preflight's answer this long.
_PREFLIGHT_MAX_AGE_SECONDS = 600
_RETRY_AFTER_SECONDS = "1"
_SEE_TO_IT = "This relay cannot go on by itself: see docs/operations.md, “A relay was set aside”."


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
    verifier: IdentityVerifier,
    allowed_origins: Collection[str],
    known_fields: Collection[str],
    handle: Callable[[Fields, Caller], Response],
) -> Response:
    """Returns what `handle` makes of a call that passes; a refusal is JSON with `error`, readable from the browser."""
    if request.method == "OPTIONS":
        return preflight(request, allowed_origins)
    try:
        caller = _caller(request, verifier)
        response = handle(_known(request, known_fields), caller)
    except BadRequest as error:
        response = json_response(error.status, {"error": str(error)}, error.headers)
    except (StoreRefused, Unreadable) as error:
        response = json_response(500, {"error": f"{_SEE_TO_IT} ({error.reason})"})
    except NewerRecord as error:
        # Another instance may be of that revision.
        response = json_response(503, {"error": str(error)}, {"Retry-After": _RETRY_AFTER_SECONDS})
    except StoreUnavailable:
        response = json_response(503, {"error": "Try again in a moment."}, {"Retry-After": _RETRY_AFTER_SECONDS})
    return Response(response.status, response.body, {**response.headers, **_cors(request, allowed_origins)})


def _caller(request: Request, verifier: IdentityVerifier) -> Caller:
    if request.method != "POST":
        raise BadRequest(405, "Only POST is answered here.", {"Allow": "POST, OPTIONS"})
    return verifier.caller(request)


def _known(request: Request, known_fields: Collection[str]) -> Fields:
    check_post(request, JSON)
    fields = fields_of(request.body)
    if set(fields) - set(known_fields):
        raise BadRequest(400, f"Only these fields are known: {', '.join(known_fields)}.")
    return fields
