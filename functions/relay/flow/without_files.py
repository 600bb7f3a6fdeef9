"""`beside_words_alone` tells a handler that the words of an answer go to the customer and the files with it do not."""

from __future__ import annotations

from relay.core import files
from relay.core.events import Decision, SendAttempt
from relay.core.model import SenderClass
from relay.errors import NewerRecord, Unreadable
from relay.flow import answers
from relay.flow.budget import Budget
from relay.flow.notices_unasked import words_alone
from relay.flow.world import World
from relay.ports import Write


def beside_words_alone(world: World, decision: Decision, budget: Budget) -> tuple[Write, ...]:
    """Returns what is stored with the lease of an answer's attempt that goes without its files: the notice, once.

    Nothing for an attempt that takes them along, for an answer without words, and for what an operator said. Raises
    StoreUnavailable.
    """
    relay = decision.relay
    leased = [relay.attempts[effect.number - 1] for effect in decision.effects if isinstance(effect, SendAttempt)]
    goes_alone = any(not files.takes_files(relay, attempt) for attempt in leased)
    if not files.has_files_to_go(relay) or files.is_without_words(relay) or not goes_alone:
        return ()
    try:
        cause = world.store.get(relay.cause_id, timeout_seconds=budget.store)
        told = world.store.get(answers.notice_of_files(relay.message_id), timeout_seconds=budget.store)
    except (NewerRecord, Unreadable):
        return ()  # the words go on; the store has raised the alarm
    if cause is None or cause.relay.sender_class is not SenderClass.HANDLER or told is not None:
        return ()
    failure = files.refused_for_files(relay, leased[0])
    words = words_alone(relay.code, answers.customer_phone_of(relay), failure.words if failure else "")
    notice = answers.about_files(relay, cause.relay.sender_phone, words, world.clock.now())
    return (Write(notice.relay),)
