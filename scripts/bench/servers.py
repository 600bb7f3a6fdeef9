"""One function under the server it is deployed with (functions-framework, gunicorn), as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Self

from scripts.bench import settings

_START_PATIENCE_SECONDS = 60.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Returns a port on which no process listens just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class FunctionServer:
    """Serves one target of one source file on 127.0.0.1. A context manager: started, answering, and stopped."""

    def __init__(
        self,
        source: Path,
        environ: Mapping[str, str],
        *,
        target: str = "sms_inbound",
        threads: int = 8,
        workers: int = 1,
        log: IO[bytes] | None = None,
    ) -> None:
        """`log` takes the function's log lines; by default they are dropped."""
        self.source = source
        self._target = target
        self._environ = {**environ, "THREADS": str(threads), "WORKERS": str(workers)}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def launch(self) -> None:
        """Start the process and do not wait for it."""
        self.port = free_port()
        command = [settings.python(), "-m", "functions_framework", "--target", self._target]
        command += ["--source", str(self.source), "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=self._log or subprocess.DEVNULL,
            # Mistakes in the set-up shall be seen.
            stderr=None,
            # Its workers die with it, and Ctrl-C in the terminal is for us to pass on.
            start_new_session=True,
        )

    def wait_until_listening(self) -> None:
        """Until its port takes connections. Raises RuntimeError when it ends or takes too long."""
        assert self._process is not None  # noqa: S101 - launched
        deadline = time.monotonic() + _START_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.source.name} ended with status {self._process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return
            except OSError:
                time.sleep(0.002)
        raise RuntimeError(f"{self.source.name} did not start in time")

    def __enter__(self) -> Self:
        self.launch()
        try:
            self.wait_until_listening()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and its workers at once; the stores under test must bear that anyway."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._process = None

    def cpu_seconds(self) -> float:
        """Processor time of the process and its workers so far."""
        return sum(_cpu_seconds(pid) for pid in self._pids())

    def memory_bytes(self) -> int:
        """Their memory: what is shared between master and worker counts once (proportional set size)."""
        return sum(_memory_bytes(pid) for pid in self._pids())

    def _pids(self) -> list[int]:
        assert self._process is not None  # noqa: S101 - launched
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]


def _cpu_seconds(pid: int) -> float:
    """Of all its threads. schedstat counts nanoseconds but one thread; stat counts ticks of 10 ms for all of them."""
    # The name in brackets may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _memory_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel does not tell the memory of a process")
