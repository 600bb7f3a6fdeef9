"""A made-up second provider of texts: other ids, words and codes. It shows that a provider is one file and one row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from relay.core.events import Meaning, Receipt
from relay.core.failures import Failure, FailureClass
from relay.ports import Accepted, Clock, OutgoingText, ReceivedPage, Refused, SendOutcome, SentMessage

_WORDS = {"buffered": Meaning.PROGRESS, "at carrier": Meaning.HANDED_OVER, "read back": Meaning.DELIVERED}
_CODES = {
    7: Failure(FailureClass.RECIPIENT, "the subscriber is unknown", 7007),
    9: Failure(FailureClass.TRANSIENT, "the network is busy", 7009),
}


@dataclass
class SecondProvider:
    """Implements ports.Messenger."""

    clock: Clock
    refuses: list[int] = field(default_factory=list)
    texts: dict[str, tuple[OutgoingText, SentMessage]] = field(default_factory=dict)

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        if self.refuses:
            return Refused(_CODES[self.refuses.pop(0)])
        sent_id = f"0197-{len(self.texts)}"
        message = SentMessage(sent_id, receipt(sent_id, "buffered"), text.to, text.from_, text.body, self.clock.now())
        self.texts[sent_id] = (text, message)
        return Accepted(sent_id)

    def becomes(self, sent_id: str, word: str, code: int | None = None) -> tuple[OutgoingText, Receipt]:
        """Something happens to a text. Returns what it was and what a callback about it says."""
        told = receipt(sent_id, word, code)
        text, message = self.texts[sent_id]
        self.texts[sent_id] = (text, replace(message, receipt=told))
        return text, told

    def fetch(self, sent_id: str, *, timeout_seconds: float) -> SentMessage | None:
        return self.texts[sent_id][1] if sent_id in self.texts else None

    def sent_to(self, to: str, from_: str, since: datetime, *, timeout_seconds: float) -> list[SentMessage]:
        return [message for _, message in self.texts.values() if (message.to, message.from_) == (to, from_)]

    def received_page(self, our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        return ReceivedPage(())


def receipt(sent_id: str, word: str, code: int | None = None) -> Receipt:
    """The provider's word as a receipt; whatever has a code has failed."""
    if code is not None:
        return Receipt(sent_id, Meaning.FAILED, word, _CODES[code])
    return Receipt(sent_id, _WORDS[word], word)
