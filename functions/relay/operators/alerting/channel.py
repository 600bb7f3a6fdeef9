"""OperatorChannel: one way to tell an operator, and Outcome, what came of a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from relay.operators.alerting.messages import Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try to tell a message.

    Attributes:
        failed_because: in plain words, without an address, a secret or the message's words; "" when it was taken.
        is_for_good: trying again would bring the same answer, so it is not tried again.
        may_have_gone: it is not known whether it was taken.
    """

    failed_because: str = ""
    is_for_good: bool = False
    may_have_gone: bool = False


TAKEN = Outcome()


class OperatorChannel(Protocol):
    """One way to tell an operator: text, e-mail or webhook."""

    def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
        """Hand the message over, once. Never raises, whatever the other side does, and ends about in time.

        A message of which it is not known whether it was taken counts as failed: told twice is better than not at all.
        """
        ...
