"""The lines of a relay's trail in words: `in_words` gives each a label, a sentence, and how good the news is.

Pure. The console, the page of phones, the terminal and relayctl show exactly these words. A log line of the same step
has its own (relay/log/lines.py): it is read without the relay at hand, by people who watch the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from relay.core.model import Relay, Step, TrailEntry
from relay.core.words import REPAIRERS
from relay.operators.signature import begun, is_a_person, who_did
from relay.operators.words import FOREIGN, handler, shown_code


class Tone(StrEnum):
    """How good the news is. Pages and terminals give each tone a colour."""

    PLAIN = "plain"
    STRONG = "strong"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class LineInWords:
    """One line: `label` in a word or two, `words` as a sentence or two."""

    label: str
    words: str
    tone: Tone


_LABELS: dict[Step, tuple[str, Tone]] = {
    Step.RECEIVED: ("received", Tone.PLAIN),
    Step.RECOVERED: ("recovered", Tone.PLAIN),
    Step.RECORDED: ("kept", Tone.PLAIN),
    Step.HELD: ("held back", Tone.WARNING),
    Step.ATTEMPT_SCHEDULED: ("planned", Tone.PLAIN),
    Step.ATTEMPT_STARTED: ("sending", Tone.PLAIN),
    Step.ATTEMPT_ACCEPTED: ("accepted", Tone.PLAIN),
    Step.ATTEMPT_UNKNOWN: ("unknown", Tone.WARNING),
    Step.ATTEMPT_FAILED: ("failed", Tone.BAD),
    Step.ATTEMPT_UNCONFIRMED: ("unconfirmed", Tone.WARNING),
    Step.ATTEMPT_WITHDRAWN: ("withdrawn", Tone.PLAIN),
    Step.LOOKUP_REPEATED: ("asking again", Tone.WARNING),
    Step.OUTAGE_BEGAN: ("waiting", Tone.WARNING),
    Step.STILL_QUEUED: ("still queued", Tone.PLAIN),
    Step.ESCALATED: ("next tier", Tone.STRONG),
    Step.DELIVERED: ("delivered", Tone.GOOD),
    Step.LATE_STATUS: ("late word", Tone.PLAIN),
    Step.EXHAUSTED: ("reached no one", Tone.BAD),
    Step.ALARM_RAISED: ("alarm", Tone.BAD),
    Step.REDRIVEN: ("sent again", Tone.PLAIN),
    Step.SAID_MORE: ("said more", Tone.WARNING),
    Step.TIMES_CORRECTED: ("times corrected", Tone.WARNING),
    Step.CLAIM_AWAITED: ("delivered", Tone.STRONG),
    Step.CLAIMED: ("taken", Tone.GOOD),
    Step.PASSED: ("passed on", Tone.STRONG),
    Step.RELEASED: ("released", Tone.WARNING),
    Step.RETURNED: ("returned", Tone.WARNING),
    Step.LINK_REVOKED: ("link revoked", Tone.PLAIN),
    Step.HANDLED: ("handled", Tone.STRONG),
    Step.UNHANDLED: ("put back", Tone.WARNING),
}


def in_words(relay: Relay, entry: TrailEntry) -> LineInWords:
    """Returns one line of the relay's trail in words."""
    if entry.step not in _LABELS:
        return LineInWords(entry.step.value, FOREIGN, Tone.PLAIN)
    label, tone = _LABELS[entry.step]
    code = shown_code(entry.error_code)
    if entry.step is Step.ATTEMPT_FAILED and code:
        label = f"{label} {code}"
    noticed = f" (Noticed by the {entry.by}.)" if entry.by in REPAIRERS else ""
    return LineInWords(label, _sentence(entry, _handler(relay, entry), code) + noticed, tone)


def folded_in_words(count: int) -> LineInWords:
    """Returns what stands in place of so many lines that are not kept any more."""
    lines = "1 line is" if count == 1 else f"{count} lines are"
    return LineInWords("folded", f"{lines} not kept any more: the record would have grown too large.", Tone.PLAIN)


