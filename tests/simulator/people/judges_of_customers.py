"""C6, C8 and C9 of threads.md: what customers are not sent, and what a code stands for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from relay.core.model import SenderClass
from relay.core.threads.model import CODE_KEPT, ThreadCode

from tests.simulator.history import time_of
from tests.simulator.people.consents import (
    TOKEN,
    is_blocked,
    is_leased,
    lease_commits,
)
from tests.simulator.people.evidence import Evidence
from tests.simulator.people.words import code_of


def c6_nothing_after_an_opt_out(found: Evidence) -> Iterator[str]:
    """No attempt to text a customer is leased after the commit of an opt-out and before that of its lifting. (One that
    was leased before may still leave: what a process has just been allowed to do no store can take back.)"""
    for post in found.posts_to_customers:
        leased = [at for at, relay in found.run.history.commits[post.message_id] if is_leased(relay, post.attempt)]
        at = max(
            (each for each in lease_commits(found, post.message_id, post.attempt) if each <= post.at), default=None
        )
        if at is None or not leased:
            continue
        if is_blocked(found, post.to, at):
            yield f"C6: {post.message_id[-6:]} was sent to a customer who had opted out"


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
    for commits in found.run.history.records.values():
        given = [(at, record) for at, record in commits if isinstance(record, ThreadCode)]
        for (_, before), (at, after) in pairwise(given):
            thread = found.thread_at(before.thread_id, at - 1e-9)
            is_anothers = after.thread_id != before.thread_id and thread is not None and thread.code == before.code
            if is_anothers and thread is not None and time_of(at) < thread.closed_since() + CODE_KEPT:
                yield f"C8: {before.code} was given to another customer too soon"


def c9_no_strangers_words(found: Evidence) -> Iterator[str]:
    """No text to a customer holds a handler's number, another customer's number or words; and no answer goes to anybody
    but its customer."""
    numbers = [phone[2:] for phone in (*found.cast.names, *found.cast.customers)]
    written = {
        token: known.text.sender_phone
        for known in found.run.history.texts.values()
        if known.text.sender_phone in found.cast.customers
        for token in TOKEN.findall(known.text.body)
    }
    for message in found.to_customers:
        if any(number in message.body for number in numbers if number != message.to[2:]):
            yield "C9: a customer got a number"
        for token in TOKEN.findall(message.body):
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
