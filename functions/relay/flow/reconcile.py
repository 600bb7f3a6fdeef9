"""Reconcile compares the store with Twilio's own message list, every five minutes and in both directions.

A text that Twilio took and whose webhook never arrived is relayed after all. An attempt for which no callback brought a
final status is looked up. Everything is safe to repeat: a text is known by its MessageSid, a status only climbs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from relay.core import clocks
from relay.core.events import Event, EventKind
from relay.core.model import FinalStatus, Relay
from relay.errors import MessengerUnavailable, NewerRecord, StoreRefused, StoreUnavailable, Unreadable
from relay.flow import bookmark, conductor, lookup
from relay.flow.bookmark import Bookmark
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.intake import Intake
from relay.flow.taking_in import TakingIn
from relay.flow.world import SendingWorld
from relay.ports import Search, Stored

RUN_SECONDS = 120.0
# How many texts are relayed, and how many relays asked about, at most in one run.
RUN_LIMIT = 500

# The store's names for how far this has come: what a run leaves to the next, and the one time that earlier revisions
# know, up to which Twilio's list was compared.
BOOKMARK = "reconcile-bookmark"
WATERMARK = "reconcile"

# Relays that were exhausted within this time are looked up in every run; older ones by the sweep, at their `due_at`.
_ENDED_LOOK_BACK = timedelta(hours=2)
_PAGE = 100
_BY = "reconcile"


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What one run did.

    Attributes:
        recovered: texts whose webhook never arrived, made durable and relayed (or recorded, if not a customer's).
        adopted: attempts of unknown outcome that Twilio turned out to have.
        declared_not_sent: attempts of unknown outcome that Twilio never had.
        taken_over: statuses that no callback had brought.
        failed: texts and relays that could not be worked on; they come up again in later runs, until people are told.
        more: a limit was reached, and the rest waits for the next run.
        provider_answered, store_answered: False when Twilio or the store did not answer, which ended the run. The next
            run begins where this one did, so nothing is missed; it is logged as a WARNING, and the job fails, so that
            operators learn of it if it lasts.
    """

    recovered: int = 0
    adopted: int = 0
    declared_not_sent: int = 0
    taken_over: int = 0
    failed: int = 0
    more: bool = False
    provider_answered: bool = True
    store_answered: bool = True

    @property
    def was_held_up(self) -> bool:
        return not (self.provider_answered and self.store_answered)


def reconcile(world: SendingWorld, intake: Intake, limit: int = RUN_LIMIT) -> ReconcileReport:
    """Compare once, for at most RUN_SECONDS and `limit` texts and relays. Returns what was done.

    Raises StoreUnavailable when it could not be read how far earlier runs have come; nothing was done then.
    """
    budget = Budget(world.clock, RUN_SECONDS, TASK_LIMITS)
    stored = world.store.get_bookmark(BOOKMARK, timeout_seconds=budget.store)
    run = Run(world, intake, budget, limit, stored, _bookmark(world, stored, budget))
    try:
        run.take_in()
    except MessengerUnavailable:
        run.provider_answered = False
    except StoreUnavailable:
        run.store_answered = False
    try:
        if run.store_answered:
            run.ask_about_relays()
    except MessengerUnavailable:
        run.provider_answered = False
    except StoreUnavailable:
        run.store_answered = False
    _remember_people(world, budget)
    report = run.report()
    repaired = report.recovered + report.adopted + report.declared_not_sent + report.taken_over
    trouble = repaired or report.failed or report.was_held_up
    labels = {field.name: getattr(report, field.name) for field in fields(report)}
    world.journal.note("WARNING" if trouble else "INFO", "reconcile", **labels)
    return report


def _remember_people(world: SendingWorld, budget: Budget) -> None:
    """Have the store know who is a handler today: for two weeks after that no text of that person is a customer's."""
    if world.conversations is not None and world.conversations.is_on:
        with contextlib.suppress(StoreUnavailable, StoreRefused, Unreadable):
            world.conversations.remember_today(world, budget)


def _bookmark(world: SendingWorld, text: str, budget: Budget) -> Bookmark:
    """Returns what the run before left; where an earlier revision made that, its watermark says how far it came."""
    try:
        if text:
            return bookmark.read(text)
    except ValueError:
        world.journal.note("ERROR", "the bookmark of reconcile could not be read; it begins anew")
    return Bookmark(compared_until=world.store.get_watermark(WATERMARK, timeout_seconds=budget.store))


