"""C1 to C9 of threads.md, each as one function that says how it judges a run with people.

They believe what Twilio took, for whom and when, what people texted, and the order of commits; never the relay's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

from relay.core.model import FinalStatus, Purpose, Relay, SenderClass, Step
from relay.core.threads.model import CODE_KEPT, FORMER_HANDLER, Thread
from relay.record.kinds import Kind

from tests.simulator.history import time_of
from tests.simulator.people.acting import Said
from tests.simulator.people.cast import BUSINESS
from tests.simulator.people.evidence import Evidence, evidence_of
from tests.simulator.people.habits import TAKE_NOTHING, Act
from tests.simulator.people.words import AUTOMATIC, CLAIMS, RESERVED, STOPS, code_of
from tests.simulator.plan import BODY_MARK
from tests.simulator.sim_twilio import Message
from tests.simulator.simulation import Simulation

_TWELVE_HOURS = 12 * 3600.0
# Clocks may differ by minutes.
_ACTIVE = timedelta(hours=2, minutes=10)
_TOKEN = re.compile(rf"{BODY_MARK} (z[a-z]{{4}})\b")
# What a customer never reads by itself, as the whole of a text.
_NEVER_ALONE = {
    *(word.casefold() for word in (*CLAIMS, *STOPS, *RESERVED)),
    *("mine", "pass", "done", "open", "block", "?", "ok"),
}
_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_START = frozenset({"START", "UNSTOP"})


def c1_every_text_ends_with_a_person(found: Evidence) -> Iterator[str]:
    """Every customer's text has ended as claimed by a person who did claim, as delivered at a tier that asks for no
    claim, or with an alarm (L1 asks for that); and its tiers are the configured ones, in whatever order."""
    for at, relay in found.claims():
        is_by_delivery = relay.delivered_tier is not None and relay.claimed_at == relay.delivery_confirmed_at
        if is_by_delivery and not _reached_its_owner(found, relay):
            yield f"C1: {relay.message_id[-3:]} counts as taken by its delivery"
        person = relay.claimed_by
        own = [each for each in found.people.said.values() if each.person == person and _may_take(found, each)]
        if not any(_was_decided(found, each, at) for each in own) and not _reached_its_owner(found, relay):
            yield f"C1: {relay.message_id[-3:]} counts as {person}'s, who took nothing"
    for message_id in filter(found.is_customers, found.run.fleet.store.relays):
        relay = found.run.fleet.store.relays[message_id].relay
        if relay.final_status is FinalStatus.RECORDED:
            yield f"C1: {message_id[-3:]} came from a customer and goes to no handler"
        tier = relay.policy.tier_or_last(relay.delivered_tier or 1)
        was_released = any(seen.final_status is FinalStatus.CLAIMED for _, seen in found.run.history.commits[message_id])
        if relay.final_status is FinalStatus.DELIVERED and tier.claim_timeout_seconds > 0 and not was_released:
            yield f"C1: {message_id[-3:]} waits for no claim any more, and no person took it"
        if not any(_names(relay) == names for names in _configured(found)):
            yield f"C1: {message_id[-3:]} has other tiers than were configured"


def _may_take(found: Evidence, said: Said) -> bool:
    """Whether a text may claim: it is a person's, or looks like one's."""
    if said.act is Act.AUTO:
        return said.body == AUTOMATIC[-1] and not _came_at_once(found, said)
    return said.act not in TAKE_NOTHING


def _was_decided(found: Evidence, said: Said, until: float) -> bool:
    decided = found.decided_at(said.message_id)
    return decided is not None and decided <= until


def _reached_its_owner(found: Evidence, relay: Relay) -> bool:
    """Whether it was forwarded to a person who had the customer then, and had acted within two hours."""
    created = found.decided_at(relay.message_id) or 0.0
    thread = found.thread_at(relay.thread_id, created)
    acted = thread is not None and thread.owner == relay.claimed_by and thread.owner_acted_at is not None
    is_first = relay.policy.tier(1).name == relay.claimed_by
    return acted and is_first and time_of(created) - thread.owner_acted_at <= _ACTIVE  # type: ignore


def _names(relay: Relay) -> list[str]:
    return sorted(tier.name for tier in relay.policy.tiers)


def _configured(found: Evidence) -> Iterator[list[str]]:
    for policy in (found.run.plan.policy, found.run.plan.new_policy):
        if policy is not None:
            yield sorted(tier.name for tier in policy.tiers)


def c2_one_owner(found: Evidence) -> Iterator[str]:
    """When a text becomes a person's, or an answer of a person's is created, that person has its thread by the commit
    of that moment; and a person whose customer another takes over is told so in the same commit."""
    for at, relay in found.claims():
        thread = found.thread_at(relay.thread_id, at)
        owners = {seen.owner for when, seen in found.threads.get(relay.thread_id, []) if when >= at - 60.0}
        is_its = thread is not None and (thread.owner == relay.claimed_by or relay.claimed_by in owners)
        if not is_its and not _reached_its_owner(found, relay):
            yield f"C2: {relay.message_id[-3:]} is {relay.claimed_by}'s, and its thread is not"
    for said in found.people.said.values():
        answer, at = found.relay(f"{said.message_id}-a"), found.decided_at(said.message_id)
        if answer is None or at is None:
            continue
        thread = found.thread_at(answer.thread_id, at)
        if thread is None or thread.owner != said.person:
            yield f"C2: an answer of {said.person}'s left who did not have the customer"
    for thread_id, commits in found.threads.items():
        for (_, before), (at, after) in pairwise(commits):
            is_taken_over = before.owner is not None and after.owner not in (None, before.owner)
            if is_taken_over and not _was_told(found, before, at):
                yield f"C2: {after.owner} took {thread_id[:4]} from {before.owner}, who was not told"
            if is_taken_over and before.owner_since is not None and after.owner_since is not None:
                if after.owner_since <= before.owner_since:
                    yield f"C2: {after.owner} took {thread_id[:4]} over by words older than {before.owner}'s claim"
    yield from _open_texts_are_told(found)
    yield from _a_claim_takes_all(found)
    for message_id, records in found.run.history.commits.items():
        for (_, earlier), (_, later) in pairwise(records):
            steps = {entry.step for entry in later.error_log[len(earlier.error_log) :]}
            is_taken_back = earlier.final_status is FinalStatus.CLAIMED and later.final_status in _UNCLAIMED
            if is_taken_back and not steps & _TAKE_BACK:
                yield f"C2: {message_id[-3:]} was claimed, and is {later.final_status}"


def _a_claim_takes_all(found: Evidence) -> Iterator[str]:
    """What was open when a person took the thread is claimed by that, or told by its next lease."""
    for thread_id, commits in found.threads.items():
        for (_, before), (at, after) in pairwise(commits):
            if after.owner is None or after.owner_since is None or after.owner_since == before.owner_since:
                continue
            for message_id, seen in found.run.history.commits.items():
                first_at, first = seen[0]
                # One that was stored while the claim was decided is told by the next lease.
                if first.thread_id != thread_id or not found.is_customers(message_id) or first_at > at - 30.0:
                    continue
                was = [relay for when, relay in seen if when < at][-1]
                is_open = was.final_status in (*_UNCLAIMED, FinalStatus.IN_PROGRESS)
                is_later = was.timestamp > after.owner_since
                if is_open and not is_later and not any(_is_told(relay) for when, relay in seen if when >= at):
                    yield f"C2: {message_id[-3:]} was open when {after.owner} took its customer, and was not told"


_UNCLAIMED = (FinalStatus.DELIVERED, FinalStatus.EXHAUSTED)
_TAKE_BACK = frozenset({Step.RELEASED, Step.PASSED})


def _is_told(relay: Relay) -> bool:
    return relay.final_status is FinalStatus.CLAIMED


def _was_told(found: Evidence, before: Thread, at: float) -> bool:
    """Whether the former owner gets a notice that was created in that commit."""
    return any(
        commits[0][0] == at
        and commits[0][1].purpose is Purpose.NOTICE
        and commits[0][1].policy.tier(1).name == before.owner
        for commits in found.run.history.commits.values()
    )


def _open_texts_are_told(found: Evidence) -> Iterator[str]:
    """Once a person has a thread, no text that came in before that is sent to anybody else for it, but what was leased
    already."""
    for message_id, commits in found.run.history.commits.items():
        if not found.is_customers(message_id):
            continue
        for (_, before), (at, after) in pairwise(commits):
            new = [each for each in after.attempts[len(before.attempts) :] if each.lease is not None]
            new += [
                each
                for old, each in zip(before.attempts, after.attempts, strict=False)
                if each.lease is not None and old.lease is None
            ]
            thread = found.thread_at(after.thread_id, at - 1e-9)
            if not new or thread is None or thread.owner is None or thread.owner_since is None:
                continue
            person = after.policy.tier_or_last(new[-1].tier).name
            if person != thread.owner and thread.owner_since >= after.timestamp:
                yield f"C2: {message_id[-3:]} was sent to {person}, and {thread.owner} has the customer"


def c3_whom_he_meant(found: Evidence) -> Iterator[str]:
    """A handler's text reaches at most one customer: whom its code named, or the only one about whom his phone was sent
    anything in the 12 hours before."""
    reached: dict[str, set[str]] = {}
    for message in found.to_customers:
        cause = message.post.message_id.removesuffix("-a")
        said = found.said_by(cause)
        if said is None:
            yield f"C3: a text went to a customer that no handler's text caused ({message.post.message_id[-6:]})"
            continue
        reached.setdefault(cause, set()).add(message.to)
        customer = message.to, message.from_ or ""
        if len(reached[cause]) > 1:
            yield f"C3: {said.person}'s text reached several customers"
        if said.is_lost:
            yield f"C3: {said.person}'s text was found late and went to a customer by itself"
        if said.code:
            if not any(
                each.customer == customer and each.code == said.code
                for each in found.shown
                if each.person == said.person and each.at <= said.at
            ) and not _was_leased(found, said, message, said.code):
                yield f"C3: {said.person} meant {said.code}, which is not whom the text reached"
            continue
        since = said.at - _TWELVE_HOURS
        likely = {each.customer for each in found.shown if each.person == said.person and since <= each.at <= said.at}
        # A thread's times are up to an hour too early: one that was shown so much longer ago may be meant, too.
        is_known = any(
            (each.person, each.customer) == (said.person, customer) and since - 3600.0 <= each.at <= said.at
            for each in found.shown
        )
        is_known = is_known or _was_leased(found, said, message)
        if likely - {customer} or not is_known:
            yield f"C3: {said.person} wrote without a code, could have meant {len(likely)}, and a customer got it"
    yield from _once(found)
    for message in found.to_customers:
        for token in _TOKEN.findall(message.body):
            own = found.said_by(message.post.message_id.removesuffix("-a"))
            if own is not None and token not in own.body:
                yield f"C3: words of another text went to a customer ({token})"


def _once(found: Evidence) -> Iterator[str]:
    """The same words under another id within a minute go once. (By clocks that agree.)"""
    if any(found.run.plan.skews):
        return
    sent = [said for message in found.to_customers if (said := found.said_by(message.post.message_id[:-2]))]
    for one in sent:
        for other in sent:
            is_same = one.body == other.body and one.phone == other.phone and one.act is not Act.SAY
            if is_same and one.message_id < other.message_id and abs(one.at - other.at) <= 59.0:
                yield f"C3: {one.person}'s words went twice"


def _was_leased(found: Evidence, said: Said, message: Message, code: str = "") -> bool:
    """Whether a text of this customer was about to be sent to that person, under this code if one is given: what is
    sent beside it names the customer, too, and code and customer may be known without the text."""
    until = found.decided_at(said.message_id)
    since = 0.0 if code else said.at - _TWELVE_HOURS
    return until is not None and any(
        person == said.person and code in ("", of) and since <= when <= until and found.is_of(thread_id, message)
        for person, of, thread_id, when in found.leased
    )


def c4_no_claim_word(found: Evidence) -> Iterator[str]:
    """No claim word, no command, no reaction, no word of the provider's and no machine's words reach a customer, unless
    they stood behind `say`."""
    for message in found.to_customers:
        words = _bare(message.body)
        said = found.said_by(message.post.message_id.removesuffix("-a"))
        if said is not None and said.act is Act.SAY:
            continue
        if words.casefold() in _NEVER_ALONE or re.match(r"(Liked|Loved|Emphasized|Questioned|Laughed|Disliked) ", words):
            yield f"C4: a customer got {words!r}"
        if words in AUTOMATIC and (words != AUTOMATIC[-1] or _came_at_once(found, said)):
            yield "C4: a customer got what a phone had answered by itself"


def _came_at_once(found: Evidence, said: Said | None) -> bool:
    """Whether a text came within 10 s of the lease of one that went to its phone, or is one of that phone's once more.

    (Not of the line on how to answer, which follows the first text.)"""
    if said is None or any(found.run.plan.skews):
        return said is None
    leases = (
        max((at for at in _lease_commits(found, post.message_id, post.attempt) if at <= post.at), default=post.at)
        for post in found.run.history.posts
        if post.to == said.phone and "-h" not in post.message_id and post.at <= said.at
    )
    own = (each for each in found.people.said.values() if each.phone == said.phone and each.body == said.body)
    return any(0.0 <= said.at - at <= 9.5 for at in leases) or any(
        0.0 < said.at - each.at <= 86400.0 for each in own
    )


def _bare(body: str) -> str:
    """An answer's words without what the first one is introduced by."""
    return body.removeprefix(f"{BUSINESS}: ").removesuffix("\nReply STOP to opt out.")


