"""The fake account, in process: what tests, the local stack and the HTTP faces hold."""

import dataclasses
import hmac
import secrets
import threading
from collections.abc import Callable, Sequence

from scripts.fake_twilio.account_faults import AccountFaults
from scripts.fake_twilio.auto_replies import AutoReplies
from scripts.fake_twilio.clock import Clock, RealClock
from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.faults.outages import Endpoint
from scripts.fake_twilio.faults.queues import Queues
from scripts.fake_twilio.faults.texts import InboundFaults
from scripts.fake_twilio.media import File
from scripts.fake_twilio.message import Message
from scripts.fake_twilio.phones import Phone
from scripts.fake_twilio.receiving import InboundText, Receiver
from scripts.fake_twilio.seeds import Seeds
from scripts.fake_twilio.sending import Sender
from scripts.fake_twilio.settings import Settings
from scripts.fake_twilio.state import Exchange, MediaArrival, PhoneNumber, PostAttempt, State
from scripts.fake_twilio.tapbacks import Reaction
from scripts.fake_twilio.transport import HttpTransport, Transport
from scripts.fake_twilio.webhooks import Dispatcher


class FakeTwilio(AccountFaults):
    """One Twilio account. Thread-safe; everything is in memory and gone with the process.

    The clock and the transport are arguments, so that unit tests need neither sleeping nor sockets.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        clock: Clock | None = None,
        transport: Transport | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = clock or RealClock()
        seeds = Seeds(self.settings.seed)
        time_scale = self.settings.time_scale
        state = State(self.clock, self.settings.lists, Queues(self.settings.queue, time_scale))
        super().__init__(state, self.clock, time_scale, seeds)
        self._auth_token = self.settings.auth_token
        self._phones: dict[str, Phone] = {}
        self._held: set[threading.Event] = set()
        self.is_closed = False
        # Where the second host is; a server of the fake's own has it at another port.
        self.media_host_url = "https://mms.twiliocdn.com"
        # Signs its addresses.
        self.media_key = secrets.token_bytes(16)
        transport = transport or HttpTransport(self.settings.routes)
        self._dispatcher = Dispatcher(
            self.state,
            self.clock,
            transport,
            lambda: self._auth_token,
            self.settings.retry_pause_seconds * self.settings.time_scale,
        )
        self.auto_replies = AutoReplies(self.state, self.clock, self.customer_texts, time_scale)
        parts = (self.state, self.clock, self._dispatcher, seeds, self.settings)
        self.sender = Sender(*parts, transport, self.auto_replies.text_shown)
        self._receiver = Receiver(*parts, self.sender.answer)
        for phone_number in self.settings.numbers:
            self._own(phone_number, seeds)

    def _own(self, phone_number: str, seeds: Seeds) -> None:
        number = PhoneNumber(
            sid=seeds.sid("PN", phone_number),
            phone_number=phone_number,
            friendly_name=phone_number,
            created_at=self.clock.now(),
            updated_at=self.clock.now(),
            sms_url=self.settings.sms_url,
            sms_method=self.settings.sms_method,
            sms_fallback_url=self.settings.sms_fallback_url,
            sms_fallback_method=self.settings.sms_fallback_method,
        )
        self.state.numbers[number.sid] = number

    # What tests ask for.

    def phone(self, number: str, name: str = "") -> Phone:
        """The phone with that number (E.164), always the same object; `name` is for people."""
        with self.state.lock:
            if number not in self._phones:
                self._phones[number] = Phone(self, number)
            if name:
                self.state.handset(number).name = name
                self.state.changed()
            return self._phones[number]

    def customer_texts(
        self,
        from_: str,
        to: str,
        body: str,
        files: Sequence[File] = (),
        faults: InboundFaults | None = None,
    ) -> InboundText:
        """A phone texts a number of the account; returns at once, `.wait()` waits for the application's answer.

        Raises ValueError if `to` is no number of the account, and for more than ten files.
        """
        return self._receiver.receive(from_, to, body, files, faults or InboundFaults())

    def file(self, name: str) -> File:
        """Returns a file by its id among `state.files`. Raises ValueError if there is none."""
        files = self.state.files
        if not files.has(name):
            raise ValueError("no file has that id")
        return File(files.content_type(name), files.read(name, 0, files.length(name)))

    def taps_back(self, number: str, sid: str, reaction: Reaction) -> InboundText:
        """A phone reacts to a text that it got, and so texts the number of the account that it came from.

        Raises ValueError if the phone has not shown that text, or if there is nothing in it to react to.
        """
        with self.state.lock:
            handset = self.state.handsets.get(number)
            if handset is None or sid not in handset.shown_sids:
                raise ValueError("that phone has shown no text with that sid")
            message = self.state.messages[sid]
        if not (message.num_media if reaction.on_photo else message.body):
            raise ValueError(f"that text has no {'photo' if reaction.on_photo else 'words'}")
        return self.customer_texts(number, message.from_, reaction.words(message.body))

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every message, oldest first, with its true fate."""
        with self.state.lock:
            return tuple(self.state.messages.values())

    @property
    def posts(self) -> tuple[PostAttempt, ...]:
        """Every `POST Messages.json`, in the order of arrival, also refused ones."""
        with self.state.lock:
            return tuple(self.state.posts)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every webhook request to the application, each try, in the order of their ends."""
        with self.state.lock:
            return tuple(self.state.exchanges)

    @property
    def media_arrivals(self) -> tuple[MediaArrival, ...]:
        """The latest requests to the second host, oldest first."""
        with self.state.lock:
            return tuple(self.state.media_arrivals)

    def wait_for(self, holds: Callable[[], bool], within_seconds: float) -> bool:
        """Wait in real time until `holds()`, which is asked again after every change; False if it never did."""
        return self.state.wait_for(holds, within_seconds)

    # What an owner can do to the account.

    def rotate_auth_token(self, auth_token: str) -> None:
        """From now on webhooks are signed with this token and the API accepts only this one."""
        with self.state.lock:
            self._auth_token = auth_token

    def set_sms_url(self, phone_number: str, sms_url: str, fallback_url: str = "") -> None:
        """Point a number's webhooks elsewhere. Raises ValueError if it is no number of the account."""
        with self.state.lock:
            number = self.state.number_called(phone_number)
            if number is None:
                raise ValueError("that is no number of the account")
            self.state.numbers[number.sid] = dataclasses.replace(
                number, sms_url=sms_url, sms_fallback_url=fallback_url, updated_at=self.clock.now()
            )
            self.state.changed()

    # What the HTTP faces ask for.

    def refusal(self, username: str, password: str, endpoint: Endpoint) -> ApiError | None:
        """Returns why these are not, or may not do this; None if they are the account's or the API key's and may."""
        if not self._authorizes(username, password):
            return ApiError(20003)
        is_key = username == self.settings.api_key_sid
        return ApiError(70051) if is_key and endpoint not in self.state.key_may else None

    def _authorizes(self, username: str, password: str) -> bool:
        known = {
            self.settings.account_sid: self._auth_token,
            self.settings.api_key_sid: self.settings.api_key_secret,
        }
        expected = known.get(username, "")
        return bool(expected) and hmac.compare_digest(expected.encode(), password.encode())

    def hold(self, seconds: float) -> None:
        """Let the calling thread wait, on the fake's clock."""
        over = threading.Event()
        with self.state.lock:
            if self.is_closed:
                return
            self._held.add(over)
        self.clock.call_later(seconds, over.set)
        over.wait()
        with self.state.lock:
            self._held.discard(over)

    def close(self) -> None:
        """Stop all that is scheduled and let go whom `hold` holds; what was recorded stays readable."""
        self.clock.close()
        with self.state.lock:
            self.is_closed = True
            for over in self._held:
                over.set()
