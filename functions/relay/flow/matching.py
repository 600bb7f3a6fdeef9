"""Matching: which of the texts that the provider lists is the one of an attempt whose id the relay never learned.

Such a text is known by number, time and words. Two texts with the same words from the same customer to the same handler
fit both attempts; matched with the wrong one, a lost text would be recorded as delivered. And a machine's clock may be
wrong, when it sends and when it asks: a text at another time that no attempt on record explains is not passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from relay.core import fates
from relay.core.clocks import EARLIEST
from relay.core.comparing import digest_of, is_masked
from relay.core.model import RETENTION, Attempt, Relay
from relay.core.numbers import same
from relay.core.policy import OFF_BY_SECONDS_MAX
from relay.flow.budget import Budget
from relay.flow.channel import Undecidable, Untold
from relay.ports import Clock, RelayStore, Search, SentMessage

# How far the provider's clock and ours may differ, and its list be behind, when a text is looked for by its time.
# Generous: too wide costs a few more rows, too narrow misses a text that was sent, which is then sent twice.
TOLERANCE = timedelta(minutes=10)
# How long after a text its callback may still come and name its attempt. Before, a text that fits several attempts is
# Undecidable; afterwards the texts are matched in the order of sending.
CALLBACKS_COME = timedelta(hours=1)
# For how long after a text no record of its time has expired. A clock that is months ahead makes them vanish.
_OTHERS_STAY = RETENTION - timedelta(days=1)
# By how much a clock that leased an attempt may have been ahead for an earlier text to be taken for the attempt's.
_AHEAD_AT_MOST = timedelta(seconds=OFF_BY_SECONDS_MAX)
# Later than any text.
_ANY_TIME = datetime(3000, 1, 1, tzinfo=UTC)
# How many other relays are compared, newest first: of older ones only one that was redriven could matter.
_PAGE, _PAGES_MAX = 100, 3
_ANOTHERS_TOO = "another text with the same words is of unknown outcome too"


class _Rival(NamedTuple):
    """An attempt of unknown outcome that a text may belong to, in the order of sending."""

    starts_at: datetime
    message_id: str
    number: int


class Other(NamedTuple):
    """An attempt beside the one that is asked about, with its relay."""

    relay: Relay
    attempt: Attempt


class Matching:
    """Finds an attempt's own text. `digest` is what an attempt's words are recognised by."""

    def __init__(
        self, store: RelayStore, clock: Clock, digest: Callable[[Relay, Attempt], str], budget: Budget
    ) -> None:
        self._store = store
        self._clock = clock
        self._digest = digest
        self._budget = budget

    def own(self, relay: Relay, attempt: Attempt, listed: Collection[SentMessage]) -> SentMessage | None:
        """Returns that of the listed texts which is this attempt's; None when there is none for it.

        Raises Undecidable when one fits several attempts, or is of another time and perhaps not ours; Untold when the
        provider shows too little of one; and StoreUnavailable.
        """
        digest = self._digest(relay, attempt)
        until = created_between(attempt)[1]
        likely = {one.sent_id or str(row): one for row, one in enumerate(listed) if may_be(one, attempt, digest)}
        worded = [one for one in listed if one.sent_id and one.created_at and _has_words(one, attempt, digest)]
        shown = [one for one in worded if _can_be(one, attempt)]
        found = None
        if worded:
            latest = max(one.created_at for one in worded if one.created_at)
            others = self.others_with_the_same_words(relay, attempt, digest, max(until, latest))
            taken = {other.attempt.sent_id for other in others}
            free = sorted((one for one in worded if one.sent_id not in taken), key=_age)
            found = self._of_its_time(free, relay, attempt, others) or astray(free, relay, attempt, others)
        hidden = likely.keys() - {one.sent_id for one in shown}
        if found is None and hidden - self._ids_on_record(relay, hidden, until):
            raise Untold("the provider has a text that may be this one and does not show its words: not sent again")
        return found

    def _of_its_time(
        self, free: list[SentMessage], relay: Relay, attempt: Attempt, others: list[Other]
    ) -> SentMessage | None:
        """Returns that of the attempt's texts, by number and time, which is its own; None when there is none for it."""
        free = [text for text in free if _can_be(text, attempt)]
        # By the provider's time: a machine without a battery for its clock leases in the year 2000.
        if any(text.created_at and text.created_at + _OTHERS_STAY <= self._clock.now() for text in free):
            raise Undecidable("by our clock it was sent so long ago that what else was sent then is not known")
        rivals = [
            _Rival(other.starts_at, owner.message_id, other.number)
            for owner, other in others
            if may_own(relay, owner, other) and any(_can_be(text, other) for text in free)
        ]
        me = _Rival(attempt.starts_at, relay.message_id, attempt.number)
        refused = (other for owner, other in others if may_exist_all_the_same(relay, owner, other))
        others_might = any(rival.message_id != me.message_id for rival in rivals) or any(
            _can_be(text, other) for other in refused for text in free
        )
        # A callback may still name each text's attempt. Only when none can be expected any more the order of sending
        # decides, which is less certain: the clocks of the processes that sent may differ. Of what a dead clock leased
        # only the texts' own times tell when that is.
        until = created_between(attempt)[1]
        latest = max((text.created_at for text in free if text.created_at), default=until) + TOLERANCE
        if others_might and self._clock.now() < min(until, latest) + CALLBACKS_COME:
            raise Undecidable(_ANOTHERS_TOO)
        before_me = sum(rival < me for rival in rivals)
        return free[before_me] if before_me < len(free) else None

    def others_with_the_same_words(self, relay: Relay, attempt: Attempt, digest: str, until: datetime) -> list[Other]:
        """Returns all other attempts of this relay, and those of others that sent the same words, each with its relay.

        Only the same customer's relays are compared: customers may text the same words twice in a row. One that is
        dated later may have come in just then, while a machine's clock was ahead.
        """
        found = [Other(relay, other) for other in relay.attempts if other.number != attempt.number]
        for owner in self._of_customer(relay.sender_phone, until):
            if owner.message_id != relay.message_id:
                found += (Other(owner, other) for other in owner.attempts if self._digest(owner, other) == digest)
        return found

    def _of_customer(self, sender_phone: str, until: datetime) -> Iterator[Relay]:
        """Yields a customer's relays: the newest, whatever their dates, and if that is not all of them the newest up to
        a time too."""
        newest = self._store.search(Search(sender_phone=sender_phone, limit=_PAGE), timeout_seconds=self._budget.store)
        yield from newest.relays
        if newest.next_page_token is not None:
            known = {found.message_id for found in newest.relays}
            yield from (found for found in self._earlier(until, sender_phone) if found.message_id not in known)

    def _ids_on_record(self, relay: Relay, sent_ids: Collection[str], until: datetime) -> frozenset[str]:
        """Returns those of these ids that an attempt of any relay has: those texts are certainly not another attempt's.

        The newest relays of all customers are read, only where the provider hides the words of a text.
        """
        known = {attempt.sent_id for attempt in relay.attempts}
        if not known.issuperset(sent_ids):
            for found in self._earlier(until):
                known.update(attempt.sent_id for attempt in found.attempts)
        return frozenset(sent_id for sent_id in sent_ids if sent_id in known)

    def _earlier(self, until: datetime, sender_phone: str | None = None) -> Iterator[Relay]:
        """Yields the newest relays up to a time, of one customer or of all, as many as are compared."""
        token = None
        for _ in range(_PAGES_MAX):
            search = Search(sender_phone=sender_phone, until=until + TOLERANCE, limit=_PAGE, page_token=token)
            page = self._store.search(search, timeout_seconds=self._budget.store)
            yield from page.relays
            token = page.next_page_token
            if token is None:
                return


