"""What Twilio shows of the account's messages that is not so, not yet so, or not in order."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Literal

BodyChange = Literal["redacted", "trimmed", "shortened", "trial"]

_TRIAL_PREFIX = "Sent from your Twilio trial account - "
_URL = re.compile(r"https?://\S+")


@dataclasses.dataclass(frozen=True)
class ListFaults:
    """Of lists, and but for lag and pages of fetches and of the answer to a POST as well.

    inbound_lag_seconds, outbound_lag_seconds: rows appear on the list this much later, with their old dates. Users
      report minutes and hours (twilio-java#442, twilio-node#647).
    receiving_seconds: an inbound row is not whole for so long: `receiving`, without words and media.
    bodies, inbound_bodies: what is done to the words of outbound and inbound messages, in this order: `redacted` leaves
      none, `trimmed` loses blanks at the end, `shortened` replaces links, `trial` puts the trial account's sentence in
      front.
    numbers: numbers that come back in another spelling: {"+525512345678": "+5215512345678"}. Filters find either.
    page_repeats, page_skips: so many rows come again on the next page, or are on none.
    next_page_at: what stands before the path of the next page: "https://elsewhere.example.com".
    """

    inbound_lag_seconds: float = 0.0
    outbound_lag_seconds: float = 0.0
    receiving_seconds: float = 0.0
    bodies: tuple[BodyChange, ...] = ()
    inbound_bodies: tuple[BodyChange, ...] = ()
    numbers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    page_repeats: int = 0
    page_skips: int = 0
    next_page_at: str = ""


@dataclasses.dataclass
class RowFaults:
    """What is shown of one message. Times: seconds since 1970; None: as the account's lists have it.

    listed_at: when it appears on the list. whole_at: until when it is `receiving`.
    fields: of the Message resource, with the values that are shown instead.
    """

    listed_at: float | None = None
    whole_at: float | None = None
    fields: dict[str, Any] = dataclasses.field(default_factory=dict)


def changed_body(body: str, changes: tuple[BodyChange, ...]) -> str:
    for change in changes:
        match change:
            case "redacted":
                body = ""
            case "trimmed":
                body = body.rstrip()
            case "shortened":
                body = _URL.sub("https://twil.io/aB3dE", body)
            case "trial":
                body = _TRIAL_PREFIX + body
    return body
