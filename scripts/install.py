"""Makes the virtual environment of this checkout and installs what is pinned; make's targets call it before each use.

    python -m scripts.install run|all

Standard library only: it runs by a Python that has nothing else. What is in order already costs a look and no word.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.local_stack import ROOT
from scripts.local_stack.running import StackError, stopped_checkout

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LEAST = (3, 11)
_RUN = ("functions/requirements.txt", "scripts/requirements.txt")
# What can be installed: the files that say it, the last of which includes the others, and what that is for.
KINDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "run": (_RUN, "the relay needs (once; about a minute)"),
    "all": ((*_RUN, "requirements.txt"), "the tests need (once; a minute or two)"),
}
_PIP = ("-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--require-hashes", "--progress-bar=off")
# Few, and with words of pip's by which a missing network is known.
_RETRIES = "--retries=3"
_TAKEN_UP = re.compile(r"(?:Collecting|Requirement already satisfied:|Ignoring) ")
_LAST_LINES = 40


class Problem(Exception):
    """It cannot be installed. The message is for people: what is wrong, and what to do."""


def main(arguments: list[str]) -> int:
    """0 when the environment is there and has what is pinned, 1 with a sentence when it is not."""
    kind = arguments[0]
    try:
        if why := why_anew(os.environ.get("PYTHON", "")):
            make_environment(why)
        install(kind)
    except (Problem, StackError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the next start goes on.", file=sys.stderr)
        return 130
    return 0


def why_anew(asked: str) -> str:
    """Returns why the environment must be made, or made anew, to stand in a sentence; "" when it is sound.

    `asked`: the Python that was named, which is the one that runs this. Its version counts, not its place.
    """
    if not os.path.lexists(VENV):
        return "there is none yet"
    version = version_of(PYTHON)
    if version is None:
        return "its Python is gone"
    named = ".".join(map(str, version))
    if version < LEAST:
        return f"its Python is {named}, and 3.11 is needed"
    if not (VENV / "lib" / f"python{named}" / "site-packages" / "pip").is_dir():
        return f"it was not made for Python {named}, which it has now"
    if asked and version != sys.version_info[:2]:
        return f"its Python is {named}, and another was named"
    return ""


def version_of(python: Path) -> tuple[int, int] | None:
    """Returns major and minor version of a Python, or None when it does not run."""
    command = [str(python), "-S", "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        # As long as it takes: a sound environment must not be taken for none because the machine stands still.
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return int(said[0]), int(said[1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def make_environment(why: str) -> None:
    """Make it with the Python that runs this, in place of one that cannot be used. Raises Problem, or StackError."""
    # Activated or named, that Python may be the environment's own, which goes with it: so it is the one below that.
    python = getattr(sys, "_base_executable", sys.executable)
    complete = [python, "-c", "import ensurepip, venv; ensurepip.version"]
    if subprocess.run(complete, capture_output=True, check=False).returncode:
        raise Problem(
            f"{python} cannot make virtual environments: install python3-venv (Debian and Ubuntu pack it "
            "separately: `apt install python3-venv`), or name another Python: make PYTHON=/path/to/python3.11."
        )
    with stopped_checkout():
        print(f"Making the virtual environment .venv with Python {sys.version.split()[0]}: {why}.", flush=True)
        _remove()
        made = subprocess.run([python, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if made.returncode:
        # One that was made only halfway must not be taken for a whole one the next time.
        _remove()
        raise Problem(f"The virtual environment cannot be made:\n{(made.stdout + made.stderr).strip()}")


def _remove() -> None:
    try:
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(VENV)
    except OSError as error:
        words = f"The old virtual environment cannot be removed ({error.filename}: {error.strerror})"
        raise Problem(f"{words}: is it another user's? Who made it can run this, or root.") from error


def install(kind: str) -> None:
    """Have pip install what the files of this kind pin, if that was not done before. Raises Problem."""
    files, purpose = KINDS[kind]
    if _stamp(kind).is_file() and _stamp(kind).read_text("utf-8") == _digest(files):
        return
    count = sum(line.count("==") for file in files for line in (ROOT / file).read_text("utf-8").splitlines())
    command = [str(PYTHON), *_PIP, _RETRIES, "-r", str(ROOT / files[-1])]
    last: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=ROOT
    ) as pip:
        assert pip.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in _shown(pip.stdout, f"Installing what {purpose}", count):
            last = [*last[-_LAST_LINES:], line]
    if pip.returncode:
        raise Problem(_why_not("".join(last)))
    for done in (kind, "run"):  # whatever the tests need includes what the relay needs
        _stamp(done).write_text(_digest(KINDS[done][0]), "utf-8")


def _shown(lines: Iterator[str], words: str, count: int) -> Iterator[str]:
    """Yields pip's lines; shows one of our own instead, with how far it is where that can be written over."""
    can_go_back = sys.stdout.isatty()
    print(words, end="" if can_go_back else "\n", flush=True)
    begun = 0
    for line in lines:
        begun += bool(_TAKEN_UP.match(line))
        if can_go_back:
            state = "putting them in place" if line.startswith("Installing collected") else f"{begun} of {count}"
            print(f"\r\033[K{words}: {state}", end="", flush=True)
        yield line
    if can_go_back:
        print(f"\r\033[K{words}", flush=True)


def _why_not(said: str) -> str:
    if "after connection broken by" in said and "(from versions: none)" in said:
        return "The packages cannot be fetched: no package registry is reached from here. Is the network up?"
    return f"The packages cannot be installed. pip says:\n{said.strip()}"


def _stamp(kind: str) -> Path:
    return VENV / f".{kind}"


def _digest(files: tuple[str, ...]) -> str:
    return hashlib.sha256(b"".join((ROOT / file).read_bytes() for file in files)).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
