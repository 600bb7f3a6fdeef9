"""JsonJournal writes one JSON line per step, in Cloud Logging's structure. It never writes a body, number or secret."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import TextIO

from relay.core.failures import FailureClass
from relay.core.model import Purpose, Relay, SenderClass, Step, TrailEntry
from relay.log.lines import LINES, OUTWARD
from relay.log.output import Output

# Set by the entry points from X-Cloud-Trace-Context, so that Cloud Logging groups the lines of one request.
current_trace: ContextVar[str] = ContextVar("current_trace", default="")

_encode = json.JSONEncoder(ensure_ascii=True, default=str).encode
_CONTROL = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")

# The failures that a person must act on, by class: each is an ERROR line of its own, beside the trail's.
_LINE_OF_FAILURE: dict[str, str] = {
    FailureClass.OPTED_OUT: "handler_opted_out",
    FailureClass.SENDER: "sender_or_account_error",
    FailureClass.SENDER_HERE: "sender_error_here",
    FailureClass.SETTINGS: "setting_error",
    FailureClass.REFUSED_UNKNOWN: "refused_for_unknown_reason",
}

# What nothing else is dropped before when a log's reader does not keep up.
_ALARMS = ("ERROR", "CRITICAL")

# A line of the log, and whether it is an alarm.
_Line = tuple[bool, str]

# The steps with which words came in.
_SAYS_WORDS = frozenset({Step.RECEIVED, Step.RECOVERED, Step.SAID_MORE})


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

    def _step(self, relay: Relay, entry: TrailEntry) -> Iterator[_Line]:
        line = LINES.get(entry.step, LINES["note"])
        is_outward = relay.purpose is not Purpose.FORWARD
        if is_outward:
            line = OUTWARD.get(entry.step, line)
        # What sweep or reconcile had to do is a repair: as a WARNING it tells the operator that one was needed.
        severity = "WARNING" if entry.by in ("sweep", "reconcile") and line.severity == "INFO" else line.severity
        fields: dict[str, object] = {
            "tier": entry.tier,
            "attempt": entry.attempt,
            "status": entry.status,
            "error_code": entry.error_code,
            "by": entry.by,
            # By this, and by `again`, metrics leave out what is no text that came in, and later ends (metrics.tf).
            "purpose": relay.purpose.value if is_outward else "",
        }
        if entry.step is Step.CLAIMED and _had_ended(relay, entry):
            fields["again"] = True
        if entry.step is Step.DELIVERED:
            fields["seconds_to_delivery"] = max(0.0, round((entry.at - relay.timestamp).total_seconds(), 3))
        yield self._line(severity, entry.step.value, entry.reason or line.meaning, relay, fields)
        if entry.step in _SAYS_WORDS and relay.sender_class is SenderClass.HANDLER_OPT_OUT:
            yield self._named("handler_opted_out", relay, {"from": masked(relay.sender_phone)})
        if entry.step in (Step.ATTEMPT_FAILED, Step.OUTAGE_BEGAN):
            name = _LINE_OF_FAILURE.get(entry.status or "")
            is_customers = relay.purpose is Purpose.ANSWER and entry.status == FailureClass.OPTED_OUT
            if name is not None and not is_customers:
                yield self._named(name, relay, {**fields, "reason": entry.reason})

    def named(self, name: str, relay: Relay | None, fields: dict[str, object]) -> None:
        """Log one of the lines that belong to no line of a relay's trail."""
        self._print([self._named(name, relay, fields)])

    def note(self, severity: str, message: str, **labels: object) -> None:
        relay = labels.pop("relay", None)
        fields = {**labels, **about(relay)} if relay else labels
        self._print([self._line(severity, "note", message, None, fields)])

    def _named(self, name: str, relay: Relay | None, fields: dict[str, object]) -> _Line:
        line = LINES[name]
        return self._line(line.severity, name, f"{line.meaning} {line.what_to_do}", relay, fields)

    def _line(self, severity: str, name: str, message: str, relay: Relay | None, fields: dict[str, object]) -> _Line:
        entry: dict[str, object] = {"severity": severity, "event": name, "message": message.translate(_CONTROL)}
        if relay is not None:
            entry |= about(relay.message_id)
        entry.update((key, value) for key, value in fields.items() if value not in (None, ""))
        trace = current_trace.get()
        if trace and self._project:
            entry["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{trace}"
        return severity in _ALARMS, _encode(entry) + "\n"

    def _print(self, lines: Sequence[_Line]) -> None:
        stream, real = self._stream or sys.stdout, sys.__stdout__
        # A closed output must not stop a relay.
        with contextlib.suppress(OSError, ValueError):
            if real is not None and stream is real:
                # Past its buffers, whose locks several threads would queue up for, and all lines of a commit in one go.
                _standard_output(real).write(lines)
            else:
                # A test's; or the framework's for execution ids, which takes each write for one line.
                stream.writelines(line for _, line in lines)
                stream.flush()


def _had_ended(relay: Relay, claimed: TrailEntry) -> bool:
    """Whether the relay had been delivered or exhausted in the drive that a claim then ended."""
    for entry in reversed(relay.error_log):
        if entry.number < claimed.number:
            if entry.step in (Step.DELIVERED, Step.EXHAUSTED):
                return True
            if entry.step in (Step.REDRIVEN, Step.SAID_MORE):
                return False
    return False


_outputs: dict[TextIO, Output] = {}
_outputs_lock = threading.Lock()


def _standard_output(real: TextIO) -> Output:
    """The one of this process: all its journals share what waits for room."""
    with _outputs_lock:
        if real not in _outputs:
            _outputs.clear()
            _outputs[real] = Output(real.fileno(), _dropped_line)
        return _outputs[real]


def _dropped_line(count: int) -> str:
    line = LINES["log_lines_dropped"]
    fields = {"event": "log_lines_dropped", "message": f"{line.meaning} {line.what_to_do}", "count": count}
    return _encode({"severity": line.severity, **fields}) + "\n"


def about(message_id: object) -> dict[str, object]:
    """Returns the fields by which a line is found that is about this relay."""
    return {"relay": message_id, "logging.googleapis.com/labels": {"relay": message_id}}
