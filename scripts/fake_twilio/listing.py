"""Lists as Twilio answers them: filters by number and date, pages with a token, newest first."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.faults.lists import ListFaults
from scripts.fake_twilio.message import Message
from scripts.fake_twilio.rows import respelt

_USUAL_PAGE_SIZE, _MOST_PAGE_SIZE = 50, 1000
_PAGING = ("PageSize", "Page", "PageToken")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")

Item = TypeVar("Item")


class Moments(NamedTuple):
    """The first and the last second, since 1970, that a date in a filter means."""

    first: int
    last: int


def parse_date(given: str) -> Moments:
    """A whole day (`2026-01-31`, GMT) or one second (ISO 8601 or RFC 2822; GMT if no zone is given).

    Raises ApiError 20001 for anything else.
    """
    try:
        if _DAY.match(given):
            day = datetime.fromisoformat(given).replace(tzinfo=UTC)
            return Moments(int(day.timestamp()), int((day + timedelta(days=1)).timestamp()) - 1)
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            moment = parsedate_to_datetime(given)
    except ValueError:
        raise ApiError(20001) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Moments(int(moment.timestamp()), int(moment.timestamp()))


def filtered(
    messages: Sequence[Message],
    query: MultiDict[str, str],
    unsent_match_dates: bool,
    spellings: Mapping[str, str],
) -> list[Message]:
    """Those a query asks for, newest first. Either spelling of a number finds it.

    `DateSent`, `DateSent>` and `DateSent<` compare whole seconds and include their bounds, as in Twilio's
    description of them.
    """
    kept: list[Message] = list(reversed(messages))
    for name, value_of in (("To", _to), ("From", _from)):
        if number := query.get(name):
            kept = [m for m in kept if number in (value_of(m), respelt(value_of(m), spellings))]
    for name in ("DateSent", "DateSent>", "DateSent<"):
        if given := query.get(name):
            moments = parse_date(given)
            kept = [m for m in kept if _is_within(m.sent_at, name, moments, unsent_match_dates)]
    return kept


def _to(message: Message) -> str:
    return message.to


def _from(message: Message) -> str:
    return message.from_


def _is_within(sent_at: float | None, name: str, moments: Moments, unsent_match_dates: bool) -> bool:
    if sent_at is None:
        return unsent_match_dates
    is_after = int(sent_at) >= moments.first or name == "DateSent<"
    is_before = int(sent_at) <= moments.last or name == "DateSent>"
    return is_after and is_before


def page_of(
    items: Sequence[Item],
    key: str,
    sid_of: Callable[[Item], str],
    as_json: Callable[[Item], dict[str, Any]],
    path: str,
    query: MultiDict[str, str],
    faults: ListFaults | None = None,
) -> dict[str, Any]:
    """One page of a list in Twilio's envelope.

    A page is found by its token, which names the last item before it or the first after it, so that new items at
    the front neither repeat nor hide one; `Page` is only carried along. Raises ApiError 20001.
    """
    size = min(_number(query, "PageSize", _USUAL_PAGE_SIZE), _MOST_PAGE_SIZE)
    page = _number(query, "Page", 0)
    if size == 0:
        raise ApiError(20001)
    faults = faults or ListFaults()
    shift = faults.page_skips - min(faults.page_repeats, size - 1)
    first = _first_index([sid_of(item) for item in items], query.get("PageToken", ""), size, shift)
    shown = items[first : first + size]
    filters = [(name, value) for name, value in query.items(multi=True) if name not in _PAGING]

    def uri(number: int, token: str = "") -> str:
        paging = [("PageSize", str(size)), ("Page", str(number))]
        return f"{path}?{urlencode(filters + paging + ([('PageToken', token)] if token else []))}"

    start = page * size
    next_page_uri = uri(page + 1, f"PA{sid_of(shown[-1])}") if shown and first + size < len(items) else None
    if next_page_uri is not None:
        next_page_uri = faults.next_page_at + next_page_uri
    return {
        "end": start + max(len(shown) - 1, 0),
        "first_page_uri": uri(0),
        key: [as_json(item) for item in shown],
        "next_page_uri": next_page_uri,
        # Where newer interfaces of Twilio's have it, and where its client looks first.
        **({"meta": {"key": key, "next_page_url": next_page_uri}} if faults.next_page_at else {}),
        "page": page,
        "page_size": size,
        "previous_page_uri": uri(max(page - 1, 0), f"PB{sid_of(shown[0])}") if first and shown else None,
        "start": start,
        "uri": uri(page, query.get("PageToken", "")),
    }


def _number(query: MultiDict[str, str], name: str, usual: int) -> int:
    given = query.get(name)
    if given is None:
        return usual
    if not given.isascii() or not given.isdigit():
        raise ApiError(20001)
    return int(given)


def _first_index(sids: list[str], token: str, size: int, shift: int) -> int:
    if not token:
        return 0
    direction, sid = token[:2], token[2:]
    if direction not in {"PA", "PB"} or sid not in sids:
        raise ApiError(20001)
    if direction == "PA":
        return min(max(sids.index(sid) + 1 + shift, 0), len(sids))
    return max(sids.index(sid) - size, 0)
