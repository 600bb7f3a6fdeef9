"""What holds of the answers that one customer gets: their order, what a redrive sends, and that the first one says who
writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from relay.core.model import FinalStatus, Relay

from tests.simulator.history import Post, time_of
from tests.simulator.people.cast import BUSINESS
from tests.simulator.people.consents import lease_commits
from tests.simulator.people.evidence import Evidence
from tests.simulator.sim_twilio import Message

# What the first answer ends with; Twilio and the carriers go by the word.
_OPT_OUT = "Reply STOP to opt out."


@dataclass(frozen=True, slots=True)
class _Sent:
    """One answer that Twilio took: when it was decided on, and when the lease was committed under which it left."""

    post: Post
    thread_id: str
    said_at: float
    decided_at: float
    leased_at: float


def _sent(found: Evidence) -> Iterator[_Sent]:
    for post in found.posts_to_customers:
        said = found.said_by(post.message_id.removesuffix("-a"))
        relay, decided_at = found.relay(post.message_id), found.decided_at(post.message_id)
        if not post.sid or said is None or relay is None or decided_at is None:
            continue
        leases = [at for at in lease_commits(found, post.message_id, post.attempt) if at <= post.at]
        if leases:
            yield _Sent(post, relay.thread_id, said.at, decided_at, leases[-1])


def answers_in_order(found: Evidence) -> Iterator[str]:
    """No answer leaves after a later one of its thread that was stored before it was leased: one of which the handler
    wrote after the first one was stored. (By clocks that agree: the relay knows the order by times alone.)"""
    if any(found.run.plan.skews):
        return
    sent = list(_sent(found))
    for one in sent:
        for later in sent:
            was_known = one.decided_at < later.said_at and later.decided_at < one.leased_at
            if one.thread_id == later.thread_id and was_known and later.post.at < one.post.at:
                yield f"ORDER: {one.post.message_id[-6:]} was sent after the later {later.post.message_id[-6:]}"


def redriven_answers_go_to_open_threads(found: Evidence) -> Iterator[str]:
    """An answer that was lost and is started again goes to a customer whose thread is open, while it is leased."""
    if any(found.run.plan.skews):
        return
    for one in _sent(found):
        commits = found.run.history.commits[one.post.message_id]
        is_redriven = any(relay.redrive_ids for at, relay in commits if at <= one.leased_at)
        seen = [found.thread_at(one.thread_id, one.leased_at)]
        seen += [each for at, each in found.threads.get(one.thread_id, ()) if one.leased_at < at <= one.post.at]
        if is_redriven and not any(each is not None and each.is_open(time_of(one.leased_at)) for each in seen):
            yield f"ORDER: {one.post.message_id[-6:]} was started again and sent although the customer is closed"


def the_first_says_who_writes(found: Evidence) -> Iterator[str]:
    """The first text that reaches a customer in a thread names the business and says how to opt out.

    (Where another one that does is on its way, or no person was told yet that it is lost, that one was to be first.)"""
    reached: dict[tuple[str, str], list[Message]] = defaultdict(list)
    introduces: dict[str, list[str]] = defaultdict(list)
    for message in found.to_customers:
        if message.reached_at is not None:
            reached[message.to, message.from_].append(message)
    for message_id, commits in found.run.history.commits.items():
        answer = commits[0][1]
        if message_id.endswith("-a") and _introduces(answer.message_body):
            introduces[answer.thread_id].append(message_id)
    for messages in reached.values():
        first = min(messages, key=lambda each: each.reached_at or 0.0)
        relay, at = found.relay(first.post.message_id), found.decided_at(first.post.message_id)
        if relay is None or at is None or _introduces(first.body):
            continue
        if all(_is_known_to_be_lost(found, each, at) for each in introduces[relay.thread_id]):
            yield f"FIRST: {first.post.message_id[-6:]} reached a customer first and does not say who writes"


def _introduces(body: str) -> bool:
    return body.startswith(BUSINESS) and body.endswith(_OPT_OUT)


def _is_known_to_be_lost(found: Evidence, message_id: str, at: float) -> bool:
    """Whether this answer was not there yet, or was given up and a person told of it, before this time."""
    seen: list[Relay] = [relay for when, relay in found.run.history.commits[message_id] if when < at]
    return not seen or (seen[-1].final_status is FinalStatus.EXHAUSTED and not seen[-1].alarm_is_due)
