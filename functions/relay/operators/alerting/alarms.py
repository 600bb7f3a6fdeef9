"""TellingAlarms implements Alarms: it logs as LogAlarms does, and has operators told by their channels.

What raises an alarm waits for one short write at most. Where that fails, it is tried again in the background, and what
raised the alarm goes on.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from relay.core.failures import Failure, FailureClass
from relay.core.model import Purpose, Relay, Step, TrailEntry
from relay.errors import RelayError
from relay.log import LogAlarms
from relay.operators.alerting import wording
from relay.operators.alerting.direct import Direct
from relay.operators.alerting.folding import Folding
from relay.operators.alerting.later import Later
from relay.operators.alerting.wording import Alarm
from relay.ports import Clock, Journal

# How long the write may take that is waited for: a webhook has 4.3 s in all.
_WRITE_SECONDS = 0.8
_LATER_SECONDS = 5.0
# Why a webhook is refused that has no signature and does not name our account: a scanner's, which come every day.
_A_STRANGERS = "no_signature"
# How many occurrences one process remembers, so that what is met again and again costs nothing.
_REMEMBERED_MAX = 2000


class TellingAlarms:
    """The port Alarms: lines of the log, and messages to operators. Threads may share it."""

    def __init__(
        self,
        log: LogAlarms,
        folding: Callable[[], Folding],
        direct: Direct | None,
        clock: Clock,
        journal: Journal,
        *,
        shows_words: bool = False,
        tells_of_strangers: bool = False,
    ) -> None:
        """
        Args:
            folding: made when the first alarm is raised, for its store may need these alarms itself.
            direct: None where the store is not this machine's own.
            shows_words: alarms name the customer's whole number and quote the text.
            tells_of_strangers: what a stranger's request brings about is told too, where a store costs it nothing.
        """
        self._log = log
        self._folding = folding
        self._direct = direct
        self._clock = clock
        self._journal = journal
        self._shows_words = shows_words
        self._tells_of_strangers = tells_of_strangers
        self._later = Later(self._given_up)
        self._lock = threading.Lock()
        self._remembered: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._store_failed = False

    def exhausted(self, relay: Relay) -> None:
        self._log.exhausted(relay)
        self._tell(lambda: wording.exhausted(relay, shows_words=self._shows_words))

    def not_forwarded(self, relay: Relay) -> None:
        self._log.not_forwarded(relay)
        self._tell(lambda: wording.not_forwarded(relay, shows_words=self._shows_words))

    def answer_lost(self, relay: Relay) -> None:
        self._log.answer_lost(relay)
        self._tell(lambda: wording.answer_lost(relay))

    def codes_used_up(self) -> None:
        self._log.codes_used_up()
        self._tell(lambda: wording.codes_used_up(self._clock.now()))

    def outage(self, message_id: str, failure: Failure, since: datetime) -> None:
        self._log.outage(message_id, failure, since)
        self._tell(lambda: wording.outage(message_id, failure, since))

    def outage_over(self, failure: Failure, since: datetime, relays: int) -> None:
        self._log.outage_over(failure, since, relays)
        self._tell(lambda: wording.outage_over(failure, since, relays))

    def database_lost(self, reason: str) -> None:
        self._log.database_lost(reason)
        self._tell_directly(reason, "")

    def store_fails(self, reason: str, advice: str) -> None:
        self._log.store_fails(reason, advice)
        self._tell_directly(reason, advice)

    def store_works_again(self) -> None:
        self._log.store_works_again()
        if self._store_failed and self._direct is not None:
            self._store_failed = False
            self._direct.tell(wording.store_works_again())

    def clock_set(self, seconds: float, moved: int) -> None:
        self._log.clock_set(seconds, moved)
        self._tell(lambda: wording.clock_set(seconds, moved, self._clock.now()))

    def left_to_newer(self, message_id: str, word: object) -> None:
        self._log.left_to_newer(message_id, word)
        # In the background: the store raises it while it reads.
        self._tell(lambda: wording.left_to_newer(message_id), is_reading=True)

    def set_aside(self, message_id: str, because: str) -> None:
        self._log.set_aside(message_id, because)
        self._tell(lambda: wording.set_aside(message_id, because), is_reading=True)

    def not_taken_in(self, message_id: str, because: str) -> None:
        self._log.not_taken_in(message_id, because)
        self._tell(lambda: wording.not_taken_in(message_id, because))

    def webhook_refused(self, reason: str, path: str, url: str, hint: str, untold: int) -> None:
        self._log.webhook_refused(reason, path, url, hint, untold)
        if self._tells_of_strangers and reason != _A_STRANGERS:
            self._tell(lambda: wording.webhook_refused(reason, hint, self._clock.now()), is_reading=True)

    def net_cut(self, net: str, since: datetime) -> None:
        """One of the nets has caught nothing since then, or the disk is nearly full (nets.py)."""
        if net != wording.DISK:  # of the disk its job says a line an hour
            self._journal.note("ERROR", "a net is cut", net=net, since=since.isoformat())
        self._tell(lambda: wording.net_cut(net, since))

    def net_mended(self, net: str, since: datetime) -> None:
        """That net catches again, or the disk has room."""
        if net != wording.DISK:
            self._journal.note("NOTICE", "a net catches again", net=net, since=since.isoformat())
        self._tell(lambda: wording.net_mended(net, since))

    def heard(self, name: str, relay: Relay, entry: TrailEntry) -> None:
        """Tell what the journal wrote a line of its own of (`name`), for a person to act on."""
        self._tell(lambda: _of_a_line(name, relay, entry))

    def _tell(self, word: Callable[[], Alarm | None], *, is_reading: bool = False) -> None:
        try:
            alarm = word()
            if alarm is not None and self._remember(alarm):
                self._keep(alarm, is_reading=is_reading)
        except Exception as error:
            self._given_up(error)

    def _keep(self, alarm: Alarm, *, is_reading: bool) -> None:
        """Store it now; in the background while the store reads, and where it is out of order."""
        if not is_reading:
            try:
                self._folding().note(alarm, timeout_seconds=_WRITE_SECONDS)
                return
            except RelayError:
                pass
        self._later.do(lambda: self._folding().note(alarm, timeout_seconds=_LATER_SECONDS))

    def _remember(self, alarm: Alarm) -> bool:
        """Returns whether this process has not raised it before."""
        key = (alarm.cause, alarm.occurrence)
        with self._lock:
            if key in self._remembered:
                return False
            self._remembered[key] = None
            while len(self._remembered) > _REMEMBERED_MAX:
                self._remembered.popitem(last=False)
            return True

    def _tell_directly(self, reason: str, advice: str) -> None:
        if self._direct is not None and self._direct.tell(wording.store_fails(reason, advice)):
            self._store_failed = True

    def _given_up(self, error: Exception) -> None:
        self._journal.note("ERROR", "an alarm could not be kept for operators", error=type(error).__name__)


def _of_a_line(name: str, relay: Relay, entry: TrailEntry) -> Alarm | None:
    about = relay.message_id
    if name == "handler_opted_out":
        return wording.handler_opted_out(_handler(relay, entry), about)
    if entry.step is not Step.ATTEMPT_FAILED:
        return None  # an outage is told as one incident
    failure_class = next((each for each in FailureClass if each.value == entry.status), None)
    return wording.refused_us(failure_class, entry.reason or "", about) if failure_class is not None else None


def _handler(relay: Relay, entry: TrailEntry) -> str:
    if entry.step is not Step.ATTEMPT_FAILED:
        return f"The handler with {wording.ending(relay.sender_phone)}"
    if relay.purpose is not Purpose.FORWARD or not entry.tier:
        return "A handler"
    return wording.handler(relay, entry.tier)
