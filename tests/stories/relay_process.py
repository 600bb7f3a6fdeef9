"""The relay as a process of its own, started as `make run` starts it, so that a test can kill it.

Its Twilio is a fake one in the test's process, which outlives it and knows what truly happened.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from relay.settings.variables import VARIABLES

from tests.local_google.processes import is_alive
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
# Only what hangs takes as long.
_START_SECONDS = 240.0
_STOP_SECONDS = 180.0
_ADDRESS = re.compile(r"The relay is up at (http://\S+)")


def clean_environment() -> dict[str, str]:
    """Ours without any setting of a relay, and without a `.env`."""
    known = {variable.name for variable in VARIABLES}
    environ = {name: value for name, value in os.environ.items() if name not in known and name != "PORT"}
    # Wide lines: what is printed is read line by line.
    return environ | {"RELAY_LOCAL_ENV_FILE": os.devnull, "COLUMNS": "200"}


class RelayProcess:
    """One `run` at a time, always on the same port. `output` is all that it has printed, all runs together."""

    def __init__(self, backend: str, settings: Mapping[str, str], folder: Path, checkout: Path = ROOT) -> None:
        self._backend = backend
        self._checkout = checkout
        self.settings = {"RELAY_DATABASE": str(folder / "relay.db"), **settings}
        self.log = folder / "relay.log"
        self.settings["RELAY_LOCAL_LOG"] = str(self.log)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._printed: list[str] = []
        self.address = ""

    @property
    def output(self) -> str:
        return "".join(self._printed)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start, and wait until it answers."""
        port = self.address.rpartition(":")[2] or str(free_port())
        is_up = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.local_stack", "run", "--backend", self._backend, "--port", port],
            cwd=self._checkout,
            env=clean_environment() | self.settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout, is_up), daemon=True)
        self._reader.start()
        if not is_up.wait(_START_SECONDS) or not self.address:
            self.kill()
            raise AssertionError(f"the relay did not start:\n{self.output}\n{self._log_tail()}")

    def wait_for(self, words: str, times: int = 1) -> bool:
        """Whether it has printed this so often, or does before long."""
        deadline = time.monotonic() + _START_SECONDS
        while self.output.count(words) < times and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.output.count(words) >= times

    def kill(self) -> None:
        """kill -9 of every process of it that serves, and of the one that watches over them, all at once.

        None is left when it returns.
        """
        assert self._process is not None
        # First the one that would notice that others go, and end them or say so.
        watching = self._process.pid
        self._process.send_signal(signal.SIGSTOP)
        everybody = [*children_of(watching), watching]
        for pid in everybody:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._ended()
        give_up_at = time.monotonic() + _STOP_SECONDS
        while any(map(is_alive, everybody)):
            assert time.monotonic() < give_up_at, "a process outlives kill -9"
            time.sleep(0.01)

    def kill_worker(self) -> None:
        """kill -9 of the process that answers requests: the child of the one that starts it again."""
        os.kill(children_of(self.pid)[-1], signal.SIGKILL)

    def stop(self, number: int = signal.SIGINT) -> int:
        """As Ctrl-C does; the exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        return self._ended()

    def _ended(self) -> int:
        assert self._process is not None
        assert self._reader is not None
        status = self._process.wait(_STOP_SECONDS)
        self._reader.join(_STOP_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return status

    def _read(self, stream: IO[str], is_up: threading.Event) -> None:
        for line in stream:
            self._printed.append(line)
            if match := _ADDRESS.search(line):
                self.address = match[1]
                is_up.set()
        is_up.set()  # it has ended; whoever waits must not wait in vain

    def _log_tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-4000:] if self.log.exists() else ""


def children_of(pid: int) -> list[int]:
    """All descendants of a process."""
    parents = _parents()
    found: list[int] = []
    edge = [pid]
    while edge:
        edge = [child for child, parent in parents.items() if parent in edge]
        found += edge
    return found


def _parents() -> dict[int, int]:
    """Every process with its parent: from /proc where there is one, because small systems have no `ps`."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text("utf-8", "replace")
        except OSError:
            continue  # it has ended meanwhile
        # Source: proc(5): pid (name) state ppid …, and a name may hold blanks and brackets.
        parents[int(stat.parent.name)] = int(told.rpartition(")")[2].split()[1])
    if not parents:
        listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    return parents
