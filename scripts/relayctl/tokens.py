"""By what relayctl shows who it is: this machine's own credential, or an identity token.

A token is given, printed by a command, or handed out by a local stack with the fake Twilio.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from relay.addresses import is_loopback
from relay.outgoing import open_url

from scripts.relayctl.credential import Credential, databases, on_this_machine

_SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+|rc_[\w-]+", re.ASCII)
_COMMAND_SECONDS = 60


class NoToken(Exception):
    """There is no token to be had; the message says why and how to get one."""


class Tokens:
    """Gives the token or credential, and another one when it was refused."""

    def __init__(
        self,
        url: str,
        given: str = "",
        command: str = "",
        environ: Mapping[str, str] = os.environ,
        found: Callable[[Mapping[str, str]], Iterator[Credential]] = on_this_machine,
    ) -> None:
        self._url = url.rstrip("/")
        self._given = given.strip()
        self._command = command
        self._environ = environ
        self._found = found
        self._token = ""
        self._refused: set[str] = set()

    def token(self) -> str:
        """The token in use. Raises NoToken."""
        if not self._token:
            self._token = self._given or self._fetched()
            if not _SHAPE.fullmatch(self._token):
                raise NoToken("What was given is not an identity token: it has three parts with dots between them.")
        return self._token

    def renew(self, refused: str) -> bool:
        """Forget a token that was refused; whether there is hope for another one."""
        if self._given or self._token != refused:
            return False
        self._refused.add(refused)
        self._token = ""
        return True

    def _fetched(self) -> str:
        if self._command:
            return self._from_command()
        if not is_loopback(urlsplit(self._url).hostname or ""):
            # The credential never leaves the machine, not even by https.
            raise NoToken(f"No identity token is given. {HELP_FOR_GOOGLE}")
        unreadable: list[Credential] = []
        for credential in self._found(self._environ):
            if credential.problem:
                unreadable.append(credential)
            elif credential.secret not in self._refused:
                return credential.secret
        return self._from_stack() or self._nothing(unreadable)

    def _nothing(self, unreadable: list[Credential]) -> str:
        """Raises NoToken: a relay answers here, and nothing is found that it accepts."""
        if unreadable:
            path, problem = unreadable[0].path, unreadable[0].problem
            raise NoToken(f"{path} cannot be read ({problem}): run relayctl as the user that runs the relay, by sudo.")
        places = ", ".join(str(path) for path in databases(self._environ))
        what = "accepts no credential that lies" if self._refused else "has no credential that is found"
        raise NoToken(
            f"The relay at {self._url} {what} beside its database ({places}): say where its database is, by "
            "RELAY_DATABASE, or by RELAY_LOCAL_ENV_FILE for a file of settings."
        )

    def _from_command(self) -> str:
        try:
            done = subprocess.run(
                shlex.split(self._command), capture_output=True, text=True, check=False, timeout=_COMMAND_SECONDS
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            why = type(error).__name__
            raise NoToken(f"The token command cannot be run ({why}). {HELP_FOR_GOOGLE}") from error
        if done.returncode:
            words = " ".join(done.stderr.split())[:300] or f"exit code {done.returncode}"
            raise NoToken(f"The token command failed: {words}")
        return done.stdout.strip()

    def _from_stack(self) -> str:
        """Returns a token of a stack's own issuer on this machine; "" where it has none, as with the real Twilio."""
        try:
            told = json.loads(_read(f"{self._url}/local/stack")).get("relay_state")
        except (OSError, ValueError, AttributeError) as error:
            if isinstance(error, OSError) and not isinstance(error, urllib.error.HTTPError):
                words = f"Nothing answers at {self._url}. Is the relay running (`make run`)?"
                raise NoToken(f"{words} Another address: --url or RELAYCTL_URL.") from error
            return ""
        return _read(f"{self._url}/local/token?{urllib.parse.urlencode(told)}").strip() if told else ""


HELP_FOR_GOOGLE = (
    "For a relay at Google give its project (--project, RELAYCTL_PROJECT), and gcloud makes tokens; or, in "
    "RELAYCTL_TOKEN_COMMAND, a command that prints one and is run again when it has expired; or, in RELAYCTL_TOKEN, a "
    "token itself."
)


def _read(url: str) -> str:
    with open_url(url, 10) as answer:
        text: str = answer.read().decode()
    return text
