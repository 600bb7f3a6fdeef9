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


def test_a_byte_order_mark_as_windows_puts_it_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfNAME=value\r\nOTHER=1\r\n")
    assert read_env_file(file) == {"NAME": "value", "OTHER": "1"}


_WRONG_ENCODINGS = {
    "UTF-16 as Windows writes it": "NAME=café\n".encode("utf-16"),
    "UTF-16, the higher byte first": b"\xfe\xff" + "NAME=café\n".encode("utf-16-be"),
    "UTF-16 without its mark": "NAME=value\n".encode("utf-16-le"),
    "UTF-16 without its mark, the higher byte first": "NAME=value\n".encode("utf-16-be"),
    "UTF-32": "NAME=value\n".encode("utf-32"),
    "a file of which a crash left nothing but its length": b"\0" * 100,
    "a byte of nothing within a value": b"NAME=va\0lue\n",
}


@pytest.mark.parametrize("content", _WRONG_ENCODINGS.values(), ids=_WRONG_ENCODINGS)
def test_what_is_not_utf_8_is_one_sentence_that_says_how_to_save_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        read_env_file(file)
    (mistake,) = raised.value.mistakes
    assert mistake.startswith(f"{file} is in UTF-16, or is no text at all: save it as UTF-8")


def test_a_letter_in_another_encoding_is_named_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("FIRST=1\nNAME=café\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"line 2 is not in UTF-8: save it as UTF-8") as raised:
        read_env_file(file)
    assert "caf" not in str(raised.value)


@pytest.mark.parametrize("first", ["NAME=", "NAME=1", "export NAME='2'"])
def test_a_name_given_twice_is_one_sentence_with_both_lines(tmp_path: Path, first: str) -> None:
    """The last would win, or the first: either way one of them is not what its writer believes."""
    file = tmp_path / ".env"
    file.write_text(f"{first}\nOTHER=1\nNAME=secret\n", "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        read_env_file(file)
    assert raised.value.mistakes == (f"{file}, lines 1 and 3 both give NAME: keep one of them.",)


@pytest.mark.parametrize("name", ["\ufeffNAME", "NA\u200bME", "NAM\u0415", "set NAME", "2ND", "NA-ME", ""])
def test_what_is_no_name_is_said_to_be_none(tmp_path: Path, name: str) -> None:
    """Two files put together have a byte order mark in the middle."""
    file = tmp_path / ".env"
    file.write_text(f"FIRST=1\n{name}=secret\n", "utf-8")
    with pytest.raises(
        ConfigurationError, match=r"line 2 is not NAME=value \(what stands before the equals sign is no"
    ):
        read_env_file(file)


def test_a_value_on_several_lines_is_said_to_be_too_many(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("""RELAY_TIERS='[{"phone": "+15550100001"},\n{"phone": "+15550100002"}]'\n""", "utf-8")
    with pytest.raises(
        ConfigurationError, match=r"line 1 is not NAME=value \(is a quote missing\? All of a value stands"
    ):
        read_env_file(file)


def test_a_line_without_an_equals_sign_says_so(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TWILIO_AUTH_TOKEN: secret\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"line 1 is not NAME=value \(there is no equals sign\)"):
        read_env_file(file)


def test_a_folder_in_its_place_is_a_mistake_in_words(tmp_path: Path) -> None:
    """Docker makes one where it is to mount a file that there is not."""
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigurationError, match=r"cannot be read \(Is a directory\)"):
        read_env_file(tmp_path / ".env")
