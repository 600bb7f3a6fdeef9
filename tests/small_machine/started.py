"""The relay as a service unit or an image starts it: a command, its environment, and what becomes of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scripts.local_stack import ROOT
from tests.entry_points.served import settings_for
from tests.local_stack.signed import text_in

FILES = ROOT / "scripts" / "small_machine"
PORT_OF_THE_FILES = "8080"
_PATIENCE_SECONDS = 120.0
# As the service unit has it, for a machine that has nothing else to do.
STOP_SECONDS = 30.0


def write_settings(path: Path, folder: Path) -> dict[str, str]:
    """Write the settings of a relay, but for its database, as a person writes them; they are returned too."""
    settings = settings_for(folder)
    del settings["RELAY_DATABASE"]
    path.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    path.chmod(0o600)
    return settings


@contextlib.contextmanager
def started(
    command: Sequence[str], environ: Mapping[str, str], folder: Path, output: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The command's process, in a session of its own; killed in the end if it has not ended."""
    with output.open("wb") as taking:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=taking, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)


def wait_for_a_text(port: int, settings: Mapping[str, str], process: subprocess.Popen[bytes], output: Path) -> None:
    """Until the relay has taken one."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(OSError):
            text_in(f"http://127.0.0.1:{port}", settings)
            return
        assert process.poll() is None, output.read_text("utf-8", "replace")[-4000:]
        assert time.monotonic() < deadline, output.read_text("utf-8", "replace")[-4000:]
        time.sleep(0.1)