def c5_every_text_has_an_answer(found: Evidence) -> Iterator[str]:
    """Every handler's text has an effect, or is answered; but for machines' words, repetitions that were asked about,
    and words that Twilio answers itself."""
    yield from _a_plain_answer_goes(found)
    for said in found.people.said.values():
        relay = found.relay(said.message_id)
        if relay is not None and relay.sender_class is SenderClass.CUSTOMER:
            if not _is_handler_no_more(found, said):
                yield f"C5: {said.person}'s text was taken for a customer's"
            continue
        if relay is None or _may_be_silent(found, said):
            continue
        caused = [each for each in found.run.fleet.store.relays if each.startswith(f"{said.message_id}-")]
        if not caused:
            yield f"C5: {said.person} texted ({said.act.value}) and nothing came of it"
        posted = {post.message_id for post in found.run.history.posts}
        if caused and found.cast.is_calm and not posted.intersection(caused) and not _was_held(found, caused):
            yield f"C5: what {said.person}'s text ({said.act.value}) caused was never sent"


def _a_plain_answer_goes(found: Evidence) -> Iterator[str]:
    """Words behind the code of an open thread that is the person's, or nobody's, go to its customer."""
    for said in found.people.said.values():
        at = found.decided_at(said.message_id)
        if said.act is not Act.CODED or at is None or said.is_lost or found.relay(f"{said.message_id}-a"):
            continue
        relay = found.relay(said.message_id)
        if relay is None or relay.recovered or relay.sender_class is SenderClass.CUSTOMER:
            continue
        meant = {
            each.customer
            for each in found.shown
            if (each.person, each.code) == (said.person, said.code) and each.at <= said.at
        }
        for commits in found.threads.values():
            seen = [thread for when, thread in commits if when < at]
            if not seen or seen[-1].code != said.code or (seen[-1].customer_phone, seen[-1].our_phone) not in meant:
                continue
            thread = seen[-1]
            is_his = thread.owner in (None, said.person) and thread.is_open(time_of(said.at)) and thread.is_answerable
            is_first = thread.answered_at is None or thread.answered_at < time_of(said.at - 700.0)
            calm = found.cast.is_calm and is_first and not _is_blocked(found, thread.customer_phone, at, any_reason=True)
            if is_his and calm:
                yield f"C5: {said.person}'s words for {said.code} were not sent"


