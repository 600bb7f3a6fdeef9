"""A made-up channel that calls a handler up: rings, a mailbox answers, a key is pressed, or it is hung up.

It shows that a channel is one file and one row. A second kind of text would not: it would look like the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.core.events import Meaning, Receipt
from relay.core.failures import Failure, FailureClass
from relay.core.model import Attempt, Relay
from relay.core.policy import Reach
from relay.errors import MessengerUnavailable
from relay.flow.budget import Budget
from relay.flow.channel import Undecidable
from relay.ports import Accepted, Ambiguous, Refused, SendOutcome

CALL = "call"
MAILBOX = Failure(FailureClass.RECIPIENT, "a mailbox answered")
NO_ANSWER = Failure(FailureClass.TRANSIENT, "it rang and was not answered")
NO_LINE = Failure(FailureClass.RECIPIENT, "the number cannot be called")


def by_phone(number: str) -> Reach:
    """The reach of a handler who is called."""
    return Reach(CALL, number)


@dataclass(slots=True)
class Call:
    """One call at the exchange. `state`: ringing, then pressed, mailbox, unanswered or hung up."""

    sent_id: str
    number: str
    message_id: str
    attempt: int
    words: str
    state: str = "ringing"

    @property
    def receipt(self) -> Receipt | None:
        told = {
            "ringing": (Meaning.PROGRESS, None),
            "pressed": (Meaning.DELIVERED, None),
            "mailbox": (Meaning.FAILED, MAILBOX),
            "unanswered": (Meaning.FAILED, NO_ANSWER),
        }
        if self.state not in told:
            return None
        meaning, failure = told[self.state]
        return Receipt(self.sent_id, meaning, self.state, failure)


@dataclass
class Exchange:
    """The provider of calls. `tell` takes its word on an attempt, as a webhook of its own would."""

    tell: Callable[[str, int, Receipt | None], None]
    calls: list[Call] = field(default_factory=list)
    unreachable: frozenset[str] = frozenset()
    loses_answers: bool = False
    is_down: bool = False

    def becomes(self, call: Call, state: str) -> None:
        """Something happens to a call, and the relay is told."""
        call.state = state
        self.tell(call.message_id, call.attempt, call.receipt)


class CallChannel:
    """Implements flow.channel.Channel."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def digest(self, relay: Relay, attempt: Attempt) -> None:
        """Nothing: the exchange names the attempt of each call."""

    def send(self, relay: Relay, attempt: Attempt, budget: Budget) -> SendOutcome:
        exchange = self._exchange
        if attempt.reach.address in exchange.unreachable:
            return Refused(NO_LINE)
        words = f"{relay.sender_phone} wrote: {relay.message_body}. Press 1 to take it."
        call = Call(f"call-{len(exchange.calls)}", attempt.reach.address, relay.message_id, attempt.number, words)
        exchange.calls.append(call)
        return Ambiguous("the exchange's answer was lost") if exchange.loses_answers else Accepted(call.sent_id)

    def find(self, relay: Relay, attempt: Attempt, budget: Budget) -> Call | None:
        if self._exchange.is_down:
            raise MessengerUnavailable("the exchange is down")
        about = [c for c in self._exchange.calls if (c.message_id, c.attempt) == (relay.message_id, attempt.number)]
        if len(about) > 1:
            raise Undecidable("two calls for one attempt")
        return about[0] if about else None

    def withdraw(self, relay: Relay, attempt: Attempt, budget: Budget) -> None:
        for call in self._exchange.calls:
            if (call.message_id, call.attempt, call.state) == (relay.message_id, attempt.number, "ringing"):
                self._exchange.becomes(call, "hung up")
