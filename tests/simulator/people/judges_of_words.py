"""C3 and C4 of threads.md: whose words reach which customer, and which words reach none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.simulator.history import seconds_of
from tests.simulator.people.acting import Said
from tests.simulator.people.cast import BUSINESS
from tests.simulator.people.consents import (
    TOKEN,
    came_at_once,
)
from tests.simulator.people.evidence import Evidence
from tests.simulator.people.habits import Act
from tests.simulator.people.words import AUTOMATIC, CLAIMS, RESERVED, STOPS
from tests.simulator.sim_twilio import Message

_TWELVE_HOURS = 12 * 3600.0
# By so much the times of a thread may be too early.
_COARSE = 3600.0
# A try of a webhook dates its text at once, but for what its process stands still.
_COMPARED_SECONDS = 1.0
# What a customer never reads by itself, as the whole of a text.
_NEVER_ALONE = {
    *(word.casefold() for word in (*CLAIMS, *STOPS, *RESERVED)),
    *("mine", "pass", "done", "open", "block", "?", "ok"),
}


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
            (each.person, each.customer) == (said.person, customer) and since - _COARSE <= each.at <= said.at
            for each in found.shown
        )
        is_known = is_known or _was_leased(found, said, message)
        if likely - {customer} or not is_known:
            yield f"C3: {said.person} wrote without a code, could have meant {len(likely)}, and a customer got it"
    yield from _once(found)
    for message in found.to_customers:
        for token in TOKEN.findall(message.body):
            own = found.said_by(message.post.message_id.removesuffix("-a"))
            if own is not None and token not in own.body:
                yield f"C3: words of another text went to a customer ({token})"


def _within_a_minute(found: Evidence, one: Said, other: Said) -> bool:
    at, other_at = _dated_at(found, one), _dated_at(found, other)
    return at is not None and other_at is not None and abs(at - other_at) <= 59.0


def _dated_at(found: Evidence, said: Said) -> float | None:
    """When the words were compared with earlier ones: as the record is dated, unless that is none of the tries' times;
    between that and the commit a process may have stood still for seconds."""
    committed = found.decided_at(said.message_id)
    relay = found.relay(said.message_id)
    if committed is None or relay is None:
        return committed
    dated, tries = seconds_of(relay.timestamp), found.run.history.tries.get(said.message_id, [])
    # A record's times end at the microsecond.
    is_a_trys = any(begun - 1e-6 <= dated <= min(committed, begun + _COMPARED_SECONDS) for begun in tries)
    return dated if is_a_trys else committed


def _once(found: Evidence) -> Iterator[str]:
    """The same words under another id within a minute go once. (By clocks that agree, and from when each was decided: a
    webhook that was tried again does not tell when its text was written.)"""
    if any(found.run.plan.skews):
        return
    sent = [said for message in found.to_customers if (said := found.said_by(message.post.message_id[:-2]))]
    for one in sent:
        for other in sent:
            is_same = one.body == other.body and one.phone == other.phone and one.act is not Act.SAY
            if is_same and one.message_id < other.message_id and _within_a_minute(found, one, other):
                yield f"C3: {one.person}'s words went twice"


def _was_leased(found: Evidence, said: Said, message: Message, code: str = "") -> bool:
    """Whether a text of this customer was about to be sent to that person, under this code if one is given: what is
    sent beside it names the customer, too, and code and customer may be known without the text."""
    until = found.decided_at(said.message_id)
    since = 0.0 if code else said.at - _TWELVE_HOURS - _COARSE
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
        if words.casefold() in _NEVER_ALONE or re.match(
            r"(Liked|Loved|Emphasized|Questioned|Laughed|Disliked) ", words
        ):
            yield f"C4: a customer got {words!r}"
        if words in AUTOMATIC and (words != AUTOMATIC[-1] or came_at_once(found, said)):
            yield "C4: a customer got what a phone had answered by itself"


def _bare(body: str) -> str:
    """An answer's words without what the first one is introduced by."""
    return body.removeprefix(f"{BUSINESS}: ").removesuffix("\nReply STOP to opt out.")