def _is_handler_no_more(found: Evidence, said: Said) -> bool:
    """Whether the person has stood at no tier for two weeks; the store is told once a day, if that goes well."""
    plan = found.run.plan
    if plan.new_policy is None:
        return False
    if any(tier.reach.address == said.phone for tier in plan.new_policy.tiers):
        # Processes get new tiers one after the other; the last ones do not know who is new.
        rolled_out = plan.config_changes_at + 20.0 * len(found.run.fleet.processes)
        return not any(tier.reach.address == said.phone for tier in plan.policy.tiers) and said.at <= rolled_out
    since = plan.config_changes_at + FORMER_HANDLER.total_seconds() - 86400.0
    return said.at >= (since if found.cast.is_calm else plan.config_changes_at)


def _was_held(found: Evidence, caused: list[str]) -> bool:
    """Whether all of it was given up for a reason that rule 13 names: it is on record, with what was said instead."""
    relays = [relay for each in caused if (relay := found.relay(each)) is not None]
    return all(relay.purpose is Purpose.ANSWER and relay.final_status is FinalStatus.EXHAUSTED for relay in relays)


def _may_be_silent(found: Evidence, said: Said) -> bool:
    words = said.body.strip()
    if words.upper() in (*_STOP, *_START, "HELP", "INFO"):
        return True
    if said.act is Act.AUTO:
        return True
    others = (each for each in found.people.said.values() if each is not said and each.person == said.person)
    return any(each.body.casefold() == said.body.casefold() and abs(each.at - said.at) <= 1800.0 for each in others)


