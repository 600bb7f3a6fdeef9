"""This machine's credential: made at start, its owner's alone, and never told."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay.errors import ConfigurationError
from relay.operators.signing_in import machine
from relay.operators.signing_in.tokens import TokenKind, kind_of

STRANGERS = f"rc_{'A' * 43}"


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "relay.db")


def file_of(database: str) -> Path:
    return Path(f"{database}.credential")


def test_it_lies_beside_the_database_for_its_owner_alone(database: str) -> None:
    assert machine.prepare(database) == ""
    file = file_of(database)
    assert file.stat().st_mode & 0o777 == 0o600
    token = file.read_text("ascii").strip()
    assert kind_of(token) is TokenKind.MACHINE
    assert machine.is_this_machines(database, token)
    assert [path.name for path in file.parent.iterdir()] == ["relay.db.credential"]


def test_the_next_start_keeps_it(database: str) -> None:
    machine.prepare(database)
    token = file_of(database).read_bytes()
    assert machine.prepare(database) == ""
    assert file_of(database).read_bytes() == token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_one_that_others_could_read_is_replaced_and_that_is_said(database: str, mode: int) -> None:
    machine.prepare(database)
    file = file_of(database)
    seen = file.read_text("ascii").strip()
    file.chmod(mode)
    assert not machine.is_this_machines(database, seen), "not even until the next start"
    assert "Others could read" in machine.prepare(database)
    assert file.stat().st_mode & 0o777 == 0o600
    assert not machine.is_this_machines(database, seen)
    assert seen not in file.read_text("ascii")


@pytest.mark.parametrize("content", [b"", b"\n", b"secret", b"\xff\xfe", b"rs_" + b"A" * 43, b"x" * 100_000])
def test_what_is_no_credential_is_replaced(database: str, content: bytes) -> None:
    file = file_of(database)
    file.write_bytes(content)
    file.chmod(0o600)
    machine.prepare(database)
    assert kind_of(file.read_text("ascii").strip()) is TokenKind.MACHINE


@pytest.mark.parametrize("token", ["", "rc_", STRANGERS, f"rc_{'é' * 43}", "rc_\x00"])
def test_nothing_else_is_taken_for_it(database: str, token: str) -> None:
    machine.prepare(database)
    assert not machine.is_this_machines(database, token)


def test_without_a_file_there_is_none(database: str) -> None:
    assert not machine.is_this_machines(database, STRANGERS)
    assert not machine.is_this_machines("", STRANGERS)


def test_what_is_in_the_file_in_broken_bytes_is_no_credential(database: str) -> None:
    file_of(database).write_bytes(b"\xff" * 46)
    file_of(database).chmod(0o600)
    assert not machine.is_this_machines(database, STRANGERS)


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the credential of commands on this machine, cannot be written"):
        machine.prepare(str(tmp_path / "no such folder" / "relay.db"))
