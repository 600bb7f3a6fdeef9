"""What a document of an earlier revision does not say, made up from what it does say.

Some state used to be read from the trail, and an attempt's failure was its code alone. A line of the trail without a
number is the sign that an earlier revision wrote the document last, perhaps after a rollback: then nothing that only
later revisions keep can be trusted, and all of it is made up anew. Earlier revisions never shorten a trail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.core.failures import NOT_STARTED, UNREACHABLE, Failure, FailureClass
from relay.core.model import FinalStatus, Step

Document = dict[str, Any]

_ENDS = frozenset({Step.DELIVERED.value, Step.EXHAUSTED.value})
_UNANSWERED = "unanswered"
_CLASSES = {word.value: word for word in FailureClass}


def completed(document: Document) -> Document:
    """Returns the document with everything that this revision keeps; the same one when nothing is missing."""
    trail: Sequence[Document] = document.get("error_log", ())
    if "lines_logged" in document and all("number" in line for line in trail):
        return document
    asked, answered, alarm_raised = _since_the_end(trail)
    numbered = _numbered(trail)
    return {
        **document,
        "attempts": [_with_phone(attempt, document) for attempt in document.get("attempts", ())],
        "error_log": numbered,
        "lines_logged": numbered[-1]["number"] + 1 if numbered else 0,
        "alarm_is_due": document["final_status"] == FinalStatus.EXHAUSTED and not alarm_raised,
        "fate_lookups": asked,
        "fate_lookups_answered": answered,
    }


def _numbered(trail: Sequence[Document]) -> list[Document]:
    """Returns the lines with their numbers: a line without one follows the line before it; some may be gone."""
    numbered: list[Document] = []
    following = 0
    for line in trail:
        number = line.get("number", following)
        numbered.append({**line, "number": number})
        following = number + 1
    return numbered


def _with_phone(attempt: Document, document: Document) -> Document:
    """Returns the attempt with the phone it went to: the first revisions did not keep it, it was its tier's."""
    if attempt.get("phone"):
        return attempt
    tiers = document["policy"]["tiers"]
    return {**attempt, "phone": tiers[min(attempt["tier"], len(tiers)) - 1]["phone"]}


def _since_the_end(trail: Sequence[Document]) -> tuple[int, int, bool]:
    """Returns how many rounds of look-ups there were since the end, how many were answered, if it alarmed."""
    asked = answered = 0
    alarm_raised = False
    for line in reversed(trail):
        if line["step"] in _ENDS:
            break
        if line["step"] == Step.LOOKUP_REPEATED:
            asked += 1
            answered += line.get("status") != _UNANSWERED
        alarm_raised |= line["step"] == Step.ALARM_RAISED
    return asked, answered, alarm_raised


def failure_of(attempt: Document, trail: Sequence[Document]) -> Failure | None:
    """Returns the failure of an attempt that has a code alone: what it meant is in the line of its trail."""
    code = attempt.get("error_code")
    if code is None:
        return None
    for ours in (UNREACHABLE, NOT_STARTED):
        if code == ours.code:
            return ours
    for line in trail:
        if line.get("attempt") == attempt["number"] and line["step"] == Step.ATTEMPT_FAILED and "status" in line:
            failure_class = _CLASSES.get(line["status"], FailureClass.UNKNOWN_CODE)
            return Failure(failure_class, line.get("reason", ""), code)
    return Failure(FailureClass.UNKNOWN_CODE, "", code)
