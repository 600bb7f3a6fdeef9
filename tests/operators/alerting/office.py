"""Where operators are told in tests: records, channels that do as scripted, and a clock that the test moves."""

from __future__ import annotations

import io
import json
import threading
from datetime import timedelta

from relay.log import JsonJournal, LogAlarms
from relay.operators.alerting.alarms import TellingAlarms
from relay.operators.alerting.direct import Direct
from relay.operators.alerting.folding import Folding
from relay.operators.alerting.messages import ChannelKind, Message
from relay.operators.alerting.outbox import RecordsOutbox
from relay.operators.alerting.telling import Telling
from relay.operators.alerting.wording import EVERY_CHANNEL, Alarm

from tests.fakes import FakeClock, MemoryJournal, MemoryOperatorRecords
from tests.fakes.operator_channel import ScriptedChannel

ANA, ANAS_MAIL, HOOK = "+15550002001", "ana@example.com", "https://hooks.example.com/alarms"
RECIPIENTS = {ChannelKind.TEXT: (ANA,), ChannelKind.EMAIL: (ANAS_MAIL,), ChannelKind.WEBHOOK: (HOOK,)}
CONSOLE = "https://relay.example.com"
# The threads of Later and Direct: each ends when there is nothing left for it to do.
_BACKGROUND = ("relay-alarms", "relay-direct")
_PATIENCE_SECONDS = 120.0


class AlarmDesk:
    """Everything that tells, in one place."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.journal = MemoryJournal()
        self.records = MemoryOperatorRecords(self.clock)
        self.channels = {kind: ScriptedChannel() for kind in ChannelKind}
        self.pokes = 0
        self.seen_to: set[str] = set()
        self.folding = Folding(self.records, self.clock, RECIPIENTS, CONSOLE, self._poke, self._waits)
        self.outbox = RecordsOutbox(self.records, self.clock, self._poke)
        self.telling = self.another_process()

    def another_process(self) -> Telling:
        return Telling(self.records, self.channels, self.folding, self.clock, self.journal)

    def _waits(self, relay_id: str) -> bool:
        return relay_id not in self.seen_to

    def _poke(self) -> None:
        self.pokes += 1

    @property
    def text(self) -> ScriptedChannel:
        return self.channels[ChannelKind.TEXT]

    @property
    def email(self) -> ScriptedChannel:
        return self.channels[ChannelKind.EMAIL]

    @property
    def webhook(self) -> ScriptedChannel:
        return self.channels[ChannelKind.WEBHOOK]

    def told(self) -> list[Message]:
        return [message for channel in self.channels.values() for message in channel.told]

    def run_in(self, seconds: float) -> None:
        """Let time pass, and tell what is due then."""
        self.clock.advance(seconds)
        self.telling.run()

    def run_for(self, minutes: int) -> None:
        """Tell what is due each minute, as the clock of each home does."""
        for _ in range(minutes):
            self.run_in(60)

    def raise_alarm(
        self, occurrence: str, cause: str = "exhausted", by: frozenset[ChannelKind] = EVERY_CHANNEL
    ) -> None:
        words = (f"Headline {occurrence}.", "Call the customer.", "{count} texts reached no handler")
        alarm = Alarm(cause, occurrence, *words, relay_id=occurrence, until_seen_to=True, by=by)
        self.folding.note(alarm, timeout_seconds=1)

    def code(self, key: str = "code.1", channel: ChannelKind = ChannelKind.TEXT) -> Message:
        to = RECIPIENTS[channel][0]
        until = self.clock.now() + timedelta(minutes=10)
        return Message(key, channel, to, "" if channel is ChannelKind.TEXT else "Your code", "123456", "", until)


class Raised(AlarmDesk):
    """A desk with the alarms of one process."""

    def __init__(self, *, shows_words: bool = False, is_embedded: bool = True) -> None:
        super().__init__()
        self.log = io.StringIO()
        json_journal = JsonJournal(self.log)
        self.slept: list[float] = []
        direct = Direct(lambda: self.channels, RECIPIENTS, self.clock, self.journal, self.slept.append)
        self.alarms = TellingAlarms(
            LogAlarms(json_journal),
            lambda: self.folding,
            direct if is_embedded else None,
            self.clock,
            self.journal,
            shows_words=shows_words,
            tells_of_strangers=is_embedded,
        )
        json_journal.on_alarm = self.alarms.heard
        self.json_journal = json_journal

    def lines(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.log.getvalue().splitlines()]

    def settle(self) -> None:
        """Wait until what goes on in the background is done."""
        for thread in threading.enumerate():
            if thread.name in _BACKGROUND:
                thread.join(_PATIENCE_SECONDS)
                assert not thread.is_alive(), thread.name

    def told_now(self) -> dict[ChannelKind, str]:
        """Returns what each channel told, once what goes on in the background is done."""
        self.settle()
        self.run_in(0.001)
        return {message.channel: message.words for message in self.told()}
