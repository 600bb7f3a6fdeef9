"""Make's targets install what they need: once, quietly, and anew when the Python under the checkout is another one.

In copies of the checkout that need one small package, which lies beside them: no network is needed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import pty
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts import install
from tests.local_stack.checkouts import copied_checkout
from tests.stories.relay_process import clean_environment

_SECONDS = 900
_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_FILES = {
    "fruit-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: fruit\nVersion: 1.0\n",
    "fruit-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "fruit-1.0.dist-info/RECORD": "fruit.py,,\n",
    "fruit.py": "",
}


class Checkout:
    """A copy of what installs, whose environments are made by the Python that runs this test."""

    def __init__(self, folder: Path) -> None:
        self.root = copied_checkout(folder)
        self._packages = folder / "packages"
        self._packages.mkdir()
        wheel = self._packages / "fruit-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, text in _FILES.items():
                archive.writestr(name, text)
        self.needs(hashlib.sha256(wheel.read_bytes()).hexdigest())

    def needs(self, digest: str) -> None:
        """Pin the package at this hash."""
        (self.root / "functions/requirements.txt").write_text(f"fruit==1.0 \\\n    --hash=sha256:{digest}\n")
        (self.root / "scripts/requirements.txt").write_text("-r ../functions/requirements.txt\n")

    def make(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run make until the environment is there; the target itself needs nothing more."""
        base = {name: value for name, value in clean_environment().items() if not name.startswith(("MAKE", "PIP_"))}
        base |= {"PATH": f"{Path(sys.executable).resolve().parent}:{base['PATH']}", "PIP_CONFIG_FILE": os.devnull}
        base |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self._packages)}
        return subprocess.run(
            ["make", *arguments, ".venv/.run"],
            cwd=self.root,
            env=base | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    def is_sound(self) -> bool:
        command = [str(self.venv / "bin/python"), "-c", "import fruit"]
        return subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One for all: each test leaves it as the next one may find it, with or without an environment."""
    return Checkout(tmp_path_factory.mktemp("installing"))


@pytest.fixture
def installed(checkout: Checkout) -> Checkout:
    done = checkout.make()
    assert (done.returncode, done.stderr) == (0, "")
    return checkout


@pytest.mark.parametrize("target", [".venv/.run", "clean", "forget-relays"])
@pytest.mark.parametrize("python", ["/no/such/python", "/bin/false", "/bin/true", "echo"])
def test_a_python_that_is_named_and_will_not_do_is_an_error_of_one_sentence(
    checkout: Checkout, python: str, target: str
) -> None:
    done = checkout.make(f"PYTHON={python}", target)
    assert done.returncode != 0
    assert (
        done.stderr.splitlines()[0] == f"PYTHON={python} is no Python, or one before 3.11: name another one, or none."
    )
    assert not checkout.venv.exists()


def test_a_python_without_venv_is_one_sentence_that_names_the_package(checkout: Checkout, tmp_path: Path) -> None:
    """As on plain Debian, where ensurepip is packed apart."""
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError('ensurepip')\n")
    done = checkout.make(PYTHONPATH=str(tmp_path))
    assert done.returncode != 0
    assert "cannot make virtual environments: install python3-venv" in done.stderr.splitlines()[0]
    assert not checkout.venv.exists()


def test_without_a_network_one_sentence_says_so_and_the_next_start_installs_in_one_line(checkout: Checkout) -> None:
    nowhere = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/"}
    done = checkout.make(**nowhere)
    assert done.returncode != 0
    first, *rest = done.stderr.splitlines()
    assert first == "The packages cannot be fetched: no package registry is reached from here. Is the network up?"
    assert all(line.startswith("make: ") for line in rest)
    assert done.stdout.startswith(f"Making the virtual environment .venv with Python {_VERSION}.")
    done = checkout.make()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Installing what the relay needs (once; about a minute)\n"
    assert checkout.is_sound()


def test_what_is_in_order_costs_no_word(installed: Checkout) -> None:
    again = installed.make()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_terminal_is_shown_how_far_it_is(installed: Checkout) -> None:
    (installed.venv / ".run").unlink()
    master, slave = pty.openpty()
    command = [sys.executable, "-B", "-m", "scripts.install", "run"]
    done = subprocess.run(command, cwd=installed.root, stdout=slave, stderr=slave, timeout=_SECONDS)
    os.close(slave)
    shown = _read_to_the_end(master).decode()
    os.close(master)
    assert done.returncode == 0
    assert "about a minute): 1 of 1" in shown
    assert shown.endswith("Installing what the relay needs (once; about a minute)\r\n")


def _read_to_the_end(terminal: int) -> bytes:
    """What was written on a terminal that nobody holds open any more: the system hands it over bit by bit."""
    shown = b""
    while True:
        try:
            more = os.read(terminal, 10_000)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return shown
        if not more:
            return shown
        shown += more


def test_what_is_pinned_anew_is_installed_anew_and_a_file_with_another_hash_is_not(installed: Checkout) -> None:
    pins = installed.root / "functions/requirements.txt"
    right = pins.read_text()
    pins.write_text(f"# another remark\n{right}")
    assert installed.make().stdout == "Installing what the relay needs (once; about a minute)\n"
    subprocess.run([installed.venv / "bin/python", "-m", "pip", "uninstall", "-qy", "fruit"], check=True)
    installed.needs("0" * 64)
    refused = installed.make()
    assert refused.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in refused.stderr
    assert not installed.is_sound()
    pins.write_text(right)
    assert installed.make().returncode == 0
    assert installed.is_sound()


def test_an_environment_of_another_python_is_made_anew_but_not_under_a_running_relay(installed: Checkout) -> None:
    """As after an upgrade of the system's Python: the same command, a later version, packages of the earlier one."""
    (installed.venv / "lib" / f"python{_VERSION}").rename(installed.venv / "lib" / "python3.10")
    assert not installed.is_sound()
    folder = os.open(installed.root, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_SH)
        refused = installed.make()
    finally:
        os.close(folder)
    assert refused.returncode != 0
    assert refused.stderr.startswith("A relay runs from this folder: stop it first. Nothing was removed.")
    done = installed.make()
    assert (done.returncode, done.stderr) == (0, "")
    assert f"it was not made for Python {_VERSION}, which it has now." in done.stdout.splitlines()[0]
    assert installed.is_sound()


@pytest.mark.parametrize("way", ["it is activated", "it is named"])
def test_an_environment_of_another_python_is_made_anew_by_that_environments_own(installed: Checkout, way: str) -> None:
    """Its Python is first on the path of a shell that has it activated, and goes with it."""
    (installed.venv / "lib" / f"python{_VERSION}").rename(installed.venv / "lib" / "python3.10")
    own = installed.venv / "bin"
    if way == "it is activated":
        done = installed.make(PATH=f"{own}:{os.environ['PATH']}")
    else:
        done = installed.make(f"PYTHON={own}/python")
    assert (done.returncode, done.stderr) == (0, "")
    assert installed.is_sound()


# Why an environment is made anew, each as it is found.


def _python(venv: Path, version: str, packages_for: str) -> None:
    (venv / "bin").mkdir(parents=True)
    (venv / "bin/python").write_text(f"#!/bin/sh\necho {version.replace('.', ' ')}\n")
    (venv / "bin/python").chmod(0o755)
    (venv / "lib" / f"python{packages_for}" / "site-packages" / "pip").mkdir(parents=True)


def _gone(venv: Path) -> None:
    _python(venv, _VERSION, _VERSION)
    (venv / "bin/python").unlink()
    (venv / "bin/python").symlink_to("/usr/bin/python3-that-was-removed")


def _halfway(venv: Path) -> None:
    _python(venv, _VERSION, _VERSION)
    (venv / "lib" / f"python{_VERSION}" / "site-packages" / "pip").rmdir()


REASONS: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing": (lambda venv: None, "there is none yet"),
    "a link to nothing": (lambda venv: venv.symlink_to("/no/such/folder"), "its Python is gone"),
    "a file": (lambda venv: venv.write_text(""), "its Python is gone"),
    "an empty folder": (lambda venv: venv.mkdir(), "its Python is gone"),
    "a Python that was removed": (_gone, "its Python is gone"),
    "a Python that is too old": (lambda venv: _python(venv, "3.9", "3.9"), "its Python is 3.9, and 3.11 is needed"),
    "a Python 2": (lambda venv: _python(venv, "2.7", "2.7"), "its Python is 2.7, and 3.11 is needed"),
    "an upgraded Python": (lambda venv: _python(venv, "3.13", "3.12"), "not made for Python 3.13, which it has now"),
    "one made halfway": (_halfway, f"not made for Python {_VERSION}"),
    "a sound one": (lambda venv: _python(venv, _VERSION, _VERSION), ""),
    "a sound one of another version": (lambda venv: _python(venv, "3.99", "3.99"), ""),
}


@pytest.mark.parametrize(("lay", "words"), REASONS.values(), ids=REASONS)
def test_why_an_environment_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lay: Callable[[Path], object], words: str
) -> None:
    venv = tmp_path / ".venv"
    lay(venv)
    monkeypatch.setattr(install, "VENV", venv)
    monkeypatch.setattr(install, "PYTHON", venv / "bin/python")
    why = install.why_anew("")
    assert words in why
    assert bool(why) == bool(words)


def test_an_environment_of_another_user_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where root installed the service, and its Python was upgraded since."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv/bin/python")

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("scripts.install.shutil.rmtree", refuse)
    monkeypatch.setattr(install, "stopped_checkout", contextlib.nullcontext)
    assert install.main(["run"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"cannot be removed ({tmp_path}/.venv: Permission denied): is it another user's?" in line


def test_another_python_that_is_named_takes_the_place_of_a_sound_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _python(tmp_path, "3.99", "3.99")
    monkeypatch.setattr(install, "VENV", tmp_path)
    monkeypatch.setattr(install, "PYTHON", tmp_path / "bin/python")
    assert install.why_anew("python3") == "its Python is 3.99, and another was named"
