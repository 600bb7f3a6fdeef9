"""Reader reads the environment: values and mistakes side by side, and only what the entry point needs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from relay.settings.variables import VARIABLES, Need


class Reader:
    """Collects values and mistakes side by side. A variable that the entry point does not need is not read."""

    def __init__(self, environ: Mapping[str, str], needs: Collection[Need], backend: str) -> None:
        self.mistakes: list[str] = []
        self._environ = environ
        self._wanted = {variable.name: variable for variable in VARIABLES if variable.needs & frozenset(needs)}
        self._backend = backend

    def text(self, name: str, default: str = "") -> str:
        """Returns the value, or the default; a missing one that is required is a mistake. "" when it is not needed."""
        if name not in self._wanted:
            return ""
        value = self._environ.get(name, "").strip()
        if not value:
            self._missing(name)
        return value or default

    def _missing(self, name: str) -> None:
        variable = self._wanted[name]
        if variable.required in ("always", self._backend):
            self.mistakes.append(f"{name} is missing: {variable.words}.")

    def listed(self, name: str) -> tuple[str, ...]:
        """Returns the parts between commas. A value of nothing but commas counts as missing."""
        value = self.text(name)
        parts = tuple(part.strip() for part in value.split(",") if part.strip())
        if value and not parts:
            self._missing(name)
        return parts

    def matching(self, name: str, pattern: re.Pattern[str], form: str, default: str = "") -> str:
        """Returns a text that has this pattern; `form` says it in words."""
        value = self.text(name, default)
        if value and not pattern.fullmatch(value):
            self.mistakes.append(f"{name} is not {form}.")
        return value

    def template(self, name: str, default: str = "", *, is_url: bool = False) -> str:
        """Returns a text, or a web address, with a place for the tier's number and none for anything else."""
        value = self.text(name, default)
        filled = value.replace("{tier}", "1")
        if value and filled == value:
            self.mistakes.append(f"{name} does not contain {{tier}}, so every tier would share one.")
        elif "{" in filled or "}" in filled:
            # Left to be filled in later it would fail for every text: no timer could be armed.
            self.mistakes.append(f"{name} has a brace that does not belong to {{tier}}.")
        elif value and is_url and _host_of(filled) is None:
            self.mistakes.append(f"{name} is not a web address like https://escalate-{{tier}}.example.com.")
        return value

    def url(self, name: str, *, is_called_by_twilio: bool = False) -> str:
        """Returns a web address, without a slash at its end."""
        value = self.text(name)
        if not value:
            return ""
        host = _host_of(value)
        if host is None:
            self.mistakes.append(f"{name} is not a web address like https://relay.example.com, without ? or #.")
        elif is_called_by_twilio and "_" in host:
            self.mistakes.append(f"{name} has an underscore in its host name, which Twilio refuses in a callback.")
        return value.rstrip("/")


def _host_of(url: str) -> str | None:
    """Returns the host name of a web address, or None when it is none."""
    if not re.fullmatch(r"https?://[^\s?#\\]+", url, re.IGNORECASE):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises when it is no number
    except ValueError:
        return None
    return parts.hostname
