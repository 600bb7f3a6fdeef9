"""A thread as operators see it: `thread_row`, one row of a list, and `conversation`, all that was said in it, in order.

Read from the records alone. What is returned is JSON: times in ISO 8601 (UTC), lengths of time in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from relay.core.model import Relay, Step
from relay.core.threads.model import OptOut, Thread
from relay.core.words import AN_OPERATOR
from relay.operators.directions import Kind, kind_of, receiver_of, span, writer_of
from relay.operators.story import summary
from relay.record.documents import plain

Json = dict[str, Any]

_OPTED_OUT = {
    "consent": "the customer texted an opt-out word",
    "words": "the customer texted an opt-out word",
    "refused": "Twilio refuses texts to that number",
    "block": "a handler blocked it",
    "operator": "an operator blocked it",
}


def thread_row(thread: Thread, now: datetime) -> Json:
    """Returns one row of a list of threads: whose it is, since when, and who was texted about it."""
    is_open = thread.is_open(now)
    answer = {
        "thread_id": thread.thread_id,
        "code": thread.code,
        "our_phone": thread.our_phone,
        "customer_phone": thread.customer_phone,
        "channel": thread.channel,
        "is_open": is_open,
        "is_answerable": thread.is_answerable,
        "headline": _headline(thread, now, is_open=is_open),
        "opened_at": thread.opened_at,
        "touched_at": thread.touched_at,
        "closed_at": None if is_open else thread.closed_since(),
        "owner": thread.owner,
        "owner_since": thread.owner_since,
        "owner_acted_at": thread.owner_acted_at,
        "answered_at": thread.answered_at,
        "shown": [{"person": one.person, "code": one.code, "at": one.at} for one in thread.shown],
    }
    row: Json = plain(answer)
    return row


def blocked_words(opt_out: OptOut | None) -> Json | None:
    """Returns since when and why a customer gets no texts; None while the customer does."""
    if opt_out is None or not opt_out.holds:
        return None
    told: Json = plain({"at": opt_out.at, "because": _OPTED_OUT.get(opt_out.because, opt_out.because)})
    return told


def conversation(relays: Sequence[Relay], now: datetime) -> list[Json]:
    """Returns what was said in a thread, the oldest first: the row of each relay with `who` said it and `to_whom`."""
    by_id = {relay.message_id: relay for relay in relays}
    ordered = sorted(relays, key=lambda relay: (relay.timestamp, relay.message_id))
    return [{**summary(relay, now), "who": _who(relay, by_id), "to_whom": _to(relay)} for relay in ordered]


def _headline(thread: Thread, now: datetime, *, is_open: bool) -> str:
    if not is_open:
        return f"Closed{f'; it was the last time with {thread.owner}' if thread.owner else ''}."
    if thread.owner is None:
        return "No person has it."
    since = thread.owner_since or now
    return f"{thread.owner} has it, since {span(max(0.0, (now - since).total_seconds()))}."


def _who(relay: Relay, by_id: Mapping[str, Relay]) -> str:
    kind = kind_of(relay)
    if kind is Kind.ANSWER:
        cause = by_id.get(relay.cause_id)
        return "" if cause is None else _who(cause, by_id)
    names = {Kind.CUSTOMER: "the customer", Kind.OPERATOR: _by(relay), Kind.HANDLER: ""}
    return names.get(kind, "the relay") or writer_of(relay)


def _by(relay: Relay) -> str:
    """Returns which operator did something by hand, by name where it is on record."""
    by = next((line.by for line in relay.error_log if line.step is Step.RECORDED), AN_OPERATOR)
    return "an operator" if by == AN_OPERATOR else by


def _to(relay: Relay) -> str:
    """Returns whom it was for: of a customer's text the handler whom it came to so far."""
    if kind_of(relay) in (Kind.ANSWER, Kind.NOTICE):
        return receiver_of(relay)
    return ""
