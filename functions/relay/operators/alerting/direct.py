"""Direct tells operators what cannot be kept until it is told: that the store itself is out of order.

Best effort, in a thread of its own: what is in trouble waits for nothing. One process tells each cause once an hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from relay.log.throttle import Throttle
from relay.operators.alerting.channel import OperatorChannel
from relay.operators.alerting.messages import ChannelKind, Message, Recipients, messages_to
from relay.operators.alerting.telling import CHANNEL_SECONDS, in_time
from relay.operators.alerting.wording import Alarm
from relay.ports import Clock, Journal

_AGAIN_AFTER_SECONDS = 3600.0
# How long is waited after the first, second, … try that some channel did not take.
WAITS = (5, 20, 60, 180, 600, 1800)
_TOLD_UNTIL = timedelta(hours=24)


class Direct:
    """Tells by channels alone, without the store. Threads may share it."""

    def __init__(
        self,
        channels: Callable[[], Mapping[ChannelKind, OperatorChannel]],
        recipients: Recipients,
        clock: Clock,
        journal: Journal,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._channels = channels
        self._recipients = recipients
        self._clock = clock
        self._journal = journal
        self._sleep = sleep
        self._throttle = Throttle(_AGAIN_AFTER_SECONDS)

    def tell(self, alarm: Alarm) -> bool:
        """Have this told beside the caller, who waits for nothing. Returns whether it is: not if it was lately."""
        if self._throttle.held_back(alarm.cause, self._clock.monotonic()) is not None:
            threading.Thread(target=self._tell, args=(alarm,), name="relay-direct", daemon=True).start()
            return True
        return False

    def _tell(self, alarm: Alarm) -> None:
        waiting = self._messages(alarm)
        for seconds in (*WAITS, 0):
            waiting = [message for message in waiting if not self._is_told(message)]
            if not waiting or not seconds:
                break
            self._sleep(seconds)
        for message in waiting:
            self._journal.note("ERROR", "an operator was not told", channel=message.channel.value, about=alarm.cause)

    def _messages(self, alarm: Alarm) -> list[Message]:
        words, now = f"{alarm.headline} {alarm.advice}".strip(), self._clock.now()
        about = ("direct.", alarm.cause, f"{now:%Y%m%d%H}")
        return messages_to(self._recipients, alarm.by, about, alarm.headline, words, now + _TOLD_UNTIL)

    def _is_told(self, message: Message) -> bool:
        channel = self._channels().get(message.channel)
        if channel is None:
            return True  # there is no way
        outcome = in_time(lambda: channel.tell(message, timeout_seconds=CHANNEL_SECONDS), CHANNEL_SECONDS)
        if outcome.failed_because:
            labels = {"channel": message.channel.value, "reason": outcome.failed_because}
            self._journal.note("WARNING", "an operator could not be told directly", **labels)
        return not outcome.failed_because or outcome.is_for_good