def may_own(relay: Relay, owner: Relay, attempt: Attempt) -> bool:
    """Whether a text that the provider has may belong to this attempt of the relay `owner`, as far as its record says.

    An attempt of another relay counts even if it was declared not sent: its text may have come to the provider after
    that answer, and if `relay` took that text for its own it would be recorded as delivered without being so. Within
    one relay either text is the same to the handler. An attempt whose status only a newer revision knows counts too.
    """
    is_unsettled = attempt.is_unresolved or attempt.standing is not attempt.status
    may_have_left = is_unsettled or (attempt.was_declared_not_sent and owner.message_id != relay.message_id)
    return may_have_left and attempt.sent_id is None


def may_exist_all_the_same(relay: Relay, owner: Relay, attempt: Attempt) -> bool:
    """Whether another relay's attempt was refused: the provider may have its text even so, and tell of it yet."""
    return attempt.is_refused and attempt.sent_id is None and owner.message_id != relay.message_id


def created_between(attempt: Attempt) -> tuple[datetime, datetime]:
    """Returns from when until when the provider can have created the attempt's text.

    What a machine leased whose dead clock stood at the year 2000 can be of any time after.
    """
    around = TOLERANCE + timedelta(seconds=attempt.off_by_seconds)
    until = fates.settled_at(attempt) + around
    return attempt.starts_at - around, until if until >= EARLIEST else _ANY_TIME


def _can_be(text: SentMessage, attempt: Attempt) -> bool:
    """Whether the text is one that this attempt can have sent, by number and time."""
    since, until = created_between(attempt)
    at = text.created_at
    return same(text.to, attempt.reach.address) and at is not None and since <= at <= until


def astray(free: list[SentMessage], relay: Relay, attempt: Attempt, others: list[Other]) -> SentMessage | None:
    """Returns the free text of another time than the attempt's that is its own all the same; None without one.

    No other attempt on record explains it, so a wrong clock leased this one. One of long before may be of a record that
    is gone, or the clock that asks is wrong: it is not taken, nor is the attempt declared not sent (Undecidable).
    """
    rivals = [other for other in others if may_own(relay, *other)]
    explained = (attempt, *(rival.attempt for rival in rivals))
    unexplained = [text for text in free if not any(_can_be(text, one) for one in explained)]
    if not unexplained:
        return None
    first = unexplained[0]
    if first.created_at is None or first.created_at < attempt.starts_at - _AHEAD_AT_MOST:
        raise Undecidable("the provider has a text with these words from before, which no attempt on record sent")
    of_others = any(rival.relay.message_id != relay.message_id for rival in rivals)
    if of_others or any(may_exist_all_the_same(relay, *other) for other in others):
        raise Undecidable(_ANOTHERS_TOO)
    return first


def may_be(text: SentMessage, attempt: Attempt, digest: str) -> bool:
    """Whether the text may be the attempt's: nothing that the provider shows of it says that it is another."""
    since, until = created_between(attempt)
    if text.created_at is not None and not since <= text.created_at <= until:
        return False
    return same(text.to or attempt.reach.address, attempt.reach.address) and (
        not text.body or is_masked(text.body) or digest_of(text.body) == digest
    )


def _has_words(text: SentMessage, attempt: Attempt, digest: str) -> bool:
    return same(text.to, attempt.reach.address) and bool(text.body) and digest_of(text.body) == digest


def _age(text: SentMessage) -> tuple[object, str]:
    return (text.created_at, text.sent_id)
