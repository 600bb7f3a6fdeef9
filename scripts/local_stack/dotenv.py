"""Reads a `.env` file: NAME=value lines, as a shell would have them, without expanding anything."""

from __future__ import annotations

import re
from pathlib import Path

from relay.errors import ConfigurationError

# Quotes keep everything between them; without quotes a value ends at a blank and a number sign.
_LINE = re.compile(
    r"""(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
        (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>(?:[^'"#\s](?:(?!\s\#).)*?)?))(?:\s+\#.*|\s*)""",
    re.VERBOSE,
)


def read_env_file(path: Path) -> dict[str, str]:
    """The file's variables; none when there is no such file.

    Raises ConfigurationError with the numbers of the lines that cannot be read; never shows what is in them.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path} cannot be read ({type(error).__name__})."]) from error
    values: dict[str, str] = {}
    mistakes = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            mistakes.append(f"{path}, line {number} is not NAME=value (is a quote missing?).")
        else:
            values[match["name"]] = next(v for v in (match["single"], match["double"], match["plain"]) if v is not None)
    if mistakes:
        raise ConfigurationError(mistakes)
    return values
