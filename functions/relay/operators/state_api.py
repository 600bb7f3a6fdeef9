"""`POST /sms/relay-state`: one relay with its whole audit trail, or a search. Internal, with an identity token."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from relay.core.model import FinalStatus, Relay
from relay.errors import BadRequest
from relay.fields import Fields, choice, matching, message_id, number, optional, spellings, time
from relay.operators.guard import guarded
from relay.operators.identity import Caller, IdentityVerifier
from relay.operators.story import story, summary
from relay.ports import Clock, RelayStore, Search
from relay.record import documents
from relay.web import Request, Response, json_response

_FIELDS = ("message_id", "final_status", "since", "until", "sender_phone", "view", "limit", "page_token")
_STORE_SECONDS = 10.0
LIMIT_DEFAULT, LIMIT_MAX = 50, 200

# As the webhook takes them in: E.164, a short code or a sender's name in any script.
SENDER = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff][^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{0,63}")
_PAGE_TOKEN = re.compile(r"[!-~]{1,500}")


class View(StrEnum):
    """How much of each relay a search gives."""

    FULL = "full"
    SUMMARY = "summary"
    WHOLE = "whole"


def handle_relay_state(
    store: RelayStore, clock: Clock, verifier: IdentityVerifier, allowed_origins: Collection[str], request: Request
) -> Response:
    """Answer a call: 200 with `relay`, `summary` and `story`, or `relays` and `next_page_token`; 400 to 415, 503.

    A search's `view` says how much of each relay: `full` is the document, `summary` a row (story.summary), `whole` what
    is given of one relay. Every answer carries `now`, the time here, so that callers need not trust their own clocks.
    """

    def look(fields: Fields, caller: Caller) -> Response:  # noqa: ARG001 - every accepted caller may see everything
        now = clock.now()
        return _one(store, fields, now) if "message_id" in fields else _search(store, fields, now)

    return guarded(request, verifier, allowed_origins, _FIELDS, look)


def relay_json(relay: Relay) -> object:
    """Returns a relay's document as JSON, times in ISO 8601."""
    return documents.plain(documents.to_document(relay))


def no_such_relay() -> BadRequest:
    """Returns the refusal of a call about a relay that is not there."""
    return BadRequest(404, "No such relay: unknown, or expired after 90 days.")


def _one(store: RelayStore, fields: Fields, now: datetime) -> Response:
    if len(fields) != 1:
        raise BadRequest(400, "message_id asks for one relay and goes with no other field.")
    found = (store.get(each, timeout_seconds=_STORE_SECONDS) for each in spellings(message_id(fields)))
    stored = next(filter(None, found), None)
    if stored is None:
        raise no_such_relay()
    return json_response(200, {**_whole(stored.relay, now), "now": documents.plain(now)})


def _search(store: RelayStore, fields: Fields, now: datetime) -> Response:
    search = Search(
        final_status=optional(choice, fields, "final_status", FinalStatus),
        since=optional(time, fields, "since"),
        until=optional(time, fields, "until"),
        sender_phone=optional(matching, fields, "sender_phone", SENDER, "a sender's number like +15551234567"),
        limit=number(fields, "limit", LIMIT_MAX) if "limit" in fields else LIMIT_DEFAULT,
        page_token=optional(matching, fields, "page_token", _PAGE_TOKEN, "one that an earlier answer gave"),
    )
    view = choice(fields, "view", View) if "view" in fields else View.FULL
    try:
        page = store.search(search, timeout_seconds=_STORE_SECONDS)
    except ValueError as error:
        if search.page_token is None:
            raise  # a document that this revision cannot read is not the caller's fault
        raise BadRequest(400, "page_token is not one that an earlier answer gave for this search.") from error
    relays = [_seen(relay, view, now) for relay in page.relays]
    return json_response(200, {"relays": relays, "next_page_token": page.next_page_token, "now": documents.plain(now)})


def _seen(relay: Relay, view: View, now: datetime) -> object:
    if view is View.SUMMARY:
        return summary(relay, now)
    return _whole(relay, now) if view is View.WHOLE else relay_json(relay)


def _whole(relay: Relay, now: datetime) -> dict[str, object]:
    return {"relay": relay_json(relay), "summary": summary(relay, now), "story": story(relay, now)}
