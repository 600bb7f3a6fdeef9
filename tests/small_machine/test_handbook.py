"""What docs/operations.md has the owner of a small machine type does what it says."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.settings.variables import VARIABLES

from scripts.local_stack.dotenv import read_env_file
from tests.fakes import FakeClock
from tests.stories.relay_process import ROOT, clean_environment
from tests.strategies import a_relay

TIMEOUT = 60.0
TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")


def _chapter(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def _blocks(title: str) -> list[str]:
    """The commands of a chapter, block by block, without their indentation."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```$", _chapter(title), re.DOTALL | re.MULTILINE)
    return ["\n".join(line.removeprefix(indent) for line in block.splitlines()) for indent, block in found]


def _run(commands: str, folder: Path) -> str:
    done = subprocess.run(["bash", "-eu", "-c", commands], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder in which `make run` works."""
    (tmp_path / ".local").mkdir(mode=0o700)
    return tmp_path


def test_a_copy_of_a_database_in_use_is_whole_private_and_can_be_put_back(home: Path) -> None:
    backup, restore = _blocks("Back up and restore")[:2]
    path = home / ".local" / "relay.db"
    database = Database(path)
    store = SqliteStore(database, FakeClock())
    kept, later = a_relay(), a_relay()
    store.create(kept, [], timeout_seconds=TIMEOUT)
    began = datetime.now(UTC).astimezone()
    assert _run(f"umask 022\n{backup}", home) == "ok\n"
    (copy,) = home.glob("*.db")
    # It may have taken until the next day.
    assert copy.name in {f"relay-{day:%Y-%m-%d}.db" for day in (began, datetime.now(UTC).astimezone())}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    store.create(later, [], timeout_seconds=TIMEOUT)
    database.close()

    _run(restore.replace("relay-2026-01-31.db", copy.name), home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (home / "before-the-restore" / "relay.db").exists()
    restored = Database(path)
    again = SqliteStore(restored, FakeClock())
    assert again.get(kept.message_id, timeout_seconds=TIMEOUT) is not None
    assert again.get(later.message_id, timeout_seconds=TIMEOUT) is None
    restored.close()


def test_a_misspelt_database_is_no_empty_copy(home: Path) -> None:
    backup = _blocks("Back up and restore")[0]
    done = subprocess.run(["bash", "-eu", "-c", backup], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "unable to open database file" in done.stderr


def test_the_number_is_pointed_at_the_relay_by_that_command(home: Path) -> None:
    (command,) = [block for block in _blocks("The small machine") if "configure-number" in block]
    target, setting = command.split()[1:]
    shown = subprocess.run(["make", "--dry-run", target, setting], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "-m scripts.deployment.configure_number" in shown.stdout
    env_file = home / "env"
    env_file.write_text("BUSINESS_PHONE_NUMBER=+15550100000\nPUBLIC_BASE_URL=https://relay.example.com\n", "utf-8")
    name, value = setting.split("=")
    ran = subprocess.run(
        [sys.executable, "-m", "scripts.deployment.configure_number"],
        cwd=home,
        env=clean_environment() | {"PYTHONPATH": str(ROOT), name: value, "RELAY_LOCAL_ENV_FILE": str(env_file)},
        capture_output=True,
        text=True,
        check=False,
    )
    # Number and address are found: what is missing are the credentials.
    assert (ran.returncode, ran.stderr) == (2, "TWILIO_ACCOUNT_SID is missing: set it in the environment or in .env.\n")


def test_settings_that_it_shows_can_be_copied_as_they_are(tmp_path: Path) -> None:
    known = {variable.name for variable in VARIABLES}
    shown = [line for line in TEXT.splitlines() if line.partition("=")[0] in known]
    assert any(line.startswith("RELAY_OPERATORS=") for line in shown)
    for line in shown:
        (tmp_path / "env").write_text(f"{line}\n", "utf-8")
        (value,) = read_env_file(tmp_path / "env").values()
        assert not value.startswith("[") or json.loads(value)


def test_every_target_of_make_that_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"(?:^ *|`)make ([a-z][\w-]+|\.venv/\.run)", _chapter("The small machine"), re.MULTILINE))
    assert {"demo", "run", ".venv/.run"} <= named
    for target in named:
        rule = rf"^(?:\S+ )*{re.escape(target.replace('.venv', '$(VENV)'))}(?: \S+)*:"
        assert re.search(rule, makefile, re.MULTILINE), target
