"""ThreadStore, a part of RelayStore (store.py): what is kept of threads, and which relays a person may claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from relay.core.threads.model import OptOut, PersonRecord, Thread, ThreadCode, ThreadRecord

if TYPE_CHECKING:
    from relay.ports.store import Stored

R = TypeVar("R", bound=ThreadRecord)


@dataclass(frozen=True, slots=True)
class Kept(Generic[R]):
    """A record as read, with the version to compare-and-set against. Versions are opaque: only compared for equality.

    It is changed by `RelayStore.commit([Write(changed, kept.version)], …)`, alone or with others.
    """

    record: R
    version: object


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """A part of the open threads; `next_page_token` is None on the last."""

    threads: tuple[Kept[Thread], ...]
    next_page_token: str | None


class ThreadStore(Protocol):
    """Records of threads, durable; written by RelayStore.commit alone. Errors are as in RelayStore.

    Threads and people are removed RETENTION after they were last touched, codes and opt-outs never. A record that is
    asked for by its id is returned for as long as it is there, its time over or not: one that were hidden could be
    neither made anew nor changed. Lists show none whose time is over.
    """

    def thread(self, thread_id: str, *, timeout_seconds: float) -> Kept[Thread] | None:
        """Returns the thread, open or closed, or None."""
        ...

    def code(self, code: str, *, timeout_seconds: float) -> Kept[ThreadCode] | None:
        """Returns which thread this code was given to last, or None when it never was to any."""
        ...

    def opt_out(self, customer_id: str, *, timeout_seconds: float) -> Kept[OptOut] | None:
        """Returns the customer's opt-out, lifted or not, or None."""
        ...

    def person(self, person: str, *, timeout_seconds: float) -> Kept[PersonRecord] | None:
        """Returns the person with this id, or None."""
        ...

    def people(self, limit: int, *, timeout_seconds: float) -> list[Kept[PersonRecord]]:
        """Returns the people that are on record, at most `limit`, who were seen last first."""
        ...

    def threads_shown_to(
        self, person: str, since: datetime, limit: int, *, timeout_seconds: float
    ) -> list[Kept[Thread]]:
        """Returns threads about which this person was texted, whatever became of them, at most `limit`.

        Those whose touched_at is `since` or later, newest first.
        """
        ...

    def open_threads(self, limit: int, page_token: str | None = None, *, timeout_seconds: float) -> ThreadPage:
        """Returns the threads that are open, newest touched_at first.

        Raises ValueError on a page token that is not one of its own.
        """
        ...

    def relays_of(
        self, thread_id: str, limit: int, since: datetime | None = None, *, timeout_seconds: float
    ) -> list[Stored]:
        """Returns relays of the thread that a claim takes, at most `limit`, newest first.

        Those are customers' texts in progress, delivered or exhausted. With `since` all others of the thread, too,
        whatever they are for, whose timestamp is `since` or later. Costs in proportion to these, not to the thread.
        """
        ...
