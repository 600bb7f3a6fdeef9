"""Which numbers are ours: those that the settings list, and every other one that texts came to in this process."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from relay.core.numbers import behind_channel, canonical, e164

# How often one number that is not listed is warned of by one process.
WARNED_EVERY = timedelta(hours=1)
# How many unlisted numbers are remembered. An account has a handful; the bound is for a signature that leaked.
_UNLISTED_MAX = 1000


class OurNumbers:
    """Our numbers, compared by their canonical form. Threads may share it."""

    def __init__(self, listed: Iterable[str]) -> None:
        self._listed = tuple(listed)
        self._canonical = frozenset(canonical(number) for number in self._listed)
        self._unlisted: dict[str, datetime | None] = {}
        self._lock = threading.Lock()

    def is_listed(self, number: str) -> bool:
        """Whether the settings list this number, in any of its spellings."""
        return canonical(number) in self._canonical

    def is_ours(self, number: str) -> bool:
        """Whether this number is listed, or a text came to it."""
        return canonical(number) in self._canonical or canonical(number) in self._unlisted

    def learn(self, number: str, now: datetime) -> bool:
        """Remember a number that a text came to. Returns whether it is time to warn that it is not listed."""
        key = canonical(number)
        if key in self._canonical:
            return False
        with self._lock:
            if key not in self._unlisted and len(self._unlisted) >= _UNLISTED_MAX:
                return False
            warned = self._unlisted.get(key)
            # In either direction: the clock may have been set back.
            if warned is not None and abs(now - warned) < WARNED_EVERY:
                return False
            self._unlisted[key] = now
            return True

    def to_send_from(self, address: str, as_written: str) -> str:
        """Returns our number from which a text to this address of ours is forwarded.

        The address itself, where texts can leave from it: a number that is listed, or one that the text came to as a
        plain text. Otherwise the first that is listed: what came by a channel (`as_written` has the channel before it)
        may have come to an agent, or to a number that has that channel alone; from neither a text can be sent.
        """
        channel, _ = behind_channel(as_written or address)
        is_number = e164(address) is not None or address.isdecimal()
        if self.is_listed(address) or (is_number and not channel) or not self._listed:
            return address
        return self._listed[0]
