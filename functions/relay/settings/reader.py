"""Reader reads the environment: values and mistakes side by side, and only what the entry point needs."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from relay.addresses import is_loopback, is_public
from relay.settings.variables import VARIABLES, Need

# Straight ones, and those that a word processor makes of them.
_QUOTES = ("''", '""', "\u2018\u2019", "“”", "„“")


class JsonObject(dict[str, Any]):
    """A JSON object that knows which keys it was given more than once: JSON itself keeps the last value alone."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        keys = [key for key, _ in pairs]
        self.repeated = [key for key in self if keys.count(key) > 1]


class Reader:
    """Collects values and mistakes side by side. A variable that the entry point does not need is not read."""

    def __init__(self, environ: Mapping[str, str], needs: Collection[Need], backend: str) -> None:
        self.mistakes: list[str] = []
        self._environ = environ
        self._wanted = {variable.name: variable for variable in VARIABLES if variable.needs & frozenset(needs)}
        self._backend = backend

    def wants(self, name: str) -> bool:
        """Whether the entry point needs this variable."""
        return name in self._wanted

    def text(self, name: str, default: str = "") -> str:
        """Returns the value, or the default; a missing one that is required is a mistake. "" when it is not needed."""
        if not self.wants(name):
            return ""
        value = self._environ.get(name, "").strip()
        if not value:
            self._missing(name)
        elif len(value) > 1 and value[0] + value[-1] in _QUOTES:
            # A shell takes them off, and so does our reader of .env; Docker's --env-file, for one, does not.
            self.mistakes.append(f"{name} is in quotes that have become part of it: write it without them.")
            value = value[1:-1].strip()
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
        """Returns a text, or a web address that a token may go to, with a place for the tier's number and no other."""
        value = self.text(name, default)
        filled = value.replace("{tier}", "1")
        if value and filled == value:
            self.mistakes.append(f"{name} does not contain {{tier}}, so every tier would share one.")
        elif "{" in filled or "}" in filled:
            # Left to be filled in later it would fail for every text: no timer could be armed.
            self.mistakes.append(f"{name} has a brace that does not belong to {{tier}}.")
        elif value and is_url and (host := host_of(filled)) is None:
            self.mistakes.append(f"{name} is not a web address like https://escalate-{{tier}}.example.com.")
        elif value and is_url:
            self._need_https(name, value, host)
        return value

    def _need_https(self, name: str, value: str, host: str | None) -> None:
        """Report an address over http, unless what goes there stays on this machine."""
        if host and not value.lower().startswith("https:") and not is_loopback(host):
            self.mistakes.append(
                f"{name} begins with http://, so that all could read what is sent there, and change the answer: "
                "use https://."
            )

    def url(self, name: str) -> str:
        """Returns a web address, without a slash at its end; over https, or on this machine."""
        value = self.text(name)
        if not value:
            return ""
        host = host_of(value)
        if host is None:
            self.mistakes.append(f"{name} {_NO_ADDRESS}.")
        self._need_https(name, value, host)
        return value.rstrip("/")

    def address_to_call(self, name: str) -> str:
        """Returns a web address that is called as it is, its ?query included; over https, or on this machine."""
        value = self.text(name)
        host = host_of(value.partition("?")[0])
        if value and (host is None or "#" in value or "@" in urlsplit(value).netloc):
            self.mistakes.append(f"{name} is not a web address like https://hc-ping.com/…, without a user name or #.")
        else:
            self._need_https(name, value, host)
        return value

    def address_of_ours(self, name: str, *, is_real: bool) -> str:
        """Returns a web address at which Twilio calls us, without a slash at its end; with the real one, it can."""
        value = self.text(name)
        if value and (why := why_not_called(value, is_real=is_real)):
            self.mistakes.append(f"{name} {why}.")
        return value.rstrip("/")


_NO_ADDRESS = "is not a web address like https://relay.example.com, without ? or #"


def why_not_called(url: str, *, is_real: bool) -> str:
    """Returns why Twilio would not call this address of ours, to follow its name in a sentence; "" when it would.

    `is_real`: Twilio itself, which is somewhere in the world; another server may stand beside us.
    """
    host = host_of(url)
    if host is None:
        return _NO_ADDRESS
    if "_" in host:
        return "has an underscore in its host name, which Twilio refuses in a callback"
    parts = urlsplit(url.rstrip("/"))
    if not is_real:
        return ""
    if "@" in parts.netloc:
        return "holds a user name: leave it away, the relay knows Twilio by its signature"
    if not is_public(host):
        return (
            "names this machine, a private network or no host at all, where Twilio cannot call: give the public "
            "address of your tunnel or reverse proxy, like https://relay.example.com"
        )
    if parts.scheme != "https":
        return "begins with http://, so that all could read the texts on their way: use https://"
    if parts.path:
        return "has a path: leave it away, the relay adds /sms/inbound and the others itself"
    return ""


def host_of(url: str) -> str | None:
    """Returns the host name of a web address, or None when it is none."""
    if not re.fullmatch(r"https?://[^\s?#\\]+", url, re.IGNORECASE):
        return None
    try:
        parts = urlsplit(url)
        is_port = parts.port != 0 and not parts.netloc.endswith(":")  # the first raises when it is no number
    except ValueError:
        return None
    return parts.hostname if is_port else None
