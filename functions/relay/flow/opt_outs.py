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
from relay.ports import Kept, Write

# The words with which a person opts out, alone in a text: the provider then blocks every text to that phone until it
# texts one of the others. Source: Twilio docs on its default opt-out keywords; the law names the same words for every
# provider.
_OPT_OUT_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
OPT_IN_WORDS = frozenset({"START", "UNSTOP"})


def opts_out(text: InboundText) -> bool:
    """Whether the provider blocks texts to the sender from now on: by its own word, which knows every language's."""
    return text.consent is Consent.STOP if text.consent is not None else _word(text.body) in _OPT_OUT_WORDS


def _word(body: str) -> str:
    return body.strip().upper()


def kept_of(world: World, conversations: Conversations, customer_phone: str, budget: Budget) -> Kept[OptOut] | None:
    """Returns this customer's opt-out, over all our numbers, lifted or not, or None. Raises StoreUnavailable."""
    customer_id = conversations.customer_id_of(world, customer_phone, budget)
    return world.store.opt_out(customer_id, timeout_seconds=budget.store)


def holds(world: World, conversations: Conversations, customer_phone: str, budget: Budget) -> bool:
    """Whether this customer has opted out, over all our numbers. Raises StoreUnavailable."""
    kept = kept_of(world, conversations, customer_phone, budget)
    return kept is not None and kept.record.holds


def setting(
    world: World, conversations: Conversations, customer_phone: str, because: str, budget: Budget
) -> tuple[Write, ...]:
    """Returns the write that opts this customer out; where an opt-out holds, the check that it still does.

    What is committed with it is decided anew when the opt-out is lifted at the same time. Raises StoreUnavailable.
    """
    kept = kept_of(world, conversations, customer_phone, budget)
    if kept is not None and kept.record.holds:
        return (Write(kept.record, kept.version, only_checks=True),)
    customer_id = conversations.customer_id_of(world, customer_phone, budget)
    return (Write(OptOut(customer_id, world.clock.now(), because), kept.version if kept is not None else None),)


def of_customers_text(world: World, text: InboundText, budget: Budget) -> tuple[tuple[Write, ...], bool]:
    """Returns what a customer's text changes of the opt-out, to be committed with it; and whether it sets one.

    The provider's own word counts, which knows every language's; without one the words themselves. YES lifts nothing
    (it is what customers say). Raises StoreUnavailable.
    """
    conversations = world.conversations
    sets = opts_out(text)
    lifts = text.consent is Consent.START if text.consent is not None else _word(text.body) in OPT_IN_WORDS
    if conversations is None or not conversations.is_on or not (sets or lifts):
        return (), False
    if sets:
        because = "consent" if text.consent is not None else "words"
        return setting(world, conversations, text.sender_phone, because, budget), True
    return (_lifting(world, conversations, text.sender_phone, budget),), False


def _lifting(world: World, conversations: Conversations, customer_phone: str, budget: Budget) -> Write:
    """Returns the write that lifts this customer's opt-out; where none holds, what one of the same moment meets.

    A STOP and a START may be under way at once: the one that is committed last has seen the other. Raises
    StoreUnavailable.
    """
    kept, now = kept_of(world, conversations, customer_phone, budget), world.clock.now()
    if kept is None:
        customer_id = conversations.customer_id_of(world, customer_phone, budget)
        return Write(OptOut(customer_id, now, "words", lifted_at=now))
    if not kept.record.holds:
        return Write(kept.record, kept.version, only_checks=True)
    return Write(replace(kept.record, lifted_at=now), kept.version)


def remember_refusal(world: World, relay: Relay, budget: Budget) -> None:
    """Store that the provider refuses texts to the customer of this answer; if that fails, it refuses the next one."""
    conversations = world.conversations
    if conversations is None:
        return
    with contextlib.suppress(Conflict, StoreUnavailable, StoreRefused, Unreadable):
        if writes := setting(world, conversations, customer_phone_of(relay), "refused", budget):
            world.store.commit(writes, (), timeout_seconds=budget.store)
