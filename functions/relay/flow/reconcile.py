"""Reconcile compares the store with Twilio's own message list, every five minutes and in both directions.

A text that Twilio took and whose webhook never arrived is relayed after all. An attempt for which no callback brought a
final status is looked up. Everything is safe to repeat: a text is known by its MessageSid, a status only climbs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from relay.core.model import RETENTION, FinalStatus
from relay.errors import MessengerUnavailable, NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.flow import conductor, intake, lookup
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.intake import Intake
from relay.flow.world import SendingWorld
from relay.ports import ReceivedMessage, Search, Stored

RUN_SECONDS = 120.0
# How long reading Twilio's list may take. The list is read whole or not at all (then the run ends and the watermark
# stays), so after an outage of hours there must be time for all that came in since.
LIST_SECONDS = 60.0
# How many texts are relayed, and how many relays asked about, at most in one run.
RUN_LIMIT = 500

# The store's name for the time up to which Twilio's list was compared.
WATERMARK = "reconcile"

# How far our clock may be ahead of Twilio's: the watermark is set at least this far behind our own time, so that a text
# that Twilio dates earlier than we expect is still listed by the next run.
CLOCK_TOLERANCE = timedelta(minutes=5)
# How far before the watermark a run begins to read, because Twilio's list may be behind. The first run has no watermark
# and begins this far before itself: earlier texts came in before this relay was set up and are not its business.
OVERLAP = timedelta(minutes=5)
# A text younger than this is left to the next run, because its webhook may still be under way: Twilio spends up to 15 s
# on it, and as much on a fallback URL.
WEBHOOK_UNDER_WAY = timedelta(seconds=30)

# Relays that were exhausted within this time are looked up in every run; older ones by the sweep, at their `due_at`.
_ENDED_LOOK_BACK = timedelta(hours=2)
_PAGE = 100
# How many texts of Twilio's list are looked for in the store at once. Not all: a send takes seconds, and the webhooks
# of the texts after it may come meanwhile.
_COMPARED_AT_ONCE = 300
_BY = "reconcile"


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What one run did.

    Attributes:
        recovered: texts whose webhook never arrived, made durable and relayed (or recorded, if not a customer's).
        adopted: attempts of unknown outcome that Twilio turned out to have.
        declared_not_sent: attempts of unknown outcome that Twilio never had.
        taken_over: statuses that no callback had brought.
        failed: texts and relays that could not be worked on; they come up again in the next run.
        more: a limit was reached, and the rest waits for the next run.
        twilio_answered, store_answered: False when Twilio or the store did not answer, which ended the run. The next
            run begins where this one did, so nothing is missed; it is logged as a WARNING, and the job fails, so that
            operators learn of it if it lasts.
    """

    recovered: int = 0
    adopted: int = 0
    declared_not_sent: int = 0
    taken_over: int = 0
    failed: int = 0
    more: bool = False
    twilio_answered: bool = True
    store_answered: bool = True

    @property
    def was_held_up(self) -> bool:
        return not (self.twilio_answered and self.store_answered)


def reconcile(world: SendingWorld, intake: Intake, limit: int = RUN_LIMIT) -> ReconcileReport:
    """Compare once, for at most RUN_SECONDS and `limit` texts and relays. Returns what was done.

    Raises StoreUnavailable when the watermark could not be read; nothing was done then.
    """
    run = Run(world, intake, Budget(world.clock, RUN_SECONDS, TASK_LIMITS), limit)
    watermark = world.store.get_watermark(WATERMARK, timeout_seconds=run.budget.store)
    try:
        run.take_in(watermark)
        run.ask_about_relays()
    except MessengerUnavailable:
        run.twilio_answered = False
    except StoreUnavailable:
        run.store_answered = False
    report = run.report()
    repaired = report.recovered + report.adopted + report.declared_not_sent + report.taken_over
    trouble = repaired or report.failed or report.was_held_up
    labels = {field.name: getattr(report, field.name) for field in fields(report)}
    world.journal.note("WARNING" if trouble else "INFO", "reconcile", **labels)
    return report


