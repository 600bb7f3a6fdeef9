"""Outages of Twilio's API: of all of it or of some endpoints, for a time, for a number of requests, or until lifted."""

import dataclasses
from collections.abc import Iterable
from typing import Literal, get_args

from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.faults.answers import ApiAnswer

Endpoint = Literal["send", "fetch", "list", "media", "numbers"]
# Sending a message, asking for one, listing them; everything about files, and about the account's phone numbers.
ENDPOINTS: tuple[Endpoint, ...] = get_args(Endpoint)


@dataclasses.dataclass
class Outage:
    """One outage. `until`: seconds since 1970. `requests_left`: how many more it meets. None: no such end."""

    answer: ApiAnswer
    name: str
    until: float | None = None
    requests_left: int | None = None


class Outages:
    """The outage that each endpoint has now, if any; a newer one takes an older one's place. Not thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_endpoint: dict[Endpoint, Outage] = {}

    def begin(self, outage: Outage, endpoints: Iterable[Endpoint]) -> None:
        self._by_endpoint.update(dict.fromkeys(endpoints, outage))

    def end(self, endpoints: Iterable[Endpoint]) -> None:
        for endpoint in endpoints:
            self._by_endpoint.pop(endpoint, None)

    def at(self, endpoint: Endpoint) -> Outage | None:
        """Returns what holds at this endpoint now."""
        outage = self._by_endpoint.get(endpoint)
        if outage is None:
            return None
        is_past = outage.until is not None and self._clock.now() >= outage.until
        return None if is_past or outage.requests_left == 0 else outage

    def meets(self, endpoint: Endpoint) -> Outage | None:
        """Returns what holds for a request that has just come, and counts it."""
        outage = self.at(endpoint)
        if outage is not None and outage.requests_left is not None:
            outage.requests_left -= 1
        return outage
