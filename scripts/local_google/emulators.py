"""Starts and stops Google's own Firestore and Pub/Sub emulators as child processes of this one.

Owns their processes and ports. Knows nothing of the relay. Java is started directly: the launcher of gcloud
takes four times as long and leaves the Java process behind when it is killed. `jvm_guard` sees to it that an
emulator never outlives this process.

    with FirestoreEmulator() as firestore, PubSubEmulator() as pubsub:
        os.environ.update(firestore.environment | pubsub.environment)
"""

from __future__ import annotations

import abc
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self
from urllib.parse import quote

from scripts.local_google import jvm_guard, sdk
from scripts.local_google.sdk import FIRESTORE, PUBSUB, Component, EmulatorsUnavailable

__all__ = ["Emulator", "EmulatorFailed", "EmulatorsUnavailable", "FirestoreEmulator", "PubSubEmulator"]

# Small, quick to start, gentle to a shared machine: these processes hold test data for minutes.
_JVM_FLAGS = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.language=en"]
_POLL_SECONDS = 0.05
_READY_SECONDS = 10.0
# So long only a hang takes, on whatever machine.
_ANSWER_SECONDS = 120.0
_FREEZE_SECONDS = 60.0
_STOP_PATIENCE_SECONDS = 10.0
# A free port can be taken by another process between looking and binding; then another one is tried.
_PORT_ATTEMPTS = 4
_PORT_TAKEN = b"Address already in use"
_OUTPUT_READ_BYTES = 100_000


class EmulatorFailed(RuntimeError):
    """The emulator is installed but did not come up or answered wrongly; shows its last words."""


class Emulator(abc.ABC):
    """One emulator process. `start` and `stop` may be called in turn; a context manager does both.

    `port` 0 takes a free one. `start_timeout_seconds` is generous because a busy machine is slow, not broken.
    Raises EmulatorsUnavailable from `start` when Java, gcloud or the component is missing.
    """

    component: ClassVar[Component]
    variable: ClassVar[str]  # the environment variable by which Google's clients find an emulator
    ready_line: ClassVar[bytes]  # what it prints once it listens

    def __init__(self, *, port: int = 0, heap_megabytes: int = 1024, start_timeout_seconds: float = 240.0) -> None:
        self._wanted_port = port
        self._heap_flag = f"-Xmx{heap_megabytes}m"
        self._start_timeout_seconds = start_timeout_seconds
        self._guard: subprocess.Popen[str] | None = None
        self._output: IO[bytes] | None = None
        self._paused = False
        self.port = port
        self.pid = 0  # of the Java process, while it runs

    @property
    def host(self) -> str:
        """host:port, the form Google's clients expect in the environment variable."""
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to use this emulator."""
        return {self.variable: self.host}

    @property
    def running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def start(self) -> None:
        """Start and wait until it answers. Does nothing when it runs already."""
        if self.running:
            return
        java, jar = sdk.find(self.component)
        deadline = time.monotonic() + self._start_timeout_seconds
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            self.port = self._wanted_port or _free_port()
            self._launch(
                [java, self._heap_flag, *_JVM_FLAGS, *self._arguments(jar), "--host=127.0.0.1", f"--port={self.port}"]
            )
            if self._wait_until_ready(deadline):
                return
            last_words = self._last_words()
            self.stop()
            if self._wanted_port or attempt == _PORT_ATTEMPTS or time.monotonic() > deadline:
                raise EmulatorFailed(f"{self.component.name} did not start on port {self.port}: {last_words}")

    def stop(self) -> None:
        """End the process and wait until it is gone; forcibly after some seconds. Safe to repeat."""
        guard = self._guard
        if guard is None:
            return
        try:
            if guard.poll() is None:
                self.resume()
                self._ask_to_stop()
                guard.wait(_STOP_PATIENCE_SECONDS)
        except (OSError, http.client.HTTPException, subprocess.TimeoutExpired):
            pass  # it would not go politely; closing the pipe below makes the guard kill it
        finally:
            assert guard.stdin is not None  # noqa: S101 - opened as a pipe in _launch
            guard.stdin.close()
            guard.wait()
            if guard.stdout is not None:
                guard.stdout.close()
            if self._output is not None:
                self._output.close()
            self._guard, self._output, self.pid, self._paused = None, None, 0, False

    def pause(self) -> None:
        """Freeze the process (SIGSTOP): connections stay open and nothing is answered, as in an outage."""
        if self.running and not self._paused:
            self._paused = True
            os.kill(self.pid, signal.SIGSTOP)
            _wait_until_frozen(self.pid)

    def resume(self) -> None:
        """Undo `pause`; what was sent meanwhile is then answered."""
        if self.running and self._paused:
            os.kill(self.pid, signal.SIGCONT)
            self._paused = False

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Frozen inside the `with` block, running again after it, whatever happens in it."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    @abc.abstractmethod
    def _arguments(self, jar: Path) -> list[str]:
        """What Java is told, after its own flags."""

    def _ask_to_stop(self) -> None:
        """The polite way to end it; SIGTERM runs a Java program's shutdown hooks."""
        os.kill(self.pid, signal.SIGTERM)

    def _request(self, method: str, path: str, timeout_seconds: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_seconds)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _launch(self, command: list[str]) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process; stop closes it
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", jvm_guard.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            text=True,
            # A group of its own: Ctrl-C in the terminal reaches us alone, and we stop things in order.
            start_new_session=True,
        )
        assert self._guard.stdout is not None  # noqa: S101 - opened as a pipe above
        told = self._guard.stdout.readline()
        if not told:
            self._guard.wait()  # Java could not even be executed; now `running` is false and nothing is signalled
        self.pid = int(told or 0)

    def _wait_until_ready(self, deadline: float) -> bool:
        """True when it answers; False when it ended or the deadline (time.monotonic) passed."""
        while self.running and time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, body = self._request("GET", "/", _READY_SECONDS)
                # An answer is not enough: another emulator may own the port, and Pub/Sub's stays up without one.
                if status == 200 and body.strip() == b"Ok" and self.ready_line in self._printed():
                    return True
            if _PORT_TAKEN in self._printed():
                return False
            time.sleep(_POLL_SECONDS)
        return False

    def _printed(self) -> bytes:
        if self._output is None:
            return b""
        # pread: the child writes through the same open file, whose position must not move.
        return os.pread(self._output.fileno(), _OUTPUT_READ_BYTES, 0)

    def _last_words(self) -> str:
        printed = self._printed()
        if _PORT_TAKEN in printed:
            return "the port is taken"
        lines = printed.decode(errors="replace").split("\n")
        return " | ".join(line.strip() for line in lines[-8:] if line.strip()) or "no output"


