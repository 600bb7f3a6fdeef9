"""The .env file: what a shell would read, nothing expanded, and mistakes named by their line."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay.errors import ConfigurationError

from scripts.local_stack.dotenv import read_env_file


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("  NAME = value  ", "value"),
        ("export NAME=value", "value"),
        ("NAME=two words", "two words"),
        ("NAME=value # a remark", "value"),
        ("NAME=https://relay.example.com/#rc=5", "https://relay.example.com/#rc=5"),
        ("NAME=", ""),
        ("NAME= # nothing yet", ""),
        ("NAME=''", ""),
        ('NAME=\'[{"phone": "+15551234567"}]\' # JSON', '[{"phone": "+15551234567"}]'),
        ('NAME="a # b"', "a # b"),
        ("NAME=$HOME", "$HOME"),
        ("NAME=it's", "it's"),
    ],
)
def test_a_line_is_read_as_a_shell_has_it_without_expansion(tmp_path: Path, line: str, value: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# a remark\n\n{line}\n", "utf-8")
    assert read_env_file(file) == {"NAME": value}


def test_a_file_that_is_not_there_has_no_variables(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_lines_that_cannot_be_read_are_named_together_without_what_is_in_them(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('GOOD=1\nnonsense\nTOKEN=\'secret\nOTHER="secret" secret\n=secret\n', "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_env_file(file)
    said = str(raised.value)
    assert [number for number in range(1, 6) if f"line {number} " in said] == [2, 3, 4, 5]
    assert "secret" not in said


def test_a_file_that_is_no_text_is_a_mistake_in_words(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_env_file(file)
