"""What is told on standard output where it is no terminal: any words come through, and none end the relay."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from scripts.local_stack.unhurried import unhurried


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "“Zoë” ?"), ("latin-1", "?Zo?? ?"), ("ascii", "?Zo?? ?")])
def test_words_come_as_the_stream_has_them(encoding: str, shown: str, tmp_path: Path) -> None:
    path = tmp_path / "told"
    with io.TextIOWrapper(path.open("wb"), encoding) as stream:
        Console(file=unhurried(stream)).print("“Zoë” \ud83d")
    assert path.read_text("utf-8") == f"{shown}\n"


def test_a_full_disk_under_it_is_no_error() -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:
        unhurried(stream).write("lost\n")


def test_a_terminals_own_is_left_as_it_is() -> None:
    reading, writing = os.openpty()
    with os.fdopen(writing, "w", encoding="utf-8") as terminal:
        assert unhurried(terminal) is terminal
    os.close(reading)