def c6_nothing_after_an_opt_out(found: Evidence) -> Iterator[str]:
    """No attempt to text a customer is leased after the commit of an opt-out and before that of its lifting. (One that
    was leased before may still leave: what a process has just been allowed to do no store can take back.)"""
    for post in found.posts_to_customers:
        leased = [at for at, relay in found.run.history.commits[post.message_id] if _is_leased(relay, post.attempt)]
        at = max((each for each in _lease_commits(found, post.message_id, post.attempt) if each <= post.at), default=None)
        if at is None or not leased:
            continue
        if _is_blocked(found, post.to, at):
            yield f"C6: {post.message_id[-6:]} was sent to a customer who had opted out"


def _is_leased(relay: Relay, number: int) -> bool:
    return len(relay.attempts) >= number and relay.attempts[number - 1].lease is not None


def _lease_commits(found: Evidence, message_id: str, number: int) -> Iterator[float]:
    lease = None
    for at, relay in found.run.history.commits[message_id]:
        if _is_leased(relay, number) and relay.attempts[number - 1].lease != lease:
            lease = relay.attempts[number - 1].lease
            yield at


def _is_blocked(found: Evidence, customer: str, at: float, any_reason: bool = False) -> bool:
    """Whether the customer's last word on it that was committed before is an opt-out, or a handler blocked.

    `any_reason`: also by what Twilio's refusals said.
    """
    if any_reason and any(
        commits[-1][1].because == "refused"
        for key, commits in found.run.history.records.items()
        if key[0] is Kind.OPT_OUT
    ):
        return True
    last, blocked = -1.0, False
    for message_id, known in found.run.history.texts.items():
        decided = found.decided_at(message_id)
        if known.text.sender_phone != customer or decided is None or not last < decided < at:
            continue
        word = known.text.body.strip().upper()
        is_told = known.text.consent is not None and not _was_recovered(found, message_id)
        if word in _STOP or is_told:
            last, blocked = decided, True
        elif word in _START:
            last, blocked = decided, False
    for said in found.people.said.values():
        decided = found.decided_at(said.message_id)
        relay = found.relay(said.message_id)
        if said.act is not Act.BLOCK or decided is None or relay is None or not last < decided < at:
            continue
        if relay.asked == "block" and _customer_of(found, relay.thread_id) == customer:
            last, blocked = decided, True
    return blocked


