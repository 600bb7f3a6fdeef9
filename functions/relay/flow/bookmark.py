"""Bookmark: how far reconcile has come with the provider's list, and which of its texts it has trouble with.

Kept in the store as JSON, between runs. All its times of texts are the provider's own: our clock may be wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from relay.core.clocks import TOLERANCE
from relay.ports import Journal, ReceivedMessage, ReceivedPage

# Of so many texts that could not be taken in the trouble is remembered; of more, those that people were told of or that
# are on record are forgotten first, then the oldest.
TROUBLES_MAX = 300
# Of a time to come, and by so much later than all others, is a row whose time is wrong.
_APART = timedelta(days=1)


@dataclass(slots=True)
class Trouble:
    """A text that could not be taken in: how often that was tried, and when it came in. `is_told`: the alarm is out."""

    tries: int
    at: datetime
    is_told: bool = False


@dataclass(slots=True)
class DeepPass:
    """A comparison of all that came in since a time, which may take several runs.

    Attributes:
        since: texts that came in earlier are not looked at.
        newest: when the newest text came in that was listed at its beginning.
        places: number of ours → where its list goes on. Empty once all is compared.
        is_whole: nothing was left out, so that its end moves `compared_until`.
        failures: how many runs in a row could not go on with it.
        pages: how many further pages it has read.
    """

    since: datetime
    newest: datetime | None
    places: dict[str, str]
    is_whole: bool = True
    failures: int = 0
    pages: int = 0


@dataclass(slots=True)
class Bookmark:
    """What one run leaves to the next.

    Attributes:
        first: what came in earlier was before this relay was set up, and is not its business.
        compared_until: every text that came in until then, and was listed, is taken in or told of.
        began_at: when the latest deep pass began, by our clock.
        deep: the deep pass that goes on, or None.
        troubles: texts that could not be taken in, by id.
    """

    first: datetime | None = None
    compared_until: datetime | None = None
    began_at: datetime | None = None
    deep: DeepPass | None = None
    troubles: dict[str, Trouble] = field(default_factory=dict)

    def pull_back(self, latest: datetime, **limits: datetime | None) -> list[tuple[str, datetime]]:
        """Set each of these times that is later than `latest` to its limit. Returns their names, and what they were."""
        off = [(name, at) for name in limits if (at := getattr(self, name)) is not None and at > latest]
        for name, _ in off:
            setattr(self, name, limits[name])
        return off

    def note_no_list(self, since: datetime) -> None:
        """Remember since when what comes in is this relay's business, if no list could be had so far."""
        if self.first is None and self.compared_until is None:
            self.first = since

    def is_deep_due(self, now: datetime, every: timedelta) -> bool:
        """Whether a deep pass is to begin: none goes on, and the latest began so long ago, or in a time to come."""
        began_at = self.began_at
        return self.deep is None and (began_at is None or not timedelta() <= now - began_at < every)

    def remember(self, message_id: str, at: datetime) -> None:
        """Remember a text that is not whole yet, if it has an id and is not known so far."""
        if message_id:
            self.troubles.setdefault(message_id, Trouble(0, at))

    def move(self, newest: datetime | None, kept_for: timedelta) -> None:
        """Move `compared_until` to the newest text that was listed when a pass began, past none that still waits.

        Troubles of what came in longer than `kept_for` before that are forgotten.
        """
        waiting = [each.at for each in self.troubles.values() if not each.is_told]
        known = [at for at in (newest, self.compared_until) if at is not None]
        if known:
            self.compared_until = min([max(known), *waiting])
            forgotten = self.compared_until - kept_for
            self.troubles = {key: each for key, each in self.troubles.items() if each.at >= forgotten}

    def text(self) -> str:
        """Returns it as the store keeps it."""
        latest = sorted(self.troubles.items(), key=lambda item: (not item[1].is_told, item[1].at))[-TROUBLES_MAX:]
        deep = self.deep
        return json.dumps(
            {
                "first": _said(self.first),
                "compared_until": _said(self.compared_until),
                "began_at": _said(self.began_at),
                "deep": deep and [_said(deep.since), _said(deep.newest), *_rest(deep)],
                "troubles": {key: [each.tries, _said(each.at), each.is_told] for key, each in latest},
            },
            sort_keys=True,
        )


