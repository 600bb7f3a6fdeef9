"""A file with a secret that others may read is refused, in one sentence with the command that mends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from relay.errors import ConfigurationError

from scripts.deployment.tools import read_private_file
from scripts.local_stack import ROOT, private
from scripts.local_stack.places import with_env_file
from scripts.local_stack.private import open_mode

SECRETS = {
    "the token": "TWILIO_AUTH_TOKEN=5ec2e7\n",
    "the token of a rotation": "TWILIO_AUTH_TOKEN_SECONDARY='5ec2e7'\n",
    "the secret of an API key": "# ours\nexport TWILIO_API_KEY_SECRET=5ec2e7\n",
}
OPEN_MODES = [0o644, 0o640, 0o604, 0o660, 0o620, 0o602, 0o666, 0o777]


def _file(folder: Path, content: str, mode: int, name: str = ".env") -> Path:
    file = folder / name
    file.write_text(content, "utf-8")
    file.chmod(mode)
    return file


@pytest.mark.parametrize("content", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("mode", OPEN_MODES, ids=oct)
def test_a_secret_that_others_may_read_or_change_is_refused_with_the_chmod_line(
    tmp_path: Path, content: str, mode: int
) -> None:
    file = _file(tmp_path, content, mode)
    with pytest.raises(ConfigurationError) as raised:
        with_env_file({"RELAY_LOCAL_ENV_FILE": str(file)})
    assert raised.value.mistakes == (f"{file} holds secrets and has mode {mode:03o}: run `chmod 600 {file}` first.",)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700], ids=oct)
def test_a_secret_that_only_its_owner_may_read_is_taken(tmp_path: Path, mode: int) -> None:
    file = _file(tmp_path, SECRETS["the token"], mode)
    assert with_env_file({"RELAY_LOCAL_ENV_FILE": str(file)})["TWILIO_AUTH_TOKEN"] == "5ec2e7"


def test_a_copied_example_holds_no_secret_yet_so_it_is_read_and_what_to_do_is_said(tmp_path: Path) -> None:
    """As `cp` leaves it. Filled in like that it is refused, as above."""
    file = _file(tmp_path, (ROOT / ".env.example").read_text("utf-8"), 0o644)
    environ, said = {"RELAY_LOCAL_ENV_FILE": str(file)}, list[str]()
    assert with_env_file(environ, said.append)["TWILIO_AUTH_TOKEN"] == ""
    assert said == [f"{file} is to hold secrets and has mode 644: run `chmod 600 {file}` first."]
    assert with_env_file(environ)  # where it is read to look for one thing, nothing is said
    file.chmod(0o600)
    said.clear()
    with_env_file(environ, said.append)
    assert said == []


def test_of_credentials_to_be_pushed_a_copied_example_is_refused_before_one_stands_in_it(tmp_path: Path) -> None:
    """Without them there is nothing to be done with that file."""
    file = _file(tmp_path, (ROOT / "repos.env.example").read_text("utf-8"), 0o644, "repos.env")
    with pytest.raises(ConfigurationError) as raised:
        read_private_file(file)
    assert raised.value.mistakes == (f"{file} is to hold secrets and has mode 644: run `chmod 600 {file}` first.",)
    file.chmod(0o600)
    read_private_file(file)


@pytest.mark.parametrize("content", ["BUSINESS_PHONE_NUMBER=+15550100100\n", "# nothing\n", ""])
def test_a_file_without_a_place_for_a_secret_may_be_read_by_all(tmp_path: Path, content: str) -> None:
    with_env_file({"RELAY_LOCAL_ENV_FILE": str(_file(tmp_path, content, 0o644))})


def test_the_chmod_line_works_as_it_is_whatever_the_files_name(tmp_path: Path) -> None:
    file = _file(tmp_path, SECRETS["the token"], 0o644, name="our relay's $settings")
    with pytest.raises(ConfigurationError) as raised:
        with_env_file({"RELAY_LOCAL_ENV_FILE": str(file)})
    command = str(raised.value).partition("run `")[2].partition("` first")[0]
    subprocess.run(["sh", "-c", command], check=True)
    assert open_mode(file) == 0
    assert with_env_file({"RELAY_LOCAL_ENV_FILE": str(file)})["TWILIO_AUTH_TOKEN"] == "5ec2e7"


def test_a_link_is_judged_by_the_file_that_it_leads_to(tmp_path: Path) -> None:
    file = _file(tmp_path, SECRETS["the token"], 0o644)
    link = tmp_path / "link"
    link.symlink_to(file)
    assert open_mode(link) == 0o644
    file.chmod(0o600)
    assert open_mode(link) == 0


_only_root = pytest.mark.skipif(os.geteuid() != 0, reason="optional: only root can give a file to root")


@_only_root
@pytest.mark.parametrize(("mode", "found"), [(0o640, 0), (0o440, 0), (0o660, 0o660), (0o644, 0o644)])
def test_what_root_keeps_for_the_services_group_is_private_to_the_service(
    tmp_path: Path, mode: int, found: int
) -> None:
    file = _file(tmp_path, SECRETS["the token"], mode)
    os.chown(file, 0, 1000)
    assert open_mode(file) == found
    os.chown(file, 1000, 1000)
    assert open_mode(file) == mode


@_only_root
@pytest.mark.parametrize(("mode", "found"), [(0o444, 0), (0o644, 0), (0o646, 0o646)])
def test_what_an_engine_lays_into_its_folder_for_secrets_is_private_if_it_is_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, found: int
) -> None:
    file = _file(tmp_path, SECRETS["the token"], mode)
    monkeypatch.setattr(private, "_ENGINES_SECRETS", tmp_path.resolve())
    assert open_mode(file) == found
    os.chown(file, 1000, 1000)
    assert open_mode(file) == mode


_MOUNT = """
mount -t tmpfs -o size=64k,mode=755 tmpfs "$1" && printf 'TWILIO_AUTH_TOKEN=5ec2e7\\n' > "$1/relay.env" || exit 77
chmod 444 "$1/relay.env" && mount -o remount,ro "$1" || exit 77
exec "$2" -c '
import sys
from scripts.local_stack.places import with_env_file
print(with_env_file({"RELAY_LOCAL_ENV_FILE": sys.argv[1]})["TWILIO_AUTH_TOKEN"])' "$1/relay.env"
"""


def test_a_secret_that_an_engine_mounts_read_only_is_private_whatever_its_mode(tmp_path: Path) -> None:
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", _MOUNT, "sh", str(tmp_path), sys.executable]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}"}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("optional: this machine has no unshare")
    if done.returncode in (1, 77) and "with_env_file" not in done.stderr:
        pytest.skip("optional: this machine lets us mount nothing")
    assert (done.stdout, done.stderr) == ("5ec2e7\n", "")
