"""STATUSES says what each of Twilio's message statuses means for the attempt that it belongs to."""

from __future__ import annotations

import re

from relay.core.events import Meaning, Receipt
from relay.twilio.codes import failure_of

# docs/messaging/api/message-resource#message-status-values. An unknown one counts as progress: new words must neither
# crash a receipt nor fail an attempt. None: it says nothing of an outgoing text.
STATUSES: dict[str, Meaning | None] = {
    "accepted": Meaning.QUEUED,
    "scheduled": Meaning.QUEUED,
    "queued": Meaning.QUEUED,
    "sending": Meaning.QUEUED,
    "sent": Meaning.HANDED_OVER,
    "delivered": Meaning.DELIVERED,
    "read": Meaning.DELIVERED,
    # Some parts are missing, so it cannot be said that the handler has the text; not a failure either.
    "partially_delivered": Meaning.PROGRESS,
    "undelivered": Meaning.FAILED,
    "failed": Meaning.FAILED,
    "canceled": Meaning.FAILED,
    "receiving": None,
    "received": None,
}


def receipt_of(sent_id: str, status: str, code: str) -> Receipt | None:
    """Returns what a status says of the text with this id; None when it says nothing of an outgoing text.

    `code` is Twilio's ErrorCode as it came. It counts with a failure only: stale codes have been seen on statuses that
    are none.
    """
    meaning = STATUSES.get(status, Meaning.PROGRESS)
    if meaning is None:
        return None
    known = int(code) if re.fullmatch(r"[0-9]{1,6}", code) else 0
    return Receipt(sent_id, meaning, status, failure_of(known or None) if meaning is Meaning.FAILED else None)
