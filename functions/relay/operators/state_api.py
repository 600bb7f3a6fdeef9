"""`POST /sms/relay-state`: one relay with its whole audit trail, a search, a thread, or the open threads.

Internal, with an identity token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from relay.core.model import FinalStatus, Relay
from relay.core.operators import Role
from relay.core.searching import terms_of
from relay.errors import BadRequest
from relay.fields import Fields, choice, matching, message_id, number, optional, spellings, time
from relay.flow.conversations import known_customer_id
from relay.operators import finding
from relay.operators.conversation import blocked_words, conversation, thread_row
from relay.operators.guard import Verifier, guarded
from relay.operators.identity import Caller
from relay.operators.story import story, summary
from relay.operators.today import Today, told_of_today
from relay.ports import Clock, RelayStore, Search
from relay.record import documents
from relay.web import Request, Response, json_response

T = TypeVar("T")

_FIELDS = (
    "message_id", "final_status", "since", "until", "sender_phone", "words", "view", "limit", "page_token", "threads",
    "today",
    *finding.FIELDS,
)  # fmt: skip
_STORE_SECONDS = 10.0
LIMIT_DEFAULT, LIMIT_MAX = 50, 200
_WORDS_MAX = 200

# As the webhook takes them in: E.164, a short code or a sender's name in any script.
SENDER = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff][^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{0,63}")
_PAGE_TOKEN = re.compile(r"[!-~]{1,500}")


class View(StrEnum):
    """How much of each relay a search gives."""

    FULL = "full"
    SUMMARY = "summary"
    WHOLE = "whole"


def handle_relay_state(
    store: RelayStore,
    clock: Clock,
    verifier: Verifier,
    allowed_origins: Collection[str],
    media_base_url: str,
    request: Request,
    today: Today | None = None,
) -> Response:
    """Answer a call: 200 with `relay`, `summary` and `story`, or `relays` and `next_page_token`; 400 to 415, 503.

    With `threads` (true) it is the open `threads`, and `next_page_token`; with `code` or `thread_id` the `thread`,
    whether it is `blocked`, and its `conversation`, of which `next_page_token` leads to what came earlier.

    A search by `words` looks through all that is kept: words of the text, names of handlers, a number in any form. One
    call looks at some of it, newest first; `searched_back_to` says how far, and `next_page_token` goes on.

    With `today` (true) alone it is what pages need to know of `today`: the tiers, handlers and our numbers (today.py).

    A search's `view` says how much of each relay: `full` is the document, `summary` a row (story.summary), `whole` what
    is given of one relay, but for the link to its files: that begins with `media_base_url`, and is in the story of the
    one relay that was asked for. Every answer carries `now`, the time here, so that callers need not trust their own
    clocks.
    """

    def look(fields: Fields, caller: Caller) -> Response:  # noqa: ARG001 - every accepted caller may see everything
        now = clock.now()
        if "message_id" in fields:
            return _one(store, fields, now, media_base_url)
        if "today" in fields:
            return _today(today, fields, now)
        if "threads" in fields:
            return _open_threads(store, fields, now)
        if fields.keys() & set(finding.FIELDS):
            return _thread(store, fields, now)
        return _search(store, fields, now)

    return guarded(request, verifier, allowed_origins, _FIELDS, look, role=Role.LOOK)


def relay_json(relay: Relay) -> object:
    """Returns a relay's document as JSON, times in ISO 8601; without the secret that opens its files."""
    return documents.plain(documents.to_document(replace(relay, media_token="")))


def no_such_relay() -> BadRequest:
    """Returns the refusal of a call about a relay that is not there."""
    return BadRequest(404, "No such relay: unknown, or expired after 90 days.")


def _one(store: RelayStore, fields: Fields, now: datetime, media_base_url: str) -> Response:
    if len(fields) != 1:
        raise BadRequest(400, "message_id asks for one relay and goes with no other field.")
    found = (store.get(each, timeout_seconds=_STORE_SECONDS) for each in spellings(message_id(fields)))
    stored = next(filter(None, found), None)
    if stored is None:
        raise no_such_relay()
    return json_response(200, {**_whole(stored.relay, now, media_base_url), "now": documents.plain(now)})


