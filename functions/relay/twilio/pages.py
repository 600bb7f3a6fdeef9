"""`messages` reads Twilio's message list page by page, from Twilio alone and not for ever."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from relay.core.numbers import spellings
from relay.twilio.rows import UNREADABLE, time_of

# A list of more pages does not end. Of the larger pages that is 200,000 texts.
_PAGES_MAX = 200


class OddList(Exception):
    """Twilio's list cannot be read to its end. The words say why, without what the list holds."""


def messages(client: Any, list_url: str, since: datetime, page_size: int, **numbers: str) -> Iterator[Any]:
    """Yields the messages with these numbers, in whatever spelling, that were created since then, each once; and all
    of the first page.

    Twilio lists a number as the carrier spells it, and compares it letter by letter: so each spelling is asked for.
    Raises OddList when a list has no end, or goes on anywhere but at `list_url`: our credentials go along.
    """
    seen: set[str] = set()
    for spelt in itertools.product(*(spellings(number) for number in numbers.values())):
        spelled = dict(zip(numbers, spelt, strict=True))
        for message in _as_spelt(client, list_url, since, page_size, spelled):
            if not message.sid or message.sid not in seen:
                seen.add(message.sid or "")
                yield message


def _as_spelt(client: Any, list_url: str, since: datetime, page_size: int, numbers: dict[str, str]) -> Iterator[Any]:
    """Yields the messages with exactly these numbers that were created since then, newest first, and the first page.

    Twilio's own filter is by DateSent, which a text that is still queued does not have, and Twilio does not say whether
    such a text passes it. One that was missed would be sent again, so the list is read unfiltered, newest first as
    documented (docs/messaging/api/message-resource, sorted by DateSent), up to the first page that is too old. A row
    without a time may be of any time.
    """
    # Twilio's times are whole seconds, cut off.
    earliest = since.replace(microsecond=0)
    asked: set[str] = set()
    page = client.messages.page(page_size=page_size, **numbers)
    while True:
        dated: list[datetime] = []
        for message in _rows(page):
            created_at = time_of(message.date_created)
            dated += filter(None, (created_at, time_of(message.date_sent)))
            if created_at is None or created_at >= earliest or not asked:
                yield message
        following = page.next_page_url
        if not following or (dated and max(dated) < earliest):
            return
        if not _is_below(following, list_url):
            raise OddList("Twilio's list goes on at an address that is not its own; it was not asked there")
        if following in asked or len(asked) >= _PAGES_MAX:
            raise OddList("Twilio's list does not end")
        asked.add(following)
        page = page.next_page()


def page_at(client: Any, list_url: str, place: str, page_size: int, **numbers: str) -> tuple[list[Any], str]:
    """Returns one page of the list, newest first, and the place where it goes on; "" at its end.

    A place is the query of Twilio's own address of the next page. Raises OddList when that is not the list's.
    """
    if place:
        page = client.messages.get_page(f"{list_url}?{place}")
    else:
        page = client.messages.page(page_size=page_size, **numbers)
    following = page.next_page_url
    if following and not _is_below(following, list_url):
        raise OddList("Twilio's list goes on at an address that is not its own; it was not asked there")
    return list(_rows(page)), urlsplit(following).query if following else ""


def _rows(page: Any) -> Iterator[Any]:
    """Yields a page's rows. Of one at which the client library stumbles nothing is known, and it hides no other row."""
    while True:
        try:
            yield next(page)
        except StopIteration:
            return
        except Exception:  # null for a row, a number for a time: it foresees neither
            yield UNREADABLE


def _is_below(url: object, list_url: str) -> bool:
    """Whether the URL is the list's own, but for its query."""
    # A parser of URLs drops control characters and blanks that another one takes for part of the host.
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        return urlsplit(url)[:3] == urlsplit(list_url)[:3]
    except ValueError:
        return False
