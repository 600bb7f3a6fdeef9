"""Where a page of a search begins, as a token: every store's searches go by time and message id, newest first.

The token names the last relay of the page before it, so that what has arrived or gone since neither repeats nor hides
one. Callers hand it back as they got it.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

Place = tuple[datetime, str]


def token_after(timestamp: datetime, message_id: str) -> str:
    """Returns the token of the page that begins after the relay with this time and id."""
    position = json.dumps([timestamp.isoformat(), message_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(position.encode()).decode()


def place_of(token: str) -> Place:
    """Returns the place of the relay that a token names. Raises ValueError when it is not one of ours."""
    try:
        timestamp, message_id = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        at = datetime.fromisoformat(timestamp)
        is_one = at.tzinfo is not None and isinstance(message_id, str)
        if is_one and message_id and message_id.isprintable() and "/" not in message_id:
            return at.astimezone(UTC), message_id
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    raise ValueError("not a page token")
