"""Mutants of the ways in: webhook, receipts, timers, sweep, reconcile, redrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from relay.core.events import Event, EventKind
from relay.core.model import SenderClass
from relay.core.policy import Success
from relay.errors import StoreUnavailable
from relay.flow import conductor, lookup, receipts, reconcile, sweep, taking_in, timers
from relay.flow import intake as inbound
from relay.flow.conductor import Applied
from relay.twilio import delivery_status, forms
from relay.twilio import inbound as twilio_inbound

from tests.simulator import simulation
from tests.simulator.fleet import Fleet
from tests.simulator.kinds import Kind
from tests.simulator.mutants.mutant import Mutant, Patcher


def _receipt_lost_with_the_store(patch: Patcher) -> None:
    patch.put(delivery_status, "try_again", lambda: delivery_status.NO_CONTENT)


def _webhook_200_without_the_store(patch: Patcher) -> None:
    patch.put(twilio_inbound, "try_again", lambda: twilio_inbound.TWIML)


def _everybody_is_a_customer(patch: Patcher) -> None:
    patch.put(inbound, "classify_sender", lambda intake, text: SenderClass.CUSTOMER)


def _handlers_are_customers(patch: Patcher) -> None:
    real = inbound.classify_sender

    def classify(intake: Any, text: Any) -> Any:
        found = real(intake, text)
        return SenderClass.CUSTOMER if found is SenderClass.HANDLER else found

    patch.put(inbound, "classify_sender", classify)


def _attachments_not_kept(patch: Patcher) -> None:
    real = forms.inbound_form

    def inbound_form(*arguments: Any) -> Any:
        told = real(*arguments)
        return replace(told, text=told.text and replace(told.text, attachments=()))

    patch.put(twilio_inbound, "inbound_form", inbound_form)


def _policy_of_today(patch: Patcher) -> None:
    """A relay under way takes on the tiers of whoever handles it."""
    real = conductor.load
    worlds: dict[int, Any] = {}
    started = Fleet.run

    def run(fleet: Any, name: str, body: Any, done: Any) -> Any:
        def remembering(world: Any, intake: Any) -> Any:
            worlds[id(world)] = intake.policy
            return body(world, intake)

        return started(fleet, name, remembering, done)

    def load(world: Any, message_id: str, budget: Any) -> Any:
        stored = real(world, message_id, budget)
        policy = worlds.get(id(world))
        if stored is None or policy is None or policy.last_tier < len(stored.relay.policy.tiers):
            return stored
        return replace(stored, relay=replace(stored.relay, policy=policy))

    patch.put(Fleet, "run", run)
    patch.put(conductor, "load", load)


def _deadline_asks_nobody(patch: Patcher) -> None:
    def deadline_event(world: Any, relay: Any, number: int, lease: str, budget: Any, by: str = "") -> Any:
        return Event(EventKind.DEADLINE_UNCONFIRMED, number, lease=lease, by=by)

    patch.put(timers, "deadline_event", deadline_event)


def _sent_counts_everywhere(patch: Patcher) -> None:
    patch.put(receipts, "success_for", lambda relay, attempt: Success.SENT)
    patch.put(lookup, "success_for", lambda relay, attempt: Success.SENT)


def _failed_timer_is_done(patch: Patcher) -> None:
    real = timers.fire

    def fire(*arguments: Any) -> Any:
        try:
            return real(*arguments)
        except StoreUnavailable:
            return Applied(None, "given up by a mutant")

    patch.put(timers, "fire", fire)


def _no_sweep(patch: Patcher) -> None:
    patch.put(simulation, "sweep", lambda world: None)


def _sweep_skips_the_alarm(patch: Patcher) -> None:
    real = sweep.resume

    def resume(world: Any, stored: Any, budget: Any) -> bool:
        return False if stored.relay.alarm_is_due else real(world, stored, budget)

    patch.put(sweep, "resume", resume)


def _sweep_skips_attempts(patch: Patcher) -> None:
    real = sweep.resume

    def resume(world: Any, stored: Any, budget: Any) -> bool:
        return False if stored.relay.attempts[-1].status.value == "scheduled" else real(world, stored, budget)

    patch.put(sweep, "resume", resume)


def _sweep_skips_deadlines(patch: Patcher) -> None:
    real = sweep.resume

    def resume(world: Any, stored: Any, budget: Any) -> bool:
        return real(world, stored, budget) if stored.relay.attempts[-1].status.value == "scheduled" else False

    patch.put(sweep, "resume", resume)


def _sweep_skips_fates(patch: Patcher) -> None:
    real = lookup.settle

    def settle(world: Any, stored: Any, budget: Any, by: str) -> Any:
        return lookup.Settled() if by == "sweep" else real(world, stored, budget, by)

    patch.put(lookup, "settle", settle)


def _no_reconcile(patch: Patcher) -> None:
    patch.put(simulation, "reconcile", lambda world, intake: None)


def _no_look_back(patch: Patcher) -> None:
    patch.put(taking_in, "FRESH", timedelta(minutes=2))
    patch.put(taking_in, "LOOK_BACK", timedelta(minutes=2))


def _relays_what_was_before(patch: Patcher) -> None:
    """The first run reads as much of Twilio's list as there is."""
    patch.put(taking_in, "OVERLAP", timedelta(days=1))


