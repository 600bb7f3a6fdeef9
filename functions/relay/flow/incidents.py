"""Incidents: what the provider does to many texts at once is told to people once, and once more when it is over.

An incident is one cause that keeps relays waiting. The open ones are one bookmark of the store, so that every process
knows of each and one of them raises its alarm. No relay depends on them: if the store does not answer, the alarm is
raised all the same.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from relay.core.failures import Failure, FailureClass
from relay.core.foreign import foreign
from relay.core.model import Relay
from relay.errors import MayNotRead, MessengerUnavailable, StoreUnavailable
from relay.flow.budget import Budget
from relay.flow.world import SendingWorld, World

BOOKMARK = "incidents"
# While relays still join this often, a text that the provider accepts does not end an incident: some are accepted,
# others are not, and each end would be followed by another alarm.
JOINING = timedelta(seconds=10)
# After so long without a further relay the sweep asks the provider itself whether it is back.
QUIET = timedelta(minutes=5)
# After so long it is over even where our credentials may not ask.
QUIET_UNASKED = timedelta(hours=1)
# After so long another process raises the alarm of an incident about which none is on record.
UNTOLD = timedelta(seconds=30)
_ASK_SECONDS = 10.0
# How often one change is tried; each failure means that another process has changed the incidents in between.
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Incident:
    """What keeps relays waiting.

    Attributes:
        failure_class, code: the cause. Two relays with the same take part in the same incident.
        words: what happens, for people.
        our_phone: the number that the first relay's text came to.
        opened_at, joined_at: when the first and the latest relay joined.
        relays: how many joined, at least: one that joined while many did may be missing.
        message_id: the first relay's.
        is_told: the alarm was raised. Until then a process may have died that was about to.
    """

    failure_class: str
    code: int | None
    words: str
    our_phone: str
    opened_at: datetime
    joined_at: datetime
    message_id: str
    relays: int = 1
    is_told: bool = False

    @property
    def cause(self) -> str:
        return self.failure_class if self.code is None else f"{self.failure_class} {self.code}"

    @property
    def failure(self) -> Failure:
        known = self.failure_class in FailureClass.__members__.values()
        failure_class = FailureClass(self.failure_class) if known else foreign(FailureClass, self.failure_class)
        return Failure(failure_class, self.words, self.code)

    def is_untold(self, now: datetime) -> bool:
        """Whether the process that was to raise the alarm must have died."""
        return not self.is_told and abs(now - self.opened_at) >= UNTOLD


Incidents = dict[str, Incident]


def read(text: str) -> Incidents:
    """Returns the open incidents in a bookmark, by cause; none where it cannot be read: then they are told anew."""
    try:
        return {incident.cause: incident for incident in map(_incident, json.loads(text))}
    except (ValueError, TypeError, KeyError):
        return {}


def _incident(row: dict[str, Any]) -> Incident:
    one = Incident(**{**row, **{name: datetime.fromisoformat(row[name]) for name in _TIMES}})
    texts = (one.failure_class, one.words, one.our_phone, one.message_id)
    is_sound = all(isinstance(text, str) for text in texts) and isinstance(one.relays, int) and one.failure_class
    if not is_sound or any(getattr(one, name).tzinfo is None for name in _TIMES):
        raise ValueError("not an incident")
    return one


_TIMES = ("opened_at", "joined_at")


def written(incidents: Incidents) -> str:
    """Returns the bookmark of these incidents; "" of none."""
    rows = [asdict(incident) for incident in incidents.values()]
    return json.dumps(rows, default=datetime.isoformat) if rows else ""


def join(world: World, relay: Relay, failure: Failure, budget: Budget) -> None:
    """Let a relay that waits take part in the incident of this cause; the first one raises the alarm."""
    now = world.clock.now()
    cause = (failure.failure_class.value, failure.code, failure.words)
    new = Incident(*cause, relay.recipient_phone, now, now, relay.message_id)

    def with_it(known: Incidents) -> Incidents:
        one = known.get(new.cause)
        joined = new if one is None else replace(one, joined_at=now, relays=one.relays + 1)
        return {**known, new.cause: joined}

    try:
        known = _change(world, with_it, budget)
    except StoreUnavailable:
        known = {}  # told twice is better than not at all
    one = known.get(new.cause)
    if one is None or one.is_untold(now):
        _tell(world, one or new, budget)


def _tell(world: World, incident: Incident, budget: Budget) -> None:
    """Raise the alarm, then put that on record."""
    world.alarms.outage(incident.message_id, incident.failure, incident.opened_at)

    def told(known: Incidents) -> Incidents:
        one = known.get(incident.cause)
        return known if one is None else {**known, one.cause: replace(one, is_told=True)}

    with contextlib.suppress(StoreUnavailable):
        _change(world, told, budget)


def close(world: World, budget: Budget) -> None:
    """End the incidents, and tell people: the provider has a text of a relay that took part."""
    _end(world, budget, lambda incident, now: abs(now - incident.joined_at) >= JOINING)


def look_after(world: SendingWorld, budget: Budget) -> None:
    """Raise alarms that are missing; end what no relay joined for a while, if the provider answers.

    Raises StoreUnavailable.
    """
    now = world.clock.now()
    open_ones = read(world.store.get_bookmark(BOOKMARK, timeout_seconds=budget.store)).values()
    for incident in open_ones:
        if incident.is_untold(now):
            _tell(world, incident, budget)
    quiet = [incident for incident in open_ones if abs(now - incident.joined_at) >= QUIET]
    over = {incident.cause for incident in quiet if _is_back(world, incident, budget)}
    if over:
        _end(world, budget, lambda incident, now: incident.cause in over and abs(now - incident.joined_at) >= QUIET)


def _is_back(world: SendingWorld, incident: Incident, budget: Budget) -> bool:
    """Whether the provider answers us now, as far as can be asked."""
    try:
        provider = world.provider_of(incident.our_phone)
        provider.received_page(incident.our_phone, "", timeout_seconds=budget.at_most(_ASK_SECONDS))
    except MayNotRead:
        # It answers; whether it takes our texts again, where it refused them, that does not say.
        is_refusal = incident.failure_class == FailureClass.SENDER.value
        return not is_refusal or abs(world.clock.now() - incident.joined_at) >= QUIET_UNASKED
    except MessengerUnavailable:
        return False
    return True


def _end(world: World, budget: Budget, is_over: Callable[[Incident, datetime], bool]) -> None:
    now = world.clock.now()

    def without(known: Incidents) -> Incidents:
        return {cause: incident for cause, incident in known.items() if not is_over(incident, now)}

    try:
        known = _change(world, without, budget)
    except StoreUnavailable:
        return  # the sweep ends them
    for incident in known.values():
        if is_over(incident, now):
            world.alarms.outage_over(incident.failure, incident.opened_at, incident.relays)


def _change(world: World, change: Callable[[Incidents], Incidents], budget: Budget) -> Incidents:
    """Change the open incidents. Returns them as they were before. Raises StoreUnavailable."""
    for _ in range(_TRIES):
        text = world.store.get_bookmark(BOOKMARK, timeout_seconds=budget.store)
        before = read(text)
        after = written(change(before))
        if after == text or world.store.swap_bookmark(BOOKMARK, text, after, timeout_seconds=budget.store):
            return before
    raise StoreUnavailable("the incidents kept changing")
