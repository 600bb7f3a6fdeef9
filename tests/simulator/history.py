"""What happened in a run, as the judges need it. Written by the simulated ports, read by the invariants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from relay.core.model import InboundText, Relay
from relay.core.threads.model import ThreadRecord
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.record.kinds import Key

from tests.simulator.kernel import Task
from tests.simulator.revisions import Written

# When every run begins: the virtual clock's zero.
BEGINNING = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def time_of(seconds: float) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)


def seconds_of(time: datetime) -> float:
    return (time - BEGINNING).total_seconds()


@dataclass(slots=True)
class Post:
    """One POST to Twilio's Messages, from the moment the core called for it."""

    at: float
    message_id: str
    attempt: int
    to: str
    sid: str = ""  # set when Twilio processed it
    was_refused: bool = False  # the answer said so, or no connection came about
    told_at: float | None = None  # when the relay was told by its answer that Twilio has it
    refused: bool = False  # by an answer that says that it certainly was not


@dataclass(slots=True)
class Text:
    """One text that reached Twilio, and the configuration that was in force."""

    text: InboundText
    at: float
    intake: Intake
    listed: float = 0.0  # when Twilio's list shows it


@dataclass(slots=True)
class Receipt:
    """One status callback that the relay answered 204."""

    at: float
    message_id: str
    attempt: int
    status: str
    sid: str


@dataclass(frozen=True, slots=True)
class Marked:
    """What an operator asked of a relay and was told is so: that it was seen to, or that it was not."""

    message_id: str
    is_handled: bool
    since: float
    until: float = 0.0


@dataclass(slots=True)
class History:
    """Everything a judge may ask for."""

    texts: dict[str, Text] = field(default_factory=dict)
    commits: dict[str, list[tuple[float, Relay]]] = field(default_factory=dict)
    creates: dict[str, int] = field(default_factory=dict)
    records: dict[Key, list[tuple[float, ThreadRecord]]] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    webhooks: dict[str, float] = field(default_factory=dict)  # when each text's webhook was first answered 200
    tries: dict[str, list[float]] = field(default_factory=dict)  # when each try of a text's webhook began
    alarms: dict[str, list[float]] = field(default_factory=dict)
    written: dict[str, list[Written]] = field(default_factory=dict)  # where two revisions share the store
    set_aside: set[str] = field(default_factory=set)  # relays that cannot go on, of which an alarm told
    left: set[str] = field(default_factory=set)  # records of a later version, of which an alarm told
    not_taken: dict[str, str] = field(default_factory=dict)
    recorded: list[Callable[[SendingWorld, Intake], object]] = field(default_factory=list)
    marked: list[Marked] = field(default_factory=list)
    callbacks: list[Callable[[SendingWorld, Intake], object]] = field(default_factory=list)
    # The texts of ours that Twilio's list skipped when a task last read it; and of each commit, by its relay and place,
    # those that were skipped for the task that made it: what it decided by that answer it could not know better.
    skipped: dict[Task | None, frozenset[str]] = field(default_factory=dict)
    skipped_before: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def violated(self, invariant: str, words: str) -> None:
        self.violations.append(f"{invariant}: {words}")
