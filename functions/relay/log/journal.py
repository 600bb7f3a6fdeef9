"""JsonJournal writes one JSON line per step, in Cloud Logging's structure. It never writes a body, number or secret."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import TextIO

from relay.core.failures import FailureClass
from relay.core.model import Purpose, Relay, SenderClass, Step, TrailEntry
from relay.core.words import REPAIRERS
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
# What people are told of though it may be nothing.
_ALERTS_BELOW_ERROR = ("webhook_refused",)

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
        # Is told of each line that a person must act on, by its name, with the line of the trail that it is about.
        self.on_alarm: Callable[[str, Relay, TrailEntry], None] | None = None

    def steps(self, relay: Relay, entries: Sequence[TrailEntry]) -> None:
        self._print([line for entry in entries for line in self._step(relay, entry)])
        if self.on_alarm is not None:
            for entry in entries:
                if name := _alarm_in(relay, entry):
                    self.on_alarm(name, relay, entry)

    def _step(self, relay: Relay, entry: TrailEntry) -> Iterator[_Line]:
        line = LINES.get(entry.step, LINES["note"])
        is_outward = relay.purpose is not Purpose.FORWARD
        if is_outward:
            line = OUTWARD.get(entry.step, line)
        # What sweep or reconcile had to do is a repair: as a WARNING it tells the operator that one was needed.
        severity = "WARNING" if entry.by in REPAIRERS and line.severity == "INFO" else line.severity
        fields: dict[str, object] = {
            "tier": entry.tier,
            "attempt": entry.attempt,
            "status": entry.status,
            "error_code": entry.error_code,
            "by": entry.by,
            # By this, and by `again`, metrics leave out what is no text that came in, and later ends (metrics.tf).
            "purpose": relay.purpose.value if is_outward else "",
            "alert": "repaired" if entry.by in REPAIRERS else "",
        }
        if entry.step in _SAYS_WORDS and relay.media_count:
            fields |= {"files": relay.media_count, "file_types": " ".join(relay.file_types)}
        if entry.step is Step.CLAIMED and _had_ended(relay, entry):
            fields["again"] = True
        if entry.step is Step.DELIVERED:
            fields["seconds_to_delivery"] = _seconds_since(relay, entry)
        if entry.step is Step.CLAIMED:
            fields["seconds_to_claim"] = _seconds_since(relay, entry)
        yield self._line(severity, entry.step.value, entry.reason or line.meaning, relay, fields)
        if name := _alarm_in(relay, entry):
            if entry.step in _SAYS_WORDS:
                fields = {"from": masked(relay.sender_phone)}
            else:
                fields |= {"reason": entry.reason}
            yield self._named(name, relay, fields)

    def named(self, name: str, relay: Relay | None, fields: dict[str, object]) -> None:
        """Log one of the lines that belong to no line of a relay's trail."""
        self._print([self._named(name, relay, fields)])

    def note(self, severity: str, message: str, **labels: object) -> None:
        """Log anything else. A label `alert` says what people are told of it; they are told of an error as `error`."""
        relay = labels.pop("relay", None)
        fields = {"alert": "error" if severity in _ALARMS else "", **labels, **(about(relay) if relay else {})}
        self._print([self._line(severity, "note", message, None, fields)])

    def _named(self, name: str, relay: Relay | None, fields: dict[str, object]) -> _Line:
        line = LINES[name]
        # One alert tells people of every line that has an `alert`, and says what to do by its name (alerts.tf).
        fields = {**fields, "alert": name if line.severity in _ALARMS or name in _ALERTS_BELOW_ERROR else ""}
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


def _alarm_in(relay: Relay, entry: TrailEntry) -> str:
    """Returns the name of the line of its own that this line of a trail has beside it; "" for none."""
    if entry.step in _SAYS_WORDS and relay.sender_class is SenderClass.HANDLER_OPT_OUT:
        return "handler_opted_out"
    if entry.step not in (Step.ATTEMPT_FAILED, Step.OUTAGE_BEGAN):
        return ""
    is_customers = relay.purpose is Purpose.ANSWER and entry.status == FailureClass.OPTED_OUT
    return "" if is_customers else _LINE_OF_FAILURE.get(entry.status or "", "")


def _seconds_since(relay: Relay, entry: TrailEntry) -> float:
    """Returns how long after the text came in this line was written, in seconds."""
    return max(0.0, round((entry.at - relay.timestamp).total_seconds(), 3))


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
