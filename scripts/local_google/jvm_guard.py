"""Runs one child program and makes sure it never outlives the process that started this guard.

Started as a script of its own: `python jvm_guard.py PROGRAM ARG…`. Standard library only.

Why a process in between. The emulators must die with the process that wanted them, even when that one is
killed with SIGKILL and cannot clean up. Two mechanisms exist, and each has a hole the other closes:

- A pipe. The starter holds the write end of the guard's stdin; the kernel closes it however the starter ends,
  the guard reads end-of-file and kills the child. It works on every Unix, but not if the guard itself is killed.
  (A process that the starter forks without exec holds the pipe too; the child then lives as long as that one.)
- PR_SET_PDEATHSIG (Linux). The kernel kills the child when its parent ends. It covers the killed guard. Used
  directly by the starter it would be wrong: the signal fires when the *thread* that forked ends, and code
  between fork and exec is not safe in a process with many threads (gRPC has them). The guard has one
  thread when it forks, and that thread waits until the child is gone.

Protocol: one line on stdout with the child's process id, then the child runs. The guard exits with the
child's exit code (128 + signal number when a signal ended it).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> int:
    guard_pid = os.getpid()
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        preexec_fn=lambda: _die_with(guard_pid),
    )
    try:
        signal.signal(signal.SIGTERM, _exit_on_signal)
        signal.signal(signal.SIGINT, _exit_on_signal)
        print(child.pid, flush=True)
        threading.Thread(target=_kill_at_end_of_input, args=(child,), daemon=True).start()
        code = child.wait()
    finally:
        child.kill()
        child.wait()
    return code if code >= 0 else 128 - code


def _die_with(guard_pid: int) -> None:
    """In the child, before exec: ask the kernel (Linux only) for SIGKILL when the guard ends."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard_pid:  # the guard ended before the request was in place
        os._exit(1)


def _kill_at_end_of_input(child: subprocess.Popen[bytes]) -> None:
    while os.read(0, 64):
        pass
    child.kill()


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
