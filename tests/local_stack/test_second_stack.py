"""Two stacks on one database, and what is said and done when a stack is told to stop, once and again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.local_stack import running
from scripts.local_stack.running import StackError, hold_database
from tests.google_fixtures import need_emulators
from tests.stack_fixtures import tiers, until
from tests.stories.relay_process import ROOT, RelayProcess, children_of, clean_environment


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "relay.db"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_LETTING_GO_SECONDS", 0.3)


def hold(database: Path, *, is_alone: bool = True) -> int:
    return hold_database(database, "http://127.0.0.1:8080", is_alone=is_alone)


def test_a_second_stack_on_a_database_is_refused_with_the_first_ones_name(database: Path) -> None:
    first = hold(database)
    with pytest.raises(StackError) as refused:
        hold(database)
    assert str(refused.value).startswith(
        f"Another relay works on {database} (http://127.0.0.1:8080, process {os.getpid()}, since 20"
    )
    assert "stop that one first, or give this one a RELAY_DATABASE of its own." in str(refused.value)
    os.close(first)
    os.close(hold(database))


def test_by_another_name_it_is_the_same_database(database: Path, tmp_path: Path) -> None:
    database.touch()
    link = tmp_path / "link.db"
    link.symlink_to(database)
    first = hold(database)
    with pytest.raises(StackError):
        hold(link)
    os.close(first)


def test_functions_that_are_served_one_by_one_share_it_and_no_stack_comes_between(database: Path) -> None:
    functions = [hold(database, is_alone=False) for _ in range(3)]
    with pytest.raises(StackError):
        hold(database)
    for function in functions:
        os.close(function)
    stack = hold(database)
    with pytest.raises(StackError):
        hold(database, is_alone=False)
    os.close(stack)


def test_one_that_was_killed_holds_nothing(database: Path) -> None:
    code = "import sys, time; from pathlib import Path; from scripts.local_stack.running import hold_database\n"
    code += "hold_database(Path(sys.argv[1]), 'killed', is_alone=True); print('held', flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(database)], cwd=ROOT, stdout=subprocess.PIPE, env=clean_environment()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    with pytest.raises(StackError, match="killed, process"):
        hold(database)
    process.kill()
    process.wait(60)
    process.stdout.close()
    os.close(hold(database))


def test_one_that_is_just_ending_is_waited_for(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = hold(database)
    looks: list[int] = []

    def ends(seconds: float) -> None:
        looks.append(1)
        if len(looks) == 2:
            os.close(first)

    monkeypatch.setattr(running, "_LETTING_GO_SECONDS", 600.0)
    # In this module alone: another thread may sleep meanwhile.
    monkeypatch.setattr(running, "time", SimpleNamespace(sleep=ends, monotonic=time.monotonic))
    os.close(hold(database))
    assert len(looks) == 2


def test_a_running_stack_is_left_alone_by_a_second_one_and_read_by_commands(tmp_path: Path) -> None:
    first = RelayProcess("embedded", {"RELAY_TIERS": tiers(2.0)}, tmp_path)
    first.start()
    assert first.wait_for("Up until Ctrl-C")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.local_stack", "run", "--port", "0"],
        cwd=ROOT,
        env=clean_environment() | first.settings,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(
        f"Another relay works on {tmp_path / 'relay.db'} ({first.address}, process {first.pid}"
    )
    # Told to stop a second time while it ends, it ends at once.
    stopped = first.pid
    os.kill(stopped, signal.SIGTERM)
    assert first.wait_for("Stopping. Texts that are under way are stored (on disk) and go on at the next start.")
    os.kill(stopped, signal.SIGINT)
    assert first.stop(0) == 0
    until(lambda: not children_of(stopped), "the end of every process of it")
    assert "Traceback" not in first.output
    first.start()
    assert first.wait_for("Up until Ctrl-C", times=2)
    assert first.stop() == 0


def test_a_stack_whose_emulators_forget_does_not_promise_that_texts_go_on(tmp_path: Path) -> None:
    need_emulators()
    relay = RelayProcess("google", {}, tmp_path)
    relay.start()
    assert relay.wait_for("Up until Ctrl-C")
    assert relay.stop() == 0
    assert "Stopping. The emulators forget every text now; those that are under way do not go on." in relay.output
    assert "go on at the next start" not in relay.output
