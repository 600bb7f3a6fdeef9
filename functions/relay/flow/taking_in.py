"""TakingIn compares the provider's list of texts that came in with the store, and relays what no webhook had brought.

The list may be behind by minutes or a day, shows texts late and with the time at which they came in, before they are
whole, and with anything missing. So every run looks at what is fresh, and once an hour a deep pass looks a day back,
over as many runs as it takes. How far that has come is told by the list's own times, since our clock may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from relay.core.clocks import TOLERANCE
from relay.core.model import RETENTION
from relay.core.numbers import spellings
from relay.errors import MessengerUnavailable, NewerRecord, StoreUnavailable
from relay.flow import attached_words, intake
from relay.flow.bookmark import (
    Bookmark,
    DeepPass,
    Trouble,
    first_of,
    goes_back_further,
    mind_the_clocks,
    name_of,
    places_of,
)
from relay.flow.budget import Budget
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.ports import ReceivedMessage, ReceivedPage

# Every run compares what came in within this time, so three runs look for each text. What the list
# shows later than that, or while no run was made, the deep passes find.
FRESH = timedelta(minutes=15)
DEEP_EVERY = timedelta(hours=1)
# How far a deep pass looks back from what was compared before: a list that is a day behind is seen by a whole one.
LOOK_BACK = timedelta(hours=26)
# How far before itself the very first run looks. Earlier texts came in before this relay was set up.
OVERLAP = timedelta(minutes=5)
# A text younger than this is left to the next run, because its webhook may still be under way: Twilio spends up to 15 s
# on it, and as much on a fallback URL.
WEBHOOK_UNDER_WAY = timedelta(seconds=30)
# A text that the list shows as still coming in is left to later runs for this long, then taken in as it is. What it
# says more later is forwarded by a drive of its own. It is fresh for more than the time between two runs after that.
ARRIVING = timedelta(minutes=9)
# How often a text that cannot be taken in is tried before people are told. It is tried further all the same, for as
# long as deep passes look so far back.
TRIES = 5

# How long one page of the list is waited for.
PAGE_SECONDS = 30.0
# Of a run's time: what the newest pages get where a deep pass waits too, and when the deep pass stops; the rest is for
# asking about relays. In seconds.
NEWEST_SECONDS = 60.0
DEEP_SECONDS = 100.0
# How many texts of the list are looked for in the store at once. Not all: a send takes seconds, and the webhooks
# of the texts after it may come meanwhile.
COMPARED_AT_ONCE = 300
# A list that shows more pages than this to one pass does not end.
PAGES_MAX = 20_000
# After so many runs that could not go on with a deep pass it begins anew: the provider may know its place no longer.
_FAILURES_MAX = 3
# So many texts in a row that could not be stored mean that the store is out of order, and not that they are odd.
_IN_A_ROW = 3
_BY = "reconcile"
Keep = Callable[[], frozenset[str]]


class TakingIn:
    """What one run does with the list. It changes the bookmark, which its caller stores at the end.

    `keep` stores it meanwhile, and returns the ids that what is stored has trouble with.
    """

    def __init__(
        self, world: SendingWorld, intake: Intake, budget: Budget, limit: int, bookmark: Bookmark, keep: Keep
    ) -> None:
        self.recovered = 0
        self.failed = 0
        self.more = False
        self._world = world
        self._intake = intake
        self._budget = budget
        self._limit = limit
        self._bookmark = bookmark
        self._keep = keep
        self._now = world.clock.now()
        self._began = world.clock.monotonic()
        self._unstored: list[ReceivedMessage] = []
        self._remembered = frozenset(bookmark.troubles)
        # A provider compares numbers letter by letter, so each spelling of one of ours has a list of its own.
        self._lists = {spelt: phone for phone in intake.business_phones for spelt in spellings(phone)}

    def run(self) -> None:
        """Compare what is fresh of each of our numbers, and go on with the deep pass, or begin one that is due.

        Raises MessengerUnavailable and StoreUnavailable; what was done until then is in the bookmark.
        """
        bookmark = self._bookmark
        try:
            newest = {number: self._page(number, "") for number in self._lists}
        except MessengerUnavailable:
            bookmark.note_no_list(self._now - OVERLAP)
            raise
        times = [row.received_at for page in newest.values() for row in page.messages if row.received_at is not None]
        mind_the_clocks(bookmark, times, self._now, OVERLAP, self._world.journal)
        bookmark.first = first_of(bookmark, times, self._now, OVERLAP, LOOK_BACK)
        begun = self._begun(newest, times) if bookmark.is_deep_due(self._now, DEEP_EVERY) else None
        since = begun.since if begun is not None else max(self._now - FRESH, bookmark.first)
        deep = begun or bookmark.deep
        until, limit = (
            (NEWEST_SECONDS, max(self._limit // 2, 1)) if deep and deep.places else (DEEP_SECONDS, self._limit)
        )
        fresh = max(since, self._now - FRESH)
        read = {number: self._fresh(number, page, since, fresh, until, limit) for number, page in newest.items()}
        if begun is not None:
            done = {number: page for number, (page, is_done) in read.items() if is_done}
            # Of a list whose newest pages had more to take in than this run could it begins anew.
            begun.places = places_of(done, begun.since) | dict.fromkeys(read.keys() - done.keys(), "")
            bookmark.deep, bookmark.began_at = begun, self._now
        self._go_on()
        self._settle_unstored()

    def _fresh(
        self, number: str, page: ReceivedPage, since: datetime, fresh: datetime, until: float, limit: int
    ) -> tuple[ReceivedPage, bool]:
        """Compare pages from the newest on while they may hold fresh texts. Returns the last, and if all was done."""
        while self._compare(page, since, until, limit):
            oldest = min((row.received_at for row in page.messages if row.received_at is not None), default=fresh)
            if not page.next_place or oldest < fresh:
                return page, True
            place = page.next_place
            if self._is_over(until, limit):
                break
            page = self._page(number, place)
            if page.next_place == place:
                break  # it goes round in a circle
        return page, False

    def _page(self, number: str, place: str) -> ReceivedPage:
        provider = self._world.provider_of(self._lists[number])
        return provider.received_page(number, place, timeout_seconds=self._budget.at_most(PAGE_SECONDS))

    def _begun(self, newest: dict[str, ReceivedPage], times: list[datetime]) -> DeepPass:
        """Returns the deep pass that begins with these pages. Its bounds are times of the list's, not of our clock."""
        bookmark = self._bookmark
        known = min([at for at in (bookmark.compared_until, max(times, default=None)) if at is not None], default=None)
        since = max((known or self._now) - LOOK_BACK, bookmark.first or self._now)
        believed = [at for at in times if at <= self._now + TOLERANCE]
        return DeepPass(since, max(believed, default=None), places_of(newest, since))

    def _go_on(self) -> None:
        """Go on with the deep pass, page by page, until it is done or this run's time is over."""
        deep = self._bookmark.deep
        if deep is None:
            return
        while deep.places:
            number, place = next(iter(deep.places.items()))
            if number not in self._lists:
                del deep.places[number]  # no longer ours
                continue
            if self._is_over(DEEP_SECONDS, self._limit):
                return
            page = self._page_of_pass(deep, number, place)
            if not self._compare(page, deep.since, DEEP_SECONDS, self._limit):
                return
            del deep.places[number]
            deep.pages += 1
            if deep.pages >= PAGES_MAX:
                self._world.journal.note("WARNING", "the provider's list does not end", pages=deep.pages)
                deep.places, deep.is_whole = {}, False
            elif goes_back_further(page, deep.since):
                deep.places[number] = page.next_place
        self._bookmark.deep = None
        if deep.is_whole:
            self._bookmark.move(deep.newest, 2 * LOOK_BACK)

    def _page_of_pass(self, deep: DeepPass, number: str, place: str) -> ReceivedPage:
        try:
            page = self._page(number, place)
        except MessengerUnavailable:
            deep.failures += 1
            if deep.failures >= _FAILURES_MAX:
                self._bookmark.deep = self._bookmark.began_at = None
            raise
        deep.failures = 0
        return page

    def _compare(self, page: ReceivedPage, since: datetime, until: float, limit: int) -> bool:
        """Take in what the store does not know of a page, the oldest first. Returns whether all was looked at."""
        rows = sorted(self._rows(page, since), key=lambda named: (named[0].received_at, named[1]))
        for start in range(0, len(rows), COMPARED_AT_ONCE):
            some = rows[start : start + COMPARED_AT_ONCE]
            ids = [row.text.message_id for row, _ in some if row.text.message_id]
            missing = self._world.store.missing(ids, timeout_seconds=self._budget.store)
            wanted = {"", *missing, *self._bookmark.troubles}
            new = [(row, name) for row, name in some if row.text.message_id in wanted]
            self._remember_what_is_not_whole(row for row, _ in new)
            for row, name in new:
                if self._is_over(until, limit):
                    return False
                self._take_on(row, name)
        return True

    def _remember_what_is_not_whole(self, rows: Iterable[ReceivedMessage]) -> None:
        """Have the stored bookmark name these rows before they are taken in.

        They say more later, and once a text is known nothing else would have it looked at again.
        """
        not_whole = [row for row in rows if row.is_arriving and self._can_be_relayed(row)]
        for row in not_whole:
            self._bookmark.remember(row.text.message_id, row.received_at or self._now)
        if any(row.text.message_id not in self._remembered for row in not_whole):
            self._remembered |= self._keep()

    def _rows(self, page: ReceivedPage, since: datetime) -> Iterator[tuple[ReceivedMessage, str]]:
        """Yields the page's texts that are looked at now, each with a time, and by what it is told of."""
        # The list is in order: a row without a time came in about when the one before it did.
        before = self._now - WEBHOOK_UNDER_WAY
        for row in page.messages:
            at = before = row.received_at or before
            wait = ARRIVING if row.is_arriving and row.received_at else WEBHOOK_UNDER_WAY
            if since <= at and not self._now - wait < at <= self._now + TOLERANCE:
                yield replace(row, received_at=at), name_of(row, page)
            elif since <= at and row.is_arriving:
                self._bookmark.remember(row.text.message_id, at)

    def _is_over(self, until: float, limit: int) -> bool:
        """Whether this part of the run has done enough. Time is kept for the send of the text at hand."""
        spent = self._world.clock.monotonic() - self._began
        if self.recovered < limit and spent < until and self._budget.has_time_to_send:
            return False
        self.more = True
        return True

    def _take_on(self, row: ReceivedMessage, name: str) -> None:
        """Relay a text, or remember and tell that it cannot be relayed."""
        at = row.received_at or self._now
        if self._can_be_relayed(row):
            # Of what is not whole only what is named in the bookmark: another run may have stored its own meanwhile.
            if not row.is_arriving or row.text.message_id in self._remembered:
                self._take_in(row, at)
            return
        compared_until = self._bookmark.compared_until
        if row.unusable_because:
            self._has_trouble(row, row.unusable_because, name, tries=TRIES)
        elif compared_until is None or at > compared_until or row.text.message_id in self._bookmark.troubles:
            # Else it is no new one: its relay was removed after 90 days.
            self._has_trouble(row, "by our clock it came in more than 90 days ago", name)

    def _can_be_relayed(self, row: ReceivedMessage) -> bool:
        return not row.unusable_because and (row.received_at or self._now) >= self._now - RETENTION

    def _take_in(self, row: ReceivedMessage, at: datetime) -> None:
        text = attached_words.with_files_listed(self._world, row.text, self._budget)
        try:
            # Its webhook may have come in meanwhile: then the relay exists, and only what is pending is done.
            self.recovered += intake.accept(
                self._world, self._intake, text, self._budget, recovered_by=_BY, received_at=at
            )
        except NewerRecord:
            pass  # it is stored, and a newer revision works on it
        except StoreUnavailable:
            self._unstored.append(row)
            if len(self._unstored) >= _IN_A_ROW:
                raise
            return
        except Exception as error:
            # One text that cannot be worked on must not stop this run before the later ones.
            self._has_trouble(row, type(error).__name__)
        else:
            self._bookmark.troubles.pop(text.message_id, None)
            if row.is_arriving:
                # It may say more by the time that it is whole.
                self._bookmark.troubles[text.message_id] = Trouble(TRIES, at, is_told=True)
        self._settle_unstored()

    def _settle_unstored(self) -> None:
        """Count what the store refused while it took the texts after it: these are odd, and it is in order."""
        for row in self._unstored:
            self._has_trouble(row, "the store does not take it")
        self._unstored = []

    def _has_trouble(self, row: ReceivedMessage, because: str, name: str = "", tries: int = 1) -> None:
        at = row.received_at or self._now
        key = name or row.text.message_id
        trouble = self._bookmark.troubles.setdefault(key, Trouble(0, at))
        trouble.tries += tries
        if trouble.is_told:
            return
        self.failed += 1
        if trouble.tries >= TRIES:
            trouble.is_told = True
            self._world.alarms.not_taken_in(key, because)
        else:
            self._world.journal.note("ERROR", "a text could not be recovered", relay=key, reason=because)
