"""`POST /sms/relay-state`: one relay with its whole audit trail, or a search. Internal, with an identity token."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from relay import documents
from relay.errors import BadRequest
from relay.identity import Caller, IdentityVerifier
from relay.internal_api import Body, answer
from relay.model import FinalStatus, Relay
from relay.ports import RelayStore, Search
from relay.web import Request, Response, json_response

_FIELDS = ("message_id", "final_status", "since", "until", "sender_phone", "limit", "page_token")
_STORE_SECONDS = 10.0
LIMIT_DEFAULT, LIMIT_MAX = 50, 200


def handle_relay_state(
    store: RelayStore, verifier: IdentityVerifier, allowed_origins: Collection[str], request: Request
) -> Response:
    """200 with `relay` or with `relays` and `next_page_token`; 400, 401, 403, 404, 405, 413, 415, 503."""

    def look(body: Body, caller: Caller) -> Response:  # noqa: ARG001 - every accepted caller may see everything
        if "message_id" in body:
            return _one(store, body)
        return _search(store, body)

    return answer(request, verifier, allowed_origins, _FIELDS, look)


def relay_json(relay: Relay) -> object:
    """A relay's document as JSON, times in ISO 8601."""
    return documents.plain(documents.to_document(relay))


def _one(store: RelayStore, body: Body) -> Response:
    if len(body) != 1:
        raise BadRequest(400, "message_id asks for one relay and goes with no other field.")
    stored = store.get(message_id(body), timeout_seconds=_STORE_SECONDS)
    if stored is None:
        raise BadRequest(404, "No such relay: unknown, or expired after 90 days.")
    return json_response(200, {"relay": relay_json(stored.relay)})


def message_id(body: Body) -> str:
    """The body's message id. Raises BadRequest 400."""
    value = body.get("message_id")
    if not isinstance(value, str) or not value.isalnum() or not value.isascii() or len(value) != 34:
        raise BadRequest(400, "message_id is not SM or MM followed by 32 hexadecimal digits.")
    return value


def _search(store: RelayStore, body: Body) -> Response:
    search = Search(
        final_status=_final_status(body),
        since=_time(body, "since"),
        until=_time(body, "until"),
        sender_phone=_text(body, "sender_phone"),
        limit=_limit(body),
        page_token=_text(body, "page_token"),
    )
    try:
        page = store.search(search, timeout_seconds=_STORE_SECONDS)
    except ValueError as error:
        raise BadRequest(400, "page_token is not one that an earlier answer gave for this search.") from error
    relays = [relay_json(relay) for relay in page.relays]
    return json_response(200, {"relays": relays, "next_page_token": page.next_page_token})


def _final_status(body: Body) -> FinalStatus | None:
    value = body.get("final_status")
    if value is None:
        return None
    if value not in set(FinalStatus):
        raise BadRequest(400, f"final_status is none of {', '.join(FinalStatus)}.")
    return FinalStatus(value)


def _time(body: Body, name: str) -> datetime | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadRequest(400, f"{name} is not a time like 2026-01-31T12:00:00Z.") from error
    if time.tzinfo is None:
        raise BadRequest(400, f"{name} has no time zone: end it with Z or +00:00.")
    return time


def _text(body: Body, name: str) -> str | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= 500):
        raise BadRequest(400, f"{name} is not a text.")
    return value


def _limit(body: Body) -> int:
    value = body.get("limit", LIMIT_DEFAULT)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LIMIT_MAX:
        raise BadRequest(400, f"limit is not a number from 1 to {LIMIT_MAX}.")
    return value
