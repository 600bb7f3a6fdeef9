"""Is a process still there? For tests that must leave none behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def is_alive(pid: int) -> bool:
    """A zombie (ended, not yet reaped by whoever inherited it) counts as ended."""
    try:
        os.kill(pid, 0)
        if not sys.platform.startswith("linux"):
            return True
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
