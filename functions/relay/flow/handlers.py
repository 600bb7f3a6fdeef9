"""The way in for a handler's text: decided, and stored together with all that it changes.

Its creation is its decision: on a conflict everything is read and decided again. A text that is stored was decided, by
the words that it had: one that says more later is decided anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from relay.core import files, fuller, machine, moves
from relay.core.changes import changed
from relay.core.events import Event, EventKind
from relay.core.model import InboundText, Relay, SenderClass
from relay.core.numbers import same
from relay.core.people import Person
from relay.core.policy import Policy
from relay.core.routes import Record
from relay.core.threads.auto_replies import is_auto_reply
from relay.core.threads.deciding import PROVIDERS_WORD, SIGN_IN_CODE, decide
from relay.core.threads.grammar import is_providers
from relay.core.threads.verdict import Asked, Facts, HandlerText, Notice, Said, Verdict
from relay.errors import Conflict, StoreUnavailable
from relay.flow import acts, answers, attached_words, conductor, facts
from relay.flow.acts import Act, Doer
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.facts import Known
from relay.flow.world import SendingWorld, World
from relay.ports import Stored

# How often a text is decided anew because another process changed what it was decided by.
_TRIES = 8
# While replies are off a person is told so once in this time.
REPLIES_OFF_EVERY = timedelta(hours=12)
# What a person may do while replies are off, where texts that wait for a claim are left from when they were on.
_STILL_DONE = frozenset({Asked.CLAIM, Asked.DONE, Asked.PASS})


def take_in(
    world: SendingWorld,
    conversations: Conversations,
    policy: Policy,
    person: Person,
    text: InboundText,
    budget: Budget,
    *,
    recovered_by: str = "",
    received_at: datetime | None = None,
    is_sign_in_code: bool = False,
) -> bool:
    """Store a handler's text with all that it changes, then perform it. Returns whether it is new.

    Words that came as a file are read first, as it is decided by them. `received_at` is when the provider took it in.
    `is_sign_in_code`: it is nothing but a code for the console.
    Raises StoreUnavailable while it is not known to be durable, StoreRefused when it cannot be stored as it is.
    """
    now = world.clock.now()
    at = min(received_at or now, now)
    again = Event(EventKind.INBOUND_SAYS_MORE, text=text, sender_class=SenderClass.HANDLER, by=recovered_by)
    told, text = text, attached_words.read_before(world, text, budget)
    known_as: Stored | None = None
    for _ in range(_TRIES):
        base = answers.anew(text.message_id, known_as.relay.lines_logged) if known_as is not None else ""
        said = _said(world, person, text, at, is_recovered=bool(recovered_by), is_sign_in_code=is_sign_in_code)
        taken = files.to_see(text) if said.files_go else ()
        phone = next((each for each in person.numbers if same(each, text.sender_phone)), "")
        ids = (person.id, text.message_id, at, text.recipient_phone)
        doer = Doer(*ids, base=base, files=taken, phone=phone)
        known = facts.read_facts(world, conversations, person, said, text.sender_phone, budget)
        verdict = _decided(conversations, said, known)
        act = acts.composed(world, conversations, doer, verdict, known, budget)
        if known_as is None:
            own, version = _own_relay(text, policy, verdict, now, recovered_by), None
        else:
            own, version = _own_again(known_as.relay, again, verdict, now), known_as.version
        try:
            return commit(world, own, version, act, budget)
        except Conflict as conflict:
            if conflict.record_id == text.message_id:
                # By what it said itself: words that only this time could be read would send it twice.
                text = told
                known_as = _says_more_than(world, again, budget)
                if known_as is None:
                    return False
        if budget.is_used_up:
            break
    raise StoreUnavailable("what a handler's text is about kept changing")


def _said(
    world: SendingWorld, person: Person, text: InboundText, at: datetime, *, is_recovered: bool, is_sign_in_code: bool
) -> HandlerText:
    """Returns the text as it is decided on.

    Its files may go to a customer where there are links, and of each is known what it is: it may hold words.
    """
    shown = files.to_see(text)
    are_known = all(each.content_type for each in shown)
    count = text.media_count - (len(text.attachments) - len(shown))
    return HandlerText(
        text.message_id,
        person.id,
        text.body,
        at,
        count,
        is_recovered,
        text.consent,
        files_go=world.files is not None and are_known and len(shown) == count,
        is_unread=bool(files.hold_words(text)),
        is_sign_in_code=is_sign_in_code,
    )


def commit(world: World, relay: Relay, version: object | None, act: Act, budget: Budget) -> bool:
    """Commit a text with its act and carry that out. Returns whether the text is new. Raises Conflict."""
    began = world.clock.monotonic()
    versions = acts.committed(world, relay, version, act, budget)
    if versions is None:
        return False
    world.journal.steps(relay, relay.error_log)
    acts.carry_out(world, act, versions, budget, began)
    return version is None


def _says_more_than(world: World, again: Event, budget: Budget) -> Stored | None:
    """Returns the text as it is stored, if it has fewer words than it says now: then it is decided anew.

    Which files came with it is put on record at once. None where nothing is left to decide.
    """
    assert again.text is not None  # noqa: S101 - it is made so above
    stored = world.store.get(again.text.message_id, timeout_seconds=budget.store)
    if stored is None or not fuller.says_more(stored.relay, again):
        return None
    if again.text.body.strip() != stored.relay.message_body.strip():
        return stored
    conductor.apply(world, stored, again, budget)
    return None


def _own_again(known: Relay, again: Event, verdict: Verdict, now: datetime) -> Relay:
    """Returns the stored text with what it says more, and what it is taken for by that."""
    relay = machine.transition(known, again, now).relay
    return changed(relay, asked=verdict.asked.value, thread_id=_thread_id(verdict))


def _own_relay(text: InboundText, policy: Policy, verdict: Verdict, now: datetime, recovered_by: str) -> Relay:
    """Returns the handler's text as it is kept, with what it was taken for."""
    route = Record(policy, verdict.because, thread_id=_thread_id(verdict), asked=verdict.asked.value)
    return moves.receive(text, SenderClass.HANDLER, route, now, None, recovered_by=recovered_by).relay


def _thread_id(verdict: Verdict) -> str:
    return verdict.thread.thread_id if verdict.thread is not None else ""


def _decided(conversations: Conversations, said: HandlerText, known: Known) -> Verdict:
    if conversations.is_on:
        return decide(said, known.facts)
    if any(one.relay.claim_until is not None for ones in known.relays.values() for one in ones):
        verdict = decide(said, known.facts)
        if verdict.asked in _STILL_DONE:
            return verdict
    return _replies_are_off(said, known.facts)


def _replies_are_off(said: HandlerText, facts: Facts) -> Verdict:
    """Returns the verdict that says that this number passes nothing on.

    Nothing is said to a machine, or to a person who was told that lately.
    """
    if said.is_sign_in_code:
        return Verdict(Asked.SIGN_IN_CODE, SIGN_IN_CODE)
    if is_providers(said.body, said.consent):
        return Verdict(Asked.RESERVED, PROVIDERS_WORD)
    because = "replies are off: this number passes nothing on"
    lately = said.at - REPLIES_OFF_EVERY
    was_told = any(one.asked is Asked.REPLIES_OFF and one.at > lately for one in facts.earlier)
    if was_told or is_auto_reply(said.body):
        return Verdict(Asked.MACHINE, because)
    return Verdict(Asked.REPLIES_OFF, because, notices=(Notice(said.person, Said.REPLIES_OFF),))
