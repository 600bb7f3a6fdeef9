"""TextChannel tells an operator by a text, through the port Messenger."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from relay.core.failures import FailureClass
from relay.core.numbers import same
from relay.operators.alerting.channel import TAKEN, Outcome
from relay.operators.alerting.messages import Message
from relay.ports import Ambiguous, Clock, Messenger, OutgoingText, Refused

# For how long the provider may keep it queued: an alarm that arrives hours later confuses more than it helps.
_VALIDITY_MIN_SECONDS, _VALIDITY_MAX_SECONDS = 60, 3600
# What asking again does not change, as long as no person does something about it.
_FOR_GOOD = frozenset({FailureClass.OPTED_OUT, FailureClass.RECIPIENT})


class TextChannel:
    """The port OperatorChannel over the provider of texts."""

    def __init__(self, provider_of: Callable[[str], Messenger], our_phones: Sequence[str], clock: Clock) -> None:
        """Texts leave from the second of our numbers where there is one: customers and handlers know the first."""
        self._provider_of = provider_of
        self._our_phones = tuple(our_phones)
        self._from = self._our_phones[1:2] or self._our_phones[:1]
        self._clock = clock

    def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
        if not self._from:
            return Outcome("no number of ours is set from which it could leave")
        if any(same(message.to, phone) for phone in self._our_phones):
            return Outcome("the operator's number is one of ours", is_for_good=True)
        outcome = self._provider_of(self._from[0]).send(self._text(message), timeout_seconds=timeout_seconds)
        if isinstance(outcome, Refused):
            return Outcome(outcome.failure.words, is_for_good=outcome.failure.failure_class in _FOR_GOOD)
        return Outcome(outcome.reason, may_have_gone=True) if isinstance(outcome, Ambiguous) else TAKEN

    def _text(self, message: Message) -> OutgoingText:
        left = round((message.until - self._clock.now()).total_seconds())
        return OutgoingText(
            to=message.to,
            from_=self._from[0],
            body="\n".join(filter(None, (message.words, message.link))),
            validity_seconds=max(_VALIDITY_MIN_SECONDS, min(left, _VALIDITY_MAX_SECONDS)),
            # Receipts come back with it, find no relay of this id, and are answered that there is nothing to do.
            message_id=f"AL{hashlib.sha256(message.key.encode()).hexdigest()[:32]}",
            tier=1,
            attempt=1,
        )
