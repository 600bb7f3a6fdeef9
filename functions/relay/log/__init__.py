"""The structured log: what a line means (lines), how it is written (journal, output), alarms, how often."""

from relay.log.alarms import LogAlarms
from relay.log.journal import JsonJournal, current_trace, masked
from relay.log.lines import LINES

__all__ = ["LINES", "JsonJournal", "LogAlarms", "current_trace", "masked"]
