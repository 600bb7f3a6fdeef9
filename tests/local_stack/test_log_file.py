"""The log file of a relay that runs for months: bounded while it runs, and never readable for others."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from scripts.local_stack import log_file
from scripts.local_stack.supervisor import Supervisor
from tests.stories.relay_process import clean_environment


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "MAX_BYTES", 1000)


def test_the_log_is_bounded_while_the_relay_writes_to_it(tmp_path: Path) -> None:
    path = tmp_path / "relay.log"
    with log_file.open_log(path) as log:
        for number in range(1000):
            log.write(b"line %d\n" % number)
            log.flush()
            log_file.keep_small(path)
            assert path.stat().st_size <= 1010
        lines = (log_file.old(path).read_text() + path.read_text()).splitlines()
    assert lines == [f"line {number}" for number in range(1000 - len(lines), 1000)]
    assert len(lines) > 100
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 2


def test_while_the_terminal_takes_nothing_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that writes to the terminal waits then: here it never looks after the relay at all."""
    path = tmp_path / "relay.log"
    monkeypatch.setattr(log_file, "_LOOK_SECONDS", 0.05)
    with Supervisor(clean_environment(), "embedded", 0, str(tmp_path / "relay.db"), path) as running:
        assert running.log == path
        path.write_bytes(b"x" * 1001)
        deadline = time.monotonic() + 60
        while path.stat().st_size > 1000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    path.write_bytes(b"x" * 1001)
    time.sleep(0.2)
    assert path.stat().st_size == 1001


def test_a_log_that_is_too_large_at_the_start_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "relay.log"
    path.write_bytes(b"x" * 1001)
    log_file.open_log(path).close()
    assert (path.stat().st_size, log_file.old(path).stat().st_size) == (0, 1001)


def test_a_disk_that_is_full_does_not_keep_the_log_from_being_emptied(tmp_path: Path) -> None:
    path = tmp_path / "relay.log"
    path.write_bytes(b"x" * 1001)
    os.symlink("/dev/full", log_file.old(path))
    log_file.keep_small(path)
    assert path.stat().st_size == 0


def test_a_log_that_is_no_file_is_left_alone(tmp_path: Path) -> None:
    log_file.keep_small(Path(os.devnull))
    log_file.keep_small(tmp_path / "not there yet")
