"""doctor's check of the disk of the embedded home's database: can it be written, and how much room is left."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

from relay.embedded.health import LOW_BYTES, VERY_LOW_BYTES, trouble_with
from relay.outgoing import open_url
from relay.settings.settings import DATABASE_DEFAULT, backend_of

from scripts.relayctl.checks_configuration import Given
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding

# As much as the relay writes at a time when many texts come together.
_PROBE_BYTES = 256 * 1024
_NAME = "disk"
_TIMEOUT_SECONDS = 5.0
# File systems of other machines, as Linux calls them: SQLite's locks and its shared memory do not reach across.
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs")


def disk(given: Given, root: Path) -> Iterator[Finding]:
    """A probe is written beside the database and removed again; then the free space is looked at."""
    database = root / (given.values.get("RELAY_DATABASE") or DATABASE_DEFAULT)
    if backend_of(given.values) != "embedded":
        yield Finding(_NAME, SKIPPED, "the relays lie in Firestore")
        return
    if not database.parent.is_dir():
        yield Finding(_NAME, SKIPPED, f"there is no {database.parent} yet; it is made at the first start")
        return
    try:
        _probe(database.parent)
    except OSError as error:
        trouble = trouble_with(str(database), error)
        yield Finding(_NAME, BAD, trouble.words, f"{trouble.advice[0].upper()}{trouble.advice[1:]}.")
        return
    if kind := network_kind(database.parent):
        words = f"{database.parent} is on a network drive ({kind}): another machine that uses the file is not noticed"
        yield Finding(_NAME, BAD, words, "Put the database on a disk of this machine (RELAY_DATABASE).")
    free = shutil.disk_usage(database.parent).free
    words = f"{database.parent} can be written; {_megabytes(free)} MB are free"
    state = BAD if free < VERY_LOW_BYTES else WARNING if free < LOW_BYTES else OK
    advice = f"Make room: below {_megabytes(LOW_BYTES)} MB a backup or a log may fill it, and texts are refused then."
    yield Finding(_NAME, state, words, advice)


def told_by(url: str) -> Iterator[Finding]:
    """What a running relay at this address says of its database. Nothing, where none of the kind answers."""
    try:
        with open_url(f"{url.rstrip('/')}/local/stack", _TIMEOUT_SECONDS) as answer:
            trouble = str(json.load(answer)["trouble"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return
    if trouble:
        yield Finding("database", BAD, f"the running relay refuses texts: {trouble}", "docs/operations.md says more.")
    else:
        yield Finding("database", OK, "the running relay can use it")


def network_kind(folder: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Returns the kind of network drive that a folder is on; "" for a disk of this machine, or where it is not told."""
    try:
        told = [line.split() for line in mounts.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    real = folder.resolve()
    # Source: fstab(5): blanks in a path are written as \\040.
    found = [(Path(fields[1].replace("\\040", " ")), fields[2]) for fields in told if len(fields) > 2]
    around = [(place, kind) for place, kind in found if real.is_relative_to(place)]
    kind = max(around, key=lambda each: len(each[0].parts), default=(real, ""))[1]
    return kind if kind in _NETWORK else ""


def _probe(folder: Path) -> None:
    """Write a file as large as a busy moment's texts, to the disk itself, and remove it. Raises OSError."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-", buffering=0) as probe:
        left = bytes(_PROBE_BYTES)
        while left:
            left = left[probe.write(left) :]
        os.fsync(probe.fileno())


def _megabytes(count: int) -> str:
    return f"{count // 1_000_000:,}"
