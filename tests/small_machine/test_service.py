"""The service unit: sound by systemd's own judgement, and what it starts works and ends in order."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.local_stack import ROOT
from tests.pace import pace
from tests.ports import free_port
from tests.small_machine.started import FILES, PORT_OF_THE_FILES, STOP_SECONDS, started, wait_for_a_text, write_settings
from tests.stories.relay_process import clean_environment

_UNIT = (FILES / "sms-relay.service").read_text("utf-8")
_FOLDER, _SETTINGS, _STATE = "/opt/sms-relay", "/etc/sms-relay/env", "/var/lib/sms-relay"


def _moved(unit: str, folder: Path, port: int) -> str:
    """The unit for this checkout, with settings and state in a folder of ours."""
    moved = unit.replace(_FOLDER, str(ROOT)).replace(_SETTINGS, str(folder / "env")).replace(_STATE, str(folder))
    return moved.replace(f"--port {PORT_OF_THE_FILES}", f"--port {port}")


def _values(unit: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


def _systemd(command: str) -> str:
    program = shutil.which(command)
    if program is None:
        pytest.skip(f"{command} is needed to judge the service unit: install your system's package `systemd`")
    return program


def test_systemd_finds_no_fault_in_the_unit_and_little_that_it_may_do(tmp_path: Path) -> None:
    unit = tmp_path / "sms-relay.service"
    unit.write_text(_moved(_UNIT, tmp_path, 8080))
    analyze = _systemd("systemd-analyze")
    verify = [analyze, "verify", "--man=no", "--recursive-errors=no", str(unit)]
    judged = subprocess.run(verify, capture_output=True, text=True)
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")
    # From 0, nothing at all, to 100.
    security = [analyze, "security", "--offline=true", "--threshold=25", str(unit)]
    judged = subprocess.run(security, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout


def test_what_the_unit_starts_takes_texts_and_ends_when_its_first_process_is_told_to(tmp_path: Path) -> None:
    port, output = free_port(), tmp_path / "journal"
    unit = _moved(_UNIT, tmp_path, port)
    settings = write_settings(tmp_path / "env", tmp_path)
    environ = clean_environment() | dict(pair.split("=", 1) for pair in _values(unit, "Environment"))
    (command,), (folder,) = _values(unit, "ExecStart"), _values(unit, "WorkingDirectory")
    with started(shlex.split(command), environ, Path(folder), output) as relay:
        wait_for_a_text(port, settings, relay, output)
        relay.send_signal(signal.SIGTERM)
        assert relay.wait(STOP_SECONDS * pace()) == 0
    assert '"event": "received"' in output.read_text("utf-8")
    assert stat.S_IMODE((tmp_path / "relay.db").stat().st_mode) == 0o600


@pytest.fixture
def systemctl() -> str:
    program = shutil.which("systemctl")
    state = program and subprocess.run([program, "is-system-running"], capture_output=True, text=True).stdout.strip()
    if program is None or state not in ("running", "degraded") or os.geteuid():
        pytest.skip("optional: only root of a machine that systemd runs can start the service")
    return program


@pytest.fixture
def service(systemctl: str, tmp_path: Path) -> Iterator[tuple[str, int, dict[str, str]]]:
    """The unit, installed under another name: that name, its port and the settings."""
    port, name = free_port(), f"sms-relay-test-{os.getpid()}.service"
    settings = write_settings(tmp_path / "env", tmp_path)
    # Of this checkout and as root, because it need not lie where a service's user may read.
    unit = _moved(_UNIT, tmp_path, port).replace("User=sms-relay\n", "").replace("ProtectHome=true", "ProtectHome=no")
    unit = unit.replace("ProtectSystem=strict", f"ProtectSystem=strict\nReadWritePaths={tmp_path}")
    path = Path("/run/systemd/system", name)
    path.write_text(unit.replace("PrivateTmp=true", "PrivateTmp=no").replace("StateDirectory=", "#"))
    subprocess.run([systemctl, "daemon-reload"], check=True)
    try:
        yield name, port, settings
    finally:
        subprocess.run([systemctl, "stop", name], check=True)
        path.unlink()
        subprocess.run([systemctl, "daemon-reload"], check=True)


def test_systemd_starts_it_and_starts_it_again_when_it_is_killed(
    systemctl: str, service: tuple[str, int, dict[str, str]], tmp_path: Path
) -> None:
    name, port, settings = service
    subprocess.run([systemctl, "start", name], check=True)
    with started(["sleep", "300"], dict(os.environ), ROOT, tmp_path / "nothing") as patience:
        wait_for_a_text(port, settings, patience, tmp_path / "nothing")
        subprocess.run([systemctl, "kill", "--signal=KILL", name], check=True)
        time.sleep(1)
        wait_for_a_text(port, settings, patience, tmp_path / "nothing")