def _was_recovered(found: Evidence, message_id: str) -> bool:
    relay = found.relay(message_id)
    return relay is not None and relay.recovered


def _customer_of(found: Evidence, thread_id: str) -> str:
    commits = found.threads.get(thread_id)
    return commits[-1][1].customer_phone if commits else ""


def _begin_with_their_codes(found: Evidence) -> Iterator[str]:
    """Every customer's text that is forwarded begins with the code that its thread has then."""
    for message in found.run.fleet.twilio.messages.values():
        if not found.is_customers(message.post.message_id) or message.to not in found.cast.names:
            continue
        commits = found.run.history.commits[message.post.message_id]
        relay = [relay for when, relay in commits if when <= message.post.at][-1]
        thread = found.thread_at(relay.thread_id, message.post.at)
        codes = {each.code for when, each in found.threads.get(relay.thread_id, []) if when >= message.post.at - 15.0}
        if thread is not None and code_of(message.body) not in {thread.code, *codes}:
            yield f"C8: {relay.message_id[-3:]} was forwarded under another code than its thread's"


def c8_codes_of_ones_own(found: Evidence) -> Iterator[str]:
    """A text with a code acts only in the thread that has this code at that moment, and only for a person to whom a
    text of it was sent under it; and no code is given to another thread before seven days are over."""
    for said in found.people.said.values():
        at, relay = found.decided_at(said.message_id), found.relay(said.message_id)
        if not said.code or at is None or relay is None or relay.sender_class is SenderClass.CUSTOMER:
            continue
        for thread_id in set(found.effects_of(said)):
            thread = found.thread_at(thread_id, at)
            if thread is None or thread.code != said.code:
                yield f"C8: {said.person} texted {said.code}, and it acted in a thread of another code"
            if not any(
                (person, code, of) == (said.person, said.code, thread_id) and when <= at
                for person, code, of, when in found.leased
            ):
                yield f"C8: {said.person} texted {said.code}, of which no text went there"
    yield from _begin_with_their_codes(found)
    for key, commits in found.run.history.records.items():
        if key[0] is not Kind.CODE:
            continue
        for (_, before), (at, after) in pairwise(commits):
            thread = found.thread_at(before.thread_id, at - 1e-9)
            if after.thread_id != before.thread_id and thread is not None and thread.code == before.code:
                if time_of(at) < thread.closed_since() + CODE_KEPT:
                    yield f"C8: {before.code} was given to another customer too soon"


