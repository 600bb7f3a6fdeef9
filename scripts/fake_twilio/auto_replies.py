"""Phones that answer by themselves, as one does whose owner drives."""

from collections.abc import Callable

from scripts.fake_twilio.clock import Clock
from scripts.fake_twilio.message import Message
from scripts.fake_twilio.state import AutoReply, State

# An iPhone's while its owner drives.
DRIVING = (
    "I\u2019m driving with Do Not Disturb While Driving turned on. "
    "I\u2019ll see your message when I get where I\u2019m going."
)
USUAL_SECONDS = 2.0


class AutoReplies:
    """Texts back for phones that are set to; `receive(from_, to, body)` takes a text to Twilio."""

    def __init__(
        self, state: State, clock: Clock, receive: Callable[[str, str, str], object], time_scale: float
    ) -> None:
        self._state = state
        self._clock = clock
        self._receive = receive
        self._time_scale = time_scale

    def set(self, number: str, reply: AutoReply | None) -> None:
        """From now on this phone answers each text that it gets, or (None) leaves that to its owner again."""
        with self._state.lock:
            self._state.handset(number).auto_reply = reply
            self._state.changed()

    def text_shown(self, message: Message) -> None:
        """A phone got a text."""
        reply = self._state.handset(message.to).auto_reply
        if reply is not None:
            self._clock.call_later(reply.after_seconds * self._time_scale, lambda: self._reply(message, reply))

    def _reply(self, message: Message, reply: AutoReply) -> None:
        # Its owner may have arrived meanwhile.
        if self._state.handset(message.to).auto_reply is reply:
            self._receive(message.to, message.from_, reply.words)
