"""Starts the processes of the stack, waits until they answer, and ends them, whatever happens to this one.

The serving process is a child in a session of its own: Ctrl-C reaches only us, and we end things in order. Each child
holds one end of a pipe, its lifeline; when we die, even by kill -9, it reads the end of it and goes too.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from relay import homes
from relay.errors import StoreUnavailable
from relay.outgoing import open_url

from scripts.local_stack import ROOT, interruption
from scripts.local_stack.apart import keep_apart
from scripts.local_stack.environment import EVENTS_ROUTE, Plan, make_folder_of, make_plan
from scripts.local_stack.log_file import kept_small, open_log
from scripts.local_stack.running import StackError, hold_checkout, hold_database

# A cold start compiles everything; a busy machine takes its time.
_START_SECONDS = 120.0
_STOP_SECONDS = 12.0
_GOOGLE_ADDRESSES = ("FIRESTORE_EMULATOR_HOST", "CLOUD_TASKS_EMULATOR_HOST")


class Supervisor:
    """A running stack, from `with` on.

    Args:
        environ: the environment, `.env` included.
        backend: `embedded` or `google`.
        port: 0 takes a free one.
        database: replaces the embedded home's file.
        log: where the relay's JSON lines go; None is our own standard output.

    Raises StackError, or ConfigurationError with every mistake in words.
    """

    def __init__(
        self, environ: Mapping[str, str], backend: str, port: int, database: str = "", log: Path | None = None
    ) -> None:
        self._host = environ.get("RELAY_LOCAL_HOST") or "127.0.0.1"
        self._environ = environ
        self._backend = backend
        self._port = port
        self._database = database
        self.log = log
        self._server: subprocess.Popen[bytes] | None = None
        self._google: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None
        # What says, for as long as it is open, that a relay runs here.
        self._held: list[int] = []
        self._minded = contextlib.ExitStack()
        self.plan: Plan

    def __enter__(self) -> Self:
        with bound(self._host, self._port) as listening:
            port = listening.getsockname()[1]
            self.plan = make_plan(self._environ, self._backend, self._host, port, self._database)
            try:
                self._held.append(hold_checkout())
                self._prepare_home()
                if self._backend == "google":
                    self._start_google()
                self._start_server(listening)
            except BaseException:
                self.stop()
                raise
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def check(self) -> None:
        """Raises StackError when a process has ended by itself; for every second or so."""
        for name, process in (("relay", self._server), ("emulators' process", self._google)):
            if process is not None and process.poll() is not None:
                raise StackError(f"The {name} has ended.{self._last_words()}")

    @property
    def is_forgetful(self) -> bool:
        """Whether the texts of this stack are forgotten when it stops: they lie in emulators that stop with it."""
        return self._google is not None

    def stop(self) -> None:
        """End everything and wait for it; forcibly after some seconds, or when told to stop once more.

        Safe to repeat.
        """
        with interruption.instead(self._kill):
            if self._lifeline is not None:
                os.close(self._lifeline)
                self._lifeline = None
            for process in self._processes():
                if process.stdin is not None:
                    process.stdin.close()
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._kill()
                    process.wait()
                if process.stdout is not None:
                    process.stdout.close()
            self._server = self._google = None
        self._minded.close()
        while self._held:
            os.close(self._held.pop())

    def _processes(self) -> list[subprocess.Popen[bytes]]:
        return [process for process in (self._server, self._google) if process is not None]

    def _kill(self) -> None:
        """kill -9 of everything that still runs, which loses nothing of what is stored."""
        for process in self._processes():
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def _prepare_home(self) -> None:
        """What is wrong with the database is said here, and not in the log of a server that does not start."""
        if self._backend == "embedded":
            database = self.plan.environ["RELAY_DATABASE"]
            make_folder_of(database)
            self._held.append(hold_database(Path(database), self.plan.address, is_alone=True))
            try:
                homes.prepare_embedded(self.plan.settings(), partial(print, flush=True))
                keep_apart(database, self.plan.twilio)
            except StoreUnavailable as error:
                raise StackError(f"Another process holds the database: {error}.") from error

    def _start_server(self, listening: socket.socket) -> None:
        read_end, self._lifeline = os.pipe()
        descriptors = (listening.fileno(), read_end)
        output = open_log(self.log) if self.log is not None else None
        if self.log is not None:
            self._minded.enter_context(kept_small(self.log))
        try:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "scripts.local_stack.server", *map(str, descriptors)],
                cwd=ROOT,
                env=self.plan.environ,
                # Should we be killed, nothing is removed under the server while it ends.
                pass_fds=(*descriptors, *self._held),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output is not None else None,
                start_new_session=True,
            )
        finally:
            os.close(read_end)
            if output is not None:
                output.close()

    def _start_google(self) -> None:
        """The emulators and the Cloud Tasks server, unless the environment names some that run already."""
        environ = self.plan.environ
        if all(environ.get(name) for name in _GOOGLE_ADDRESSES):
            return
        settings = self.plan.settings()
        tiers = settings.policy.last_tier if settings.policy else 0
        wanted = {
            "project": settings.project,
            "location": settings.tasks_location,
            "queues": [
                *(settings.tasks_queue_template.format(tier=number) for number in range(1, tiers + 1)),
                settings.alerting.tell_queue,
            ],
            "topics": [settings.events_topic, settings.dead_letter_topic],
            "collection": settings.collection,
            "events_url": f"{self.plan.address}{EVENTS_ROUTE}",
        }
        self._google = subprocess.Popen(
            [sys.executable, "-m", "scripts.local_stack.google_services", json.dumps(wanted)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._google.stdout is not None  # noqa: S101 - a pipe, see above
        answer = json.loads(self._google.stdout.readline() or b'{"error": "the emulators did not start"}')
        if "error" in answer:
            raise StackError(f"BACKEND=google needs Google's emulators: {answer['error']}")
        environ.update(answer)
        # The terminal's own look into the store needs them too.
        os.environ.update(answer)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.check()
            try:
                with open_url(f"{self.plan.address}/local/stack", 5):
                    return
            except (OSError, urllib.error.URLError) as error:
                if time.monotonic() > deadline:
                    raise StackError(f"The relay does not answer.{self._last_words()}") from error
            time.sleep(0.05)

    def _last_words(self) -> str:
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-12:]
        return f" The end of {self.log}:\n" + "\n".join(f"  {line}" for line in lines)


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises StackError in one clear sentence."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        if isinstance(error, PermissionError):
            raise StackError(
                f"Port {port} is reserved for the system's administrator: choose one above 1023."
            ) from error
        if error.errno != errno.EADDRINUSE:
            raise StackError(
                f"{host}, port {port}, cannot be listened on ({error.strerror}): RELAY_LOCAL_HOST is to be an IPv4 "
                "address of this machine, or 0.0.0.0 for all of them."
            ) from error
        hint = f"stop what uses it, or choose another one: PORT={port + 1 if port < 65535 else 8081}"
        raise StackError(f"Port {port} on {host} is taken; {hint}.") from error
    return listening
