"""The provider's port as one process of a run sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from relay.core.failures import UNREACHABLE
from relay.errors import MessengerUnavailable
from relay.ports import (
    Accepted,
    Ambiguous,
    OutgoingText,
    ReceivedMessage,
    ReceivedPage,
    Refused,
    SendOutcome,
    SentMessage,
)

from tests.simulator.faults import Conflicted, Does, Failed, Fault, Line, Service
from tests.simulator.history import Post, time_of
from tests.simulator.sim_twilio import InboundRow, TwilioState


class ProcessMessenger:
    """Messenger as one process sees it."""

    def __init__(self, state: TwilioState, line: Line) -> None:
        self._state = state
        self._line = line

    def send(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        state = self._state
        kernel = state.kernel
        attempt = text.attempt
        post = Post(kernel.now, text.message_id, attempt, text.to)
        state.history.posts.append(post)
        name = f"twilio.send {attempt}"
        try:
            outcome = self._line.call(Service.TWILIO, Does.SEND, name, timeout_seconds, lambda: self._take(text, post))
        except Failed as failed:
            if failed.never and state.dice.chance(0.4):
                post.was_refused = True
                return Refused(UNREACHABLE)
            return Ambiguous("Twilio did not answer in time")
        wait = 0.03 + (1.0 - state.dice.draw()) * 0.3
        if state.faults.strikes(Fault.CALLBACK_EARLY, 0.05):
            wait = state.dice.between(1.0, 8.0)
        if wait > timeout_seconds:
            kernel.pause(timeout_seconds)
            return Ambiguous("Twilio did not answer in time")
        kernel.pause(wait)
        post.was_refused = isinstance(outcome, Refused)
        if isinstance(outcome, Accepted):
            post.told_at = kernel.now
        return outcome

    def fetch(self, sent_id: str, *, timeout_seconds: float) -> SentMessage | None:
        def found() -> SentMessage | None:
            message = self._state.messages.get(sent_id)
            if message is not None:
                self._state.asked.append((self._state.kernel.now, message.to))
            return None if message is None else self._state.seen(message)

        answer: SentMessage | None = self._ask("fetch", timeout_seconds, found, sent_id)
        return answer

    def sent_to(self, to: str, from_: str, since: datetime, *, timeout_seconds: float) -> list[SentMessage]:
        def found() -> list[SentMessage]:
            self._state.asked.append((self._state.kernel.now, to))
            # Fewer than what one page holds: all are shown, whatever their time.
            return [self._state.seen(message) for message in self._state.sent_rows(to, from_)]

        answer: list[SentMessage] = self._ask("sent_to", timeout_seconds, found, to, from_, since)
        return answer

    def received_page(self, our_phone: str, place: str, *, timeout_seconds: float) -> ReceivedPage:
        def found() -> ReceivedPage:
            rows = sorted(self._state.inbound_rows(our_phone), key=lambda row: row.created, reverse=True)
            return ReceivedPage(tuple(self._received(row) for row in rows))

        answer: ReceivedPage = self._ask("received_page", timeout_seconds, found, our_phone, place)
        return answer

    def _received(self, row: InboundRow) -> ReceivedMessage:
        whole = row.is_whole(self._state.kernel.now)
        text = row.text if whole else replace(row.text, body="")
        return ReceivedMessage(text, time_of(row.created), is_arriving=not whole)

    def _take(self, text: OutgoingText, post: Post) -> SendOutcome:
        return self._state.take(text, post)

    def _ask(self, name: str, timeout_seconds: float, simulated: Callable[[], Any], *asked: Any) -> Any:
        """Let Twilio answer a question about texts. `asked` is what the messenger's method of this name was given."""
        try:
            return self._line.call(Service.TWILIO, Does.READ, f"twilio.{name}", timeout_seconds, simulated)
        except (Failed, Conflicted):
            raise MessengerUnavailable("Twilio did not answer") from None
