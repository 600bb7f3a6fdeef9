"""All randomness, from one seed.

Each sid and each draw depends on the seed, on what it is for (a direction, two phone numbers) and on how many
came before it *for the same thing*. So concurrent sends to different phones cannot change each other's sids.
"""

import collections
import hashlib
import random
import threading
import uuid


class Seeds:
    """Ids and random generators that come out the same for the same seed and the same order per thing."""

    def __init__(self, seed: int | str) -> None:
        self._seed = str(seed)
        self._counts: collections.Counter[tuple[str, ...]] = collections.Counter()
        self._lock = threading.Lock()

    def sid(self, prefix: str, *things: str) -> str:
        """A Twilio SID: two letters and 32 hexadecimal digits."""
        with self._lock:
            nth = self._counts[(prefix, *things)]
            self._counts[(prefix, *things)] += 1
        return prefix + self._digest(prefix, *things, str(nth)).hex()

    def random_for(self, thing: str) -> random.Random:
        """A generator for one thing, for instance a message's sid."""
        return random.Random(self._digest("random", thing))  # noqa: S311 - made-up events, no secrets

    def token_for(self, thing: str) -> str:
        """A UUID, as in `I-Twilio-Idempotency-Token`."""
        return str(uuid.UUID(bytes=self._digest("token", thing), version=4))

    def _digest(self, *parts: str) -> bytes:
        return hashlib.blake2b("\0".join((self._seed, *parts)).encode(), digest_size=16).digest()
