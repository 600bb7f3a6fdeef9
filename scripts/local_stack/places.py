"""Which Twilio the stack works with, and where its relays lie.

Standard library only, as in `running`, `clean` and `forget`: those run where nothing is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path

from relay.errors import ConfigurationError
from relay.settings.settings import DATABASE_DEFAULT, is_twilio_itself

from scripts.local_stack import ROOT
from scripts.local_stack.dotenv import read_env_file
from scripts.local_stack.private import refuse_open_secrets
from scripts.local_stack.running import RUNNING_SUFFIX

FAKE_DATABASE = ".local/fake-twilio.db"
# What this machine's relayctl shows its relay, which makes it beside the database.
CREDENTIAL_SUFFIX = ".credential"
# SQLite's side files, whose content belongs to the database, and what the relay makes beside it: the file that says
# that it works on it, and the credential.
_SIDE_FILES = ("-wal", "-shm", "-journal", RUNNING_SUFFIX, CREDENTIAL_SUFFIX)


class Twilio(StrEnum):
    """Which Twilio the stack works with."""

    FAKE = "fake"  # the stack's own
    OTHER = "other"  # a Twilio-compatible server that was started apart from the stack
    REAL = "real"


# The log of a real Twilio's relays is not mixed with made-up lines, and stays when those are removed.
LOGS = {
    Twilio.FAKE: ".local/fake-twilio.log",
    Twilio.OTHER: ".local/relay.log",
    Twilio.REAL: ".local/relay.log",
}


def with_env_file(environ: Mapping[str, str], say: Callable[[str], None] | None = None) -> dict[str, str]:
    """The environment, and under it the `.env` file (or the one that RELAY_LOCAL_ENV_FILE names).

    `say` is told of a file that others may read and that is yet to hold secrets.
    Raises ConfigurationError; so do secrets in a file that others may read.
    """
    named = environ.get("RELAY_LOCAL_ENV_FILE")
    path = Path(named or ROOT / ".env")
    if not path.exists() and (named or path.is_symlink()):
        # Without its settings the relay would run with a fake Twilio, and refuse every real text.
        what = "is not there" if named else "is a link to what is not there"
        raise ConfigurationError([f"{'RELAY_LOCAL_ENV_FILE: ' if named else ''}{path} {what}."])
    values = read_env_file(path)
    if (words := refuse_open_secrets(path, values)) and say is not None:
        say(words)
    return {**values, **environ}


def twilio_of(environ: Mapping[str, str]) -> Twilio:
    """The fake one unless there are credentials, of which one is enough: the other is then reported as missing.

    An address of Twilio's own, such as a region's, is the real one.
    """
    address = environ.get("TWILIO_API_BASE_URL", "").strip()
    if address and is_twilio_itself(address):
        return Twilio.REAL
    if not any(environ.get(name, "").strip() for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")):
        return Twilio.FAKE
    return Twilio.OTHER if address else Twilio.REAL


def real_database(environ: Mapping[str, str]) -> Path:
    """The database that RELAY_DATABASE names, or else the one in which a real Twilio's relays lie."""
    return Path(environ.get("RELAY_DATABASE", "").strip() or ROOT / DATABASE_DEFAULT).absolute()


def refuse_made_up_database(environ: Mapping[str, str]) -> None:
    """Raises ConfigurationError when a real Twilio's relays would lie where `make clean` removes made-up ones."""
    made_up = ROOT / FAKE_DATABASE
    if twilio_of(environ) is not Twilio.FAKE and real_database(environ).resolve() == made_up.resolve():
        words = f"RELAY_DATABASE: {FAKE_DATABASE} is the fake Twilio's, and `make clean` removes it; name another file."
        raise ConfigurationError([words])


def files_of(database: Path) -> list[Path]:
    """The files of a database that exist: itself, its side files, and a symbolic link that leads to it."""
    real = database.resolve()
    names = [real, *(real.with_name(real.name + suffix) for suffix in _SIDE_FILES)]
    return [
        file for file in ([database] if database.is_symlink() else []) + names if file.is_symlink() or file.exists()
    ]
