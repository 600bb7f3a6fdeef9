"""A relay whose standard output is a pipe that is not read, as when a log collector hangs: texts go on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tests.entry_points.served import settings_for
from tests.local_stack.signed import text_in
from tests.ports import free_port
from tests.stories.relay_process import ROOT, clean_environment

_TEXTS = 40
# Only what hangs takes as long.
_PATIENCE_SECONDS = 120.0


@contextlib.contextmanager
def _running(settings: dict[str, str], port: int) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A relay of `run`, in a session of its own; gives it and the pipe that it writes to."""
    command = [sys.executable, "-m", "scripts.local_stack", "run", "--port", str(port)]
    environ = clean_environment() | settings | {"RELAY_LOCAL_LOG": "-"}
    relay = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert relay.stdout is not None
    # As small as a pipe can be: the usual 64 KiB only take more texts to fill.
    fcntl.fcntl(relay.stdout, fcntl.F_SETPIPE_SZ, 4096)
    try:
        yield relay, relay.stdout
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(relay.pid, signal.SIGKILL)
        relay.wait(_PATIENCE_SECONDS)
        relay.stdout.close()


def _wait_for_an_answer(address: str, settings: dict[str, str]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(OSError):
            text_in(address, settings)
            return
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_no_text_waits_for_the_log_to_be_read_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    port = free_port()
    settings, address = settings_for(tmp_path), f"http://127.0.0.1:{port}"
    with _running(settings, port) as (_, log):
        _wait_for_an_answer(address, settings)
        for _ in range(_TEXTS):
            text_in(address, settings)
        received: list[str] = []
        is_complete = threading.Event()

        def read() -> None:
            with contextlib.suppress(ValueError):  # the pipe is closed in the end
                for line in log:
                    if line.startswith("{") and json.loads(line)["event"] == "received":
                        received.append(line)
                    if len(received) > _TEXTS:
                        is_complete.set()

        threading.Thread(target=read, daemon=True).start()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not is_complete.wait(0.2):
            assert time.monotonic() < deadline
            text_in(address, settings)


def test_what_tells_of_it_ends_when_told_to_though_nothing_that_it_says_is_read(tmp_path: Path) -> None:
    """The first process is the one that a service's stop reaches; waiting for its reader it would be killed instead."""
    port = free_port()
    settings, address = settings_for(tmp_path), f"http://127.0.0.1:{port}"
    with _running(settings, port) as (relay, _):
        _wait_for_an_answer(address, settings)
        for _ in range(_TEXTS):
            text_in(address, settings)
        time.sleep(2)  # it looks once a second for what to tell
        relay.send_signal(signal.SIGTERM)
        assert relay.wait(_PATIENCE_SECONDS) == 0
