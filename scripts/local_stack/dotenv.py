"""Reads a `.env` file: NAME=value lines, as a shell would have them, without expanding anything.

Standard library only. The libraries for this pass over lines that they cannot read and let the last of two values win:
a setting that is not what its writer believes is worse than a relay that does not start.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from relay.errors import ConfigurationError

# Quotes keep everything between them; without quotes a value ends at a blank and a number sign.
_LINE = re.compile(
    r"""(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
        (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<plain>(?:[^'"#\s](?:(?!\s\#).)*?)?))(?:\s+\#.*|\s*)""",
    re.VERBOSE,
)
_NAME = re.compile(r"(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*")
_SAVE_ANEW = "save it as UTF-8 (an editor asks for the encoding, or coding, under “Save as”)"


def read_env_file(path: Path) -> dict[str, str]:
    """Returns the file's variables; none when there is no such file.

    Raises ConfigurationError with the numbers of the lines that cannot be read; never shows what is in them.
    """
    try:
        lines = _text(path.read_bytes(), path).splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError([f"{path} cannot be read ({error.strerror}): let this user read it."]) from error
    values: dict[str, str] = {}
    seen_at: dict[str, int] = {}
    mistakes = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            mistakes.append(f"{path}, line {number} is not NAME=value ({_why_not(line)}).")
        elif (name := match["name"]) in seen_at:
            mistakes.append(f"{path}, lines {seen_at[name]} and {number} both give {name}: keep one of them.")
        else:
            seen_at[name] = number
            values[name] = next(v for v in (match["single"], match["double"], match["plain"]) if v is not None)
    if mistakes:
        raise ConfigurationError(mistakes)
    return values


def _why_not(line: str) -> str:
    """Returns what may be wrong with a line that is none, without what is in it."""
    name, equals, _ = line.strip().partition("=")
    if not equals:
        return "there is no equals sign"
    if not _NAME.fullmatch(name):
        return "what stands before the equals sign is no name, or holds something that does not show"
    return "is a quote missing? All of a value stands on one line"


def _text(content: bytes, path: Path) -> str:
    """Returns the content as text, without the byte order mark that some editors put before UTF-8."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        # Every second byte of UTF-16 is nothing, as far as the letters are English ones.
        raise ConfigurationError([f"{path} is in UTF-16, or is no text at all: {_SAVE_ANEW}."])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError([f"{path}, line {line} is not in UTF-8: {_SAVE_ANEW}."]) from error