class FirestoreEmulator(Emulator):
    """Firestore. Transactions, queries and preconditions are real.

    Composite indexes are not enforced and nothing ever expires: neither can be tested with it.
    """

    component = FIRESTORE
    variable = "FIRESTORE_EMULATOR_HOST"
    ready_line = b"Dev App Server is now running"

    def reset(self, project: str) -> None:
        """Delete every document of one project. Raises EmulatorFailed when it answers anything but 200."""
        documents = f"/emulator/v1/projects/{quote(project, safe='')}/databases/(default)/documents"
        status, _ = self._request("DELETE", documents, _ANSWER_SECONDS)
        if status != 200:
            raise EmulatorFailed(f"{self.component.name} answered {status} to the reset of a project")

    def _arguments(self, jar: Path) -> list[str]:
        return ["-cp", str(jar), "com.google.cloud.datastore.emulator.firestore.CloudFirestore"]

    def _ask_to_stop(self) -> None:
        self._request("POST", "/shutdown", _STOP_PATIENCE_SECONDS)


class PubSubEmulator(Emulator):
    """Pub/Sub: push, retry, dead letter and ordering keys work; filters are ignored, a push carries no token."""

    component = PUBSUB
    variable = "PUBSUB_EMULATOR_HOST"
    ready_line = b"Server started, listening on"

    def _arguments(self, jar: Path) -> list[str]:
        return ["-jar", str(jar)]


def _wait_until_frozen(pid: int) -> None:
    """Until no thread runs any more: on a busy machine some go on for a while after the signal, and still answer.

    Told by /proc; where there is none (macOS) the signal alone has to do.
    """
    give_up_at = time.monotonic() + _FREEZE_SECONDS
    while not all(_stands_still(stat) for stat in Path(f"/proc/{pid}/task").glob("*/stat")):
        if time.monotonic() > give_up_at:
            raise EmulatorFailed(f"process {pid} goes on although it was told to stand still")
        time.sleep(_POLL_SECONDS / 10.0)


def _stands_still(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(") ")[2][:1] in "Tt"
    except (FileNotFoundError, ProcessLookupError):
        return True  # the thread has ended since it was listed


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
