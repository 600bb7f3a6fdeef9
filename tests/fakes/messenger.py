"""A Twilio that answers as scripted."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime

from relay.core.numbers import same
from relay.errors import MessengerUnavailable
from relay.ports import Accepted, Clock, OutgoingText, ReceivedMessage, ReceivedPage, SendOutcome, SentMessage
from relay.twilio.statuses import receipt_of

from tests.twilio_words import seen


class ScriptedMessenger:
    """The port Messenger.

    Sends are answered by `script`, then accepted. `sends` are all POSTs, `messages` what Twilio has by its id,
    `received` what came in, in pages of `page_size`. `is_down` makes look-ups raise MessengerUnavailable,
    `silent_about` those of these ids.
    """

    def __init__(self, clock: Clock, taken_as: str = "sent") -> None:
        """`taken_as` is the status of a text that was taken, until a test sets another."""
        self._clock = clock
        self._taken_as = taken_as
        self._script: deque[SendOutcome] = deque()
        self.is_down = False
        self.silent_about: set[str] = set()
        self.sends: list[OutgoingText] = []
        self.messages: dict[str, SentMessage] = {}
        self.received: list[ReceivedMessage] = []
        self.page_size = 1000
        self.pages_read = 0

    def script(self, *outcomes: SendOutcome) -> None:
        """How the next sends go. An ambiguous one never arrived, unless the test also calls `take`."""
        self._script.extend(outcomes)

    def unscript(self) -> None:
        """All is well again."""
        self._script.clear()

    def take(self, text: OutgoingText, message_sid: str | None = None) -> str:
        """Let Twilio have this text, whatever it answered; its id."""
        sid = message_sid or f"SM{len(self.messages) + 1:032x}"
        now = self._clock.now()
        self.messages[sid] = seen(sid, self._taken_as, None, text.to, text.from_, text.body, now)
        return sid

    def forget(self) -> None:
        """Twilio has no texts, and none was ever sent."""
        self.sends.clear()
        self.messages.clear()

    def set_status(self, message_sid: str, status: str, error_code: int | None = None) -> None:
        message = self.messages[message_sid]
        receipt = receipt_of(message_sid, status, str(error_code or ""))
        self.messages[message_sid] = replace(message, receipt=receipt)

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        self.sends.append(text)
        if not self._script:
            return Accepted(self.take(text))
        outcome = self._script.popleft()
        if isinstance(outcome, Accepted):
            self.take(text, outcome.sent_id)
        return outcome

    def fetch(self, sent_id: str, *, timeout_seconds: float) -> SentMessage | None:
        self._answer_or_raise()
        if sent_id in self.silent_about:
            raise MessengerUnavailable("HTTP 500")
        return self.messages.get(sent_id)

    def sent_to(self, to: str, from_: str, since: datetime, *, timeout_seconds: float) -> list[SentMessage]:
        self._answer_or_raise()
        texts = self.messages.values()
        # Fewer than what one page holds: all are shown, whatever their time.
        return [text for text in texts if not text.to or (same(text.to, to) and same(text.from_, from_))]

    def received_page(self, our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        """A place is the id of the last text before it. What has no time stands before what came in earlier."""
        self._answer_or_raise()
        self.pages_read += 1
        ours = [one for one in self.received if same(one.text.recipient_phone or our_phone, our_phone)]
        shown = sorted(ours, key=lambda one: one.received_at or self._clock.now(), reverse=True)
        first = next((at for at, one in enumerate(shown, 1) if place and one.text.message_id == place), 0)
        page = shown[first : first + self.page_size]
        return ReceivedPage(tuple(page), page[-1].text.message_id if first + self.page_size < len(shown) else "")

    def _answer_or_raise(self) -> None:
        if self.is_down:
            raise MessengerUnavailable("down")