def first_of(
    bookmark: Bookmark, times: list[datetime], now: datetime, overlap: timedelta, look_back: timedelta
) -> datetime:
    """Returns since when what came in is this relay's business; `times` are those of the newest list.

    That is `overlap` before a list was asked for first, also if none was had then (a wrong token, an outage), but no
    more than `look_back` before one was had: our clock may have been behind when it was asked for.
    """
    if bookmark.first is not None and bookmark.compared_until is not None:
        return bookmark.first
    known = min(bookmark.compared_until or now, now)
    listed = newest_of(times, now) or known
    usual = (listed if listed > now + TOLERANCE else known) - overlap
    return min(max(bookmark.first or usual, usual - look_back), usual)


def mind_the_clocks(
    bookmark: Bookmark, times: list[datetime], now: datetime, overlap: timedelta, journal: Journal
) -> None:
    """Report a clock that must be wrong, ours or the one that wrote the bookmark, and pull back what that wrote.

    `times` are those of the newest list; what was stored as the first time is pulled back to `overlap` before now.
    """
    note, latest = journal.note, now + TOLERANCE
    if times and max(times) > latest:
        seconds = round((max(times) - now).total_seconds())
        note("WARNING", "our clock is behind the provider's, or its list shows a time to come", seconds=seconds)
    if (newest := newest_of(times, now)) is not None and newest > latest:
        return  # what was stored may be right
    for name, at in bookmark.pull_back(latest, first=now - overlap, began_at=None, compared_until=newest):
        note("WARNING", "a stored time lay ahead and was pulled back", time=name, at=at.isoformat())


def newest_of(times: list[datetime], now: datetime) -> datetime | None:
    """Returns the latest of the times that a list shows, but for those of a time to come that stand apart.

    Where our clock is behind, most rows are of a time to come, and none by so much. None of no times.
    """
    latest = sorted(times)
    while len(latest) > 1 and latest[-1] > now + TOLERANCE and latest[-1] - latest[-2] > _APART:
        latest.pop()
    return latest[-1] if latest else None


def _rest(deep: DeepPass) -> tuple[object, ...]:
    return deep.places, deep.is_whole, deep.failures, deep.pages


def read(text: str) -> Bookmark:
    """Returns the bookmark that the store keeps as this text. Raises ValueError when it is none."""
    try:
        values = json.loads(text)
        first, compared_until, began_at = (_maybe(values[name]) for name in ("first", "compared_until", "began_at"))
        troubles = {
            str(key): Trouble(int(each[0]), _time(each[1]), each[2]) for key, each in values["troubles"].items()
        }
        return Bookmark(first, compared_until, began_at, _deep(values["deep"]), troubles)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise ValueError("not a bookmark") from error


def _deep(values: list[Any] | None) -> DeepPass | None:
    if values is None:
        return None
    since, newest, places, is_whole, failures, pages = values
    return DeepPass(_time(since), _maybe(newest), dict(places), bool(is_whole), int(failures), int(pages))


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _time(text)


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without its zone")
    return at


def places_of(pages: dict[str, ReceivedPage], since: datetime) -> dict[str, str]:
    """Returns where the lists go on behind these pages, of those that go back further."""
    return {number: page.next_place for number, page in pages.items() if goes_back_further(page, since)}


def goes_back_further(page: ReceivedPage, since: datetime) -> bool:
    """Whether the list goes on with texts that may have come in since then."""
    times = [row.received_at for row in page.messages if row.received_at is not None]
    return bool(page.next_place) and (not times or max(times) >= since)


def name_of(row: ReceivedMessage, page: ReceivedPage) -> str:
    """Returns by what a row is remembered and told of: its id, or else its place in time.

    That of one without a time is told by the text that came in before it, which stays the same as others come in.
    """
    if row.text.message_id:
        return row.text.message_id
    if row.received_at is not None:
        return f"without id, of {row.received_at.isoformat()}"
    behind = page.messages[page.messages.index(row) :]
    before = next((one.received_at for one in behind if one.received_at is not None), None)
    return f"without id, after {before.isoformat()}" if before is not None else "without id, the first of all"