class Run:
    """One run's work and its counts."""

    def __init__(
        self, world: SendingWorld, intake: Intake, budget: Budget, limit: int, stored: str, bookmark: Bookmark
    ) -> None:
        self._budget = budget
        self._stored = stored
        self._kept = ""  # the bookmark as this run would write what is stored
        self._bookmark = bookmark
        self._failed = 0
        self.provider_answered = True
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
            self._failed,
            self._more,
            self.provider_answered,
            self.store_answered,
        )

    def take_in(self) -> None:
        """Relay the texts of the list that the store does not know, and store how far that has come.

        Raises MessengerUnavailable and StoreUnavailable; whatever was not done then comes up again in the next run.
        """
        self._kept = self._bookmark.text()
        taking_in = TakingIn(self._world, self._intake, self._budget, self._limit, self._bookmark, self._keep)
        try:
            taking_in.run()
        except (MessengerUnavailable, StoreUnavailable):
            self._finish(taking_in)
            raise
        self._finish(taking_in)

    def _finish(self, taking_in: TakingIn) -> None:
        self._recovered, self._failed, self._more = taking_in.recovered, taking_in.failed, taking_in.more
        self._keep()

    def _keep(self) -> frozenset[str]:
        """Store the bookmark if it changed. Returns the ids of the texts that the stored one has trouble with.

        An empty set where another run stored its own meanwhile: what this one could not note comes up once more.
        """
        store, before, after = self._world.store, self._kept, self._bookmark.text()
        if after != before:
            if not store.swap_bookmark(BOOKMARK, self._stored, after, timeout_seconds=self._budget.store):
                return frozenset()
            self._stored = self._kept = after
            until = self._bookmark.compared_until
            if until is not None and until != bookmark.read(before).compared_until:
                # An earlier revision knows no more, if this one is gone back from.
                store.set_watermark(WATERMARK, until, timeout_seconds=self._budget.store)
        return frozenset(bookmark.read(after).troubles)

    def ask_about_relays(self) -> None:
        """Ask Twilio about the open attempts of relays under way, and of those that ended without a delivery.

        While Twilio does not answer it is not asked, but times that a wrong clock wrote are put right all the same.
        Raises MessengerUnavailable and StoreUnavailable.
        """
        now = self._world.clock.now()
        asked = 0
        for search in (
            Search(FinalStatus.IN_PROGRESS, limit=_PAGE),
            Search(FinalStatus.EXHAUSTED, since=now - _ENDED_LOOK_BACK, limit=_PAGE),
        ):
            for relay in self._found(search):
                are_off = clocks.are_off(relay, now)
                if not are_off and not (self.provider_answered and lookup.is_worth_asking(relay, now)):
                    continue
                if asked >= self._limit or not self._budget.has_time_to_send:
                    self._more = True
                    return
                asked += 1
                self._ask_about(relay.message_id, self._correct_times if are_off else self._settle)

    def _ask_about(self, message_id: str, act: Callable[[Stored], None]) -> None:
        try:
            stored = conductor.load(self._world, message_id, self._budget)
            if stored is not None:
                act(stored)
        except NewerRecord:
            pass  # since it was found a newer revision took it over
        except (StoreRefused, Unreadable):
            self._failed += 1  # the sweep sets it aside once it is due

    def _found(self, search: Search) -> Iterator[Relay]:
        while True:
            page = self._world.store.search(search, timeout_seconds=self._budget.store)
            yield from page.relays
            if page.next_page_token is None:
                return
            search = replace(search, page_token=page.next_page_token)

    def _correct_times(self, stored: Stored) -> None:
        conductor.apply(self._world, stored, Event(EventKind.TIMES_ARE_OFF, by=_BY), self._budget)

    def _settle(self, stored: Stored) -> None:
        settled = lookup.settle(self._world, stored, self._budget, _BY)
        self._adopted += settled.adopted
        self._declared_not_sent += settled.declared_not_sent
        self._taken_over += settled.taken_over
        self._silence.note(settled)
        self._failed += not settled.is_answered
        if self._silence.is_certain:
            raise MessengerUnavailable("Twilio did not answer")
