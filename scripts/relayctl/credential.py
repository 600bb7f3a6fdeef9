"""The credential of the relay on this machine: a file that the relay makes beside its database, for its user alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from relay.errors import ConfigurationError
from relay.settings.settings import DATABASE_DEFAULT

from scripts.local_stack.places import CREDENTIAL_SUFFIX, FAKE_DATABASE, Twilio, twilio_of, with_env_file
from scripts.relayctl import ROOT

# Where scripts/small_machine/sms-relay.service has the database.
SERVICES_DATABASE = Path("/var/lib/sms-relay/relay.db")


@dataclass(frozen=True)
class Credential:
    """A credential and its file; without a secret, `problem` says why it cannot be read."""

    path: Path
    secret: str = ""
    problem: str = ""


def on_this_machine(environ: Mapping[str, str]) -> Iterator[Credential]:
    """Yields the credentials of relays that lie here, the likeliest one first; none for a database without one."""
    for database in databases(environ):
        path = Path(f"{database}{CREDENTIAL_SUFFIX}")
        try:
            secret = path.read_text("ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            yield Credential(path, problem=getattr(error, "strerror", None) or "it holds something else")
            continue
        yield Credential(path, secret)


def databases(environ: Mapping[str, str]) -> list[Path]:
    """Returns where a relay's database may lie: where the environment or `.env` says, or else the usual places."""
    try:
        known = with_env_file(environ)
    except ConfigurationError:
        # What is wrong with the file, doctor says; the usual places need none.
        known = dict(environ)
    if named := known.get("RELAY_DATABASE", "").strip():
        return [Path(named).absolute()]
    own = [ROOT / DATABASE_DEFAULT, ROOT / FAKE_DATABASE]
    if twilio_of(known) is Twilio.FAKE:
        own.reverse()
    return [*own, SERVICES_DATABASE]
