"""`POST /sms/redrive`: what operators do with relays: start them again, say that they saw to them, revoke a link.

Internal, with a token.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection

from relay.core.events import Event, EventKind
from relay.core.model import FinalStatus
from relay.core.policy import Policy
from relay.core.words import AN_OPERATOR
from relay.errors import BadRequest, NewerRecord, StoreRefused, Unreadable
from relay.fields import Fields, matching, message_id, number, request_id_of
from relay.flow import conductor
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.world import World
from relay.operators import marks
from relay.operators.alerting import trying
from relay.operators.batches import Settled, each_of, ids_asked_for, load
from relay.operators.guard import Verifier, guarded
from relay.operators.identity import Caller
from relay.operators.signature import signed
from relay.operators.state_api import SENDER, no_such_relay, relay_json
from relay.ports import Search, Stored
from relay.web import Request, Response, json_response

_FIELDS = (
    *("message_id", "message_ids", "sender_phone", "request_id", "tier"),
    *("revoke_link", "handled", "note", "alarm_test"),
)
_SECONDS = 20.0
# How many held relays of a number one call starts at most.
_HELD_MAX = 200


def handle_redrive(
    world: World,
    policy: Policy,
    verifier: Verifier,
    allowed_origins: Collection[str],
    request: Request,
    alarm_test: Callable[[], trying.AlarmTest] | None = None,
) -> Response:
    """Answer a call. Returns 200 with the relay in progress again, 404 when it is unknown, 409 if it may not.

    `request_id` is the caller's own: repeating it changes nothing. `tier` is where to begin, 1 if it is not given.
    With `message_ids` in place of `message_id`, at most batches.IDS_MAX, each of these is started: 200, with how that
    went for each (batches.each_of).
    With `sender_phone` all relays that are held of this number are started: 200 with the ids of those that were, and
    whether there are more, for which the caller comes again.
    With `handled` (true, with a `note`; or false) beside `message_id` or `message_ids` nothing is started: an operator
    saw to it, or it waits again. What is so already is answered with 200, and with who `handled` it.
    With `revoke_link` (true) beside `message_id` alone nothing is started: the link to the relay's files opens them no
    more. Repeated it changes nothing; 409 for a relay that never had one.
    With `alarm_test` (true) beside `request_id` alone each recipient of alarms is sent a test; with it (false) alone it
    is told how many there are (trying.answer).
    """

    def act(fields: Fields, caller: Caller) -> Response:
        by, note = signed(caller.name), world.journal.note
        if "alarm_test" in fields:
            if fields["alarm_test"] is True:
                note("NOTICE", "test of the alarms asked for", caller=caller.name)
            return trying.answer(alarm_test() if alarm_test is not None else None, fields, caller.name)
        if "revoke_link" in fields:
            response = _revoke(world, fields, by)
            note("NOTICE", "revoking a link asked for", **_labels(fields, caller, response))
        elif "handled" in fields:
            response = _handled(world, fields, by)
            is_handled = "yes" if fields["handled"] else "no"
            note("NOTICE", "handling asked for", handled=is_handled, **_labels(fields, caller, response))
        else:
            response, tier = _start(world, policy, fields, by), fields.get("tier", 1)
            if "sender_phone" in fields:
                note("NOTICE", "redrive of what is held of a number asked for", tier=tier, caller=caller.name)
            else:
                note("NOTICE", "redrive asked for", tier=tier, **_labels(fields, caller, response))
        return response

    return guarded(request, verifier, allowed_origins, _FIELDS, act)


def _labels(fields: Fields, caller: Caller, response: Response) -> dict[str, object]:
    """Returns what the log says of a call: about which relay or how many, who asked, and how it was answered."""
    about = {"relays": len(fields["message_ids"])} if "message_ids" in fields else {"relay": message_id(fields)}
    return {**about, "caller": caller.name, "status": response.status}


def _revoke(world: World, fields: Fields, by: str) -> Response:
    if fields["revoke_link"] is not True or fields.keys() != {"message_id", "revoke_link"}:
        raise BadRequest(400, "revoke_link is true, and goes with message_id alone.")
    return marks.revoke_link(world, message_id(fields), by, _budget(world))


def _handled(world: World, fields: Fields, by: str) -> Response:
    asked, budget = marks.handling_asked_for(fields), _budget(world)
    if "message_ids" in fields:
        ids = ids_asked_for(fields)
        return each_of(ids, lambda relay_id: marks.mark(world, relay_id, asked, by, budget), budget)
    return marks.mark_handled(world, message_id(fields), asked, by, budget)


def _start(world: World, policy: Policy, fields: Fields, by: str) -> Response:
    if "note" in fields:
        raise BadRequest(400, "note goes with handled: true.")
    request_id = request_id_of(fields)
    tier = number(fields, "tier", policy.last_tier) if "tier" in fields else 1
    if "message_ids" in fields:
        ids, budget = ids_asked_for(fields), _budget(world)
        return each_of(ids, lambda each: _started(world, policy, each, request_id, tier, by, budget), budget)
    if "sender_phone" in fields:
        if "message_id" in fields:
            raise BadRequest(400, "Give message_id, or sender_phone for all that are held of a number: not both.")
        phone = matching(fields, "sender_phone", SENDER, "a sender's number like +15551234567")
        return redrive_held(world, policy, phone, request_id, tier, by)
    return redrive(world, policy, message_id(fields), request_id, tier, by)


def redrive(world: World, policy: Policy, relay_id: str, request_id: str, tier: int, by: str = AN_OPERATOR) -> Response:
    """Start this relay again at `tier` under today's policy. Returns the answer.

    Raises BadRequest 404 and StoreUnavailable.
    """
    settled = _started(world, policy, relay_id, request_id, tier, by, _budget(world))
    relay = relay_json(settled.relay)
    if settled.refused_because:
        return json_response(409, {"error": f"Not redriven: {settled.refused_because}.", "relay": relay})
    return json_response(200, {"relay": relay})


def redrive_held(world: World, policy: Policy, phone: str, request_id: str, tier: int, by: str) -> Response:
    """Start the relays that are held of this number, the oldest of a page first, while there is time.

    Returns the answer. Raises StoreUnavailable; those that were started stay so, and the next call goes on.
    """
    budget = _budget(world)
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
            if stored is not None and not _apply(world, policy, stored, request_id, tier, by, budget).ignored_because:
                redriven.append(relay.message_id)
    return json_response(200, {"redriven": redriven, "more": more})


def _started(
    world: World, policy: Policy, relay_id: str, request_id: str, tier: int, by: str, budget: Budget
) -> Settled:
    """Start one relay. Returns what became of that; repeating the request does no more. Raises BadRequest 404."""
    applied = _apply(world, policy, load(world, relay_id, budget), request_id, tier, by, budget)
    if applied.stored is None:
        raise no_such_relay()
    relay = applied.stored.relay
    return Settled(relay, "" if request_id in relay.redrive_ids else applied.ignored_because)


def _apply(
    world: World, policy: Policy, stored: Stored, request_id: str, tier: int, by: str, budget: Budget
) -> conductor.Applied:
    reason = f"from tier {tier} of {policy.last_tier}"
    event = Event(EventKind.REDRIVE_REQUESTED, policy=policy, tier=tier, request_id=request_id, reason=reason, by=by)
    return conductor.apply(world, stored, event, budget)


def _budget(world: World) -> Budget:
    return Budget(world.clock, _SECONDS, TASK_LIMITS)
