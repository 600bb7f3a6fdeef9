"""`page_of` a search by words: from places, newest first, the relays there that have all of the words.

A store hands over places where such relays may be, narrowed down by an index or not at all; each is read only when its
turn comes, and no more than SCANNED_MAX of them for one page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from relay.core import searching
from relay.core.model import Relay
from relay.ports.store import Page, Search
from relay.record.pages import Place, token_after

# Of Firestore, each is a read that is paid for (docs/scale.md).
SCANNED_MAX = 1000

# A place, and what reads the relay there: None where there is none to show.
Candidate = tuple[Place, Callable[[], Relay | None]]


def page_of(candidates: Iterable[Candidate], search: Search) -> Page:
    """Returns the page of a search by words, of which `candidates` begin after its page token."""
    terms = searching.terms_of(search.words or "")
    found: list[Relay] = []
    for count, (place, read) in enumerate(candidates, start=1):
        relay = read()
        if relay is not None and searching.fits(relay, terms):
            found.append(relay)
        # Whether there is one more is not asked for: it would cost the reading of it.
        if count >= SCANNED_MAX or len(found) >= search.limit:
            return Page(tuple(found), token_after(*place), place[0])
    return Page(tuple(found), None)
