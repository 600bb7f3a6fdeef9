"""A channel to operators that does as scripted."""

from __future__ import annotations

from collections import deque

from relay.operators.alerting.channel import TAKEN, Outcome
from relay.operators.alerting.messages import Message


class ScriptedChannel:
    """The port OperatorChannel. `told` are the messages it took; `tries` all that it was handed."""

    def __init__(self) -> None:
        self._script: deque[Outcome] = deque()
        self.told: list[Message] = []
        self.tries: list[Message] = []

    def script(self, *outcomes: Outcome) -> None:
        """How the next messages go; then it takes all."""
        self._script.extend(outcomes)

    def tell(self, message: Message, *, timeout_seconds: float) -> Outcome:
        self.tries.append(message)
        outcome = self._script.popleft() if self._script else TAKEN
        if not outcome.failed_because:
            self.told.append(message)
        return outcome
