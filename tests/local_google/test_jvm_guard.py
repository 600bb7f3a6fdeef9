"""The guard with a child that costs nothing: the child never outlives guard or starter. Needs no Java."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from scripts.local_google import jvm_guard
from tests.local_google.processes import is_alive
from tests.local_google.target import eventually

GUARD = [sys.executable, "-I", "-S", str(jvm_guard.__file__)]
SLEEPER = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]


def start(command: list[str]) -> tuple[subprocess.Popen[str], int]:
    guard = subprocess.Popen(
        [*GUARD, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert guard.stdout is not None
    return guard, int(guard.stdout.readline())


def finish(guard: subprocess.Popen[str]) -> None:
    guard.communicate()


def test_the_child_ends_when_the_guards_input_ends() -> None:
    guard, child = start(SLEEPER)
    assert is_alive(child)
    finish(guard)
    assert not is_alive(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_child_ends_when_the_guard_is_told_to_end(number: signal.Signals) -> None:
    guard, child = start(SLEEPER)
    guard.send_signal(number)
    guard.wait()
    assert not is_alive(child)
    finish(guard)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="optional: only Linux can end a child whose parent was killed"
)
def test_the_child_ends_when_the_guard_is_killed() -> None:
    guard, child = start(SLEEPER)
    guard.kill()
    guard.wait()
    eventually(lambda: not is_alive(child), "the child of a killed guard ends")
    finish(guard)


def test_the_child_ends_when_the_starter_is_killed() -> None:
    starter_code = (
        "import subprocess, sys, time\n"
        "guard = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)\n"
        "print(guard.pid, guard.stdout.readline().strip(), flush=True)\n"
        "time.sleep(600)\n"
    )
    starter = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", starter_code, *GUARD, *SLEEPER], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    pids = [int(word) for word in starter.stdout.readline().split()]
    assert len(pids) == 2
    assert all(is_alive(pid) for pid in pids)
    starter.kill()
    starter.communicate()
    eventually(lambda: not any(is_alive(pid) for pid in pids), "guard and child of a killed starter end")


def test_the_guard_passes_on_how_the_child_ended() -> None:
    guard, _ = start([sys.executable, "-c", "raise SystemExit(7)"])
    assert guard.wait() == 7
    finish(guard)
    guard, _ = start([sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
    assert guard.wait() == 128 + signal.SIGKILL
    finish(guard)
