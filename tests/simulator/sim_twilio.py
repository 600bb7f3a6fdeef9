"""Twilio in a run: takes texts, lets carriers deliver them or not, and reports on them by signed callbacks.

What it truly did is in its messages: the judges believe them and not the relay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from relay.core.failures import UNREACHABLE
from relay.core.numbers import same
from relay.errors import MessengerUnavailable
from relay.ports import Accepted, Ambiguous, OutgoingText, ReceivedMessage, Refused, SendOutcome, SentMessage
from relay.twilio.codes import failure_of

from tests.simulator.dice import Dice
from tests.simulator.faults import Conflicted, Does, Failed, Fault, FaultSource, Line, Service
from tests.simulator.history import History, Post, seconds_of, time_of
from tests.simulator.kernel import Kernel
from tests.twilio_words import callback_of, refusal, seen

_REFUSALS = (failure_of(20429), UNREACHABLE, *map(failure_of, (21211, 21606, 63038, 21617)))
_CARRIER_CODES = (30003, 30008, 30006, 30005, 30007, 30034, 31999)


@dataclass(slots=True)
class Message:
    """A text that Twilio took, and how far it truly came. Times are the run's seconds."""

    sid: str
    to: str
    from_: str
    body: str
    callback: str
    post: Post
    created: float
    listed: float
    status: str = "queued"
    code: int | None = None
    status_since: float = 0.0


@dataclass(slots=True)
class Carrier:
    """What becomes of texts to one phone in this run."""

    delivers: bool = True
    fails_with: int | None = None
    delivers_late_after: float = 0.0
    opted_out: bool = False


@dataclass(slots=True)
class TwilioState:
    """Twilio's own record, and its ways to reach the relay."""

    kernel: Kernel
    faults: FaultSource
    dice: Dice
    history: History
    messages: dict[str, Message] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)  # when, and about texts to whom
    inbound: list[ReceivedMessage] = field(default_factory=list)
    carriers: dict[str, Carrier] = field(default_factory=dict)
    success_is_sent: frozenset[str] = frozenset()
    call_back: Callable[[Message, str, int | None], None] = lambda message, status, code: None

    def take(self, text: OutgoingText, post: Post) -> SendOutcome:
        """Process a POST."""
        carrier = self.carriers.get(text.to)
        if carrier is not None and carrier.opted_out:
            self.faults.count(Fault.OPTED_OUT)
            return refusal(21610)
        if self.faults.strikes(Fault.SEND_REFUSED, 0.06):
            return Refused(self.dice.pick(_REFUSALS))
        if self.faults.strikes(Fault.SEND_5XX, 0.03):
            if self.dice.chance(0.5):
                self._process(text, post, carrier)
            return Ambiguous("Twilio answered 500")
        return Accepted(self._process(text, post, carrier))

    def _process(self, text: OutgoingText, post: Post, carrier: Carrier | None) -> str:
        now = self.kernel.now
        sid = f"SM{len(self.messages) + 1:032x}"
        lag = self.dice.between(1.0, 10.0) if self.faults.strikes(Fault.LIST_LAG, 0.05) else 0.0
        message = Message(sid, text.to, text.from_, text.body, callback_of(text), post, now, now + lag)
        message.status_since = now
        self.messages[sid] = message
        post.sid = sid
        if self.kernel.trace is not None:
            self.kernel.note(f"  Twilio takes attempt {post.attempt} as …{sid[-3:]}")
        sent = 0.05 + (1.0 - self.dice.draw()) * 2.0
        self.kernel.after(sent, self._sent, message)
        if carrier is None or carrier.delivers:
            wait = 0.1 + (1.0 - self.dice.draw()) * 4.0
            if carrier is not None and carrier.delivers_late_after:
                wait += carrier.delivers_late_after
            self.kernel.after(sent + wait, self._reach, (message, "delivered", None))
        elif carrier.fails_with is not None:
            self.faults.count(Fault.UNDELIVERED)
            wait = 0.1 + (1.0 - self.dice.draw()) * 4.0
            self.kernel.after(sent + wait, self._reach, (message, "undelivered", carrier.fails_with))
        else:
            self.faults.count(Fault.SILENT_CARRIER)
        return sid

    def _sent(self, message: Message) -> None:
        message.status = "sent"
        message.status_since = self.kernel.now
        # Where more is to come `sent` changes nothing, so it is told of only sometimes: it is most of what Twilio says.
        carrier = self.carriers.get(message.to)
        more_to_come = carrier is None or carrier.delivers or carrier.fails_with is not None
        if not more_to_come or message.to in self.success_is_sent or self.dice.chance(0.3):
            self.call_back(message, "sent", None)

    def _reach(self, step: tuple[Message, str, int | None]) -> None:
        message, status, code = step
        message.status = status
        message.code = code
        message.status_since = self.kernel.now
        self.call_back(message, status, code)

    def seen(self, message: Message) -> SentMessage:
        """The message as the REST interface shows it. Twilio's times have whole seconds."""
        created = time_of(float(int(message.created)))
        return seen(message.sid, message.status, message.code, message.to, message.from_, message.body, created)


