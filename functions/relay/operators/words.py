"""A relay and its attempts in plain words: how it stands, why, and what to do about it.

Pure. Owns the words that operators read, with trail.py, which has those of a trail's lines: pages, terminal and
relayctl show them as they are. What a failure means is in core/failures.py. Nothing is borrowed from log/: a log line
speaks to people who watch the service and names what to check; these words, to people who have one relay before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from relay.core import reached
from relay.core.failures import NO_REASON, FailureClass
from relay.core.model import Attempt, AttemptStatus, FinalStatus, Purpose, Relay, SenderClass, Step, TrailEntry
from relay.core.policy import Reach
from relay.operators import directions
from relay.operators.directions import NOTHING_TO_DO

# A relay that is overdue for longer than this is shown as overdue. The sweep takes over from a lost timer within a
# minute and its grace; more than twice that means that the sweep does not run either.
OVERDUE = timedelta(minutes=3)

# What is said of a word that only a newer revision knows.
FOREIGN = "Written by a newer revision; its word is shown as it is."
_OVERDUE_ADVICE = "Timers and sweep are not doing their work: see docs/operations.md, “Nothing moves”."
_SET_ASIDE_ADVICE = "Why it waits for a person: docs/operations.md, “A relay was set aside”."
_ASK = "It may have arrived: ask the handler before you send it again."
_CALL = "Call the customer; then send it again."
_SEND_ON = "Read it, then send it on: alone, or with all that are held back of this number."
_APART = "Call the customer. Give the handler a number that is not connected to the relay."
_REDRIVE_LATER = "It did not pass by itself: send it again later."

# What each final status is called, in a word or two, and the sign that stands before it wherever there is little room.
FINAL_STATUS_WORDS = {
    FinalStatus.IN_PROGRESS: ("→", "in progress"),
    FinalStatus.DELIVERED: ("✓", "delivered"),
    FinalStatus.EXHAUSTED: ("✕", "reached no one"),
    FinalStatus.RECORDED: ("▪", "recorded only"),
    FinalStatus.HELD: ("‖", "held back"),
    FinalStatus.CLAIMED: ("⚑", "taken"),
}
# The same of a relay that cannot go on and waits for a person.
SET_ASIDE_WORDS = ("!", "set aside")
# The same of an attempt about which nothing more is awaited.
ATTEMPT_ENDS = {
    AttemptStatus.DELIVERED: ("✓", "delivered"),
    AttemptStatus.FAILED: ("✕", "failed"),
    AttemptStatus.UNCONFIRMED: ("!", "no receipt in time"),
    AttemptStatus.UNKNOWN: ("?", "fate unknown"),
    AttemptStatus.WITHDRAWN: ("\N{EN DASH}", "not needed"),
}
_STATUS_WORDS = {
    AttemptStatus.SCHEDULED: "planned, not begun yet",
    AttemptStatus.LEASED: "being sent; how that went is not on record yet",
    AttemptStatus.UNKNOWN: "Twilio's answer was lost: it may or may not have left",
    AttemptStatus.ACCEPTED: "Twilio has it; delivery is awaited",
    AttemptStatus.UNCONFIRMED: "no delivery was confirmed in time",
    AttemptStatus.WITHDRAWN: "not needed any more",
    AttemptStatus.DELIVERED: "delivered",
}
_OUTLOOKS = {
    AttemptStatus.SCHEDULED: "Next is {tier}.",
    AttemptStatus.LEASED: "It is being sent to {tier}.",
    AttemptStatus.UNKNOWN: "It may or may not have left for {tier}: Twilio is asked at the deadline.",
    AttemptStatus.ACCEPTED: "Twilio has it for {tier}: waiting for the carrier to confirm.",
}


def outcome_words(relay: Relay) -> tuple[str, str]:
    """Returns the sign and the word or two for how a relay ended, or that it has not."""
    word = FINAL_STATUS_WORDS.get(relay.final_status, ("", relay.final_status.value))
    if relay.purpose is Purpose.FORWARD or relay.final_status is FinalStatus.IN_PROGRESS:
        return word
    return directions.OUTCOMES.get(relay.final_status, word)


def situation(relay: Relay, now: datetime) -> tuple[str, str]:
    """Returns how the relay stands, in a sentence, and what an operator should do."""
    if relay.is_left_to_newer:
        return f"Ended as {relay.final_status}, which only a newer revision can explain.", NOTHING_TO_DO
    if relay.set_aside_because:
        return f"Set aside: {relay.set_aside_because}.", f"{_CALL} {_SET_ASIDE_ADVICE}"
    if relay.final_status is FinalStatus.RECORDED:
        return _recorded(relay)
    if relay.purpose is not Purpose.FORWARD and relay.final_status is not FinalStatus.IN_PROGRESS:
        return directions.ended(relay)
    if relay.final_status is FinalStatus.CLAIMED:
        return _claimed(relay), NOTHING_TO_DO
    if relay.final_status is FinalStatus.HELD:
        return "Held back: its sender sent too many texts in a short time.", _SEND_ON
    if relay.final_status is FinalStatus.DELIVERED:
        tier = relay.delivered_tier or 1
        late = any(entry.step is Step.EXHAUSTED for entry in _since_last_redrive(relay))
        tail = " It had already been given up as exhausted." if late else ""
        return f"Delivered at tier {tier}, {handler(relay, tier)}.{tail}", NOTHING_TO_DO
    if relay.final_status is FinalStatus.EXHAUSTED:
        unresolved = any(attempt.is_unresolved for attempt in relay.attempts_of_drive)
        return _no_handler_reached(relay), f"{_ASK} {_CALL}" if unresolved else _CALL
    current = relay.current_attempt
    words = _OUTLOOKS.get(current.standing) if current else None
    if relay.claim_until is not None:
        words = f"Delivered at {{tier}}: waiting until {relay.claim_until:%H:%M:%S} UTC for a person to take it."
    sentence = (words or "On its way.").format(tier=_receiver(relay, current.tier) if current else "")
    sentence = f"{sentence[:1].upper()}{sentence[1:]}"
    return (f"Overdue. {sentence}", _OVERDUE_ADVICE) if is_overdue(relay, now) else (sentence, NOTHING_TO_DO)


def explained(relay: Relay, attempt: Attempt) -> tuple[str, str]:
    """Returns what became of an attempt, and what an operator should do; "" where there is nothing to do."""
    exhausted = relay.final_status is FinalStatus.EXHAUSTED
    if attempt.status is not AttemptStatus.FAILED:
        words = _STATUS_WORDS.get(attempt.status, FOREIGN)
        if attempt.status is AttemptStatus.UNCONFIRMED:
            return words, "Ask the handler whether the phone was on; the text may still arrive late."
        return words, _ASK if attempt.is_unresolved and exhausted else ""
    failure = attempt.failure or NO_REASON
    words = failure.words
    if failure.code is None or not words:
        words = _reason_of_failure(relay, attempt) or words
    is_over = relay.final_status is not FinalStatus.IN_PROGRESS or attempt.number < relay.first_attempt_of_drive
    if failure.failure_class in _PASSING and is_over:
        return words, _REDRIVE_LATER if exhausted else ""
    if exhausted or attempt.tier >= relay.policy.last_tier:
        return words, failure.advice
    return words, f"{failure.advice} {failure.meanwhile}".strip()


# Of these the last line says whether an operator took the text back.
_ABOUT_CLAIMS = frozenset({Step.CLAIMED, Step.RELEASED, Step.REDRIVEN, Step.PASSED})

# Failures that the relay tries again by itself. Once it has ended it does not, so that the advice to wait would be
# wrong.
_PASSING = frozenset(
    {FailureClass.NOT_STARTED, FailureClass.NOT_PROCESSED, FailureClass.TRANSIENT, FailureClass.AMBIGUOUS}
)


def is_overdue(relay: Relay, now: datetime) -> bool:
    """Whether the relay has been due for so long that timers and sweep cannot both be working."""
    waits = relay.final_status is FinalStatus.IN_PROGRESS or relay.alarm_is_due
    return waits and relay.due_at is not None and relay.due_at < now - OVERDUE


def handler(relay: Relay, tier: int, reach: Reach | None = None) -> str:
    """Returns who is at this tier. `reach` is the one of an attempt: a redrive may have brought others since."""
    if not 1 <= tier <= relay.policy.last_tier or (reach and relay.policy.tier(tier).reach != reach):
        return "an earlier handler"
    return relay.policy.tier(tier).name


def shown_code(code: int | None) -> str:
    """Returns an error code as people see it; empty where there is none but a stand-in of ours (zero or less)."""
    return str(code) if code is not None and code > 0 else ""


def _recorded(relay: Relay) -> tuple[str, str]:
    if relay.sender_class is SenderClass.CUSTOMER:
        return "It came to a number that is a handler's too: kept, not forwarded.", _APART
    return directions.recorded(relay)


def _receiver(relay: Relay, tier: int) -> str:
    """Returns for whom an attempt is: a tier's handler, or whom the relay's one text is for."""
    if relay.purpose is not Purpose.FORWARD:
        return directions.receiver_of(relay)
    return f"tier {tier}, {handler(relay, tier)}"


def _claimed(relay: Relay) -> str:
    if reached.is_by_delivery(relay):
        return f"Delivered at tier {relay.delivered_tier} to {relay.claimed_by}, who has the customer."
    after = directions.taken_after(relay)
    return f"Taken by {relay.claimed_by}{'' if after is None else f' {directions.span(after)} after it came in'}."


def _no_handler_reached(relay: Relay) -> str:
    steps = [entry.step for entry in relay.error_log if entry.step in _ABOUT_CLAIMS]
    if steps and steps[-1] is Step.RELEASED:
        return "An operator took it back: no person has it."
    tiers = {attempt.tier for attempt in relay.attempts_of_drive}
    got = [attempt for attempt in relay.attempts_of_drive if attempt.status is AttemptStatus.DELIVERED]
    if got:
        names = ", ".join(dict.fromkeys(handler(relay, attempt.tier, attempt.reach) for attempt in got))
        return f"No person took it: {len(tiers)} of {relay.policy.last_tier} tiers tried, delivered to {names}."
    return f"No handler was reached: {len(tiers)} of {relay.policy.last_tier} tiers tried, no delivery confirmed."


def _reason_of_failure(relay: Relay, attempt: Attempt) -> str:
    for entry in relay.error_log:
        if entry.attempt == attempt.number and entry.step is Step.ATTEMPT_FAILED and entry.reason:
            return entry.reason
    return ""


def _since_last_redrive(relay: Relay) -> Sequence[TrailEntry]:
    redriven = [index for index, entry in enumerate(relay.error_log) if entry.step is Step.REDRIVEN]
    return relay.error_log[redriven[-1] if redriven else 0 :]
