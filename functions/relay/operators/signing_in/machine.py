"""This machine's credential: a file beside the database, which its owner alone can read, so that relayctl works."""

from __future__ import annotations

import contextlib
import hmac
import os
import stat
import tempfile

from relay.errors import ConfigurationError
from relay.operators.signing_in.tokens import TokenKind, kind_of, new_token

_MODE = 0o600
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def path_beside(database_path: str) -> str:
    """Returns where the credential of the relay with this database lies."""
    return f"{database_path}.credential"


def prepare(database_path: str) -> str:
    """Make the credential, unless there is one that only its owner can read. Returns "" or what was done, in words.

    One that others could read is replaced: it may be known. Raises ConfigurationError when it cannot be written.
    """
    path = path_beside(database_path)
    try:
        if _is_private(path) and kind_of(_text(path)) is TokenKind.MACHINE:
            return ""
        was_open = os.path.exists(path) and not _is_private(path)
        _write(path, new_token(TokenKind.MACHINE))
    except OSError as error:
        words = f"{path}, the credential of commands on this machine, cannot be written ({error.strerror})."
        raise ConfigurationError([words]) from error
    return f"Others could read {path}; it holds a new credential now, for its owner alone." if was_open else ""


def is_this_machines(database_path: str, token: str) -> bool:
    """Returns whether a token is the credential, in constant time. One that others can read is none."""
    if kind_of(token) is not TokenKind.MACHINE or not database_path:
        return False
    path = path_beside(database_path)
    try:
        return _is_private(path) and hmac.compare_digest(_text(path).encode(), token.encode())
    except OSError:
        return False


def _is_private(path: str) -> bool:
    try:
        return not stat.S_IMODE(os.stat(path).st_mode) & _OPEN_TO_OTHERS
    except FileNotFoundError:
        return False


def _text(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read(200).strip()


def _write(path: str, token: str) -> None:
    """Write the file whole or not at all; processes that start together all find the same one, the last."""
    # mkstemp makes it for its owner alone from the first moment.
    descriptor, draft = tempfile.mkstemp(prefix=".credential-", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(f"{token}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(draft)
        raise
