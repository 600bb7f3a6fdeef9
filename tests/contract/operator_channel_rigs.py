"""The channels to operators that the contract runs over, each with its other side."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from relay.operators.alerting.channel import OperatorChannel, Outcome
from relay.operators.alerting.messages import ChannelKind
from relay.operators.alerting.text_channel import TextChannel
from relay.operators.alerting.webhook_channel import WebhookChannel
from relay.twilio.messenger import TwilioMessenger

from scripts.fake_twilio import FakeTwilio, Server
from tests.fakes import FakeClock
from tests.fakes.operator_channel import ScriptedChannel
from tests.operators.alerting.mail import mail_server
from tests.operators.alerting.receivers import raw_server, silent, webhook_receiver

OURS, ANA = "+15550001000", "+15550002001"


class ChannelRig(Protocol):
    """A channel, and the other side of it."""

    kind: ChannelKind
    to: str

    @property
    def channel(self) -> OperatorChannel: ...

    def told(self) -> list[str]:
        """What came to the operator, as one text each."""
        ...

    def refuse(self) -> None:
        """From now on the other side takes nothing, and says so."""
        ...

    def away(self) -> AbstractContextManager[tuple[OperatorChannel, str]]:
        """A channel to where nothing listens, and the address."""
        ...

    def mute(self) -> AbstractContextManager[tuple[OperatorChannel, str]]:
        """A channel to a server that takes everything and answers nothing, and the address."""
        ...


class DoubleRig:
    """The double of tests."""

    kind, to = ChannelKind.EMAIL, "ana@example.com"

    def __init__(self) -> None:
        self.channel = ScriptedChannel()

    def told(self) -> list[str]:
        return [f"{each.subject}\n{each.words}\n{each.link}" for each in self.channel.told]

    def refuse(self) -> None:
        self.channel.script(*(Outcome("it answers 500"),) * 10)

    @contextlib.contextmanager
    def away(self) -> Iterator[tuple[OperatorChannel, str]]:
        self.channel.script(*(Outcome("no answer"),) * 2)
        yield self.channel, self.to

    mute = away


class EmailRig:
    """E-mail through a real server."""

    kind, to = ChannelKind.EMAIL, "ana@example.com"

    def __init__(self, folder: Path) -> None:
        self._stack = contextlib.ExitStack()
        self._mail = self._stack.enter_context(mail_server(folder, FakeClock()))
        self.channel = self._mail.channel()
        self.close = self._stack.close

    def told(self) -> list[str]:
        taken = [message for _, _, message in self._mail.mailbox.taken]
        return [f"{each['Subject']}\n{each.get_content()}" for each in taken]

    def refuse(self) -> None:
        self._mail.mailbox.data = "554 refused: ana@example.com may not have it"

    @contextlib.contextmanager
    def away(self) -> Iterator[tuple[OperatorChannel, str]]:
        yield self._mail.channel(port=1), self.to

    @contextlib.contextmanager
    def mute(self) -> Iterator[tuple[OperatorChannel, str]]:
        with raw_server(silent) as port:
            yield self._mail.channel(port=port), self.to


class WebhookRig:
    """A POST to a real receiver."""

    kind = ChannelKind.WEBHOOK

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._receiver = self._stack.enter_context(webhook_receiver())
        self.to = self._receiver.url
        self.channel = WebhookChannel("made up", FakeClock())
        self.close = self._stack.close

    def told(self) -> list[str]:
        return [json.loads(body)["text"] for _, body in self._receiver.posts]

    def refuse(self) -> None:
        self._receiver.status = 500

    @contextlib.contextmanager
    def away(self) -> Iterator[tuple[OperatorChannel, str]]:
        yield self.channel, "http://127.0.0.1:1/hook?token=s3cret"

    @contextlib.contextmanager
    def mute(self) -> Iterator[tuple[OperatorChannel, str]]:
        with raw_server(silent) as port:
            yield self.channel, f"http://127.0.0.1:{port}/hook?token=s3cret"


class TextRig:
    """A text through the fake provider."""

    kind, to = ChannelKind.TEXT, ANA

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._fake = FakeTwilio()
        self._server = self._stack.enter_context(Server(self._fake))
        self.channel = self._channel(self._server.base_url)
        self.close = self._stack.close

    def _channel(self, base_url: str) -> TextChannel:
        settings = self._fake.settings
        messenger = TwilioMessenger(
            account_sid=settings.account_sid,
            auth_token=settings.auth_token,
            base_url=base_url,
            callback_base_url="https://relay.example.com",
        )
        return TextChannel(lambda _: messenger, (OURS,), FakeClock())

    def told(self) -> list[str]:
        return [each.body for each in self._fake.messages if each.to == ANA]

    def refuse(self) -> None:
        self._fake.phone(ANA).carrier.refuse(21211, times=100)

    @contextlib.contextmanager
    def away(self) -> Iterator[tuple[OperatorChannel, str]]:
        yield self._channel("http://127.0.0.1:1"), self.to

    @contextlib.contextmanager
    def mute(self) -> Iterator[tuple[OperatorChannel, str]]:
        with raw_server(silent) as port:
            yield self._channel(f"http://127.0.0.1:{port}"), self.to


CHANNELS: dict[str, Callable[[Path], ChannelRig]] = {
    "double": lambda _: DoubleRig(),
    "email": lambda folder: EmailRig(folder),
    "webhook": lambda _: WebhookRig(),
    "text": lambda _: TextRig(),
}
