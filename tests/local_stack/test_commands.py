"""`run` and `demo` as a user starts them: what they print, and how they end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.google_fixtures import need_emulators
from tests.stack_fixtures import tiers
from tests.stories.relay_process import ROOT, RelayProcess, children_of, clean_environment

# Only what hangs takes as long: a demonstration waits for the tiers' own times, which a busy machine stretches.
_PATIENCE_SECONDS = 600


def command(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scripts.local_stack", *arguments],
        cwd=ROOT,
        env=clean_environment() | environ,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )


# On any terminal: one of them knows no quotation marks but the plain ones.
@pytest.mark.parametrize(("backend", "encoding"), [("embedded", "ascii"), ("google", "utf-8")])
def test_the_demonstration_shows_the_cascade_and_the_record_and_ends_well(backend: str, encoding: str) -> None:
    if backend == "google":
        need_emulators()
    # Credentials that are configured are left alone: a demonstration texts nobody.
    real = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "real"}
    done = command("demo", "--backend", backend, **real, RELAY_TIERS=tiers(6.0), PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("failed 30006", "unconfirmed", "Front desk has the text.", '"final_status": "claimed"'):
        assert words in done.stdout
    assert done.stdout.endswith("Tier 3 delivered.\nThe customer has its handler's answer.\n")


def test_run_plays_the_opening_scenario_and_keeps_its_relays(tmp_path: Path) -> None:
    """In a database that was put there as a copy comes: for all to read. It is made its owner's alone."""
    database = tmp_path / "relay.db"
    database.touch()
    database.chmod(0o644)
    relay = RelayProcess("embedded", {"RELAY_TIERS": tiers(2.0)}, tmp_path)
    relay.start()
    assert relay.wait_for("Up until Ctrl-C")
    assert f"Others could read {database} (mode 644); now only the owner can.\n" in relay.output
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert relay.stop() == 0
    for words in ("failed 30006", "unconfirmed", "tier 3  delivered"):
        assert words in relay.output
    assert stat.S_IMODE(relay.log.stat().st_mode) == 0o600
    # Started again, it goes on with the same relays; its fake Twilio's ids are new, or the text would be known already.
    relay.start()
    assert relay.wait_for("Up until Ctrl-C", times=2)
    assert relay.stop() == 0
    assert relay.output.count("tier 3  delivered") == 2
    assert "Traceback" not in relay.output + relay.log.read_text("utf-8")


def test_a_taken_port_is_one_clear_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = command("run", "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Port {port} on 127.0.0.1 is taken; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("host", ["203.0.113.9", "nowhere.invalid", "::1"])
def test_an_address_that_this_machine_has_not_is_no_taken_port(host: str) -> None:
    done = command("run", "--port", "0", RELAY_LOCAL_HOST=host)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"{host}, port 0, cannot be listened on (")
    assert "RELAY_LOCAL_HOST is to be an IPv4 address of this machine" in done.stderr


def test_a_log_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    done = command("run", "--port", "0", RELAY_LOCAL_LOG=str(tmp_path), RELAY_DATABASE=str(tmp_path / "relay.db"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"The log {tmp_path} cannot be written (")


@pytest.mark.parametrize("port", ["abc", "70000", "-1"])
def test_a_port_that_is_none_is_said_to_be(port: str) -> None:
    done = command("run", PORT=port)
    assert (done.returncode, done.stderr) == (1, f"PORT is not a number from 0 to 65535: {port}\n")


def test_what_is_wrong_with_the_configuration_is_said_before_anything_starts(tmp_path: Path) -> None:
    done = command("run", "--port", "0", TWILIO_ACCOUNT_SID="AC123", RELAY_DATABASE=str(tmp_path / "relay.db"))
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "TWILIO_ACCOUNT_SID is not AC followed by 32 hexadecimal digits" in done.stderr
    assert "TWILIO_AUTH_TOKEN is missing" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("run", "--port", "0"), ("serve", "sms_inbound", "--port", "8080")])
def test_settings_that_others_may_read_are_told_of_before_a_secret_stands_in_them(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text((ROOT / ".env.example").read_text("utf-8"), "utf-8")
    file.chmod(0o644)
    # It goes on: what ends it is the next mistake.
    wrong = {"RELAY_LOCAL_ENV_FILE": str(file), "RELAY_TIERS": "none", "RELAY_DATABASE": str(tmp_path / "relay.db")}
    done = command(*arguments, **wrong)
    assert (done.returncode, "RELAY_TIERS is not JSON" in done.stderr) == (1, True)
    assert f"{file} is to hold secrets and has mode 644: run `chmod 600 {file}` first." in done.stderr


def test_missing_emulators_are_named_with_what_to_do(tmp_path: Path) -> None:
    done = command("demo", "--backend", "google", PATH=str(tmp_path), JAVA_HOME="", CLOUDSDK_ROOT_DIR="")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert done.stderr.startswith("BACKEND=google needs Google's emulators: java is missing: install a Java runtime")


def test_an_emulator_that_dies_ends_the_stack_with_a_word(tmp_path: Path) -> None:
    need_emulators()
    relay = RelayProcess("google", {}, tmp_path)
    relay.start()
    assert relay.wait_for("Up until Ctrl-C")
    for pid in children_of(relay.pid):
        with contextlib.suppress(OSError):  # a process that has ended meanwhile is no emulator
            if b"CloudFirestore" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
    assert relay.wait_for("The emulators' process has ended.")
    assert relay.stop(0) == 1  # this signal does nothing: it has to end by itself
    assert "Traceback" not in relay.output


def test_a_database_of_somebody_else_is_refused_in_words(tmp_path: Path) -> None:
    database = tmp_path / "relay.db"
    database.write_bytes(b"certainly not SQLite" * 100)
    log = str(tmp_path / "relay.log")
    done = command("run", "--port", "0", RELAY_DATABASE=str(database), RELAY_LOCAL_LOG=log)
    assert done.returncode == 1
    assert "is not a sound database" in done.stderr
    assert os.path.getsize(database) == 2000


@pytest.mark.parametrize("named", ["a folder", "a file", "another program's database"])
def test_what_is_no_database_of_a_relay_is_refused_and_others_may_read_it_as_before(tmp_path: Path, named: str) -> None:
    """RELAY_DATABASE may be misspelt, and a service's administrator may change the mode of anything."""
    path = tmp_path / "named"
    if named == "a folder":
        path.mkdir()
    elif named == "a file":
        path.write_text("root:x:0:0")
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE accounts (name)")
    path.chmod(0o755)
    done = command("run", "--port", "0", RELAY_DATABASE=str(path), RELAY_LOCAL_LOG=str(tmp_path / "relay.log"))
    assert done.returncode == 1
    assert "The configuration has 1 mistake(s)" in done.stderr
    assert "Others could read" not in done.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


@pytest.mark.parametrize("arguments", [("run",), ("demo",), ("serve", "sms_inbound")], ids=" ".join)
def test_an_environment_whose_python_was_upgraded_is_one_sentence_that_says_what_to_do(
    arguments: tuple[str, ...],
) -> None:
    """A service starts it without make: the new Python looks for the packages where the old one never put them."""
    # -S leaves them out, as another version's folder for them is not looked into.
    done = subprocess.run(
        [sys.executable, "-S", "-m", "scripts.local_stack", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Python {sys.version.split()[0]} lacks a package that the relay needs (")
    assert f"`make .venv/.run` in {ROOT}" in line