def c9_no_strangers_words(found: Evidence) -> Iterator[str]:
    """No text to a customer holds a handler's number, another customer's number or words; and no answer goes to anybody
    but its customer."""
    numbers = [phone[2:] for phone in (*found.cast.names, *found.cast.customers)]
    written = {
        token: known.text.sender_phone
        for known in found.run.history.texts.values()
        if known.text.sender_phone in found.cast.customers
        for token in _TOKEN.findall(known.text.body)
    }
    for message in found.to_customers:
        if any(number in message.body for number in numbers if number != message.to[2:]):
            yield "C9: a customer got a number"
        for token in _TOKEN.findall(message.body):
            if written.get(token, message.to) != message.to:
                yield "C9: a customer got another customer's words"
    taken_for_customers = {
        said.phone
        for said in found.people.said.values()
        if (relay := found.relay(said.message_id)) and relay.sender_class is SenderClass.CUSTOMER
    }
    for post in found.run.history.posts:
        if post.message_id.endswith("-a") and post.to not in (*found.cast.customers, *taken_for_customers):
            yield f"C9: an answer ({post.message_id[-6:]}) was sent to a handler"
        if "-" in post.message_id and not post.message_id.endswith("-a") and post.to in found.cast.customers:
            yield f"C9: a notice ({post.message_id[-6:]}) was sent to a customer"


_JUDGES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    c1_every_text_ends_with_a_person,
    c2_one_owner,
    c3_whom_he_meant,
    c4_no_claim_word,
    c5_every_text_has_an_answer,
    c6_nothing_after_an_opt_out,
    c8_codes_of_ones_own,
    c9_no_strangers_words,
)


def judged(run: Simulation) -> Iterator[str]:
    """What the run violates of C1 to C9, but for C7, for which all requests come again at the end (liveness.py)."""
    found = evidence_of(run)
    for judge in _JUDGES if found is not None else ():
        yield from judge(found)  # type: ignore[arg-type]


PEOPLE = (judged,)