def _today(today: Today | None, fields: Fields, now: datetime) -> Response:
    if fields["today"] is not True or len(fields) != 1 or today is None:
        raise BadRequest(400, "today is true, asks for today's tiers and numbers, and goes with no other field.")
    return json_response(200, {**told_of_today(today), "now": documents.plain(now)})


def _search(store: RelayStore, fields: Fields, now: datetime) -> Response:
    search = Search(
        final_status=optional(choice, fields, "final_status", FinalStatus),
        since=optional(time, fields, "since"),
        until=optional(time, fields, "until"),
        sender_phone=optional(matching, fields, "sender_phone", SENDER, "a sender's number like +15551234567"),
        limit=_limit(fields),
        page_token=_page_token(fields),
        words=optional(_words, fields, "words"),
    )
    view = choice(fields, "view", View) if "view" in fields else View.FULL
    page = _page(search.page_token, lambda: store.search(search, timeout_seconds=_STORE_SECONDS))
    relays = [_seen(relay, view, now) for relay in page.relays]
    answer = {"relays": relays, "next_page_token": page.next_page_token, "now": documents.plain(now)}
    if search.words is not None:
        answer["searched_back_to"] = documents.plain(page.searched_back_to)
    return json_response(200, answer)


def _words(fields: Fields, name: str) -> str:
    """Returns what is looked for. Raises BadRequest 400."""
    words = fields[name]
    if not isinstance(words, str) or len(words) > _WORDS_MAX or not _is_unicode(words):
        raise BadRequest(400, f"{name} is not a text of at most {_WORDS_MAX} characters.")
    if not terms_of(words):
        raise BadRequest(400, f"{name} holds no word, name or number to look for.")
    return words


def _is_unicode(text: str) -> bool:
    """Whether it holds no half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _open_threads(store: RelayStore, fields: Fields, now: datetime) -> Response:
    if fields["threads"] is not True or fields.keys() - {"threads", "limit", "page_token"}:
        raise BadRequest(400, "threads is true, asks for the open threads, and goes with limit and page_token alone.")
    limit, token = _limit(fields), _page_token(fields)
    page = _page(token, lambda: store.open_threads(limit, token, timeout_seconds=_STORE_SECONDS))
    rows = [thread_row(kept.record, now) for kept in page.threads]
    return json_response(200, {"threads": rows, "next_page_token": page.next_page_token, "now": documents.plain(now)})


def _thread(store: RelayStore, fields: Fields, now: datetime) -> Response:
    if fields.keys() - {*finding.FIELDS, "limit", "page_token"}:
        raise BadRequest(400, "code or thread_id asks for one thread and goes with limit and page_token alone.")
    thread = finding.thread_asked_for(store, fields, now, _STORE_SECONDS)
    search = Search(thread_id=thread.thread_id, limit=_limit(fields), page_token=_page_token(fields))
    page = _page(search.page_token, lambda: store.search(search, timeout_seconds=_STORE_SECONDS))
    customer_id = known_customer_id(store, thread.customer_phone, _STORE_SECONDS)
    opt_out = store.opt_out(customer_id, timeout_seconds=_STORE_SECONDS) if customer_id is not None else None
    answer = {
        "thread": thread_row(thread, now),
        "blocked": blocked_words(opt_out.record if opt_out is not None else None),
        "conversation": conversation(page.relays, now),
        "next_page_token": page.next_page_token,
        "now": documents.plain(now),
    }
    return json_response(200, answer)


def _limit(fields: Fields) -> int:
    return number(fields, "limit", LIMIT_MAX) if "limit" in fields else LIMIT_DEFAULT


def _page_token(fields: Fields) -> str | None:
    return optional(matching, fields, "page_token", _PAGE_TOKEN, "one that an earlier answer gave")


def _page(token: str | None, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except ValueError as error:
        if token is None:
            raise  # a document that this revision cannot read is not the caller's fault
        raise BadRequest(400, "page_token is not one that an earlier answer gave for this search.") from error


def _seen(relay: Relay, view: View, now: datetime) -> object:
    if view is View.SUMMARY:
        return summary(relay, now)
    return _whole(relay, now) if view is View.WHOLE else relay_json(relay)


def _whole(relay: Relay, now: datetime, media_base_url: str = "") -> dict[str, object]:
    told = story(relay, now, media_base_url)
    return {"relay": relay_json(relay), "summary": summary(relay, now), "story": told}
