"""What happened to a relay, laid out for people: drives and attempts on a time line, and one row for a list.

Read from the record alone, and pure. The console, the page of phones, the terminal and relayctl only draw what is said
here, so that all tell the same story. What is returned is JSON: times in ISO 8601 (UTC), lengths of time in seconds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from relay.core.failures import NO_REASON
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Relay, Step, TrailEntry
from relay.flow.wording import files_in_words
from relay.operators.attached import attached
from relay.operators.directions import (
    NOTHING_TO_DO,
    Kind,
    handled,
    kind_of,
    needs_a_person,
    receiver_shown,
    taken_after,
    writer_of,
)
from relay.operators.trail import folded_in_words, in_words
from relay.operators.words import (
    ATTEMPT_ENDS,
    SET_ASIDE_WORDS,
    explained,
    handler,
    is_overdue,
    outcome_words,
    shown_code,
    situation,
)
from relay.record.documents import plain

Json = dict[str, Any]

# The steps that end an attempt's time on the line, and those that end a drive's.
_ENDS_ATTEMPT = frozenset(
    {Step.ATTEMPT_FAILED, Step.ATTEMPT_UNCONFIRMED, Step.ATTEMPT_WITHDRAWN, Step.DELIVERED, Step.CLAIM_AWAITED}
)
_ENDS_DRIVE = frozenset({Step.DELIVERED, Step.EXHAUSTED, Step.CLAIMED, Step.RETURNED})
_ENDS = frozenset({FinalStatus.DELIVERED, FinalStatus.EXHAUSTED, FinalStatus.CLAIMED})
_BEGINS_DRIVE = frozenset({Step.REDRIVEN, Step.SAID_MORE})
_PLANS_ATTEMPT = frozenset({Step.ATTEMPT_SCHEDULED, Step.ESCALATED, Step.REDRIVEN, Step.SAID_MORE})
# The steps that are a point on the line: what Twilio said, and that it was asked.
_MARKS = frozenset(
    {
        Step.ATTEMPT_ACCEPTED,
        Step.ATTEMPT_UNKNOWN,
        Step.ATTEMPT_FAILED,
        Step.ATTEMPT_UNCONFIRMED,
        Step.LOOKUP_REPEATED,
        Step.LATE_STATUS,
        Step.DELIVERED,
        Step.CLAIM_AWAITED,
    }
)
_WENT_WRONG = frozenset({AttemptStatus.FAILED, AttemptStatus.UNCONFIRMED, AttemptStatus.UNKNOWN})


def story(relay: Relay, now: datetime, media_base_url: str = "") -> Json:
    """Returns what happened to a relay, as JSON. Links to files begin with `media_base_url`; where it is "" are none.

    `headline` and `advice`, what it `waits` for while it is in progress, its `attachments` (None: there are none),
    `drives` with their attempts, and the `trail` with each step in words.
    """
    headline, advice = situation(relay, now)
    answer = {
        "headline": headline,
        "advice": advice,
        "is_overdue": is_overdue(relay, now),
        "handled": handled(relay),
        "seconds_to_delivery": seconds_to_delivery(relay),
        "attachments": attached(relay, now, media_base_url),
        "waits": _waits(relay),
        "drives": _drives(relay),
        "trail": trail(relay),
    }
    return _json(answer)


def trail(relay: Relay, first: int = 0) -> list[Json]:
    """Returns the lines of the relay's trail from the one with this number on, those that are kept of them.

    `seconds` is how long after the text came in. In the place of lines that were folded one says how many there were.
    """
    elapsed = _elapsed(relay)
    lines = [
        _json({**_line(relay, entry), "seconds": seconds})
        for entry, seconds in zip(relay.error_log, elapsed, strict=True)
        if entry.number >= first
    ]
    if first == 0 and relay.lines_folded:
        lines.insert(1, _json(_folded(relay)))
    return lines


def summary(relay: Relay, now: datetime) -> Json:
    """Returns one row of a list: how far the relay came and why no further, without trail and attempts."""
    current = relay.current_attempt
    tier = relay.delivered_tier or (current.tier if current else None)
    bad = next((attempt for attempt in reversed(relay.attempts_of_drive) if attempt.status in _WENT_WRONG), None)
    reason, advice = explained(relay, bad) if bad else ("", "")
    ended = relay.final_status in _ENDS
    headline, what_to_do = situation(relay, now)
    if relay.is_handled:
        what_to_do = NOTHING_TO_DO
    # An end that only a newer revision knows has its own word.
    sign, word = outcome_words(relay)
    if relay.set_aside_because:
        sign, word = SET_ASIDE_WORDS
    answer = {
        "message_id": relay.message_id,
        "timestamp": relay.timestamp,
        "sender_phone": relay.sender_phone,
        "message_body": relay.message_body,
        "files": files_in_words(relay),
        "sender_class": relay.sender_class.value,
        "kind": kind_of(relay).value,
        "receiver": receiver_shown(relay),
        "writer": writer_of(relay) if kind_of(relay) is Kind.HANDLER else "",
        "thread_id": relay.thread_id,
        "thread_code": relay.code,
        "cause_id": relay.cause_id,
        "asked": relay.asked,
        "final_status": relay.final_status.value,
        "sign": sign,
        "outcome": word,
        "headline": headline,
        "what_to_do": what_to_do,
        "tiers": relay.policy.last_tier,
        "tier_reached": tier,
        "tier_name": None if tier is None else handler(relay, tier),
        "delivered_tier": relay.delivered_tier,
        "delivery_confirmed_at": relay.delivery_confirmed_at,
        "seconds_to_delivery": seconds_to_delivery(relay),
        "claimed_by": relay.claimed_by,
        "claimed_at": relay.claimed_at,
        "seconds_to_claim": taken_after(relay),
        "claim_until": relay.claim_until,
        "needs_a_person": needs_a_person(relay),
        "handled": handled(relay),
        "ended_at": _end(relay.error_log) if ended else None,
        "due_at": relay.due_at,
        "is_overdue": is_overdue(relay, now),
        "set_aside_because": relay.set_aside_because,
        "recovered": relay.recovered,
        "attempts": len(relay.attempts),
        "redrives": len(relay.redrive_ids),
        "error_code": bad.error_code if bad else None,
        "code": shown_code(bad.error_code) if bad else "",
        "reason": reason,
        "advice": advice,
    }
    return _json(answer)


def seconds_to_delivery(relay: Relay) -> float | None:
    """Returns the seconds from taking the text in to the delivery on record; None when there is none.

    A clock that was set back meanwhile makes them too few, but never less than none.
    """
    if relay.delivery_confirmed_at is None:
        return None
    return max(0.0, round((relay.delivery_confirmed_at - relay.timestamp).total_seconds(), 3))


def _elapsed(relay: Relay) -> list[float]:
    """Returns for each line the seconds since the text came in: they grow, even if the clock was set back meanwhile."""
    seconds, before, elapsed = 0.0, relay.timestamp, []
    for entry in relay.error_log:
        seconds += max(0.0, (entry.at - before).total_seconds())
        before = entry.at
        elapsed.append(round(seconds, 3))
    return elapsed


def _drives(relay: Relay) -> list[Json]:
    """Returns the drives: the cascade as it ran for the text, again for every redrive, and when the text said more."""
    begun = [(1, relay.timestamp, 0)]
    begun += [
        (entry.attempt or 1, entry.at, index)
        for index, entry in enumerate(relay.error_log)
        if entry.step in _BEGINS_DRIVE and entry.attempt
    ]
    drives: list[Json] = []
    for number, (first, started_at, line) in enumerate(begun, start=1):
        next_first, _, next_line = begun[number] if number < len(begun) else (len(relay.attempts) + 1, None, None)
        drives.append(
            {
                "number": number,
                "started_at": started_at,
                "ended_at": _end(relay.error_log[line:next_line]),
                "attempts": _attempts(relay, relay.attempts[first - 1 : next_first - 1]),
            }
        )
    return drives


def _waits(relay: Relay) -> Json | None:
    """Returns what a relay in progress waits for: words that a length of time completes, and from when until when."""
    current = relay.current_attempt
    if relay.final_status is not FinalStatus.IN_PROGRESS or relay.due_at is None or current is None:
        return None
    if relay.claim_until is not None:
        window = timedelta(seconds=relay.policy.tier_or_last(current.tier).claim_timeout_seconds)
        return {"words": "A person has", "since": relay.claim_until - window, "until": relay.claim_until}
    if current.status is AttemptStatus.SCHEDULED:
        return {"words": "The next try begins in", "since": _planned_at(relay, current), "until": relay.due_at}
    return {"words": "Goes on in", "since": current.starts_at, "until": relay.due_at}


def _attempts(relay: Relay, attempts: Sequence[Attempt]) -> list[Json]:
    stories = [_attempt(relay, attempt) for attempt in attempts]
    for one, following in itertools.pairwise(stories):
        # Advice that the next try repeats is said there, once.
        if (one["tier"], one["advice"]) == (following["tier"], following["advice"]):
            one["advice"] = ""
    return stories


def _attempt(relay: Relay, attempt: Attempt) -> Json:
    lines = [entry for entry in relay.error_log if entry.attempt == attempt.number]
    words, advice = explained(relay, attempt)
    has_failed = attempt.status is AttemptStatus.FAILED
    return {
        "number": attempt.number,
        "tier": attempt.tier,
        "tier_name": handler(relay, attempt.tier, attempt.reach),
        "try_in_tier": attempt.try_in_tier,
        "is_resend": attempt.is_resend,
        "status": attempt.status.value,
        "sign": ATTEMPT_ENDS.get(attempt.status, ("", ""))[0],
        "error_code": attempt.error_code,
        "code": shown_code(attempt.error_code),
        "failure_class": (attempt.failure or NO_REASON).failure_class.value if has_failed else None,
        "words": words,
        "advice": advice,
        "message_sid": attempt.sent_id,
        "planned_at": _planned_at(relay, attempt),
        "starts_at": attempt.starts_at,
        "started_at": _first(lines, {Step.ATTEMPT_STARTED}),
        "accepted_at": _first(lines, {Step.ATTEMPT_ACCEPTED}),
        "ended_at": _first(lines, _ENDS_ATTEMPT),
        "deadline_at": attempt.deadline_at,
        "marks": [_line(relay, entry) for entry in lines if entry.step in _MARKS],
    }


def _planned_at(relay: Relay, attempt: Attempt) -> datetime:
    lines = [entry for entry in relay.error_log if entry.attempt == attempt.number]
    return _first(lines, _PLANS_ATTEMPT) or attempt.starts_at


def _folded(relay: Relay) -> Json:
    line = folded_in_words(relay.lines_folded)
    nothing = dict.fromkeys(("tier", "attempt", "status", "error_code"))
    told = {"label": line.label, "words": line.words, "tone": line.tone.value}
    return {"at": relay.timestamp, "step": "folded", "seconds": 0.0, **nothing, "reason": "", "by": "", **told}


def _line(relay: Relay, entry: TrailEntry) -> Json:
    line = in_words(relay, entry)
    return {
        "at": entry.at,
        "step": entry.step.value,
        "tier": entry.tier,
        "attempt": entry.attempt,
        "status": entry.status,
        "error_code": entry.error_code,
        "reason": entry.reason,
        "by": entry.by,
        "label": line.label,
        "words": line.words,
        "tone": line.tone.value,
    }


def _first(lines: Sequence[TrailEntry], steps: set[Step] | frozenset[Step]) -> datetime | None:
    return next((entry.at for entry in lines if entry.step in steps), None)


def _end(lines: Sequence[TrailEntry]) -> datetime | None:
    """Returns when the last line was written that ended the relay; None when there is none."""
    return next((entry.at for entry in reversed(lines) if entry.step in _ENDS_DRIVE), None)


def _json(value: Json) -> Json:
    answer: Json = plain(value)
    return answer
