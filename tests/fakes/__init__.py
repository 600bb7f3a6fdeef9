"""Hand-written doubles of the ports, in memory, for fast tests. The contract suites hold them to the ports' words."""

from __future__ import annotations

from tests.fakes.clock import FakeClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.media import MemoryMedia
from tests.fakes.messenger import ScriptedMessenger
from tests.fakes.operator_records import MemoryOperatorRecords
from tests.fakes.store import MemoryStore
from tests.fakes.timers import MemoryTimers
from tests.fakes.world import Calls, MemoryWorld

__all__ = [
    "Calls",
    "FakeClock",
    "MemoryJournal",
    "MemoryMedia",
    "MemoryOperatorRecords",
    "MemoryStore",
    "MemoryTimers",
    "MemoryWorld",
    "ScriptedMessenger",
]