def _reconcile_skips_our_numbers(patch: Patcher) -> None:
    real = reconcile.reconcile

    def run(world: Any, intake: Any) -> Any:
        return real(world, replace(intake, business_phones=intake.business_phones[1:]))

    patch.put(simulation, "reconcile", run)


def _recovered_text_not_sent(patch: Patcher) -> None:
    """A text that is found is stored as ended: it was late anyway."""
    real = inbound.accept

    def accept(world: Any, intake: Any, text: Any, budget: Any, recovered_by: str = "", received_at: Any = None) -> Any:
        if not recovered_by:
            return real(world, intake, text, budget)
        # As if it came from one of our own numbers.
        ours = replace(intake, business_phones=(*intake.business_phones, text.sender_phone))
        return real(world, ours, text, budget, recovered_by, received_at)

    patch.put(inbound, "accept", accept)


def _reconcile_takes_nothing_over(patch: Patcher) -> None:
    patch.put(reconcile.Run, "ask_about_relays", lambda run: None)


def _says_more_in_vain(patch: Patcher) -> None:
    """200 once the relay is durable, whether or not what the webhook says beyond it is."""
    real = conductor.decide

    def decide(world: Any, stored: Any, event: Event, budget: Any) -> Any:
        try:
            return real(world, stored, event, budget)
        except StoreUnavailable:
            if event.kind is not EventKind.INBOUND_SAYS_MORE:
                raise
            return None

    patch.put(conductor, "decide", decide)


WAYS_IN = (
    Mutant(
        "receipt lost with the store",
        "204 although nothing was recorded.",
        _receipt_lost_with_the_store,
        first_seed=497,
    ),
    Mutant("200 without the store", "200 although nothing is durable.", _webhook_200_without_the_store),
    Mutant("everybody is a customer", "Our own texts are forwarded.", _everybody_is_a_customer),
    Mutant("handlers are customers", "Handlers' texts are forwarded.", _handlers_are_customers),
    Mutant("attachments not kept", "Of a text's attachments only their number is kept.", _attachments_not_kept),
    Mutant("policy of today", "A change of tiers reaches relays under way.", _policy_of_today),
    Mutant("deadline asks nobody", "Escalates without asking for the true status.", _deadline_asks_nobody),
    Mutant("sent counts everywhere", "`sent` counts as reaching any handler.", _sent_counts_everywhere),
    Mutant("no sweep", "Nobody looks for what is overdue.", _no_sweep),
    Mutant(
        "sweep skips the alarm",
        "A lost alarm is never raised.",
        _sweep_skips_the_alarm,
        case="interleaved: sweep and lost alarm, twice",
    ),
    Mutant("sweep skips attempts", "A planned attempt is never resumed.", _sweep_skips_attempts),
    Mutant("sweep skips deadlines", "A lost deadline is never made up for.", _sweep_skips_deadlines),
    Mutant(
        "sweep skips fates",
        "An ended relay's fates are left to reconcile.",
        _sweep_skips_fates,
        first_seed=167,
    ),
    Mutant(
        "says more in vain",
        "200 although what a webhook says beyond the record is not durable.",
        _says_more_in_vain,
        1,
        first_seed=9070,
        kind=Kind.FULLER_WEBHOOK,
    ),
    Mutant("no reconcile", "A webhook that never arrived is a text lost.", _no_reconcile),
    Mutant("no look back", "Reconcile trusts its clock and Twilio's list.", _no_look_back, 600, kind=Kind.LIST_BEHIND),
    Mutant("relays what was before", "The first run relays texts from before.", _relays_what_was_before),
    Mutant("one number not reconciled", "Only some of our numbers are compared.", _reconcile_skips_our_numbers),
    Mutant("recovered text not sent", "What reconcile finds is only recorded.", _recovered_text_not_sent),
    Mutant(
        "failed timer is done",
        "A timer that failed does not come again.",
        _failed_timer_is_done,
        covered_by="The sweep finds what is overdue.",
    ),
    Mutant(
        "reconcile asks about nothing",
        "No lost status is taken over.",
        _reconcile_takes_nothing_over,
        first_seed=291,
    ),
)
