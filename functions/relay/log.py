"""JsonJournal writes one JSON line per step, in Cloud Logging's structure; LINES says what each means and what to do.

LINES is the one place that says what a line means: docs/operations.md is made from it, alerts repeat it, and nothing
else borrows its words. What a relay's steps are called on pages is in operators/trail.py, for readers who have that
relay before them.
Nothing here ever writes a message body, a full phone number or a secret. Log-based metrics use exactly these names.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TextIO

from relay.core.failures import Failure, FailureClass
from relay.core.model import FinalStatus, Relay, SenderClass, Step, TrailEntry
from relay.core.numbers import canonical

# Set by the entry points from X-Cloud-Trace-Context, so that Cloud Logging groups the lines of one request.
current_trace: ContextVar[str] = ContextVar("current_trace", default="")

_encode = json.JSONEncoder(ensure_ascii=True, default=str).encode
_CONTROL = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of log line: its severity, what it means, and what to do."""

    severity: str
    meaning: str
    what_to_do: str


_NOTHING = "Nothing."

# A line's name (jsonPayload.event) → what it means. The steps of the audit trail first, then the lines that belong to
# no relay's trail.
LINES: dict[str, Line] = {
    Step.RECEIVED: Line("INFO", "A text came in and is durable.", _NOTHING),
    Step.RECOVERED: Line(
        "WARNING",
        "A text whose webhook never arrived was found in Twilio's list and is relayed after all.",
        "Check that the number's webhook URL is set and reachable.",
    ),
    Step.RECORDED: Line("INFO", "A text from a handler or from ourselves was kept and not forwarded.", _NOTHING),
    Step.HELD: Line("WARNING", "A text was kept and held back: its sender sends too many.", "See `sender_held_back`."),
    Step.ATTEMPT_SCHEDULED: Line("INFO", "Another try at the same tier is planned.", _NOTHING),
    Step.ATTEMPT_STARTED: Line("INFO", "A try is being sent.", _NOTHING),
    Step.ATTEMPT_ACCEPTED: Line("INFO", "Twilio has the text; the receipt is awaited.", _NOTHING),
    Step.ATTEMPT_UNKNOWN: Line(
        "WARNING",
        "Twilio's answer was lost: the text may or may not have left.",
        "Nothing: it is looked up before anything else is done.",
    ),
    Step.ATTEMPT_FAILED: Line("WARNING", "A try was refused or not delivered.", "See the code's own advice."),
    Step.ATTEMPT_UNCONFIRMED: Line("WARNING", "No delivery was confirmed in time.", _NOTHING),
    Step.ATTEMPT_WITHDRAWN: Line("INFO", "A planned try was not needed any more.", _NOTHING),
    Step.LOOKUP_REPEATED: Line(
        "WARNING", "The fate of a try could not be settled yet; it is asked again.", "Check Twilio's status page."
    ),
    Step.OUTAGE_BEGAN: Line(
        "WARNING",
        "Twilio cannot be reached, or refuses us at every tier alike: the text waits and uses up no tier.",
        "See “Texts wait for Twilio”.",
    ),
    Step.STILL_QUEUED: Line(
        "INFO",
        "Twilio still has the text queued: it is waited for, because the next one would queue behind it.",
        _NOTHING,
    ),
    Step.ESCALATED: Line("WARNING", "The relay goes on to the next tier.", _NOTHING),
    Step.DELIVERED: Line("INFO", "A handler has the text.", _NOTHING),
    Step.LATE_STATUS: Line("INFO", "Twilio reported on a try that no longer decides anything.", _NOTHING),
    Step.EXHAUSTED: Line("ERROR", "No tier was reached.", "Call the customer; then redrive the relay."),
    Step.ALARM_RAISED: Line("INFO", "The alarm about a relay is on record.", _NOTHING),
    Step.REDRIVEN: Line("NOTICE", "An operator started an exhausted or held relay again.", _NOTHING),
    Step.SAID_MORE: Line(
        "WARNING", "A text came in again and says more than was on record: it is forwarded.", _NOTHING
    ),
    Step.TIMES_CORRECTED: Line(
        "WARNING",
        "A clock that was wrong had planned a relay's next step; the relay goes on now.",
        "Look at the clock of the machine that was at work then (its time service).",
    ),
    "alarm": Line("CRITICAL", "No handler of this relay was reached.", "Call the customer; then redrive the relay."),
    "sender_held_back": Line(
        "ERROR",
        "A sender sends too many texts, or the same words again and again: further ones are kept and not forwarded.",
        "Look at them and send them on, or have the robot stopped; see “A sender is held back”.",
    ),
    "handlers_number_is_ours": Line(
        "ERROR",
        "A customer's text came to a number of ours that is a tier's number too: it was kept and goes to no handler.",
        "Give that tier a phone that is not connected to the relay; see “A tier's number is ours”.",
    ),
    "handler_opted_out": Line(
        "ERROR", "A handler texted STOP; Twilio now blocks texts to that phone.", "Have the handler text START."
    ),
    "outage": Line(
        "ERROR",
        "Texts wait for Twilio, which cannot be reached or refuses us at every tier alike; no tier is used up yet.",
        "See “Texts wait for Twilio”: after ten minutes the tiers' own schedules decide.",
    ),
    "sender_or_account_error": Line(
        "ERROR",
        "Twilio refused us, not the handler: the next tier will fail too.",
        "Check credentials, account, number registration and limits in the Twilio console.",
    ),
    "sender_error_here": Line(
        "ERROR",
        "Twilio refused us for this handler, country or carrier; the text went on to the next tier.",
        "Is it a trial account, which only texts verified numbers? See the permitted countries and carrier limits too.",
    ),
    "setting_error": Line(
        "ERROR",
        "Twilio refused a text because of one of our own settings, which `reason` names.",
        "Correct that setting and start the relay again; then redrive what was exhausted.",
    ),
    "refused_for_unknown_reason": Line(
        "ERROR",
        "Twilio refuses us with a code that this relay does not know; the text went on to the next tier.",
        "Look the code up in Twilio's list of errors (`error_code`) and put right what it names.",
    ),
    "database_lost": Line(
        "ERROR",
        "The database was removed or replaced under the running relay: texts are refused (503) until it is back.",
        "See “The database is gone”.",
    ),
    "left_to_newer": Line(
        "CRITICAL",
        "A newer revision wrote this record in a way that this one does not understand; its text waits for that one.",
        "Deploy the newer revision again; if that cannot be soon, read the record and call the customer.",
    ),
    "set_aside": Line(
        "CRITICAL",
        "A relay cannot go on by itself and is set aside: its text waits for a person.",
        "Call the customer; see “A relay was set aside”.",
    ),
    "webhook_refused": Line(
        "WARNING",
        "A request to a webhook was refused; if it was Twilio's, a text or a receipt was refused.",
        "See “Webhooks are refused”.",
    ),
    "not_taken_in": Line("CRITICAL", "A text in Twilio's list cannot be relayed.", "See “A text was not taken in”."),
    "note": Line("INFO", "Anything else; its message says what.", "As the message says."),
}


