"""The implementations that the messenger's contract runs over, with what a test does to Twilio and its carriers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from relay.core.model import InboundText
from relay.ports import Ambiguous, Messenger, OutgoingText, ReceivedMessage
from relay.twilio.messenger import TwilioMessenger

from scripts.fake_twilio import PICTURES, FakeTwilio, ManualClock, Server, behaviour, picture
from tests.fakes import FakeClock, ScriptedMessenger
from tests.twilio_words import BASE_URL, refusal

OURS = "+15550001000"
HANDLER = "+15550002001"


class MessengerRig(Protocol):
    """A messenger, and Twilio's side of it. What is arranged for a send holds for the next one alone."""

    @property
    def messenger(self) -> Messenger: ...

    def now(self) -> datetime:
        """Twilio's clock."""
        ...

    def pass_time(self, seconds: float) -> None: ...

    def refuse_next(self, code: int) -> None:
        """Twilio refuses the text with this code."""
        ...

    def lose_next_reply(self, text: OutgoingText) -> None:
        """Twilio takes the text (this one), and its answer never arrives."""
        ...

    def lose_next_request(self) -> None:
        """The connection breaks before Twilio has taken anything."""
        ...

    def end_as(self, message_sid: str, status: str, code: int | None) -> None:
        """The carrier decides about a text, which must have been sent after `prepare_end`."""
        ...

    def prepare_end(self, status: str, code: int | None) -> None:
        """The next text will end like this, once `end_as` says so."""
        ...

    def redact(self, message_sid: str) -> None:
        """From now on the text is shown without its words."""
        ...

    def receive(self, text: InboundText) -> str:
        """Somebody texts us; the id Twilio gives it, which need not be the text's own."""
        ...

    def unreachable(self) -> AbstractContextManager[None]:
        """While entered, look-ups are not answered."""
        ...


class ScriptedRig:
    """The double."""

    def __init__(self) -> None:
        self._clock = FakeClock()
        self.messenger = ScriptedMessenger(self._clock, taken_as="queued")
        self.now = self._clock.now
        self.pass_time = self._clock.advance

    def refuse_next(self, code: int) -> None:
        self.messenger.script(refusal(code))

    def lose_next_reply(self, text: OutgoingText) -> None:
        self.messenger.take(text)
        self.lose_next_request()

    def lose_next_request(self) -> None:
        self.messenger.script(Ambiguous("made up"))

    def prepare_end(self, status: str, code: int | None) -> None:
        """Nothing: the end itself says it all."""

    def end_as(self, message_sid: str, status: str, code: int | None) -> None:
        self.messenger.set_status(message_sid, status, code)

    def redact(self, message_sid: str) -> None:
        self.messenger.messages[message_sid] = replace(self.messenger.messages[message_sid], body="")

    def receive(self, text: InboundText) -> str:
        self.messenger.received.append(ReceivedMessage(text, self.now()))
        return text.message_id

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        self.messenger.is_down = True
        yield
        self.messenger.is_down = False


class TwilioRig:
    """The real adapter over HTTP, with the fake Twilio on a clock that the test moves."""

    def __init__(self, fake: FakeTwilio, clock: ManualClock, base_url: str) -> None:
        self._fake = fake
        self._clock = clock
        settings = fake.settings
        self.messenger = TwilioMessenger(
            account_sid=settings.account_sid,
            auth_token=settings.auth_token,
            base_url=base_url,
            callback_base_url=BASE_URL,
        )
        self.pass_time = clock.advance

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def refuse_next(self, code: int) -> None:
        self._fake.phone(HANDLER).carrier.refuse(code, times=1)

    def lose_next_reply(self, text: OutgoingText) -> None:
        self._fake.phone(HANDLER).carrier.lose_reply(times=1)

    def lose_next_request(self) -> None:
        self._fake.phone(HANDLER).carrier.reset(times=1)

    def prepare_end(self, status: str, code: int | None) -> None:
        carrier = self._fake.phone(HANDLER).carrier
        if status == "delivered":
            carrier.deliver(times=1)
        elif code is None:
            carrier.stay_silent(times=1)
        else:
            carrier.undelivered(code, times=1)

    def end_as(self, message_sid: str, status: str, code: int | None) -> None:
        self.pass_time(60)

    def redact(self, message_sid: str) -> None:
        self._fake.show(message_sid, {"body": ""})

    def receive(self, text: InboundText) -> str:
        files = [picture(PICTURES[0])] * text.media_count
        return self._fake.customer_texts(text.sender_phone, text.recipient_phone, text.body, files).sid

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        self._fake.begin_outage(behaviour.api_down())
        yield
        self._fake.end_outage()


@contextlib.contextmanager
def scripted() -> Iterator[MessengerRig]:
    yield ScriptedRig()


@contextlib.contextmanager
def twilio() -> Iterator[MessengerRig]:
    clock = ManualClock()
    fake = FakeTwilio(clock=clock)
    with Server(fake) as server:
        yield TwilioRig(fake, clock, server.base_url)


def simulated() -> AbstractContextManager[MessengerRig]:
    # Only here: the simulator's rigs are made of the classes of this folder.
    from tests.simulator import rigs

    return rigs.simulated_messenger()


MESSENGERS: dict[str, Callable[[], AbstractContextManager[MessengerRig]]] = {
    "double": scripted,
    "twilio": twilio,
    "simulated": simulated,
}
