"""`read_facts` reads what is known when a handler's text is decided on: threads, relays, opt-outs, earlier texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.core.model import FinalStatus, Purpose, Relay, SenderClass
from relay.core.people import Person
from relay.core.policy import LEASE_SECONDS
from relay.core.threads import audience, codes, grammar
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Asked, EarlierText, Facts, HandlerText, Quoted
from relay.flow import opt_outs
from relay.flow.answers import HANDLER, answer_of, notice_of
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.wording import compose
from relay.flow.world import World
from relay.ports import Kept, Search, Stored

# Threads of the last weeks are enough to say whose a code is by now; the newest count.
THREADS_LOOKED_AT = timedelta(days=30)
THREADS_MAX = 200
RELAYS_MAX = 100
EARLIER = timedelta(hours=24)
EARLIER_MAX = 100
# How many of a thread's newest relays are looked at for what its owner has taken; and how far back for what was sent a
# moment ago (tries and all), which costs little because most people answer later.
RECENT_MAX = 10
JUST_SENT = timedelta(seconds=30)
# Of how many threads that an uncoded text may be for the relays are read. With more than one nothing is done anyway.
CANDIDATES_READ = 3
# Of a person's texts within this time, so many, it is looked whether a notice has just answered them.
NOTICED_WITHIN = timedelta(minutes=2)
NOTICES_READ = 3

_WORDS_OF_ASKED = {asked.value: asked for asked in Asked}


@dataclass(frozen=True, slots=True)
class Known:
    """What was read, with the versions to commit against: threads and the open relays of those that matter."""

    facts: Facts
    threads: Mapping[str, Kept[Thread]]
    relays: Mapping[str, tuple[Stored, ...]]


def read_facts(
    world: World, conversations: Conversations, person: Person, said: HandlerText, sender_phone: str, budget: Budget
) -> Known:
    """Returns what is known when a person's text is decided on. Raises StoreUnavailable."""
    store = world.store
    shown = store.threads_shown_to(person.id, said.at - THREADS_LOOKED_AT, THREADS_MAX, timeout_seconds=budget.store)
    threads = tuple(kept.record for kept in shown)
    named = _codes_in(said.body, {thread.code for thread in threads})
    if named:
        meant = [thread for thread in threads if thread.code in named]
    else:
        meant = list(audience.candidates(said, Facts(threads)))
    relays = {
        thread.thread_id: tuple(store.relays_of(thread.thread_id, RELAYS_MAX, timeout_seconds=budget.store))
        for thread in meant[:CANDIDATES_READ]
    }
    recent = _recent(world, said, meant, budget)
    earlier = _earlier(world, said, sender_phone, budget)
    sent = (*_all(relays), *recent, *(() if named else _notices(world, said, earlier, budget)))
    facts = Facts(
        threads=threads,
        code_holders=_holders(world, named, threads, said.at, budget),
        earlier=earlier,
        # What left after the person wrote tells nothing of that text.
        sent_at=max((at for one in sent for at in _sent_to(one, person.id) if at <= said.at), default=None),
        quoted=tuple(map(_quoted, _all(relays))),
        blocked=_blocked(world, conversations, meant[:CANDIDATES_READ], budget),
        names=names_of(world, conversations, budget),
        relays_waiting={thread_id: bool(ones) for thread_id, ones in relays.items()},
    )
    if recent and _wish(said) is Asked.PASS:
        thread = meant[0]
        relays[thread.thread_id] += tuple(_to_pass(world, person.id, thread, recent, budget))
    return Known(facts, {kept.record.thread_id: kept for kept in shown}, relays)


def _codes_in(body: str, known: set[str]) -> tuple[str, ...]:
    in_front = codes.code_in_front(body)
    inside = codes.codes_inside(body, known)
    return inside if in_front is None else tuple(dict.fromkeys((in_front[0], *inside)))


def _wish(said: HandlerText) -> Asked:
    in_front = codes.code_in_front(said.body)
    words = said.body if in_front is None else in_front[1]
    return grammar.wish_of(words, is_coded=in_front is not None).asked


def _notices(world: World, said: HandlerText, earlier: tuple[EarlierText, ...], budget: Budget) -> Iterable[Relay]:
    """Yields what was said to the person about texts of a moment ago: a machine answers that, too."""
    lately = [one for one in earlier if timedelta() <= said.at - one.at <= NOTICED_WITHIN]
    for one in lately[:NOTICES_READ]:
        # What was said to the text itself, and what to its answer that did not arrive.
        for cause in (one.message_id, answer_of(one.message_id)):
            stored = world.store.get(notice_of(cause, 1), timeout_seconds=budget.store)
            if stored is not None:
                yield stored.relay


