"""`POST /sms/redrive`: start an exhausted relay again, once per request id. Internal, with an identity token."""

from __future__ import annotations

import re
from collections.abc import Collection

from relay.core.events import Event, EventKind
from relay.core.policy import Policy
from relay.fields import Fields, matching, message_id, number, spellings
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.world import World
from relay.operators.guard import guarded
from relay.operators.identity import Caller, IdentityVerifier
from relay.operators.state_api import no_such_relay, relay_json
from relay.web import Request, Response, json_response

_FIELDS = ("message_id", "request_id", "tier")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SECONDS = 20.0
_BY = "operator"


def handle_redrive(
    world: World, policy: Policy, verifier: IdentityVerifier, allowed_origins: Collection[str], request: Request
) -> Response:
    """Answer a call. Returns 200 with the relay in progress again, 404 when it is unknown, 409 if not exhausted.

    `request_id` is the caller's own: repeating it changes nothing. `tier` is where to begin, 1 if it is not given.
    """

    def start(fields: Fields, caller: Caller) -> Response:
        request_id = matching(fields, "request_id", _REQUEST_ID, "8 to 64 letters, digits, - or _")
        tier = number(fields, "tier", policy.last_tier) if "tier" in fields else 1
        relay_id = message_id(fields)
        response = redrive(world, policy, relay_id, request_id, tier)
        # Who asked is for the log: the record is read by more people and kept for longer.
        world.journal.note(
            "NOTICE", "redrive asked for", relay=relay_id, tier=tier, caller=caller.email, status=response.status
        )
        return response

    return guarded(request, verifier, allowed_origins, _FIELDS, start)


def redrive(world: World, policy: Policy, relay_id: str, request_id: str, tier: int) -> Response:
    """Start this relay again at `tier` under today's policy. Returns the answer.

    Raises BadRequest 404 and StoreUnavailable.
    """
    budget = Budget(world.clock, _SECONDS, TASK_LIMITS)
    stored = next(filter(None, (conductor.load(world, each, budget) for each in spellings(relay_id))), None)
    if stored is None:
        raise no_such_relay()
    reason = f"from tier {tier} of {policy.last_tier}"
    event = Event(EventKind.REDRIVE_REQUESTED, policy=policy, tier=tier, request_id=request_id, reason=reason, by=_BY)
    applied = conductor.apply(world, stored, event, budget)
    if applied.stored is None:
        raise no_such_relay()
    relay = applied.stored.relay
    if request_id not in relay.redrive_ids:
        return json_response(409, {"error": f"Not redriven: {applied.ignored_because}.", "relay": relay_json(relay)})
    return json_response(200, {"relay": relay_json(relay)})