class Run:
    """One run's work and its counts."""

    def __init__(self, world: SendingWorld, intake: Intake, budget: Budget, limit: int) -> None:
        self.budget = budget
        self.failed = 0
        self.twilio_answered = True
        self.store_answered = True
        self._world = world
        self._intake = intake
        self._limit = limit
        self._recovered = 0
        self._adopted = 0
        self._declared_not_sent = 0
        self._taken_over = 0
        self._more = False
        self._silence = lookup.Silence()

    def report(self) -> ReconcileReport:
        return ReconcileReport(
            self._recovered,
            self._adopted,
            self._declared_not_sent,
            self._taken_over,
            self.failed,
            self._more,
            self.twilio_answered,
            self.store_answered,
        )

    def take_in(self, watermark: datetime | None) -> None:
        """Relay every text of Twilio's list that the store does not know, and move the watermark past what is done.

        Raises MessengerUnavailable and StoreUnavailable; the watermark then stays where it was.
        """
        now = self._world.clock.now()
        done_until = max(watermark or now, now - CLOCK_TOLERANCE)
        listed = self._received(max((watermark or now) - OVERLAP, now - RETENTION))
        done = self._take_in_missing([each for each in listed if each.received_at <= now - WEBHOOK_UNDER_WAY])
        if done < len(listed):
            done_until = min(done_until, listed[done].received_at)
        if watermark is None or done_until > watermark:
            # Never back, or the next run would look further back than the first.
            done_until = max(done_until, watermark or now)
            self._world.store.set_watermark(WATERMARK, done_until, timeout_seconds=self.budget.store)

    def _received(self, since: datetime) -> list[ReceivedMessage]:
        """Returns Twilio's list for all of our numbers, the oldest first."""
        listed = [
            received
            for phone in self._intake.business_phones
            for received in self._world.provider_of(phone).received_at(
                phone, since, timeout_seconds=self.budget.at_most(LIST_SECONDS)
            )
            if self._is_whole(received)
        ]
        return sorted(listed, key=lambda received: (received.received_at, received.text.message_id))

    def _is_whole(self, received: ReceivedMessage) -> bool:
        if received.lacks:
            labels = {"relay": received.text.message_id, "lacks": received.lacks}
            self._world.journal.note("WARNING", "a text in the provider's list is not whole", **labels)
        return not received.lacks

    def _take_in_missing(self, listed: Sequence[ReceivedMessage]) -> int:
        """Relay those that the store does not know, the oldest first. Returns how many of the list are done."""
        for start in range(0, len(listed), _COMPARED_AT_ONCE):
            some = listed[start : start + _COMPARED_AT_ONCE]
            message_ids = [received.text.message_id for received in some]
            missing = self._world.store.missing(message_ids, timeout_seconds=self.budget.store)
            for number, received in enumerate(some, start):
                if self._is_over():
                    return number
                if received.text.message_id in missing:
                    self._take_in_one(received)
        return len(listed)

    def _take_in_one(self, received: ReceivedMessage) -> None:
        text = received.text
        try:
            # Its webhook may have come in meanwhile: then the relay exists, and only what is pending is done.
            self._recovered += intake.accept(
                self._world, self._intake, text, self.budget, recovered_by=_BY, received_at=received.received_at
            )
        except NewerRecord:
            return  # it is stored, and a newer revision works on it
        except StoreUnavailable:
            raise
        except Exception as error:
            # One text that cannot be worked on must not stop this run before the later ones.
            self.failed += 1
            reason = type(error).__name__
            self._world.journal.note("ERROR", "a text could not be recovered", relay=text.message_id, reason=reason)

    def _is_over(self) -> bool:
        """Whether this run has done enough. Time is kept for the send of the text at hand."""
        if self._recovered < self._limit and self.budget.has_time_to_send:
            return False
        self._more = True
        return True

    def ask_about_relays(self) -> None:
        """Ask Twilio about the open attempts of relays under way, and of those that ended without a delivery.

        Raises MessengerUnavailable and StoreUnavailable.
        """
        recent = self._world.clock.now() - _ENDED_LOOK_BACK
        asked = 0
        for search in (
            Search(FinalStatus.IN_PROGRESS, limit=_PAGE),
            Search(FinalStatus.EXHAUSTED, since=recent, limit=_PAGE),
        ):
            for message_id in self._with_open_attempts(search):
                if asked >= self._limit or not self.budget.has_time_to_send:
                    self._more = True
                    return
                asked += 1
                self._ask_about(message_id)

    def _ask_about(self, message_id: str) -> None:
        try:
            stored = conductor.load(self._world, message_id, self.budget)
            if stored is not None:
                self._settle(stored)
        except NewerRecord:
            pass  # since it was found a newer revision took it over
        except (StoreRefused, Unreadable):
            self.failed += 1  # the sweep sets it aside once it is due

    def _with_open_attempts(self, search: Search) -> Iterator[str]:
        while True:
            page = self._world.store.search(search, timeout_seconds=self.budget.store)
            for relay in page.relays:
                if lookup.is_worth_asking(relay, self._world.clock.now()):
                    yield relay.message_id
            if page.next_page_token is None:
                return
            search = replace(search, page_token=page.next_page_token)

    def _settle(self, stored: Stored) -> None:
        settled = lookup.settle(self._world, stored, self.budget, _BY)
        self._adopted += settled.adopted
        self._declared_not_sent += settled.declared_not_sent
        self._taken_over += settled.taken_over
        self._silence.note(settled)
        self.failed += not settled.is_answered
        if self._silence.is_certain:
            raise MessengerUnavailable("Twilio did not answer")
