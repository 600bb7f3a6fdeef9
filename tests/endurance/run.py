"""One endurance run: texts come in, the relay is killed and started again, and then everything has to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from relay.core.model import FinalStatus, Relay
from relay.ports import RelayStore
from relay.twilio.forms import CONNECTION_OVERRIDES

from scripts.fake_twilio import Exchange, FakeTwilio, InboundText, ListFaults, Server, Settings, StatusDelays
from scripts.fake_twilio import behaviour as b
from tests.endurance.carriers import MIXTURE
from tests.endurance.load import BUSINESS, HANDLERS, Planned
from tests.endurance.victim import Victim

# So many texts may have their webhook under way at once; on a slow machine the load waits for the relay.
_UNDER_WAY_MAX = 40
_STORE_SECONDS = 120.0
_LOOK_SECONDS = 0.5
# A run that has not come to an end by then has lost something. Nothing waits that long when all is well.
SETTLE_SECONDS = 900.0
_DELAYS = StatusDelays(queued_seconds=0.02, sending_seconds=0.03, sent_seconds=0.1)


@dataclass(slots=True)
class Run:
    """What happened, for the judges: Twilio's side, the relay's record, its log, and the counts for the report."""

    fake: FakeTwilio
    planned: Sequence[Planned]
    texts: dict[str, Planned] = field(default_factory=dict)  # by MessageSid
    relays: dict[str, Relay] = field(default_factory=dict)
    answered: Sequence[Exchange] = ()  # what the relay had answered Twilio when its record was read
    stored: int = 0  # relays in the store, whosever they are
    log: str = ""
    kills_of_all: int = 0
    kills_of_worker: int = 0
    tasks: str = ""  # what the server of tasks did, where there is one
    replayed: int = 0
    changed_by_replays: list[str] = field(default_factory=list)
    is_clock_right: bool = True  # the relay's, so that its times and Twilio's may be compared
    troubles: dict[str, int] = field(default_factory=dict)  # of the machine, and how often each
    seconds_of_load: float = 0.0
    seconds_to_settle: float = 0.0


class TwilioSide(AbstractContextManager["TwilioSide"]):
    """The fake Twilio in this process: it outlives every kill and knows what truly happened."""

    def __init__(self, seed: int) -> None:
        self.fake = FakeTwilio(
            # The list is a little behind, as the real one is.
            Settings(
                numbers=BUSINESS,
                seed=f"endurance {seed}",
                delays=_DELAYS,
                lists=ListFaults(inbound_lag_seconds=1.0, outbound_lag_seconds=1.0),
            )
        )
        self._server = Server(self.fake)
        for phone in HANDLERS:
            self.fake.phone(phone).carrier.does(MIXTURE)

    @property
    def base_url(self) -> str:
        return self._server.base_url

    def point_at(self, address: str) -> None:
        """From now on texts are told to the relay at this address, with the overrides that its deployment sets."""
        for number in BUSINESS:
            self.fake.set_sms_url(number, f"{address}/sms/inbound{CONNECTION_OVERRIDES}")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._server.close()


def play(victim: Victim, fake: FakeTwilio, planned: Sequence[Planned], events: Mapping[int, Callable[[], None]]) -> Run:
    """Send the load and kill as planned; `events` happen before the text of that number. At the end the relay is up."""
    run = Run(fake, planned)
    victim.start()
    victim.wait_until_it_answers()
    started = time.monotonic()
    under_way: list[InboundText] = []
    start_again_at: int | None = None
    for number, text in enumerate(planned):
        if number in events:
            events[number]()
        if number == start_again_at:
            victim.start()
            start_again_at = None
        if text.kill and not text.kill_early and start_again_at is None:
            victim.wait_until_it_answers()
        under_way = _wait_for_room(fake, under_way)
        under_way.append(fake.customer_texts(text.sender, text.to, text.body, faults=text.faults))
        run.texts[under_way[-1].sid] = text
        if text.kill:
            if start_again_at is not None:
                victim.start()
                start_again_at = None
                if not text.kill_early:
                    victim.wait_until_it_answers()
            time.sleep(text.kill_after_seconds)
            start_again_at = _kill(victim, text, run, number)
        time.sleep(text.gap_seconds)
    if start_again_at is not None:
        victim.start()
    victim.wait_until_it_answers()
    run.seconds_of_load = time.monotonic() - started
    return run


def _wait_for_room(fake: FakeTwilio, under_way: list[InboundText]) -> list[InboundText]:
    def pending() -> list[InboundText]:
        return [text for text in under_way if text.outcome == "pending"]

    fake.wait_for(lambda: len(pending()) < _UNDER_WAY_MAX, SETTLE_SECONDS)
    return pending()


def _kill(victim: Victim, text: Planned, run: Run, number: int) -> int | None:
    """Kill; with which text to start it again, if it does not start by itself."""
    if text.kill == "worker" and victim.kill_worker():
        run.kills_of_worker += 1
        return None
    victim.kill_all()
    run.kills_of_all += 1
    return min(number + 1 + text.dead_for_texts, len(run.planned))


def outages(planned: Sequence[Planned], fake: FakeTwilio, seconds: float) -> dict[int, Callable[[], None]]:
    """Each kind of outage, one after the other: nothing to connect to, 503, our account refused, all replies lost."""
    kinds = (
        (b.refused_connection(), seconds),
        (b.api_down(503), seconds),
        (b.refuse(20003), seconds),
        (b.reply_lost(), seconds / 2),
    )
    part = len(planned) // (len(kinds) + 1)
    return {
        number * part: partial(fake.begin_outage, kind, lasts) for number, (kind, lasts) in enumerate(kinds, start=1)
    }


def settle(run: Run, store: RelayStore, say: Callable[[str], None]) -> None:
    """Wait until every text has ended, alarms included, and read the whole record. Says what it waits for."""
    started = time.monotonic()
    open_ids = set(run.texts)
    while open_ids and time.monotonic() < started + SETTLE_SECONDS:
        for message_id in list(open_ids):
            stored = store.get(message_id, timeout_seconds=_STORE_SECONDS)
            if stored is not None and has_ended(stored.relay):
                open_ids.discard(message_id)
        if open_ids:
            say(f"{len(open_ids)} texts have not ended yet")
            time.sleep(_LOOK_SECONDS)
    run.seconds_to_settle = time.monotonic() - started


def has_ended(relay: Relay) -> bool:
    return relay.final_status is not FinalStatus.IN_PROGRESS and not relay.alarm_is_due


def read_record(run: Run, store: RelayStore, log: Path) -> None:
    """Everything that the relay has on record, and what it had answered by then.

    Twilio goes on telling: a slow carrier's receipt can come minutes after the end. What came after the record
    was read cannot be in it.
    """
    run.answered = run.fake.exchanges
    for message_id in run.texts:
        stored = store.get(message_id, timeout_seconds=_STORE_SECONDS)
        if stored is not None:
            run.relays[message_id] = stored.relay
    run.log = log.read_text("utf-8")
