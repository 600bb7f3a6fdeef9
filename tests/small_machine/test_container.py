"""The image: its steps work, what it holds is the relay alone, and what it starts takes texts."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.local_stack import ROOT
from tests.pace import pace
from tests.ports import free_port
from tests.small_machine.bare_root import BareRoot
from tests.small_machine.started import FILES, PORT_OF_THE_FILES, STOP_SECONDS, started, wait_for_a_text, write_settings

_CONTAINERFILE = FILES / "Containerfile"


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="optional: only root of a Linux machine can make a bare root"
)
def test_its_steps_make_a_relay_that_takes_texts_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    port, output = free_port(), tmp_path / "output"
    root = BareRoot(tmp_path / "root")
    root.folder.mkdir()
    root.build(_CONTAINERFILE.read_text("utf-8"))
    home = root.folder / root.working.lstrip("/")
    assert sorted(path.name for path in home.iterdir()) == [".venv", "functions", "scripts"]
    # As an engine mounts it: for the image's user.
    secrets = root.folder / "run" / "secrets"
    secrets.mkdir(parents=True)
    settings = write_settings(secrets / "relay.env", tmp_path)
    uid, gid = map(int, root.user.split(":"))
    os.chown(secrets / "relay.env", uid, gid)
    command = [str(port) if word == PORT_OF_THE_FILES else word for word in root.command]
    with started(root.inside(command), root.environment(), tmp_path, output) as relay:
        wait_for_a_text(port, settings, relay, output)
        relay.send_signal(signal.SIGTERM)
        assert relay.wait(STOP_SECONDS * pace()) == 0
    database = (root.folder / "data" / "relay.db").stat()
    assert (database.st_uid, database.st_mode & 0o777) == (uid, 0o600)
    shutil.rmtree(home)  # 200 MB, which pytest would keep for the three runs to come


def test_an_engine_builds_it() -> None:
    engine = next((name for name in ("podman", "docker", "buildah") if _works(name)), None)
    if engine is None:
        pytest.skip("optional: there is no container engine")
    build = [engine, "build", "--file", str(_CONTAINERFILE), "--tag", "sms-relay-test", str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def _works(engine: str) -> bool:
    program = shutil.which(engine)
    return program is not None and subprocess.run([program, "info"], capture_output=True).returncode == 0
