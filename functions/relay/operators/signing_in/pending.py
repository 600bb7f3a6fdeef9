"""PendingCodes knows to which numbers a code was sent, so that a text of that code reaches no customer.

What is known is that there is one, not which: a code's digest is keyed with the browser that asked (codes.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime

from relay.core.numbers import canonical
from relay.errors import VersionConflict
from relay.operators.allowances import STORE_SECONDS
from relay.operators.signing_in.codes import digits_in
from relay.operators.signing_in.tokens import key_of
from relay.ports import OperatorKind, OperatorRecord, OperatorRecords


class PendingCodes:
    """Numbers to which a code was texted, each until the code is over."""

    def __init__(self, records: OperatorRecords) -> None:
        self._records = records

    def note(self, number: str, until: datetime) -> None:
        """Remember that a code goes to this number. Raises StoreUnavailable."""
        record = OperatorRecord(OperatorKind.OPERATOR, _key(number), {}, until)
        try:
            # By one write where it can be: how long it takes could tell an operator's number from another.
            self._records.put(record, timeout_seconds=STORE_SECONDS)
        except VersionConflict:
            known = self._records.get(record.kind, record.key, timeout_seconds=STORE_SECONDS)
            # In a race the other one was noted just now, which is as good.
            with contextlib.suppress(VersionConflict):
                longer = replace(record, version=known.version if known is not None else None)
                self._records.put(longer, timeout_seconds=STORE_SECONDS)

    def may_be(self, number: str, words: str, timeout_seconds: float) -> bool:
        """Returns whether a text from this number may be a code that was sent there. Raises StoreUnavailable.

        Words that do not look like a code cost no read.
        """
        if digits_in(words) is None:
            return False
        return self._records.get(OperatorKind.OPERATOR, _key(number), timeout_seconds=timeout_seconds) is not None


def _key(number: str) -> str:
    return f"code.{key_of(canonical(number))}"
