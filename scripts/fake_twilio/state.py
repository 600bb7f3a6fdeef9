"""What the fake knows, behind one lock; and the record by which tests judge the application.

All entries are frozen: what is read here once stays as it was. Every change raises `version` and wakes those who
wait. Nothing in this module makes anything happen.
"""

import dataclasses
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from scripts.fake_twilio.behaviour import Chooser, deliver
from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.faults.lists import ListFaults, RowFaults
from scripts.fake_twilio.faults.media import MediaFaults
from scripts.fake_twilio.faults.outages import ENDPOINTS, Endpoint, Outages
from scripts.fake_twilio.faults.queues import Queues
from scripts.fake_twilio.inbound_form import OptOutType
from scripts.fake_twilio.media import Files, Medium
from scripts.fake_twilio.message import Message
from scripts.fake_twilio.standing import Standing

Failure = Literal["connect", "read", "lost"]
# Of requests to the second host; a test looks at the latest.
_ARRIVALS_MAX = 1000


@dataclasses.dataclass(frozen=True)
class PostAttempt:
    """One `POST Messages.json` as it arrived, and what was answered. `arrived_at`: seconds since 1970."""

    arrived_at: float
    form: tuple[tuple[str, str], ...]
    to: str
    from_: str
    body: str
    # The message that came into being, whatever was answered.
    message_sid: str | None = None
    # HTTP status of the answer; None: the connection was reset.
    http_status: int | None = None
    error_code: int | None = None
    behaviour: str = ""

    @property
    def accepted(self) -> bool:
        return self.message_sid is not None


@dataclasses.dataclass(frozen=True)
class Exchange:
    """One HTTP request of the fake to the application, and how it went. Times: seconds since 1970."""

    kind: Literal["inbound", "fallback", "status"]
    message_sid: str
    method: str
    # As configured, without the fragment; this is what was signed.
    url: str
    parameters: tuple[tuple[str, str], ...]
    # 1 for the first try, 2 for the first retry, …
    attempt: int
    started_at: float
    ended_at: float
    # What came back; None: nothing did.
    http_status: int | None
    content_type: str = ""
    body: str = ""
    # Why it counts as failed although, or because, nothing more is known. "lost": answered, but the answer
    # never reached the fake (a fault on demand).
    failure: Failure | None = None

    @property
    def succeeded(self) -> bool:
        return self.failure is None and self.http_status is not None and 200 <= self.http_status < 300

    def parameter(self, name: str) -> str | None:
        return dict(self.parameters).get(name)


@dataclasses.dataclass(frozen=True)
class MediaArrival:
    """One request to the second host, which serves the bytes of files; `path` with its query."""

    at: float
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclasses.dataclass(frozen=True)
class PhoneNumber:
    """A number of the account (IncomingPhoneNumber). Times: seconds since 1970."""

    sid: str
    phone_number: str
    friendly_name: str
    created_at: float
    updated_at: float
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"


@dataclasses.dataclass(frozen=True)
class AutoReply:
    """What a phone answers by itself to each text that it gets, so many seconds after it."""

    words: str
    after_seconds: float


class Handset:
    """One phone outside: its name for people, how its carrier treats it, and the sids it has shown."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.name = ""
        self.usual: Chooser = deliver()
        # For messages with files; None: as for the others.
        self.of_mms: Chooser | None = None
        # Consumed by the next sends that contain the words, one each, before `usual` applies again.
        self.script: list[tuple[str, Chooser]] = []
        self.shown_sids: list[str] = []
        self.auto_reply: AutoReply | None = None

    def next_chooser(self, body: str) -> Chooser:
        """Returns what becomes of a message with these words; what was arranged for it is used up."""
        for place, (words, chooser) in enumerate(self.script):
            if words in body:
                del self.script[place]
                return chooser
        return self.usual


class State:
    """The account. Take `lock` for anything that reads twice or writes; call `changed()` after writing."""

    def __init__(self, clock: Clock, lists: ListFaults, queues: Queues) -> None:
        self.lock = threading.RLock()
        self._waiting = threading.Condition(self.lock)
        self.version = 0
        self.messages: dict[str, Message] = {}
        self.numbers: dict[str, PhoneNumber] = {}
        self.handsets: dict[str, Handset] = {}
        self.posts: list[PostAttempt] = []
        self.exchanges: list[Exchange] = []
        # (phone, number of the account): texted STOP and has not texted START since.
        self.opted_out: set[tuple[str, str]] = set()
        self.outages = Outages(clock)
        self.queues = queues
        self.lists = lists
        self.files = Files()
        # By their ids; deleted ones are not among them.
        self.media: dict[str, Medium] = {}
        self.media_faults = MediaFaults()
        self.media_arrivals: deque[MediaArrival] = deque(maxlen=_ARRIVALS_MAX)
        # What is shown of a message instead of what it is, by its sid.
        self.rows: dict[str, RowFaults] = {}
        # Words of Advanced Opt-Out (upper case); none: the usual English ones.
        self.opt_out_words: dict[str, OptOutType] = {}
        # Whether lists show Twilio's own answers to these words.
        self.lists_own_answers = False
        # What the API key may do; the auth token may do everything.
        self.key_may: frozenset[Endpoint] = frozenset(ENDPOINTS)
        self.standing = Standing()

    def changed(self) -> None:
        """Tell everybody who waits."""
        with self._waiting:
            self.version += 1
            self._waiting.notify_all()

    def wait_for(self, holds: Callable[[], bool], within_seconds: float) -> bool:
        """Wait, in real time, until `holds()` (called under the lock); False if it never did."""
        deadline = time.monotonic() + within_seconds
        with self._waiting:
            while not holds():
                left_seconds = deadline - time.monotonic()
                if left_seconds <= 0:
                    return False
                self._waiting.wait(left_seconds)
            return True

    def handset(self, number: str) -> Handset:
        """The phone with that number; it exists as soon as it is first named."""
        with self.lock:
            if number not in self.handsets:
                self.handsets[number] = Handset(number)
            return self.handsets[number]

    def save(self, message: Message) -> None:
        """Put a new message, or the newer form of one, in its place."""
        with self.lock:
            known = self.messages.get(message.sid)
            self.messages[message.sid] = message
            if known is None or known.files != message.files:
                self.media |= {medium.sid: medium for medium in message.files}
            self.changed()

    def number_called(self, phone_number: str) -> PhoneNumber | None:
        with self.lock:
            return next((n for n in self.numbers.values() if n.phone_number == phone_number), None)
