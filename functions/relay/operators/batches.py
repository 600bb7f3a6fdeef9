"""One act on several relays that an operator names: `each_of` does it one by one, and says of each how that went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relay.core.model import Relay
from relay.errors import BadRequest, NewerRecord, StoreRefused, Unreadable
from relay.fields import Fields, message_id, spellings
from relay.flow import conductor
from relay.flow.budget import Budget
from relay.flow.world import World
from relay.operators.state_api import no_such_relay
from relay.ports import Stored
from relay.web import Response, json_response

# So many relays are named in one call at most.
IDS_MAX = 50
_NO_TIME = "no time was left for it: ask once more"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an act on one relay: how it is now, and why the act was refused; "" where it was done."""

    relay: Relay
    refused_because: str = ""


def ids_asked_for(fields: Fields) -> tuple[str, ...]:
    """Returns the ids in `message_ids`, each once. Raises BadRequest 400."""
    given = fields["message_ids"]
    if "message_id" in fields or "sender_phone" in fields:
        raise BadRequest(400, "Give message_id, message_ids, or sender_phone: one of them.")
    if not isinstance(given, list) or not 1 <= len(given) <= IDS_MAX:
        raise BadRequest(400, f"message_ids is not a list of 1 to {IDS_MAX} ids of messages.")
    return tuple(dict.fromkeys(message_id({"message_ids": each}, "message_ids") for each in given))


def each_of(relay_ids: Sequence[str], act: Callable[[str], Settled], budget: Budget) -> Response:
    """Act on each of these relays, while there is time. Returns the answer: `results`, one for each in its order.

    Each has its `message_id`, whether it is `done`, and `because` where it is not; `more` says that time ran out, and
    the same call goes on. Raises StoreUnavailable; what was done stays so, and repeating the call changes none of that.
    """
    results: list[dict[str, object]] = []
    more = False
    for relay_id in relay_ids:
        more = more or budget.is_used_up
        because = _NO_TIME if more else _refusal(relay_id, act)
        results.append({"message_id": relay_id, "done": not because, "because": because})
    return json_response(200, {"results": results, "more": more})


def _refusal(relay_id: str, act: Callable[[str], Settled]) -> str:
    # One that cannot be found, read or written keeps no other one from being done.
    try:
        return act(relay_id).refused_because
    except (BadRequest, NewerRecord) as error:
        return str(error).rstrip(".")
    except (StoreRefused, Unreadable) as error:
        return error.reason


def load(world: World, relay_id: str, budget: Budget) -> Stored:
    """Returns the relay of this id, in whichever spelling. Raises BadRequest 404 and StoreUnavailable."""
    stored = next(filter(None, (conductor.load(world, each, budget) for each in spellings(relay_id))), None)
    if stored is None:
        raise no_such_relay()
    return stored
