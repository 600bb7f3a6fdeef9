"""Opt-outs: a customer who wants no texts gets none, over all our numbers, until that is lifted."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from relay.core.model import Consent, InboundText, Relay
from relay.core.threads.model import OptOut
from relay.errors import Conflict, StoreRefused, StoreUnavailable, Unreadable
from relay.flow.answers import customer_phone_of
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.world import World
from relay.ports import Write

# The words with which a person opts out, alone in a text: the provider then blocks every text to that phone until it
# texts one of the others. Source: Twilio docs on its default opt-out keywords; the law names the same words for every
# provider.
_OPT_OUT_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_OPT_IN_WORDS = frozenset({"START", "UNSTOP"})


def opts_out(text: InboundText) -> bool:
    """Whether the provider blocks texts to the sender from now on: by its own word, which knows every language's."""
    return text.consent is Consent.STOP if text.consent is not None else _word(text.body) in _OPT_OUT_WORDS


def _word(body: str) -> str:
    return body.strip().upper()


def holds(world: World, conversations: Conversations, customer_phone: str, budget: Budget) -> bool:
    """Whether this customer has opted out, over all our numbers. Raises StoreUnavailable."""
    customer_id = conversations.customer_id_of(world, customer_phone, budget)
    kept = world.store.opt_out(customer_id, timeout_seconds=budget.store)
    return kept is not None and kept.record.holds


def of_customers_text(world: World, text: InboundText, budget: Budget) -> tuple[tuple[Write, ...], bool]:
    """Returns what a customer's text changes of the opt-out, to be committed with it; and whether it sets one.

    The provider's own word counts, which knows every language's; without one the words themselves. YES lifts nothing
    (it is what customers say). Raises StoreUnavailable.
    """
    conversations = world.conversations
    sets = opts_out(text)
    lifts = text.consent is Consent.START if text.consent is not None else _word(text.body) in _OPT_IN_WORDS
    if conversations is None or not conversations.is_on or not (sets or lifts):
        return (), False
    customer_id = conversations.customer_id_of(world, text.sender_phone, budget)
    kept = world.store.opt_out(customer_id, timeout_seconds=budget.store)
    holds = kept is not None and kept.record.holds
    now = world.clock.now()
    if sets and not holds:
        because = "consent" if text.consent is not None else "words"
        return (Write(OptOut(customer_id, now, because), kept.version if kept else None),), True
    if lifts and kept is not None and holds:
        return (Write(replace(kept.record, lifted_at=now), kept.version),), False
    return (), sets


def remember_refusal(world: World, relay: Relay, budget: Budget) -> None:
    """Store that the provider refuses texts to the customer of this answer; if that fails, it refuses the next one."""
    conversations = world.conversations
    if conversations is None:
        return
    with contextlib.suppress(Conflict, StoreUnavailable, StoreRefused, Unreadable):
        customer_id = conversations.customer_id_of(world, customer_phone_of(relay), budget)
        kept = world.store.opt_out(customer_id, timeout_seconds=budget.store)
        if kept is None or not kept.record.holds:
            write = Write(OptOut(customer_id, world.clock.now(), "refused"), kept.version if kept else None)
            world.store.commit((write,), (), timeout_seconds=budget.store)
