"""The relay's serving processes, to be killed: all of them at once, or only the one that answers."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.local_stack.environment import make_plan
from tests.endurance.serve import VARIABLE
from tests.stories.relay_process import ROOT, children_of, clean_environment

_START_SECONDS = 300.0
_STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the watchmen come, how long they let others go first, and how long a queued text is waited for.

    In production: 60, 300, 10, 30 and 50 s; 600 s, and ten hours at the last tier; and a look a day back each hour.
    """

    sweep_every_seconds: float
    reconcile_every_seconds: float
    sweep_grace_seconds: float
    webhook_under_way_seconds: float
    run_seconds: float
    queue_seconds: float = 8.0
    last_tier_seconds: float = 20.0
    deep_every_seconds: float = 3600.0


class Victim:
    """One relay at one address. While it is dead, connections are refused, and nobody else gets its port."""

    def __init__(
        self,
        backend: str,
        settings: Mapping[str, str],
        pace: Pace,
        folder: Path,
        database: Path | None = None,
        output: int | None = None,
    ) -> None:
        """With `output`, a descriptor, it logs there, and what reads that has to write `log`."""
        self._reserved = _bound(0)  # never listens
        port = self._reserved.getsockname()[1]
        self.log = folder / "relay.log"
        self._output = output
        plan = make_plan(
            clean_environment() | dict(settings),
            backend,
            "127.0.0.1",
            port,
            database=str(database or folder / "relay.db"),
        )
        self.environ = plan.environ | {VARIABLE: json.dumps(asdict(pace))}
        self.address = plan.address
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None

    def start(self) -> None:
        """Start it, without waiting for it."""
        read_end, self._lifeline = os.pipe()
        with _bound(self._port) as listening, open(self.log, "ab") as output:
            listening.listen(512)
            descriptors = (listening.fileno(), read_end)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.endurance.serve", *map(str, descriptors)],
                cwd=ROOT,
                env=self.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT)))},
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                stdout=output if self._output is None else self._output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        os.close(read_end)

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._process is not None
            assert self._process.poll() is None, f"the relay has ended:\n{self._tail()}"
            assert time.monotonic() < deadline, f"the relay does not answer:\n{self._tail()}"
            time.sleep(0.05)

    def kill_all(self) -> None:
        """kill -9 of every process that serves, at once. It stays dead until `start`."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_STOP_SECONDS)
        self._cut_lifeline()

    def kill_worker(self) -> bool:
        """kill -9 of the process that answers; its parent starts another one, and the port stays open.

        False when there is none yet.
        """
        assert self._process is not None
        workers = children_of(self._process.pid)
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return bool(workers)

    def close(self) -> None:
        """End it as Ctrl-C would, and give its port back."""
        self._cut_lifeline()
        if self._process is not None:
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill_all()
        self._reserved.close()

    def _cut_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("OPTIONS", "/sms/inbound")
            return connection.getresponse().status == 204
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-4000:]


def _bound(port: int) -> socket.socket:
    """A socket that holds a port, together with others of ours that say the same."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind(("127.0.0.1", port))
    return held
