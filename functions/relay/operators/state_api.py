"""`POST /sms/relay-state`: one relay with its whole audit trail, or a search. Internal, with an identity token."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from relay.core.model import FinalStatus, Relay
from relay.errors import BadRequest
from relay.operators.identity import Caller, IdentityVerifier
from relay.operators.internal_api import Body, answer
from relay.operators.story import story, summary
from relay.ports import Clock, RelayStore, Search
from relay.record import documents
from relay.web import Request, Response, json_response

_FIELDS = ("message_id", "final_status", "since", "until", "sender_phone", "view", "limit", "page_token")
_STORE_SECONDS = 10.0
LIMIT_DEFAULT, LIMIT_MAX = 50, 200

_MESSAGE_ID = re.compile(r"(SM|MM)[0-9a-f]{32}")
# As the webhook takes them in: E.164, a short code or an alphanumeric sender.
_SENDER = re.compile(r"[!-~][ -~]{0,63}")
_PAGE_TOKEN = re.compile(r"[!-~]{1,500}")


def handle_relay_state(
    store: RelayStore, clock: Clock, verifier: IdentityVerifier, allowed_origins: Collection[str], request: Request
) -> Response:
    """200 with `relay`, `summary` and `story`, or with `relays` and `next_page_token`; 400 to 415, 503.

    A search's `view` says how much of each relay: `full` is the document, `summary` a row (story.summary). Every answer
    carries `now`, the time here, so that callers need not trust their own clocks.
    """

    def look(body: Body, caller: Caller) -> Response:  # noqa: ARG001 - every accepted caller may see everything
        now = clock.now()
        return _one(store, body, now) if "message_id" in body else _search(store, body, now)

    return answer(request, verifier, allowed_origins, _FIELDS, look)


def relay_json(relay: Relay) -> object:
    """A relay's document as JSON, times in ISO 8601."""
    return documents.plain(documents.to_document(relay))


def _one(store: RelayStore, body: Body, now: datetime) -> Response:
    if len(body) != 1:
        raise BadRequest(400, "message_id asks for one relay and goes with no other field.")
    stored = store.get(message_id(body), timeout_seconds=_STORE_SECONDS)
    if stored is None:
        raise BadRequest(404, "No such relay: unknown, or expired after 90 days.")
    relay = stored.relay
    told = {"relay": relay_json(relay), "summary": summary(relay, now), "story": story(relay, now)}
    return json_response(200, {**told, "now": documents.plain(now)})


def message_id(body: Body) -> str:
    """The body's message id. Raises BadRequest 400."""
    value = body.get("message_id")
    if not isinstance(value, str) or not _MESSAGE_ID.fullmatch(value):
        raise BadRequest(400, "message_id is not SM or MM followed by 32 hexadecimal digits.")
    return value


def _search(store: RelayStore, body: Body, now: datetime) -> Response:
    search = Search(
        final_status=_final_status(body),
        since=_time(body, "since"),
        until=_time(body, "until"),
        sender_phone=_matching(body, "sender_phone", _SENDER, "a sender's number like +15551234567"),
        limit=_limit(body),
        page_token=_matching(body, "page_token", _PAGE_TOKEN, "one that an earlier answer gave"),
    )
    as_row = _view(body) == "summary"
    try:
        page = store.search(search, timeout_seconds=_STORE_SECONDS)
    except ValueError as error:
        if search.page_token is None:
            raise  # a document that this revision cannot read is not the caller's fault
        raise BadRequest(400, "page_token is not one that an earlier answer gave for this search.") from error
    relays = [summary(relay, now) if as_row else relay_json(relay) for relay in page.relays]
    return json_response(200, {"relays": relays, "next_page_token": page.next_page_token, "now": documents.plain(now)})


def _view(body: Body) -> str:
    value = body.get("view", "full")
    if value not in ("full", "summary"):
        raise BadRequest(400, "view is neither full nor summary.")
    return str(value)


def _final_status(body: Body) -> FinalStatus | None:
    value = body.get("final_status")
    if value is None:
        return None
    if not isinstance(value, str) or value not in set(FinalStatus):
        raise BadRequest(400, f"final_status is none of {', '.join(FinalStatus)}.")
    return FinalStatus(value)


def _time(body: Body, name: str) -> datetime | None:
    value = body.get(name)
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            raise BadRequest(400, f"{name} has no time zone: end it with Z or +00:00.")
        return time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequest(400, f"{name} is not a time like 2026-01-31T12:00:00Z.") from error


def _matching(body: Body, name: str, pattern: re.Pattern[str], form: str) -> str | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or not pattern.fullmatch(value)):
        raise BadRequest(400, f"{name} is not {form}.")
    return value


def _limit(body: Body) -> int:
    value = body.get("limit", LIMIT_DEFAULT)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LIMIT_MAX:
        raise BadRequest(400, f"limit is not a number from 1 to {LIMIT_MAX}.")
    return value
