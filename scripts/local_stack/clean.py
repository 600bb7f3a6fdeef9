"""`make clean`: removes what can be made again, and made-up relays; never a real Twilio's, and nothing under a relay.

What is removed is named here one by one, so that whatever else lies in `.local` stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from relay.errors import ConfigurationError
from relay.settings.settings import DATABASE_DEFAULT

from scripts.local_stack import ROOT
from scripts.local_stack.places import FAKE_DATABASE, LOGS, Twilio, files_of, real_database, twilio_of, with_env_file
from scripts.local_stack.running import StackError, stopped_checkout, unused

_MADE_AGAIN = (
    ".venv",
    ".venv-*",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    "terraform/build",
    ".local/tests",
    # How far the release run of the simulator and the soak have come: a clean start is what one wants of the next.
    ".local/simulate-release.json",
    ".local/soak.json",
)
_NOT_SEARCHED = (".git", ".local")


def main() -> int:
    """0 when everything was removed, 1 with one clear sentence when nothing was."""
    try:
        environ = with_env_file(os.environ)
        with contextlib.ExitStack() as held:
            held.enter_context(stopped_checkout())
            for database in {ROOT / FAKE_DATABASE, ROOT / DATABASE_DEFAULT, real_database(environ)}:
                held.enter_context(unused(database))
            _clean(_kept(environ))
    except (ConfigurationError, StackError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename} cannot be removed ({error.strerror}).", file=sys.stderr)
        return 1
    return 0


def _clean(kept: set[Path]) -> None:
    for path in _made_up_and_made_again():
        if not any(file == path.absolute() or path.absolute() in file.parents for file in kept):
            _remove(path)
    with contextlib.suppress(OSError):
        (ROOT / ".local").rmdir()  # if nothing is left in it
    if left := [file for file in sorted(kept) if file.exists()]:
        print(f"Left alone: {', '.join(map(_short, left))}. `make forget-relays` deletes real relays, and asks first.")


def _kept(environ: Mapping[str, str]) -> set[Path]:
    """Every file of a database that may hold real relays. RELAY_DATABASE may point anywhere."""
    databases = {ROOT / DATABASE_DEFAULT, real_database(environ)}
    if twilio_of(environ) is Twilio.FAKE:
        databases.discard(ROOT / FAKE_DATABASE)
    return {file for database in databases for file in files_of(database)}


def _made_up_and_made_again() -> Iterator[Path]:
    yield from files_of(ROOT / FAKE_DATABASE)
    log = ROOT / LOGS[Twilio.FAKE]
    yield from (log, log.with_suffix(".old.log"))
    for pattern in _MADE_AGAIN:
        yield from ROOT.glob(pattern)
    for folder, folders, _ in os.walk(ROOT):
        if "__pycache__" in folders:
            yield Path(folder, "__pycache__")
        folders[:] = [name for name in folders if name not in ("__pycache__", *_NOT_SEARCHED)]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


if __name__ == "__main__":
    sys.exit(main())
