"""`POST /sms/threads`: what an operator does with a thread. Internal, with an identity token, as a redrive.

`act` is claim (for `person`), release, say (`words`), block or unblock; the thread is named by `code` or `thread_id`.
"""

from __future__ import annotations

from collections.abc import Collection

from relay.core.people import Person
from relay.core.policy import Policy
from relay.errors import BadRequest
from relay.fields import Fields, choice, request_id_of
from relay.flow import by_hand
from relay.flow.budget import TASK_LIMITS, Budget
from relay.flow.by_hand import Done
from relay.flow.conversations import Conversations
from relay.flow.deeds import Deed, Order
from relay.flow.world import World
from relay.operators import finding
from relay.operators.conversation import thread_row
from relay.operators.guard import Verifier, guarded
from relay.operators.identity import Caller
from relay.operators.signature import signed
from relay.web import Request, Response, json_response

_FIELDS = ("act", *finding.FIELDS, "person", "words", "request_id")
_SECONDS = 20.0
# What the provider takes in one text is 1600 characters; the first answer holds the business's name and a line more.
_WORDS_MAX = 1500
_STILL_REFUSED = "The customer opted out by text: Twilio refuses texts to that number until the customer texts START."
_MORE = "There are more claimed texts than one call releases: release it once more."


def handle_threads(
    world: World,
    conversations: Conversations,
    policy: Policy,
    verifier: Verifier,
    allowed_origins: Collection[str],
    request: Request,
) -> Response:
    """Answer a call. Returns 200 with the thread as it is then; 404 when there is none, 409 if it may not be done.

    `done` says whether anything was to be done, `because` why not, `advice` what else to know; `message_id` is the
    relay of words that were said. `request_id` is the caller's own: repeating it changes nothing.
    """

    def do(fields: Fields, caller: Caller) -> Response:
        deed = choice(fields, "act", Deed)
        budget = Budget(world.clock, _SECONDS, TASK_LIMITS)
        request_id, person, words = request_id_of(fields), _person(conversations, fields, deed), _words(fields, deed)
        thread = finding.thread_asked_for(world.store, fields, world.clock.now(), budget.store)
        order = Order(deed, thread.thread_id, request_id, policy, person, words, by=signed(caller.name))
        done = by_hand.perform(world, conversations, order, budget)
        response = _answer(world, done)
        labels = {"relay": by_hand.relay_id_of(order), "act": deed.value, "thread": thread.code}
        world.journal.note("NOTICE", "act on a thread asked for", **labels, caller=caller.name, status=response.status)
        return response

    return guarded(request, verifier, allowed_origins, _FIELDS, do)


def _person(conversations: Conversations, fields: Fields, deed: Deed) -> Person | None:
    """Returns whom a claim is for: one of today's handlers, by name. Raises BadRequest 400 or 404."""
    name = fields.get("person")
    if deed is not Deed.CLAIM:
        if name is not None:
            raise BadRequest(400, f"person goes with claim, not with {deed}.")
        return None
    handlers = conversations.people.handlers
    names = ", ".join(person.name for person in handlers)
    if not isinstance(name, str) or not name.strip():
        raise BadRequest(400, f"person is missing: a claim is for one of the handlers: {names}.")
    wanted = name.strip().casefold()
    found = next((person for person in handlers if wanted in (person.id.casefold(), person.name.casefold())), None)
    if found is None:
        raise BadRequest(404, f"No handler has that name; there are: {names}.")
    return found


def _words(fields: Fields, deed: Deed) -> str:
    """Returns what is said. Raises BadRequest 400."""
    words = fields.get("words")
    if deed is not Deed.SAY:
        if words is not None:
            raise BadRequest(400, f"words go with say, not with {deed}.")
        return ""
    if not isinstance(words, str) or not 1 <= len(words.strip()) <= _WORDS_MAX:
        raise BadRequest(400, f"words is not a text of 1 to {_WORDS_MAX} characters.")
    try:
        words.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(400, "words holds half of a character.") from error
    return words.strip()


def _answer(world: World, done: Done | None) -> Response:
    if done is None:
        raise finding.no_such_thread()
    row = thread_row(done.thread, world.clock.now())
    if done.refused_because:
        return json_response(409, {"error": f"Not done: {done.refused_because}.", "thread": row})
    advice = _STILL_REFUSED if done.provider_blocks else _MORE if done.more else ""
    is_done = not done.unchanged_because
    because = "" if is_done else f"{done.unchanged_because[:1].upper()}{done.unchanged_because[1:]}."
    answer = {"done": is_done, "because": because, "advice": advice, "message_id": done.sent_id or None, "thread": row}
    return json_response(200, answer)
