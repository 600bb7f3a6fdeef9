"""Log lines whose reader does not keep up: no thread waits for it, what is missing is counted, alarms go last."""

from __future__ import annotations

import contextlib
import os
import re
import select
import termios
import threading
from collections.abc import Iterator

import pytest
from relay.log.output import KEPT_MAX_BYTES, Output

# Only what is held up takes so long.
_PATIENCE_SECONDS = 120.0


def _dropped(count: int) -> str:
    return f"{count} are missing\n"


@contextlib.contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def waiting(descriptor: int) -> str:
    """What can be read now."""
    os.set_blocking(descriptor, False)
    text = b""
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(descriptor, 65536):
            text += chunk
    return text.decode()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Each time that room was waited for in vain, in milliseconds."""
    found: list[float] = []
    poll = select.poll

    class Polled:
        def __init__(self) -> None:
            self._poll = poll()
            self.register = self._poll.register

        def poll(self, milliseconds: float) -> list[tuple[int, int]]:
            events = self._poll.poll(milliseconds)
            if milliseconds and not events:
                found.append(milliseconds)
            return events

    monkeypatch.setattr("relay.log.output.select.poll", Polled)
    return found


def test_what_is_not_read_holds_up_no_thread_and_what_is_missing_is_told(waits: list[float]) -> None:
    each, threads = 500, 8
    with pipe() as (reading, writing):
        output = Output(writing, _dropped)

        def write(name: int) -> None:
            for number in range(each):
                output.write([(False, f"{name} {number} {'x' * 200}\n")])

        writers = [threading.Thread(target=write, args=(name,), daemon=True) for name in range(threads)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join(_PATIENCE_SECONDS)
        # The first line that found no room was waited for, and no other.
        assert waits == [100]
        text = waiting(reading)
        output.write([(False, "read again\n")])
        text += waiting(reading)
        while not text.endswith("read again\n"):
            output.write([])
            text += waiting(reading)
    lines = text.splitlines()
    # More than once where the thread that writes is slower than those that leave it their lines.
    missing = [int(line.split()[0]) for line in lines if line.endswith("are missing")]
    assert missing
    assert sum(missing) + len(lines) - len(missing) - 1 == each * threads
    for name in range(threads):
        numbers = [int(number) for number in re.findall(rf"^{name} (\d+) x+$", text, re.MULTILINE)]
        assert numbers == sorted(numbers)


def test_no_alarm_is_dropped_while_there_is_an_ordinary_line() -> None:
    ordinary = "ordinary " + "x" * 990 + "\n"
    with pipe() as (reading, writing):
        output = Output(writing, _dropped)
        for number in range(2 * KEPT_MAX_BYTES // 1000):
            output.write([(False, ordinary), (number % 10 == 0, f"line {number}\n")])
        text = ""
        while (more := waiting(reading)) or "line 520" not in text:
            text += more
            output.write([])
    alarms = [int(number) for number in re.findall(r"^line (\d*0)$", text, re.MULTILINE)]
    assert alarms == list(range(0, 2 * KEPT_MAX_BYTES // 1000, 10))
    assert len(re.findall("are missing", text)) == 1


def test_what_a_full_disk_did_not_take_is_written_when_there_is_room_again() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        output = Output(full, _dropped)
        output.write([(False, "one\n"), (True, "two\n")])
        with pipe() as (reading, writing):
            os.dup2(writing, full)
            output.write([(False, "three\n")])
            assert waiting(reading) == "one\ntwo\nthree\n"
    finally:
        os.close(full)


def test_a_terminal_that_was_stopped_holds_up_nothing(waits: list[float]) -> None:
    reading, terminal = os.openpty()
    try:
        termios.tcflow(terminal, termios.TCOOFF)
        output = Output(terminal, _dropped)
        for number in range(100):
            output.write([(False, f"{number}\n")])
        assert waits == [100]
        termios.tcflow(terminal, termios.TCOON)
        output.write([(False, "100\n")])
        text = ""
        # What is written to a terminal comes out a moment later.
        while not text.endswith("100\r\n") and select.select([reading], [], [], _PATIENCE_SECONDS)[0]:
            text += waiting(reading)
        assert text.split() == [str(number) for number in range(101)]
    finally:
        os.close(reading)
        os.close(terminal)


def test_a_terminal_that_is_not_read_holds_up_nothing() -> None:
    """As of a connection that hangs. Unlike a pipe, it says that it has room until it has none at all."""
    reading, terminal = os.openpty()
    try:
        output = Output(terminal, _dropped)
        lines = [(False, f"{number} {'x' * 200}\n") for number in range(3000)]
        writing = threading.Thread(target=lambda: [*map(output.write, ([line] for line in lines))], daemon=True)
        writing.start()
        writing.join(_PATIENCE_SECONDS)
        was_held_up = writing.is_alive()
        text = waiting(reading)  # which lets it go on, and end
        assert not was_held_up
        while not text.endswith("read again\r\n"):
            output.write([(False, "read again\n")])
            text += waiting(reading)
        assert "are missing" in text
    finally:
        os.close(reading)
        os.close(terminal)


def test_a_line_that_is_longer_than_the_room_comes_out_whole() -> None:
    line = "x" * 100_000 + "\n"
    with pipe() as (reading, writing):
        output = Output(writing, _dropped)
        output.write([(False, line), (False, "next\n")])
        text = waiting(reading)
        while not text.endswith("next\n"):
            output.write([])
            text += waiting(reading)
    assert text == line + "next\n"