def _sentence(entry: TrailEntry, who: str, code: str) -> str:
    reason = entry.reason
    because = f" ({reason})" if reason else ""
    namely = f": {reason}" if reason else ""
    match entry.step:
        case Step.RECEIVED:
            return "The text came in and is safely stored."
        case Step.RECOVERED:
            return "Found in Twilio's own list: its webhook had never arrived."
        case Step.RECORDED if is_a_person(entry.by):
            return f"{begun(reason, entry.by)}." if reason else f"{who_did(entry.by)} did something by hand."
        case Step.RECORDED:
            return f"Kept on record and not forwarded{namely}."
        case Step.HELD:
            return f"Kept and held back until a person sends it on{namely}."
        case Step.ATTEMPT_SCHEDULED:
            is_first = entry.number == 0
            return f"On record and about to go out{namely}." if is_first else f"Another try is planned{namely}."
        case Step.ATTEMPT_STARTED:
            return f"Texting {who}."
        case Step.ATTEMPT_ACCEPTED:
            return f"Twilio has the text{because}. Waiting for the carrier to confirm it."
        case Step.ATTEMPT_UNKNOWN:
            return f"Twilio's answer was lost{because}. The text may have left, so it is not sent again."
        case Step.ATTEMPT_FAILED:
            return f"Did not get through{namely}{f' (error {code})' if code else ''}."
        case Step.ATTEMPT_UNCONFIRMED:
            return f"Waited long enough{namely}."
        case Step.ATTEMPT_WITHDRAWN:
            return f"The planned try is not needed any more{namely}."
        case Step.LOOKUP_REPEATED:
            return f"{reason or 'Twilio could not say what became of it'}. It is asked again."
        case Step.OUTAGE_BEGAN:
            return f"Waiting until Twilio can be reached and takes texts from us{namely}."
        case Step.STILL_QUEUED:
            return f"Twilio still has it queued{because}. It is waited for: another text would queue behind it."
        case Step.ESCALATED:
            # What stands behind the tier says why the one before it was left, where its attempt does not.
            why = reason.partition("; ")[2]
            return f"Going on to {who}{f': {why}' if why else ''}."
        case Step.DELIVERED:
            return f"{who[:1].upper()}{who[1:]} has the text{because}."
        case Step.LATE_STATUS:
            error = f", error {code}" if code else ""
            return f"Late word from Twilio: {entry.status}{error}{because}. It changes nothing any more."
        case Step.EXHAUSTED:
            return f"No handler could be reached{namely}."
        case Step.ALARM_RAISED:
            if entry.reason:
                return f"No alarm was raised: {entry.reason}."
            return "The alarm was raised, so that a person takes over."
        case Step.REDRIVEN:
            return f"{who_did(entry.by)} started it again{f', {reason}' if reason else ''}."
        case Step.SAID_MORE:
            return f"The text came in again with more than was on record{namely}."
        case Step.TIMES_CORRECTED:
            return f"A clock was wrong, and what the relay waits for was put right{because}."
        case Step.CLAIM_AWAITED:
            return f"{who[:1].upper()}{who[1:]} has the text{because}."
        case Step.CLAIMED:
            return f"A person took it{namely}.{_by_hand(entry)}"
        case Step.PASSED:
            return f"A handler passed it on{namely}."
        case Step.RELEASED:
            return f"{who_did(entry.by)} released it{namely}."
        case Step.RETURNED:
            return f"It is not sent{namely}."
        case Step.LINK_REVOKED:
            return f"{who_did(entry.by)} revoked the link to its files{because}: it opens nothing any more."
        case Step.HANDLED:
            return f"{who_did(entry.by)} saw to it{namely}."
        case Step.UNHANDLED:
            return f"{who_did(entry.by)} put it back{because}: it waits for a person again."
        case _:
            assert_never(entry.step)


def _by_hand(entry: TrailEntry) -> str:
    return f" ({who_did(entry.by)} said so.)" if is_a_person(entry.by) else ""


def _handler(relay: Relay, entry: TrailEntry) -> str:
    if entry.tier is None:
        return "a handler"
    attempt = relay.attempt(entry.attempt or 0)
    return handler(relay, entry.tier, attempt.reach if attempt else None)
