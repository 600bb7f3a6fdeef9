"""The Brake holds back the texts of a sender who floods us: robots that answer each other, a phone that repeats itself.

It loses nothing: a text that is held back is on record with an alarm, and an operator sends it on with one button.
Counted is in this process. The store is asked only about a sender who has come half of the way to a limit: an ordinary
text costs it nothing, and each further process lets through at most as much again.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.core.model import InboundText
from relay.core.numbers import canonical
from relay.flow.budget import Budget
from relay.flow.world import World
from relay.ports import RelayStore, Search

WINDOW = timedelta(minutes=10)
# Further texts of one sender within WINDOW are held back. A person in need writes ten texts in a row, hardly ever
# twenty-one; and repeats "hello?" twice or three times. A robot's automatic answer is always the same.
TEXTS_MAX = 20
SAME_WORDS_MAX = 5
# Senders who are remembered, the latest ones; and texts of each, enough to find a window that is too full.
_SENDERS_MAX = 10_000
_REMEMBERED = 2 * TEXTS_MAX


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One text of a sender: when it was received, and a digest of its words (None: not compared)."""

    at: datetime
    words: bytes | None


class Brake:
    """What this process remembers of each sender's latest texts. Threads may share it."""

    def __init__(self, senders_max: int = _SENDERS_MAX) -> None:
        self._senders_max = senders_max
        self._senders: OrderedDict[str, dict[str, _Arrival]] = OrderedDict()
        self._lock = threading.Lock()

    def held_because(self, world: World, text: InboundText, at: datetime, budget: Budget) -> str:
        """Returns why a text that was received at this time is held back; "" when it is not.

        A text counts once, however often its webhook comes. A store that does not answer holds nothing back, and no
        error of its search may cost the text.
        """
        me = _Arrival(at, _digest(text.body, text.media_count))
        sender = canonical(text.sender_phone)
        before, _ = self._remember(sender, {text.message_id: me})
        reason, is_near = _judged(me, before.values())
        if reason or not is_near:
            return reason
        try:
            stored = _recently_stored(world.store, text, at, budget)
        except Exception as error:
            reason = type(error).__name__
            world.journal.note("WARNING", "a sender's texts could not be counted", relay=text.message_id, reason=reason)
            return ""
        # Of the stored ones only what this process did not know: it knows which of its own came in after this text.
        _, unknown = self._remember(sender, stored)
        return _judged(me, (*before.values(), *unknown.values()))[0]

    def _remember(self, sender: str, news: dict[str, _Arrival]) -> tuple[dict[str, _Arrival], dict[str, _Arrival]]:
        """Remember arrivals of a sender. Returns all that are known of that one now, and those that were not before."""
        with self._lock:
            arrivals = self._senders.setdefault(sender, {})
            self._senders.move_to_end(sender)
            unknown = {message_id: arrival for message_id, arrival in news.items() if message_id not in arrivals}
            arrivals.update(unknown)
            while len(arrivals) > _REMEMBERED:
                del arrivals[next(iter(arrivals))]
            while len(self._senders) > self._senders_max:
                self._senders.popitem(last=False)
            return dict(arrivals), unknown


def _judged(me: _Arrival, known: Collection[_Arrival]) -> tuple[str, bool]:
    """Returns why a text is held back, which is one of those known; and whether a limit is near."""
    if len(known) == 1:  # nearly every text
        return "", False
    texts = _most_at_once(me, known)
    same = _most_at_once(me, [each for each in known if each.words == me.words]) if me.words is not None else 0
    if same > SAME_WORDS_MAX:
        return _reason(f"the same words more than {SAME_WORDS_MAX} times"), True
    if texts > TEXTS_MAX:
        return _reason(f"more than {TEXTS_MAX} texts"), True
    return "", 2 * same > SAME_WORDS_MAX or 2 * texts > TEXTS_MAX


def _recently_stored(store: RelayStore, text: InboundText, at: datetime, budget: Budget) -> dict[str, _Arrival]:
    """Returns what the store has of the text's sender around this time, by message id. Raises StoreUnavailable.

    Texts that reconcile recovered are left out: stored is when that was, and not when they were received.
    """
    search = Search(
        sender_phone=text.sender_phone, since=at - WINDOW, until=at + WINDOW, limit=TEXTS_MAX + SAME_WORDS_MAX
    )
    relays = store.search(search, timeout_seconds=budget.store).relays
    return {
        relay.message_id: _Arrival(relay.timestamp, _digest(relay.message_body, relay.media_count))
        for relay in relays
        if not relay.recovered
    }


def _most_at_once(me: _Arrival, arrivals: Iterable[_Arrival]) -> int:
    """Returns the most arrivals that any one window has in which this one lies; at least 1, itself.

    Texts need not come in the order in which they were received: reconcile brings old ones later.
    """
    times = [each.at for each in arrivals if abs(each.at - me.at) < WINDOW] or [me.at]
    starts = [start for start in times if start <= me.at]
    return max((sum(start <= time < start + WINDOW for time in times) for start in starts), default=1)


def _digest(body: str, media_count: int) -> bytes | None:
    """Returns a digest of the words; None for an empty text and for photos, whose words are often none or the same."""
    words = " ".join(body.split()).casefold()
    if not words or media_count:
        return None
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _reason(what: str) -> str:
    return f"{what} from this sender in {WINDOW.total_seconds() / 60:g} minutes"
