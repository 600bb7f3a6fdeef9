"""`tell` tells people of a text that reached no one: of a customer's by an alarm, of an answer first by a notice."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from relay.core import files
from relay.core.events import Event, EventKind
from relay.core.failures import FailureClass
from relay.core.model import FinalStatus, Purpose, Relay, SenderClass
from relay.errors import AlreadyStored, Conflict, NewerRecord, StoreUnavailable, Unreadable
from relay.flow import answers, opt_outs
from relay.flow.budget import Budget
from relay.flow.notices_unasked import not_delivered
from relay.flow.world import World
from relay.ports import Write

# How often a thread is read anew because another process changed it.
_TRIES = 4


def tell(world: World, relay: Relay, budget: Budget) -> Event:
    """Tell people of a relay whose alarm is due. Returns the event that they were told, and that a handler was.

    Raises StoreUnavailable when a notice could not be stored: the alarm stays due.
    """
    if relay.purpose is Purpose.ANSWER:
        _introduce_again(world, relay, budget)
    if relay.purpose is Purpose.ANSWER and _notified(world, relay, budget):
        return Event(EventKind.ALARM_RAISED, person=answers.HANDLER, reason="the handler is told by a notice")
    if relay.is_handled:
        return Event(EventKind.ALARM_RAISED, reason="an operator had seen to it")
    if relay.purpose is not Purpose.FORWARD:
        world.alarms.answer_lost(relay)
    elif relay.final_status is FinalStatus.EXHAUSTED:
        world.alarms.exhausted(relay)
    else:
        world.alarms.not_forwarded(relay)
    return Event(EventKind.ALARM_RAISED)


def _introduce_again(world: World, relay: Relay, budget: Budget) -> None:
    """Have the next answer name the business and say how to opt out, where this one was to and was lost."""
    for _ in range(_TRIES):
        try:
            kept = world.store.thread(relay.thread_id, timeout_seconds=budget.store)
        except (NewerRecord, Unreadable):
            return  # the store has raised the alarm
        if kept is None or kept.record.introduced_at != relay.timestamp:
            return
        with contextlib.suppress(Conflict):
            write = Write(replace(kept.record, introduced_at=None), kept.version)
            world.store.commit((write,), (), timeout_seconds=budget.store)
            return
    raise StoreUnavailable("the thread of a lost answer kept changing")


def _notified(world: World, relay: Relay, budget: Budget) -> bool:
    """Store the notice that the customer did not get an answer. Returns whether there is a handler to be told."""
    failure = relay.current.failure
    if failure is not None and failure.failure_class is FailureClass.OPTED_OUT:
        opt_outs.remember_refusal(world, relay, budget)
    cause = world.store.get(relay.cause_id, timeout_seconds=budget.store)
    if cause is None or cause.relay.sender_class is not SenderClass.HANDLER:
        return False  # what an operator said is no handler's
    why = failure.words if failure else ""
    what = "photos" if files.is_without_words(relay) else "text"
    words = not_delivered(relay.code, answers.customer_phone_of(relay), why, what)
    to = (answers.HANDLER, cause.relay.sender_phone)
    # One for each drive: an operator may start an answer again, and it may fail again.
    ids = (answers.notice_of(relay.message_id, relay.first_attempt_of_drive), relay.message_id)
    of, now = (relay.thread_id, relay.code), world.clock.now()
    decision = answers.notice(*ids, to, relay.recipient_phone, words, now, of=of, alarm_if_lost=True)
    with contextlib.suppress(AlreadyStored):
        world.store.create(decision.relay, decision.timers, timeout_seconds=budget.store)
        world.journal.steps(decision.relay, decision.relay.error_log)
    return True
