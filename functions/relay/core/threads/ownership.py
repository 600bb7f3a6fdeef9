"""Who has a customer: what a claim, an answer, `pass`, `done` and `open` do to a thread. Pure.

Each function returns the thread as it shall be; whether the person may is asked first (`may_speak`, `may_take_over`).
`at` is always when the handler's text came in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from relay.core.policy import Policy
from relay.core.threads.model import COARSE, Thread


def may_speak(thread: Thread, person: str) -> bool:
    """Whether this person's words may go to the customer: a thread without an owner, or the person's own."""
    return thread.owner in (None, person)


def may_take_over(thread: Thread, person: str, at: datetime) -> bool:
    """Whether a text that came in then takes the thread over: one written before the present claim does not."""
    return may_speak(thread, person) or thread.owner_since is None or at > thread.owner_since


def is_active(thread: Thread, now: datetime, active_for: timedelta) -> bool:
    """Whether the owner acted in this thread so lately that a delivery to that person needs no claim."""
    acted = thread.owner_acted_at
    return thread.owner is not None and acted is not None and now - acted <= active_for


def owner_first(policy: Policy, person: str) -> Policy | None:
    """Returns the tiers with the person's first one moved to the front; None where the person stands at none."""
    own = next((index for index, tier in enumerate(policy.tiers) if tier.name == person), None)
    if own is None:
        return None
    tiers = policy.tiers
    return replace(policy, tiers=(tiers[own], *tiers[:own], *tiers[own + 1 :]))


def changed_after(thread: Thread, at: datetime) -> bool:
    """Whether the thread was claimed, passed, closed or opened by a text that came in after this time."""
    return thread.changed_at is not None and thread.changed_at > at


def may_have_moved_after(thread: Thread, at: datetime) -> bool:
    """Whether anything at all may have happened in the thread after this time.

    `touched_at` is up to COARSE too early, so that a later text of the customer's may hide behind it.
    """
    return changed_after(thread, at) or thread.touched_at + COARSE > at


def claimed(thread: Thread, person: str, at: datetime) -> Thread:
    """Returns the thread as this person's; one who has it already has acted in it."""
    if thread.owner == person:
        return _touched(replace(thread, owner_acted_at=_latest(thread.owner_acted_at, at)), at)
    taken = replace(thread, owner=person, owner_since=at, owner_acted_at=at, pointed_at=None)
    return _changed(taken, at)


def answered(thread: Thread, person: str, at: datetime) -> Thread:
    """Returns the thread after this person's words went to the customer."""
    return replace(claimed(thread, person, at), answered_at=_latest(thread.answered_at, at))


def without_owner(thread: Thread, at: datetime) -> Thread:
    """Returns the thread as one that no person has."""
    free = replace(thread, owner=None, owner_since=None, owner_acted_at=None, pointed_at=None)
    return replace(free, changed_at=_latest(thread.changed_at, at))


def passed(thread: Thread, at: datetime) -> Thread:
    """Returns the thread after its owner, or who was texted last, gave it up."""
    return _touched(without_owner(thread, at), at)


def closed(thread: Thread, person: str, at: datetime) -> Thread:
    """Returns the thread closed by this person, who keeps it: a "Thanks!" that follows goes there first."""
    return replace(_changed(claimed(thread, person, at), at), closed_at=at)


def opened(thread: Thread, person: str, at: datetime) -> Thread:
    """Returns a closed thread open again, as this person's."""
    return _changed(replace(claimed(thread, person, at), closed_at=None), at)


def _changed(thread: Thread, at: datetime) -> Thread:
    return _touched(replace(thread, changed_at=_latest(thread.changed_at, at)), at)


def _touched(thread: Thread, at: datetime) -> Thread:
    return replace(thread, touched_at=_latest(thread.touched_at, at))


def _latest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
