"""Twilio's list as the tests of look-ups have it: rows, and pages of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.twilio.raw_server import Connection, Talk
from tests.twilio.support import ACCOUNT, HANDLER, OURS

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LIST_PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def listed(number: int, created_at: datetime, sent_at: datetime | None = None, **changes: Any) -> dict[str, object]:
    """A message as Twilio lists it."""
    spelled = [None if at is None else at.strftime("%a, %d %b %Y %H:%M:%S +0000") for at in (created_at, sent_at)]
    return {
        "sid": f"SM{number:032x}",
        "status": "sent" if sent_at else "queued",
        "direction": "outbound-api",
        "to": HANDLER,
        "from": OURS,
        "body": "a text",
        "error_code": None,
        "num_media": "0",
        "date_created": spelled[0],
        "date_sent": spelled[1],
        **changes,
    }


def pages(*contents: list[dict[str, object]]) -> Talk:
    """Answers the list's pages in turn, each naming the next."""
    answers = [
        json.dumps(
            {
                "messages": content,
                "page": number,
                "page_size": 2,
                "uri": "/here",
                "next_page_uri": f"{LIST_PATH}?Page={number}" if number < len(contents) else None,
            }
        ).encode()
        for number, content in enumerate(contents, start=1)
    ]

    def talk(connection: Connection) -> None:
        for answer in answers:
            if connection.read_request():
                connection.answer(200, answer)

    return talk


def lists(*contents: list[dict[str, object]]) -> Talk:
    """Answers one list of a single page after the other, each to a request of its own."""

    def talk(connection: Connection) -> None:
        for content in contents:
            if connection.read_request():
                answer = {"messages": content, "page": 0, "page_size": 2, "uri": "/here", "next_page_uri": None}
                connection.answer(200, json.dumps(answer).encode())

    return talk


def endless_list(connection: Connection) -> None:
    page: dict[str, Any] = {"messages": [listed(1, NOW + timedelta(days=1))]}
    number = 0
    while connection.read_request():
        number += 1
        connection.answer(200, json.dumps({**page, "next_page_uri": f"{LIST_PATH}?Page={number}"}).encode())
