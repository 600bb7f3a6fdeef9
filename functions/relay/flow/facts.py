"""`read_facts` reads what is known when a handler's text is decided on: threads, relays, opt-outs, earlier texts."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from relay.core.model import FinalStatus, Purpose, Relay, SenderClass
from relay.core.numbers import same
from relay.core.people import Person
from relay.core.policy import LEASE_SECONDS
from relay.core.threads import audience, codes
from relay.core.threads.model import Thread
from relay.core.threads.verdict import Asked, EarlierText, Facts, HandlerText, Quoted
from relay.flow import opt_outs
from relay.flow.answers import HANDLER, answer_of, notice_of
from relay.flow.budget import Budget
from relay.flow.conversations import Conversations
from relay.flow.threads_read import holders, read_threads, wish_of
from relay.flow.wording import forwarded, written_ago
from relay.flow.world import SendingWorld, World
from relay.ports import Kept, Search, Stored
from relay.record.kinds import awaits_claim
from relay.web import media_link

RELAYS_MAX = 100
EARLIER = timedelta(hours=24)
EARLIER_MAX = 100
# How many of a thread's newest relays are looked at for what its owner has taken; and how far back for what was sent a
# moment ago (tries and all), which costs little because most people answer later.
TAKEN_MAX = 10
JUST_SENT = timedelta(minutes=2)
# Of how many threads that an uncoded text may be for the relays are read. With more than one nothing is done anyway.
CANDIDATES_READ = 3
# Of a person's texts within this time, the newest so many, it is looked whether a notice has just answered them. Most
# people write one; a notice of an earlier one may leave after those of later ones, where a process stood still.
NOTICED_WITHIN = timedelta(minutes=2)
NOTICED_MAX = 10

# What has words for a customer, which may be a machine's or come twice; and for what an opt-out makes a difference.
_SPEAKS = (Asked.ANSWER, Asked.TAKEOVER)
_ASKS_OF_OPT_OUT = (*_SPEAKS, Asked.BLOCK)
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
    shown = read_threads(world, said, budget)
    threads = tuple(kept.record for kept in shown)
    named = _codes_in(said.body, {thread.code for thread in threads})
    if named:
        meant = [thread for thread in threads if thread.code in named]
    else:
        meant = list(audience.candidates(said, Facts(threads)))
    since = _of_thread_since(said, meant)
    found = {
        thread.thread_id: world.store.relays_of(thread.thread_id, RELAYS_MAX, since, timeout_seconds=budget.store)
        for thread in meant[:CANDIDATES_READ]
    }
    relays = {thread_id: tuple(one for one in ones if awaits_claim(one.relay)) for thread_id, ones in found.items()}
    wish = wish_of(said)
    earlier: tuple[EarlierText, ...] = ()
    if wish in _SPEAKS or not conversations.is_on:
        looked_back = said.at - (audience.looked_back(said) if conversations.is_on else EARLIER)
        # A coded text that came twice was of the same thread both times.
        are_read = since is not None and since <= looked_back
        own = _all(found) if are_read else _texts_from(world, sender_phone, looked_back, budget)
        earlier = _earlier(said, sender_phone, own)
    sent = (*_all(found), *(() if named else _notices(world, said, earlier, budget)))
    facts = Facts(
        threads=threads,
        code_holders=holders(world, named, threads, said, budget),
        earlier=earlier,
        # What left after the person wrote tells nothing of that text.
        sent_at=max(
            (at for one in sent for at in times_sent_to(one, person.id, sender_phone) if at <= said.at), default=None
        ),
        quoted=tuple(one for relay in _all(relays) for one in _quoted(world, relay)),
        blocked=_blocked(world, conversations, meant[:CANDIDATES_READ] if wish in _ASKS_OF_OPT_OUT else (), budget),
        names=names_of(world, conversations, budget),
        relays_waiting={thread_id: bool(ones) for thread_id, ones in relays.items()},
    )
    if len(meant) == 1 and wish is Asked.PASS:
        relays[meant[0].thread_id] += tuple(_to_pass(world, person.id, meant[0], budget))
    return Known(facts, {kept.record.thread_id: kept for kept in shown}, relays)


def _codes_in(body: str, known: set[str]) -> tuple[str, ...]:
    in_front = codes.code_in_front(body)
    inside = codes.codes_inside(body, known)
    return inside if in_front is None else tuple(dict.fromkeys((in_front[0], *inside)))


def _notices(world: World, said: HandlerText, earlier: tuple[EarlierText, ...], budget: Budget) -> Iterable[Relay]:
    """Yields what was said to the person about texts of a moment ago: a machine answers that, too."""
    lately = [one for one in earlier if timedelta() <= said.at - one.at <= NOTICED_WITHIN]
    for one in lately[:NOTICED_MAX]:
        # What was said to the text itself, and what to its answer that did not arrive.
        for cause in (one.message_id, answer_of(one.message_id)):
            stored = world.store.get(notice_of(cause, 1), timeout_seconds=budget.store)
            if stored is not None:
                yield stored.relay


def _of_thread_since(said: HandlerText, meant: Sequence[Thread]) -> datetime | None:
    """Returns since when all relays of the only thread that a text can be for are read, whatever they are for.

    Of words with a code, which may have come twice, the writer's own; of words without one, which a phone may have sent
    by itself, what was sent to the writer. None where only those matter that a claim takes.
    """
    is_coded = codes.code_in_front(said.body) is not None
    if len(meant) != 1 or wish_of(said) not in (_SPEAKS if is_coded else (Asked.ANSWER,)):
        return None
    return said.at - (audience.looked_back(said) if is_coded else JUST_SENT)


def _to_pass(world: World, person: str, thread: Thread, budget: Budget) -> Iterable[Stored]:
    """Yields the texts that the owner of a thread has taken: with the customer, a pass gives them up."""
    if thread.owner != person:
        return
    search = Search(thread_id=thread.thread_id, limit=TAKEN_MAX)
    for relay in world.store.search(search, timeout_seconds=budget.store).relays:
        claimed_at, since = relay.claimed_at, thread.owner_since
        is_the_owners = relay.claimed_by == person
        if is_the_owners and claimed_at is not None and since is not None and claimed_at >= since:
            stored = world.store.get(relay.message_id, timeout_seconds=budget.store)
            if stored is not None and stored.relay.claimed_by == person:
                yield stored


def _all(relays: Mapping[str, Sequence[Stored]]) -> Iterable[Relay]:
    return (one.relay for ones in relays.values() for one in ones)


def times_sent_to(relay: Relay, person: str, phone: str) -> Iterable[datetime]:
    """Yields when attempts of the relay to this person, who has this phone, were handed out for sending."""
    if relay.purpose is Purpose.ANSWER:
        return
    for attempt in relay.attempts_of_drive:
        name = relay.policy.tier(attempt.tier).name
        is_to_them = name == person or (name == HANDLER and same(attempt.reach.address, phone))
        if attempt.lease_until is not None and is_to_them:
            yield attempt.lease_until - timedelta(seconds=LEASE_SECONDS)


def _quoted(world: World, relay: Relay) -> Iterable[Quoted]:
    """Yields what the person may have been sent of a relay: with the link to its files and without, early and late."""
    links = [""]
    if relay.media_token and isinstance(world, SendingWorld) and world.files is not None:
        links.append(media_link(world.files.base_url, relay.media_token))
    written = {written_ago(relay, attempt) for attempt in relay.attempts} or {""}
    for link, ago in itertools.product(links, sorted(written)):
        yield Quoted(relay.thread_id, forwarded(relay, relay.message_body, link, ago))


def _texts_from(world: World, sender_phone: str, since: datetime, budget: Budget) -> tuple[Relay, ...]:
    search = Search(sender_phone=sender_phone, since=since, limit=EARLIER_MAX)
    return world.store.search(search, timeout_seconds=budget.store).relays


def _earlier(said: HandlerText, sender_phone: str, relays: Iterable[Relay]) -> tuple[EarlierText, ...]:
    """Returns those of the relays that are the person's own texts."""
    return tuple(
        EarlierText(one.message_id, one.timestamp, one.message_body, _WORDS_OF_ASKED.get(one.asked))
        for one in relays
        if one.message_id != said.message_id
        and one.purpose is Purpose.FORWARD
        and one.final_status is FinalStatus.RECORDED
        and one.sender_class is SenderClass.HANDLER
        and same(one.sender_phone, sender_phone)
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
