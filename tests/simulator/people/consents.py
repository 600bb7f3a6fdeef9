"""What several judges ask of a run: when an attempt was leased, who had opted out, what came at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relay.core.model import Relay
from relay.core.policy import LEASE_SECONDS
from relay.core.threads.model import OptOut

from tests.simulator.history import seconds_of
from tests.simulator.people.acting import Said
from tests.simulator.people.evidence import Evidence
from tests.simulator.people.habits import Act
from tests.simulator.plan import BODY_MARK

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "UNSTOP"})
TOKEN = re.compile(rf"{BODY_MARK} (z[a-z]{{4}})\b")
# Younger than the two minutes of `flow/facts.py`, by what a decision takes.
_LOOKED_BACK = 110.0


def is_leased(relay: Relay, number: int) -> bool:
    return len(relay.attempts) >= number and relay.attempts[number - 1].lease is not None


def lease_commits(found: Evidence, message_id: str, number: int) -> Iterator[float]:
    lease = None
    for at, relay in found.run.history.commits[message_id]:
        if is_leased(relay, number) and relay.attempts[number - 1].lease != lease:
            lease = relay.attempts[number - 1].lease
            yield at


def _handed_out(found: Evidence, message_id: str, number: int, until: float) -> float | None:
    """When an attempt was handed out by its lease that was stored last by `until`: the relay knows no more of when the
    text left. A store that is slow to answer makes that later by seconds."""
    seen = [relay for at, relay in found.run.history.commits[message_id] if at <= until and is_leased(relay, number)]
    lease_until = seen[-1].attempts[number - 1].lease_until if seen else None
    return None if lease_until is None else seconds_of(lease_until) - LEASE_SECONDS


def came_at_once(found: Evidence, said: Said | None) -> bool:
    """Whether a text came within 10 s of the lease of one that went to its phone, or is one of that phone's once more,
    as far as the relay can know.

    (Not of the line on how to answer, which follows the first text.) A webhook that comes again says nothing of the
    first time; what no webhook brought yet is not known; and of what was sent to the phone only texts of the last two
    minutes are looked for."""
    if said is None or any(found.run.plan.skews):
        return said is None
    decided = found.decided_at(said.message_id)
    tries = (at for at in found.run.history.tries.get(said.message_id, ()) if decided is not None and at <= decided)
    came_at = max(tries, default=said.at)

    def since_stored(message_id: str) -> float | None:
        at = found.decided_at(message_id)
        return None if at is None or at > came_at else came_at - at

    leases = (
        post.at if (at := _handed_out(found, post.message_id, post.attempt, post.at)) is None else at
        for post in found.run.history.posts
        if post.to == said.phone and "-h" not in post.message_id and post.at <= said.at
        if (age := since_stored(post.message_id)) is not None and age <= _LOOKED_BACK
    )
    own = (each for each in found.people.said.values() if each.phone == said.phone and each.body == said.body)
    others = (each for each in own if each.at < said.at and since_stored(each.message_id) is not None)
    return any(0.0 <= came_at - at <= 9.5 for at in leases) or any(said.at - each.at <= 86400.0 for each in others)


def is_blocked(found: Evidence, customer: str, at: float, any_reason: bool = False) -> bool:
    """Whether the customer's last word on it that was committed before is an opt-out, or a handler blocked.

    `any_reason`: also by what Twilio's refusals said.
    """
    if any_reason and any(
        isinstance(record := commits[-1][1], OptOut) and record.because == "refused"
        for commits in found.run.history.records.values()
    ):
        return True
    last, blocked = -1.0, False
    for message_id, known in found.run.history.texts.items():
        decided = found.decided_at(message_id)
        if known.text.sender_phone != customer or decided is None or not last < decided < at:
            continue
        word = known.text.body.strip().upper()
        is_told = known.text.consent is not None and not was_recovered(found, message_id)
        if word in STOP or is_told:
            last, blocked = decided, True
        elif word in START:
            last, blocked = decided, False
    for said in found.people.said.values():
        decided = found.decided_at(said.message_id)
        relay = found.relay(said.message_id)
        if said.act is not Act.BLOCK or decided is None or relay is None or not last < decided < at:
            continue
        if relay.asked == "block" and customer_of(found, relay.thread_id) == customer:
            last, blocked = decided, True
    return blocked


def was_recovered(found: Evidence, message_id: str) -> bool:
    relay = found.relay(message_id)
    return relay is not None and relay.recovered


def customer_of(found: Evidence, thread_id: str) -> str:
    commits = found.threads.get(thread_id)
    return commits[-1][1].customer_phone if commits else ""
