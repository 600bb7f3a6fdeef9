"""C5 of threads.md: no handler's text comes to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.model import FinalStatus, Purpose, SenderClass
from relay.core.threads.model import FORMER_HANDLER
from relay.flow.conversations import PEOPLE_KNOWN
from relay.record.kinds import Kind as RecordKind

from tests.simulator.history import time_of
from tests.simulator.people.acting import Said
from tests.simulator.people.consents import (
    START,
    STOP,
    is_blocked,
)
from tests.simulator.people.evidence import Evidence
from tests.simulator.people.habits import Act


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
        for thread_id, commits in found.threads.items():
            seen = [thread for when, thread in commits if when < at]
            if not seen or seen[-1].code != said.code or (seen[-1].customer_phone, seen[-1].our_phone) not in meant:
                continue
            thread = seen[-1]
            # What refuses a text changes no thread: it may go by how the thread was at any time since the text came.
            since = [found.thread_at(thread_id, said.at), *(each for when, each in commits if said.at < when < at)]
            is_his = thread.is_answerable and all(
                each is not None and each.owner in (None, said.person) and each.is_open(time_of(said.at))
                for each in since
            )
            is_first = thread.answered_at is None or thread.answered_at < time_of(said.at - 700.0)
            calm = found.cast.is_calm and is_first and not is_blocked(found, thread.customer_phone, at, any_reason=True)
            if is_his and calm:
                yield f"C5: {said.person}'s words for {said.code} were not sent"


def _is_handler_no_more(found: Evidence, said: Said) -> bool:
    """Whether the person has stood at no tier for two weeks, or was stored too late for every process to know.

    The store is told once a day, if that goes well.
    """
    plan = found.run.plan
    if plan.new_policy is None:
        return False
    if any(tier.reach.address == said.phone for tier in plan.new_policy.tiers):
        # Processes get new tiers one after the other; the last ones do not know who is new.
        rolled_out = plan.config_changes_at + 20.0 * len(found.run.fleet.processes)
        return not any(tier.reach.address == said.phone for tier in plan.policy.tiers) and said.at <= rolled_out
    since = plan.config_changes_at + FORMER_HANDLER.total_seconds() - 86400.0
    return said.at >= (since if found.cast.is_calm else plan.config_changes_at) or _was_just_stored(found, said)


def _was_just_stored(found: Evidence, said: Said) -> bool:
    """Whether the store knew the person for less time than a process remembers a list of people.

    Tiers that are changed within minutes of the first ones do that; docs/reliability.md says so.
    """
    at = found.decided_at(said.message_id)
    stored = found.run.history.records.get((RecordKind.PERSON, said.person))
    return at is not None and stored is not None and at < stored[0][0] + PEOPLE_KNOWN.total_seconds()


def _was_held(found: Evidence, caused: list[str]) -> bool:
    """Whether all of it was given up for a reason that rule 13 names: it is on record, with what was said instead."""
    relays = [relay for each in caused if (relay := found.relay(each)) is not None]
    return all(relay.purpose is Purpose.ANSWER and relay.final_status is FinalStatus.EXHAUSTED for relay in relays)


def _may_be_silent(found: Evidence, said: Said) -> bool:
    words = said.body.strip()
    if words.upper() in (*STOP, *START, "HELP", "INFO"):
        return True
    if said.act is Act.AUTO:
        return True
    others = (each for each in found.people.said.values() if each is not said and each.person == said.person)
    return any(each.body.casefold() == said.body.casefold() and abs(each.at - said.at) <= 1800.0 for each in others)
