"""What must hold at every step of the machine for what operators say they have seen to."""

from __future__ import annotations

from dataclasses import replace

from relay.core import handling
from relay.core.model import Relay

from scripts.walk_machine import Walked


def that_it_was_seen_to_changes_nothing_else(step: Walked) -> bool:
    if step.event.kind not in handling.ANSWERS:
        return True
    return _but_for_the_mark(step.before) == _but_for_the_mark(step.decision.relay) and step.decision.effects == ()


def only_what_waits_for_a_person_was_seen_to(step: Walked) -> bool:
    after = step.decision.relay
    return after.handled_at is None or (after.is_handled and handling.is_for_people(after))


def what_was_seen_to_stays_so_exactly_until_something_new_comes_of_it(step: Walked) -> bool:
    before, after = step.before, step.decision.relay
    if not before.is_handled or step.event.kind in handling.ANSWERS:
        return True
    return after.is_handled == (_what_people_saw_to(before) == _what_people_saw_to(after))


def _what_people_saw_to(relay: Relay) -> tuple[object, ...]:
    return relay.final_status, relay.attempts[-1:] and relay.attempts[-1].number, relay.message_body, relay.media_count


def _but_for_the_mark(relay: Relay) -> Relay:
    """The same without the mark and the trail."""
    mark = {"handled_by": "", "handled_note": "", "handled_at": None, "handled_attempts": 0}
    return replace(relay, **mark, error_log=(), lines_logged=0)  # type: ignore[arg-type]  # each is of its field's type


RULES_OF_HANDLING = (
    that_it_was_seen_to_changes_nothing_else,
    only_what_waits_for_a_person_was_seen_to,
    what_was_seen_to_stays_so_exactly_until_something_new_comes_of_it,
)
