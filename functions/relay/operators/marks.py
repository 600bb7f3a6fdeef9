"""What operators note on a relay without starting it: `mark_handled` that they saw to it, and `revoke_link`."""

from __future__ import annotations

from relay.core.events import Event, EventKind
from relay.core.model import Relay
from relay.errors import BadRequest
from relay.fields import Fields
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.world import World
from relay.operators.attached import was_revoked
from relay.operators.batches import Settled, load
from relay.operators.directions import handled
from relay.operators.state_api import no_such_relay, relay_json
from relay.record.documents import plain
from relay.web import Response, json_response

NOTE_MAX = 200


def handling_asked_for(fields: Fields) -> tuple[bool, str]:
    """Returns whether a relay counts as handled from now on, and the operator's note. Raises BadRequest 400."""
    is_handled, note = fields["handled"], fields.get("note", "")
    if not isinstance(is_handled, bool):
        raise BadRequest(400, "handled is true, or false to put a relay back.")
    if fields.keys() - {"message_id", "message_ids", "handled", "note"}:
        raise BadRequest(400, "handled goes with message_id or message_ids, and with note, and with nothing else.")
    if not isinstance(note, str) or len(note) > NOTE_MAX or not note.isprintable():
        raise BadRequest(400, f"note is not one line of at most {NOTE_MAX} characters.")
    if note and not is_handled:
        raise BadRequest(400, "note goes with handled: true.")
    return is_handled, note.strip()


def mark(world: World, relay_id: str, asked: tuple[bool, str], by: str, budget: Budget) -> Settled:
    """Note that an operator saw to a relay, or that it waits again after all. Returns what became of that.

    It is done where the relay is as it was asked to be, by any operator. Raises BadRequest 404 and StoreUnavailable.
    """
    is_handled, note = asked
    kind = EventKind.HANDLED if is_handled else EventKind.UNHANDLED
    applied = conductor.apply(world, load(world, relay_id, budget), Event(kind, by=by, note=note), budget)
    if applied.stored is None:
        raise no_such_relay()
    relay = applied.stored.relay
    return Settled(relay, "" if relay.is_handled == is_handled else applied.ignored_because)


def mark_handled(world: World, relay_id: str, asked: tuple[bool, str], by: str, budget: Budget) -> Response:
    """Do the same for one relay. Returns the answer: `handled` says who saw to it, who may have been faster."""
    settled = mark(world, relay_id, asked, by, budget)
    answer = _told(settled.relay)
    if settled.refused_because:
        return json_response(409, {"error": f"Not done: {settled.refused_because}.", **answer})
    return json_response(200, answer)


def revoke_link(world: World, relay_id: str, by: str, budget: Budget) -> Response:
    """Take back the link to this relay's files. Returns the answer. Raises BadRequest 404 and StoreUnavailable."""
    event = Event(EventKind.LINK_REVOKED, by=by)
    applied = conductor.apply(world, load(world, relay_id, budget), event, budget)
    if applied.stored is None:
        raise no_such_relay()
    relay = applied.stored.relay
    # One that was taken back before, perhaps by this call's first try, is as it was asked to be.
    if relay.media_token or not was_revoked(relay):
        return json_response(409, {"error": f"Not revoked: {applied.ignored_because}.", "relay": relay_json(relay)})
    return json_response(200, {"relay": relay_json(relay)})


def _told(relay: Relay) -> dict[str, object]:
    return {"relay": relay_json(relay), "handled": plain(handled(relay))}
