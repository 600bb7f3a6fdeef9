"""`POST /sms/redrive`: start an exhausted or held relay, or all that are held of one number. Internal, with a token."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from relay.core.events import Event, EventKind
from relay.core.model import FinalStatus
from relay.core.policy import Policy
from relay.errors import BadRequest, NewerRecord, StoreRefused, Unreadable
from relay.fields import Fields, matching, message_id, number, request_id_of, spellings
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.world import World
from relay.operators.guard import guarded
from relay.operators.identity import Caller, IdentityVerifier
from relay.operators.state_api import SENDER, no_such_relay, relay_json
from relay.ports import Search, Stored
from relay.web import Request, Response, json_response

_FIELDS = ("message_id", "sender_phone", "request_id", "tier")
_SECONDS = 20.0
_BY = "operator"
# How many held relays of a number one call starts at most.
_HELD_MAX = 200


def handle_redrive(
    world: World, policy: Policy, verifier: IdentityVerifier, allowed_origins: Collection[str], request: Request
) -> Response:
    """Answer a call. Returns 200 with the relay in progress again, 404 when it is unknown, 409 if it may not.

    `request_id` is the caller's own: repeating it changes nothing. `tier` is where to begin, 1 if it is not given.
    With `sender_phone` in place of `message_id` all relays that are held of this number are started: 200 with the
    ids of those that were, and whether there are more, for which the caller comes again.
    """

    def start(fields: Fields, caller: Caller) -> Response:
        request_id = request_id_of(fields)
        tier = number(fields, "tier", policy.last_tier) if "tier" in fields else 1
        if "sender_phone" in fields:
            if "message_id" in fields:
                raise BadRequest(400, "Give message_id, or sender_phone for all that are held of a number: not both.")
            phone = matching(fields, "sender_phone", SENDER, "a sender's number like +15551234567")
            response = redrive_held(world, policy, phone, request_id, tier)
            world.journal.note(
                "NOTICE", "redrive of what is held of a number asked for", tier=tier, caller=caller.email
            )
            return response
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
    applied = _apply(world, policy, stored, request_id, tier, budget)
    if applied.stored is None:
        raise no_such_relay()
    relay = applied.stored.relay
    if request_id not in relay.redrive_ids:
        return json_response(409, {"error": f"Not redriven: {applied.ignored_because}.", "relay": relay_json(relay)})
    return json_response(200, {"relay": relay_json(relay)})


def redrive_held(world: World, policy: Policy, phone: str, request_id: str, tier: int) -> Response:
    """Start the relays that are held of this number, the oldest of a page first, while there is time.

    Returns the answer. Raises StoreUnavailable; those that were started stay so, and the next call goes on.
    """
    budget = Budget(world.clock, _SECONDS, TASK_LIMITS)
    search = Search(FinalStatus.HELD, sender_phone=phone, limit=_HELD_MAX)
    page = world.store.search(search, timeout_seconds=budget.store)
    redriven: list[str] = []
    more = page.next_page_token is not None
    for relay in reversed(page.relays):
        if budget.is_used_up:
            more = True
            break
        # One that cannot be read or written keeps no other held; it stays as it is.
        with contextlib.suppress(NewerRecord, Unreadable, StoreRefused):
            stored = conductor.load(world, relay.message_id, budget)
            if stored is not None and not _apply(world, policy, stored, request_id, tier, budget).ignored_because:
                redriven.append(relay.message_id)
    return json_response(200, {"redriven": redriven, "more": more})


def _apply(
    world: World, policy: Policy, stored: Stored, request_id: str, tier: int, budget: Budget
) -> conductor.Applied:
    reason = f"from tier {tier} of {policy.last_tier}"
    event = Event(EventKind.REDRIVE_REQUESTED, policy=policy, tier=tier, request_id=request_id, reason=reason, by=_BY)
    return conductor.apply(world, stored, event, budget)
