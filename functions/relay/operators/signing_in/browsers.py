"""Browsers that asked for a code or signed in before: a record each, under the digest of the mark's token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.operators.allowances import STORE_SECONDS
from relay.operators.signing_in import codes
from relay.operators.signing_in.codes import Code
from relay.operators.signing_in.tokens import key_of
from relay.ports import Clock, OperatorKind, OperatorRecord, OperatorRecords

# How long a browser is known after the last time an operator signed in there.
_KNOWN_FOR = timedelta(days=365)
# One more and the first is forgotten: it is a browser that many share.
_KNOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Browser:
    """What is kept of a browser.

    Attributes:
        known: names of operators who signed in here, in the order in which they first did.
        code: the last one that was sent for this browser, until it is used.
        version: of its record; None while there is none.
    """

    known: tuple[str, ...] = ()
    code: Code | None = None
    version: object | None = None

    def knows(self, name: str) -> bool:
        """Returns whether this operator signed in here before."""
        return name in self.known

    def with_operator(self, name: str) -> Browser:
        """Returns it as it is once this operator has signed in."""
        known = self.known if name in self.known else (*self.known, name)[-_KNOWN_MAX:]
        return Browser(known, None, self.version)


class Browsers:
    """Reads and writes them."""

    def __init__(self, records: OperatorRecords, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def get(self, token: str) -> Browser:
        """Returns what is kept of the browser with this mark; one of which nothing is known when there is nothing."""
        record = self._records.get(OperatorKind.BROWSER, key_of(token), timeout_seconds=STORE_SECONDS)
        if record is None:
            return Browser()
        known = record.content.get("known")
        names = tuple(map(str, known)) if isinstance(known, list) else ()
        return Browser(names, codes.from_content(record.content.get("code")), record.version)

    def put(self, token: str, browser: Browser) -> Browser:
        """Store it. Returns it with its new version. Raises VersionConflict when it is not as it was read."""
        content = {
            "known": list(browser.known),
            "code": codes.to_content(browser.code) if browser.code is not None else None,
        }
        expires_at = self._expires_at(browser)
        kept = OperatorRecord(OperatorKind.BROWSER, key_of(token), content, expires_at, version=browser.version)
        stored = self._records.put(kept, timeout_seconds=STORE_SECONDS)
        return Browser(browser.known, browser.code, stored.version)

    def forget(self, token: str) -> None:
        """Remove it: the browser has another mark from now on."""
        self._records.delete(OperatorKind.BROWSER, key_of(token), timeout_seconds=STORE_SECONDS)

    def _expires_at(self, browser: Browser) -> datetime:
        if browser.known:
            return self._clock.now() + _KNOWN_FOR
        return browser.code.until if browser.code is not None else self._clock.now() + codes.GOOD_FOR