# The failures that a person must act on, by class: each is an ERROR line of its own, beside the trail's.
_LINE_OF_FAILURE: dict[str, str] = {
    FailureClass.OPTED_OUT: "handler_opted_out",
    FailureClass.SENDER: "sender_or_account_error",
    FailureClass.SENDER_HERE: "sender_error_here",
    FailureClass.SETTINGS: "setting_error",
    FailureClass.REFUSED_UNKNOWN: "refused_for_unknown_reason",
}

# The steps with which words came in.
_SAYS_WORDS = frozenset({Step.RECEIVED, Step.RECOVERED, Step.SAID_MORE})

# About how many records that must be left to a newer revision one process raises the alarm; further ones are not
# logged, because the operators know by then.
_LEFT_TOLD_MAX = 1000
# How many set aside relays one process remembers, the latest: about the others it raises the alarm again.
_ASIDE_TOLD_MAX = 10_000

# For how long texts that are not forwarded for one cause share one alarm, and about how many causes a process knows.
FOLDED_FOR = timedelta(minutes=10)
_CAUSES_MAX = 1000


def masked(phone: str) -> str:
    """Returns a phone number as logs may show it: its last two characters."""
    return f"…{phone[-2:]}" if len(phone) > 4 else "…"


class JsonJournal:
    """The port Journal on standard output, one line a step. Cloud Logging reads it from there."""

    def __init__(self, stream: TextIO | None = None, project: str = "") -> None:
        self._stream = stream
        self._project = project

    def steps(self, relay: Relay, entries: Sequence[TrailEntry]) -> None:
        self._print([line for entry in entries for line in self._step(relay, entry)])

    def _step(self, relay: Relay, entry: TrailEntry) -> Iterator[str]:
        line = LINES.get(entry.step, LINES["note"])
        # What sweep or reconcile had to do is a repair: as a WARNING it tells the operator that one was needed.
        severity = "WARNING" if entry.by in ("sweep", "reconcile") and line.severity == "INFO" else line.severity
        fields: dict[str, object] = {
            "tier": entry.tier,
            "attempt": entry.attempt,
            "status": entry.status,
            "error_code": entry.error_code,
            "by": entry.by,
        }
        if entry.step is Step.DELIVERED:
            fields["seconds_to_delivery"] = round((entry.at - relay.timestamp).total_seconds(), 3)
        yield self._line(severity, entry.step.value, entry.reason or line.meaning, relay, fields)
        if entry.step in _SAYS_WORDS and relay.sender_class is SenderClass.HANDLER_OPT_OUT:
            yield self._named("handler_opted_out", relay, {"from": masked(relay.sender_phone)})
        if entry.step in (Step.ATTEMPT_FAILED, Step.OUTAGE_BEGAN):
            name = _LINE_OF_FAILURE.get(entry.status or "")
            if name is not None:
                yield self._named(name, relay, {**fields, "reason": entry.reason})

    def named(self, name: str, relay: Relay | None, fields: dict[str, object]) -> None:
        """Log one of the lines that belong to no line of a relay's trail."""
        self._print([self._named(name, relay, fields)])

    def note(self, severity: str, message: str, **labels: object) -> None:
        relay = labels.pop("relay", None)
        fields = {**labels, **about(relay)} if relay else labels
        self._print([self._line(severity, "note", message, None, fields)])

    def _named(self, name: str, relay: Relay | None, fields: dict[str, object]) -> str:
        line = LINES[name]
        return self._line(line.severity, name, f"{line.meaning} {line.what_to_do}", relay, fields)

    def _line(self, severity: str, name: str, message: str, relay: Relay | None, fields: dict[str, object]) -> str:
        entry: dict[str, object] = {"severity": severity, "event": name, "message": message.translate(_CONTROL)}
        if relay is not None:
            entry |= about(relay.message_id)
        entry.update((key, value) for key, value in fields.items() if value not in (None, ""))
        trace = current_trace.get()
        if trace and self._project:
            entry["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{trace}"
        return _encode(entry) + "\n"

    def _print(self, lines: Sequence[str]) -> None:
        stream, real = self._stream or sys.stdout, sys.__stdout__
        # A closed output must not stop a relay.
        with contextlib.suppress(OSError, ValueError):
            if real is not None and stream is real:
                # Past its buffers, whose locks several threads would queue up for, and all lines of a commit in one go.
                _write_whole(real.fileno(), "".join(lines).encode())
            else:
                # A test's; or the framework's for execution ids, which takes each write for one line.
                stream.writelines(lines)
                stream.flush()


class LogAlarms:
    """The port Alarms as lines of the log: the alerts on the log (terraform/alerts.tf) pass them on to people."""

    def __init__(self, journal: JsonJournal) -> None:
        self._journal = journal
        self._left_told: set[str] = set()
        self._aside_told: dict[str, None] = {}
        self._last_told: dict[tuple[str, str], datetime] = {}

    def exhausted(self, relay: Relay) -> None:
        fields = {"from": masked(relay.sender_phone), "tiers": relay.policy.last_tier}
        self._journal.named("alarm", relay, fields)

    def not_forwarded(self, relay: Relay) -> None:
        if relay.final_status is FinalStatus.HELD:
            name, phone = "sender_held_back", relay.sender_phone
        else:
            name, phone = "handlers_number_is_ours", relay.recipient_phone
        cause = (name, canonical(phone))
        last = self._last_told.get(cause)
        if last is not None and abs(relay.timestamp - last) < FOLDED_FOR:
            return
        if len(self._last_told) >= _CAUSES_MAX:
            self._last_told.clear()  # at worst a cause is told once more
        self._last_told[cause] = relay.timestamp
        self._journal.named(name, relay, {"number": masked(phone)})

    def outage(self, relay: Relay, failure: Failure) -> None:
        since = relay.outage_since.isoformat() if relay.outage_since else ""
        fields = {"status": failure.failure_class.value, "reason": failure.words, "error_code": failure.code}
        self._journal.named("outage", relay, {**fields, "since": since})

    def database_lost(self, reason: str) -> None:
        self._journal.named("database_lost", None, {"reason": reason})

    def left_to_newer(self, message_id: str, schema_version: object) -> None:
        # Timers, callbacks and the sweep come by it again and again: one line each would bury the log.
        if message_id in self._left_told or len(self._left_told) >= _LEFT_TOLD_MAX:
            return
        self._left_told.add(message_id)
        self._journal.named("left_to_newer", None, {**about(message_id), "schema_version": schema_version})

    def set_aside(self, message_id: str, because: str) -> None:
        # Whatever meets the relay tells of it: sweep, webhooks, look-ups, lists.
        if message_id in self._aside_told:
            return
        self._aside_told[message_id] = None
        if len(self._aside_told) > _ASIDE_TOLD_MAX:
            self._aside_told.pop(next(iter(self._aside_told)), None)
        self._journal.named("set_aside", None, {**about(message_id), "reason": because})

    def webhook_refused(self, reason: str, path: str, url: str, hint: str, untold: int) -> None:
        fields: dict[str, object] = {"reason": reason, "path": path, "checked_against": url, "hint": hint}
        self._journal.named("webhook_refused", None, {**fields, "untold": untold or ""})

    def not_taken_in(self, message_id: str, because: str) -> None:
        self._journal.named("not_taken_in", None, {**about(message_id), "reason": because})


def about(message_id: object) -> dict[str, object]:
    """Returns the fields by which a line is found that is about this relay."""
    return {"relay": message_id, "logging.googleapis.com/labels": {"relay": message_id}}


def _write_whole(descriptor: int, text: bytes) -> None:
    """Write all of the text: a pipe may take only a part at a time."""
    while text:
        text = text[os.write(descriptor, text) :]
