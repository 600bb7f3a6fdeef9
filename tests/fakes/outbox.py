"""An outbox that keeps what was put into it."""

from __future__ import annotations

import re

from relay.errors import StoreUnavailable
from relay.operators.alerting.messages import Message


class MemoryOutbox:
    """The port Outbox. `messages` are in the order in which they were put; `is_down` makes `put` raise."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.is_down = False

    def put(self, message: Message, *, timeout_seconds: float) -> None:
        if self.is_down:
            raise StoreUnavailable("down")
        if message.key not in {each.key for each in self.messages}:
            self.messages.append(message)

    def code(self) -> str:
        """The digits of the code that was put last."""
        found = re.match(r"[0-9]{6}\b", self.messages[-1].words)
        assert found is not None
        return found[0]
