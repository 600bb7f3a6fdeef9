"""Twilio in a run: takes texts, lets carriers deliver them or not, and reports on them by signed callbacks.

What it truly did is in its messages: the judges believe them and not the relay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from relay.core.failures import UNREACHABLE
from relay.core.model import InboundText
from relay.core.numbers import same
from relay.ports import Accepted, Ambiguous, OutgoingText, Refused, SendOutcome, SentMessage
from relay.twilio.codes import failure_of

from tests.simulator.dice import Dice
from tests.simulator.faults import Fault, FaultSource
from tests.simulator.history import History, Post, time_of
from tests.simulator.kernel import Kernel
from tests.simulator.kinds import FIRST_SENT, Kind, Wide
from tests.twilio_words import callback_of, refusal, seen

ACCOUNT_SID = "AC" + "1" * 32

_REFUSALS = (failure_of(20429), UNREACHABLE, *map(failure_of, (21211, 21606, 63038, 21617)))
_HTTP_REFUSALS = ((429, 20429), (400, 21211), (400, 21606), (400, 63038), (400, 21617))
_CARRIER_CODES = (30003, 30008, 30006, 30005, 30007, 30034, 31999)


@dataclass(slots=True)
class InboundRow:
    """A text that came in, as Twilio's list has it. Times are the run's seconds."""

    text: InboundText
    created: float
    listed: float
    whole_at: float = 0.0
    failed: bool = False
    nulls: tuple[str, ...] = ()

    @property
    def sid(self) -> str:
        return self.text.message_id

    @property
    def is_a_text(self) -> bool:
        """Whether the row tells enough to be one."""
        return not {"sid", "from", "to", "date_created"}.intersection(self.nulls)

    def is_whole(self, now: float) -> bool:
        return now >= self.whole_at


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
    queued_until: float = 0.0
    reached_at: float | None = None  # when the handler truly got it


@dataclass(slots=True)
class Carrier:
    """What becomes of texts to one phone in this run."""

    delivers: bool = True
    fails_with: int | None = None
    delivers_late_after: float = 0.0
    opted_out: bool = False
    revokes_after: float = 0.0  # so long after `delivered` it says `undelivered`
    filters: str = ""  # what no text to this phone may hold


FILTERING = Carrier(delivers=False, fails_with=30007)


@dataclass(slots=True)
class TwilioState:
    """Twilio's own record, and its ways to reach the relay."""

    kernel: Kernel
    faults: FaultSource
    dice: Dice
    history: History
    messages: dict[str, Message] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)  # when, and about texts to whom
    inbound: list[InboundRow] = field(default_factory=list)
    carriers: dict[str, Carrier] = field(default_factory=dict)
    success_is_sent: frozenset[str] = frozenset()
    wide: Wide | None = None
    refused_reads: int = 0  # how often our key was told that it may not read
    broken: str = ""  # the id that nobody can be shown
    call_back: Callable[[Message, str, int | None], None] = lambda message, status, code: None
    arrived: Callable[[Message], None] = lambda message: None  # a phone shows a text

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
        return Accepted(self._process(text, post, carrier).sid)

    def answer(self, text: OutgoingText, post: Post) -> tuple[int, int | None, Message | None]:
        """Process a POST over HTTP. Gives the answer's status and code, or the text that the answer is about."""
        wide = self.wide
        carrier = self.carriers.get(text.to)
        if carrier is not None and carrier.opted_out:
            self.faults.count(Fault.OPTED_OUT)
            return 400, 21610, None
        if self.faults.strikes(Fault.SEND_REFUSED, 0.06):
            return (*self.dice.pick(_HTTP_REFUSALS), None)
        if wide is not None and wide.is_out(self.kernel.now):
            if wide.kind is Kind.OUTAGE_SILENT and self.dice.chance(0.5):
                self._process(text, post, carrier)
            return (*(wide.answers or (500, None)), None)
        if wide is not None and wide.kind is Kind.CODES_ANSWERED and text.to in wide.refused_phones:
            assert wide.answers is not None
            return (*wide.answers, None)
        lost = self.faults.strikes(Fault.SEND_5XX, 0.03)
        if lost and not self.dice.chance(0.5):
            return 500, None, None
        earlier = [message for message in self.messages.values() if message.to != text.to]
        message = self._process(text, post, carrier)
        if lost or (wide is not None and wide.odd == "unknown" and message.sid == FIRST_SENT):
            return 500, None, None
        if wide is not None and wide.kind is Kind.REFUSED_YET_TAKEN and text.to in wide.refused_phones:
            assert wide.answers is not None
            post.refused = wide.answers[0] < 500
            return (*wide.answers, None)
        if wide is not None and wide.kind is Kind.ANSWERS_OF_OTHERS and earlier and self.dice.chance(0.5):
            return 201, None, earlier[-1]
        if wide is not None and wide.kind is Kind.BROKEN_FETCH and not self.broken:
            self.broken = message.sid
        return 201, None, message

    def _process(self, text: OutgoingText, post: Post, carrier: Carrier | None) -> Message:
        now = self.kernel.now
        sid = f"SM{len(self.messages) + 1:032x}"
        lag = self.dice.between(1.0, 10.0) if self.faults.strikes(Fault.LIST_LAG, 0.05) else 0.0
        queued, dies = 0.0, False
        if self.wide is not None:
            lag += self.wide.sent_lag
            queued = self.wide.queued
            dies = queued > text.validity_seconds
        message = Message(sid, text.to, text.from_, text.body, callback_of(text), post, now, now + lag)
        message.status_since = now
        message.queued_until = now + min(queued, text.validity_seconds)
        self.messages[sid] = message
        post.sid = sid
        if self.kernel.trace is not None:
            self.kernel.note(f"  Twilio takes attempt {post.attempt} as …{sid[-3:]}")
        if dies:
            self.kernel.at(message.queued_until, self._reach, (message, "failed", 30036))
            return message
        if carrier is not None and carrier.filters and carrier.filters in text.body:
            carrier = FILTERING
        sent = queued + 0.05 + (1.0 - self.dice.draw()) * 2.0
        self.kernel.after(sent, self._sent, message)
        if carrier is None or carrier.delivers:
            wait = 0.1 + (1.0 - self.dice.draw()) * 4.0
            if carrier is not None and carrier.delivers_late_after:
                wait += carrier.delivers_late_after
            self.kernel.after(sent + wait, self._reach, (message, "delivered", None))
            if carrier is not None and carrier.revokes_after:
                self.kernel.after(sent + wait + carrier.revokes_after, self._reach, (message, "undelivered", 30008))
        elif carrier.fails_with is not None:
            self.faults.count(Fault.UNDELIVERED)
            wait = 0.1 + (1.0 - self.dice.draw()) * 4.0
            self.kernel.after(sent + wait, self._reach, (message, "undelivered", carrier.fails_with))
        else:
            self.faults.count(Fault.SILENT_CARRIER)
        return message

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
        self.becomes(message, status, code)
        self.call_back(message, status, code)

    def becomes(self, message: Message, status: str, code: int | None) -> None:
        """What truly becomes of a text from now on, whatever the relay is told of it."""
        message.status = status
        message.code = code
        message.status_since = self.kernel.now
        if status == "delivered":
            message.reached_at = self.kernel.now
            self.arrived(message)

    def seen(self, message: Message) -> SentMessage:
        """The message as the REST interface shows it. Twilio's times have whole seconds."""
        created = time_of(float(int(message.created)))
        return seen(message.sid, message.status, message.code, message.to, message.from_, message.body, created)

    def shown(self, message: Message) -> Message:
        """The message with its numbers and words as Twilio's list spells them."""
        if self.wide is None:
            return message
        if self.wide.kind is Kind.SPELLINGS and message.to.startswith("+52"):
            return replace(message, to="+521" + message.to[3:])
        if not self.wide.shown_body:
            return message
        body = {
            "redacted": "",
            "trimmed": message.body.strip(),
            "shortened": message.body.replace("https://example.com/a/long/way", "https://twil.io/x1"),
        }[self.wide.shown_body]
        return replace(message, body=body)

    def inbound_rows(self, our_phone: str) -> Iterator[InboundRow]:
        """What the list shows of texts that came in to this number, now."""
        now = self.kernel.now
        for row in self.inbound:
            if row.text.recipient_phone == our_phone and row.listed <= now:
                yield row

    def sent_rows(self, to: str, from_: str) -> Iterator[Message]:
        """What the list shows of texts between these numbers, now."""
        for message in self.messages.values():
            if same(message.to, to) and message.from_ == from_ and message.listed <= self.kernel.now:
                yield message

    def pages_shift(self) -> bool:
        """Whether rows come or go between two pages, this time."""
        return self.faults.probability > 0.0 and self.dice.chance(0.5)


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
