"""What an operator saw to: who may say so of what, and what ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from relay.core import machine, moves
from relay.core.events import Event, EventKind
from relay.core.foreign import foreign
from relay.core.model import FinalStatus, Purpose, Relay, SenderClass, Step
from relay.core.purposes import policy_of
from relay.core.routes import Forward, Hold, Record

from tests.relays import CUSTOMER, T0, after, at, delivered, exhausted, policy, received, redrive_of, text

HANDLED = Event(EventKind.HANDLED, by="Ana", note="called back")


def _kept(sender: SenderClass) -> Relay:
    return moves.receive(text(), sender, Record(policy(), "it is kept", False), T0, None).relay


def _lost(purpose: Purpose, *, alarm_if_lost: bool = False) -> Relay:
    tiers = policy_of(purpose, "customer", policy().tier(1).reach)
    route = Forward(tiers, purpose, alarm_if_lost=alarm_if_lost)
    relay = moves.receive(text(), SenderClass.OWN_NUMBER, route, T0, None).relay
    return after(relay, Event(EventKind.RETURNED, reason="blocked"))


ENDS = {
    "exhausted": (exhausted(), True),
    "held": (moves.receive(text(), SenderClass.CUSTOMER, Hold(policy(), "a flood"), T0, None).relay, True),
    "a customer's, kept": (_kept(SenderClass.CUSTOMER), True),
    "a handler's opt-out": (_kept(SenderClass.HANDLER_OPT_OUT), True),
    "a handler's text": (_kept(SenderClass.HANDLER), False),
    "a lost answer": (_lost(Purpose.ANSWER), True),
    "a lost notice": (_lost(Purpose.NOTICE), False),
    "a lost notice that matters": (_lost(Purpose.NOTICE, alarm_if_lost=True), True),
    "in progress": (received().relay, False),
    "in progress, set aside": (replace(received().relay, set_aside_because="too large", due_at=None), True),
    "delivered": (after(received().relay, delivered(1)), False),
    "a foreign end": (replace(exhausted(), final_status=foreign(FinalStatus, "of_tomorrow")), False),
}


@pytest.mark.parametrize(("relay", "may_be"), ENDS.values(), ids=ENDS)
def test_only_what_waits_for_a_person_can_be_handled(relay: Relay, may_be: bool) -> None:
    decision = machine.transition(relay, HANDLED, at(600))
    assert (decision.changed, decision.relay.is_handled, decision.effects) == (may_be, may_be, ())
    if may_be:
        mark = (decision.relay.handled_by, decision.relay.handled_note, decision.relay.handled_at)
        assert mark == ("Ana", "called back", at(600))
        line = decision.relay.error_log[-1]
        assert (line.step, line.by, line.reason) == (Step.HANDLED, "Ana", "")
        assert decision.relay.due_at == relay.due_at


def test_of_two_operators_the_first_counts_and_either_may_put_it_back() -> None:
    relay = after(exhausted(), HANDLED)
    again = machine.transition(relay, Event(EventKind.HANDLED, by="Ben", note="went there"), at(700))
    assert (again.changed, again.ignored_because) == (False, "Ana has seen to it already")
    back = machine.transition(relay, Event(EventKind.UNHANDLED, by="Ben"), at(700)).relay
    assert (back.is_handled, back.handled_by, back.handled_note, back.handled_at) == (False, "", "", None)
    assert (back.error_log[-1].step, back.error_log[-1].by) == (Step.UNHANDLED, "Ben")
    assert not machine.transition(back, Event(EventKind.UNHANDLED, by="Ben"), at(701)).changed


def test_who_handled_it_may_change_the_note_and_nothing_takes_it_away() -> None:
    relay = after(exhausted(), HANDLED, Event(EventKind.HANDLED, by="Ana", note="called twice"))
    assert relay.handled_note == "called twice"
    assert not machine.transition(relay, Event(EventKind.HANDLED, by="Ana"), at(800)).changed


@pytest.mark.parametrize(
    "event",
    [
        redrive_of(exhausted(), 1),
        delivered(1),
        Event(EventKind.CLAIMED, person="Ben"),
        Event(EventKind.INBOUND_SAYS_MORE, text=replace(text(), body=f"{text().body} And more.")),
    ],
    ids=lambda event: event.kind.value,
)
def test_whatever_is_new_of_it_ends_that_it_was_handled(event: Event) -> None:
    decision = machine.transition(after(exhausted(), HANDLED), event, at(900))
    assert decision.changed
    assert (decision.relay.is_handled, decision.relay.handled_at) == (False, None)


def test_an_alarm_that_is_still_due_is_raised_all_the_same() -> None:
    relay = after(replace(exhausted(), alarm_is_due=True), HANDLED)
    assert (relay.alarm_is_due, relay.is_handled) == (True, True)
    assert after(relay, Event(EventKind.ALARM_RAISED)).is_handled


def test_a_mark_of_before_another_revision_sent_it_again_does_not_count() -> None:
    """That revision keeps the fields, which it does not know, as they are."""
    relay = after(exhausted(), HANDLED)
    mark = {name: getattr(relay, name) for name in ("handled_by", "handled_note", "handled_at", "handled_attempts")}
    sent_again = replace(after(exhausted(), redrive_of(relay, 1)), **mark)
    assert not sent_again.is_handled
    assert CUSTOMER not in repr(sent_again.error_log)
