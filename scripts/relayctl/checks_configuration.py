"""doctor's checks of this machine: the configuration, and who may read the files that hold secrets."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from relay.addresses import is_loopback
from relay.errors import ConfigurationError
from relay.settings.settings import DATABASE_DEFAULT, backend_of, load_settings
from relay.settings.variables import ENTRY_POINTS, VARIABLES

from scripts.local_stack.dotenv import read_env_file
from scripts.local_stack.places import CREDENTIAL_SUFFIX
from scripts.local_stack.private import chmod_of, open_mode, secrets_in
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

# Files in the repository's folder that hold secrets, or customers' texts.
_SECRET_FILES = (".env", "repos.env")
# What an embedded relay does; a deployed one's settings are Terraform's.
_EMBEDDED = tuple(name for name in ENTRY_POINTS if name != "relay_events")


@dataclass(frozen=True)
class Given:
    """The configuration found here: where from, its values, and what kept it from being read."""

    source: str
    values: Mapping[str, str]
    problem: str = ""
    file: Path | None = None

    @classmethod
    def read(cls, env_file: Path | None, root: Path, environ: Mapping[str, str]) -> Given:
        """The file named, else .env, else repos.env; the environment counts more than either."""
        known = {variable.name for variable in VARIABLES}
        own = {name: value for name, value in environ.items() if name in known and value.strip()}
        found = [
            path for path in ([env_file] if env_file else [root / name for name in _SECRET_FILES]) if path.exists()
        ]
        if env_file and not found:
            return cls(str(env_file), own, f"{env_file} does not exist")
        if not found:
            return cls("the environment" if own else "", own)
        try:
            return cls(found[0].name, {**read_env_file(found[0]), **own}, file=found[0])
        except ConfigurationError as error:
            return cls(found[0].name, own, " ".join(error.mistakes), found[0])

    @property
    def our_numbers(self) -> list[str]:
        """The business numbers that are listed here."""
        return [part.strip() for part in self.values.get("BUSINESS_PHONE_NUMBER", "").split(",") if part.strip()]

    @property
    def is_deployment(self) -> bool:
        """Credentials to be pushed to a deployment, not a whole configuration."""
        return self.source == "repos.env"

    def is_embedded(self, url: str) -> bool:
        """Whether the relay at this address has nothing at Google: as configured here, or else as it is near."""
        if self.is_deployment or backend_of(self.values) != "embedded":
            return False
        return bool(self.values.get("TWILIO_ACCOUNT_SID")) or is_loopback(urlsplit(url).hostname or "")


def configuration(given: Given) -> Iterator[Finding]:
    """Whether a relay could run with it."""
    name = "configuration"
    if given.problem:
        yield Finding(name, BAD, given.problem, "Repair the file; .env.example shows the form.")
        return
    # One of the two is enough for the relay to want the real Twilio; the other is then reported as missing.
    if not any(given.values.get(credential) for credential in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")):
        words = "there are no Twilio credentials here; `make run` works with a fake Twilio then"
        yield Finding(name, SKIPPED, words, "For the real one: copy .env.example to .env and fill it in.")
        return
    if given.is_deployment:
        yield Finding(name, SKIPPED, "repos.env holds credentials only; the rest is Terraform's", "")
        return
    default = "google" if given.values.get("GOOGLE_CLOUD_PROJECT") else "embedded"
    backend = given.values.get("RELAY_BACKEND") or default
    names = _EMBEDDED if backend == "embedded" else tuple(ENTRY_POINTS)
    try:
        load_settings(given.values, names)
    except ConfigurationError as error:
        for mistake in error.mistakes:
            yield Finding(name, BAD, mistake, f"Change it in {given.source}.")
        return
    yield Finding(name, OK, f"{given.source} is complete ({backend})")


def heartbeat(given: Given) -> Iterator[Finding]:
    """Whether another machine notices when this one is dead. A call of the address would say that all is well."""
    name = "heartbeat"
    if given.values.get("HEARTBEAT_URL"):
        words = "each good sweep calls HEARTBEAT_URL; its watcher shows when it last did"
        yield Finding(name, OK, words)
    elif backend_of(given.values) == "embedded":
        words = "no other machine notices when this one is dead"
        yield Finding(name, SKIPPED, words, "Set HEARTBEAT_URL: docs/operations.md, “A dead machine is noticed”.")
    else:
        yield Finding(name, SKIPPED, "Google's alerts watch the deployment from outside")


def private_files(given: Given, root: Path) -> Iterator[Finding]:
    """Secrets' files are their owner's alone and in no repository."""
    name = "private files"
    database = root / (given.values.get("RELAY_DATABASE") or DATABASE_DEFAULT)
    databases = [database, *(database.with_name(f"{database.name}{side}") for side in ("-wal", "-shm"))]
    credential = database.with_name(f"{database.name}{CREDENTIAL_SUFFIX}")
    secret = {root / file for file in _SECRET_FILES} | {credential} | ({given.file} if given.file else set())
    paths = [path for path in [*sorted(secret), *databases] if path.is_file()]
    sound = True
    for path in paths:
        mode = open_mode(path)
        holds = _holds(path, databases, credential)
        if mode and holds:
            sound = False
            state = WARNING if path in databases else BAD
            yield Finding(name, state, f"{path.name} {holds} and has mode {mode:03o}", chmod_of(path))
        if path in secret and _is_tracked(path):
            sound = False
            advice = f"git rm --cached {path.name}, then rotate what is in it: history keeps it (docs/operations.md)."
            yield Finding(name, BAD, f"{path.name} is in the repository", advice)
    if not paths:
        yield Finding(name, SKIPPED, "there are none here")
    elif sound:
        yield Finding(name, OK, f"{', '.join(path.name for path in paths)}: others cannot read them")


def _holds(path: Path, databases: list[Path], credential: Path) -> str:
    """Returns what a file holds that only its owner may read, in words; "" for nothing."""
    if path in databases:
        return "holds customers' texts"
    return "signs in" if path == credential else _secrets_in(path)


def _secrets_in(path: Path) -> str:
    """Returns what the file does about secrets, in words; one that cannot be read may hold some."""
    try:
        return secrets_in(read_env_file(path))
    except ConfigurationError:
        return "may hold secrets"


def _is_tracked(path: Path) -> bool:
    try:
        command = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", path.name]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