def draw_carrier(dice: Dice) -> Carrier:
    """The calm one delivers."""
    draw = dice.draw()
    if draw >= 0.4:
        return Carrier()
    if draw >= 0.22:
        return Carrier(delivers=False, fails_with=dice.pick(_CARRIER_CODES))
    if draw >= 0.12:
        return Carrier(delivers=False)
    if draw >= 0.04:
        return Carrier(delivers_late_after=dice.between(5.0, 200.0))
    return Carrier(delivers=False, opted_out=True)


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
            outcome = self._line.call(Service.TWILIO, Does.SEND, name, timeout_seconds, lambda: state.take(text, post))
        except Failed as failed:
            if failed.never and state.dice.chance(0.4):
                return Refused(UNREACHABLE)
            return Ambiguous("Twilio did not answer in time")
        wait = 0.03 + (1.0 - state.dice.draw()) * 0.3
        if state.faults.strikes(Fault.CALLBACK_EARLY, 0.05):
            wait = state.dice.between(1.0, 8.0)
        if wait > timeout_seconds:
            kernel.pause(timeout_seconds)
            return Ambiguous("Twilio did not answer in time")
        kernel.pause(wait)
        return outcome

    def fetch(self, sent_id: str, *, timeout_seconds: float) -> SentMessage | None:
        def found() -> SentMessage | None:
            message = self._state.messages.get(sent_id)
            if message is not None:
                self._state.asked.append((self._state.kernel.now, message.to))
            return None if message is None else self._state.seen(message)

        try:
            return self._line.call(Service.TWILIO, Does.READ, "twilio.fetch", timeout_seconds, found)
        except (Failed, Conflicted):
            raise MessengerUnavailable("Twilio did not answer") from None

    def sent_to(self, to: str, from_: str, since: datetime, *, timeout_seconds: float) -> list[SentMessage]:
        def found() -> list[SentMessage]:
            self._state.asked.append((self._state.kernel.now, to))
            # Twilio compares whole seconds, as it shows them.
            first = float(int(seconds_of(since)))
            return [
                self._state.seen(message)
                for message in self._state.messages.values()
                if same(message.to, to)
                and same(message.from_, from_)
                and message.listed <= self._state.kernel.now
                and message.created >= first
            ]

        try:
            return self._line.call(Service.TWILIO, Does.READ, "twilio.sent_to", timeout_seconds, found)
        except (Failed, Conflicted):
            raise MessengerUnavailable("Twilio did not answer") from None

    def received_at(self, our_phone: str, since: datetime, *, timeout_seconds: float) -> list[ReceivedMessage]:
        def found() -> list[ReceivedMessage]:
            first = since.replace(microsecond=0)
            return [
                received
                for received in self._state.inbound
                if same(received.text.recipient_phone, our_phone) and received.received_at >= first
            ]

        try:
            return self._line.call(Service.TWILIO, Does.READ, "twilio.received_at", timeout_seconds, found)
        except (Failed, Conflicted):
            raise MessengerUnavailable("Twilio did not answer") from None
