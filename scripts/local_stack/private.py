"""Files that hold secrets are their owner's alone: which are not, and the sentence that says what to do.

Standard library only, as in `places`.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path

from relay.errors import ConfigurationError
from relay.settings.variables import VARIABLES

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ENGINES_SECRETS = Path("/run/secrets")
_SECRETS = frozenset(variable.name for variable in VARIABLES if variable.secret)


def secrets_in(values: Mapping[str, str]) -> str:
    """Returns what a file with these variables does about secrets, to follow its name; "" without a place for one."""
    places = [values[name] for name in _SECRETS if name in values]
    return "holds secrets" if holds_secrets(values) else "is to hold secrets" if places else ""


def holds_secrets(values: Mapping[str, str]) -> bool:
    """Returns whether one of the places for secrets is filled in."""
    return any(values.get(name, "").strip() for name in _SECRETS)


def open_mode(path: Path) -> int:
    """Returns the mode of a file that other people of this machine may read or write; 0 when it is private.

    A file that root keeps for a group is private: that is how a service's settings lie in a system's folder. So is one
    that a container engine hands out, whose mode is the engine's and cannot be changed from here: on a file system that
    is mounted read-only, or root's in the folder for that. Raises OSError.
    """
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    others = mode & _OTHERS
    if status.st_uid == 0 and status.st_gid != 0:
        others &= ~stat.S_IRGRP
    if status.st_uid == 0 and _ENGINES_SECRETS in path.resolve().parents:
        others &= ~(stat.S_IRGRP | stat.S_IROTH)
    if not others or os.statvfs(path).f_flag & os.ST_RDONLY:
        return 0
    return mode


def refuse_open_secrets(path: Path, values: Mapping[str, str]) -> str:
    """Raises ConfigurationError when others may read this file and its `values` hold a secret.

    Returns what is to be said where its places for secrets are still empty, as a copied example's are: who fills them
    in does not look at the file's mode again. "" for nothing.
    """
    words = ""
    if (what := secrets_in(values)) and (mode := open_mode(path)):
        words = f"{path} {what} and has mode {mode:03o}: run `{chmod_of(path)}` first."
        if holds_secrets(values):
            raise ConfigurationError([words])
    return words


def chmod_of(path: Path) -> str:
    """Returns the command that makes a file its owner's alone."""
    return f"chmod 600 {shlex.quote(str(path))}"