def _recent(world: World, said: HandlerText, meant: Sequence[Thread], budget: Budget) -> tuple[Relay, ...]:
    """Returns the newest relays of the only thread that a text can be for, claimed ones and notices included.

    Only where they matter: for words without a code, which a phone may have sent by itself, and for a pass.
    """
    wish = _wish(said)
    is_doubtful = wish is Asked.ANSWER and codes.code_in_front(said.body) is None
    if len(meant) != 1 or not (is_doubtful or wish is Asked.PASS):
        return ()
    since = said.at - JUST_SENT if is_doubtful else None
    search = Search(thread_id=meant[0].thread_id, since=since, limit=RECENT_MAX)
    return world.store.search(search, timeout_seconds=budget.store).relays


def _to_pass(world: World, person: str, thread: Thread, recent: Iterable[Relay], budget: Budget) -> Iterable[Stored]:
    """Yields the texts that the owner of a thread has taken: with the customer, a pass gives them up."""
    for relay in recent:
        claimed_at, since = relay.claimed_at, thread.owner_since
        is_the_owners = relay.claimed_by == person == thread.owner
        if is_the_owners and claimed_at is not None and since is not None and claimed_at >= since:
            stored = world.store.get(relay.message_id, timeout_seconds=budget.store)
            if stored is not None and stored.relay.claimed_by == person:
                yield stored


def _all(relays: Mapping[str, tuple[Stored, ...]]) -> Iterable[Relay]:
    return (one.relay for ones in relays.values() for one in ones)


def _sent_to(relay: Relay, person: str) -> Iterable[datetime]:
    """Yields when attempts of the relay to this person were handed out for sending."""
    if relay.purpose is Purpose.ANSWER:
        return
    for attempt in relay.attempts_of_drive:
        if attempt.lease_until is not None and relay.policy.tier(attempt.tier).name in (person, HANDLER):
            yield attempt.lease_until - timedelta(seconds=LEASE_SECONDS)


def _quoted(relay: Relay) -> Quoted:
    words = compose(relay.sender_phone, relay.recipient_phone, relay.message_body, relay.media_count, relay.code)
    return Quoted(relay.thread_id, words)


def _holders(
    world: World, named: Iterable[str], threads: tuple[Thread, ...], at: datetime, budget: Budget
) -> dict[str, Thread]:
    """Returns which thread has a code now that none of these threads has, or has kept until then."""
    own = {thread.code for thread in threads if thread.keeps_its_code(at)}
    found: dict[str, Thread] = {}
    for code in named:
        kept_code = None if code in own else world.store.code(code, timeout_seconds=budget.store)
        if kept_code is None:
            continue
        kept = world.store.thread(kept_code.record.thread_id, timeout_seconds=budget.store)
        if kept is not None and kept.record.code == code:
            found[code] = kept.record
    return found


def _earlier(world: World, said: HandlerText, sender_phone: str, budget: Budget) -> tuple[EarlierText, ...]:
    search = Search(sender_phone=sender_phone, since=said.at - EARLIER, limit=EARLIER_MAX)
    relays = world.store.search(search, timeout_seconds=budget.store).relays
    return tuple(
        EarlierText(one.message_id, one.timestamp, one.message_body, _WORDS_OF_ASKED.get(one.asked))
        for one in relays
        if one.message_id != said.message_id
        and one.purpose is Purpose.FORWARD
        and one.final_status is FinalStatus.RECORDED
        and one.sender_class is SenderClass.HANDLER
    )


def _blocked(world: World, conversations: Conversations, threads: Iterable[Thread], budget: Budget) -> frozenset[str]:
    blocked = set()
    for thread in threads:
        if opt_outs.holds(world, conversations, thread.customer_phone, budget):
            blocked.add(thread.thread_id)
    return frozenset(blocked)


def names_of(world: World, conversations: Conversations, budget: Budget) -> dict[str, str]:
    """Returns what each person is called in a text to another one, by id."""
    known = (kept.record for kept in conversations.known(world, budget).values())
    former = {one.person: Person(one.person, one.name, one.numbers).spoken for one in known}
    return former | {person.id: person.spoken for person in conversations.people.handlers}
