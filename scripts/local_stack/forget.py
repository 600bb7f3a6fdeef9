"""`make forget-relays`: deletes the database of real relays for good, after it has shown what that is and has asked."""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

# So that only what is the relay's own is ever deleted.
from relay.embedded.file import APPLICATION_ID
from relay.errors import ConfigurationError

from scripts.local_stack.places import files_of, real_database, with_env_file
from scripts.local_stack.running import StackError, unused

_WORD = "forget"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the relays are gone, 1 with one clear sentence when nothing was deleted."""
    parser = argparse.ArgumentParser(prog="make forget-relays")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    options = parser.parse_args(arguments)
    try:
        return _forget(real_database(with_env_file(os.environ)), options.yes)
    except (ConfigurationError, StackError) as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename} cannot be deleted ({error.strerror}).", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nNothing was deleted.", file=sys.stderr)
    return 1


def _forget(database: Path, is_sure: bool) -> int:
    if not database.exists():
        print(f"{database} does not exist: there is nothing to delete. Name another one with RELAY_DATABASE.")
        return 0
    with unused(database):
        pass
    # Before it is locked: SQLite's closing of it would undo our lock.
    relays, unfinished = _count(database)
    with unused(database):
        files = files_of(database)
        size = sum(file.stat().st_size for file in files)
        print(f"To be deleted for good (relays: {relays}, unfinished: {unfinished}, bytes: {size}):")
        for file in files:
            print(f"  {file}")
        if not (is_sure or _is_confirmed()):
            print("Nothing was deleted.", file=sys.stderr)
            return 1
        # The database first: without it, its side files are of no use.
        for file in files:
            file.unlink()
    print("Deleted. The next start begins with an empty database, and operators sign in anew.")
    return 0


def _is_confirmed() -> bool:
    if not sys.stdin.isatty():
        raise StackError("Nothing was deleted: there is no terminal to ask at. YES=1 says that you mean it.")
    try:
        return input(f'Type "{_WORD}" to delete them: ').strip() == _WORD
    except EOFError:
        return False


def _count(database: Path) -> tuple[int, int]:
    """How many relays there are, and how many of them are unfinished. Raises StackError for what is no relay's."""
    words = f"{database} is no sound database of the relay, so it is not deleted. Remove it by hand if you mean it."
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise StackError(words)
            counted = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE final_status = 'in_progress') FROM relays"
            ).fetchone()
    except sqlite3.Error as error:
        raise StackError(words) from error
    return int(counted[0]), int(counted[1])


if __name__ == "__main__":
    sys.exit(main())
