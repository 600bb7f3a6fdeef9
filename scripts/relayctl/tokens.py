"""Where the operator's identity token comes from: given, printed by a command, or handed out by a local stack."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import urllib.error
import urllib.parse
from urllib.parse import urlsplit

from relay.addresses import is_loopback
from relay.outgoing import open_url

_SHAPE = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
_COMMAND_SECONDS = 60
_HELP = (
    "Give it a command that prints one, which it runs again when the token has expired:\n"
    "  export RELAYCTL_TOKEN_COMMAND='gcloud auth print-identity-token --include-email "
    "--impersonate-service-account=OPERATOR_EMAIL --audiences=AUDIENCE'\n"
    "(`terraform output` gives both names), or a token itself in RELAYCTL_TOKEN."
)


class NoToken(Exception):
    """There is no token to be had; the message says why and how to get one."""


class Tokens:
    """Gives the token, and another one when it was refused."""

    def __init__(self, url: str, given: str = "", command: str = "") -> None:
        self._url = url.rstrip("/")
        self._given = given.strip()
        self._command = command
        self._token = ""

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
        self._token = ""
        return True

    def _fetched(self) -> str:
        return self._from_command() if self._command else self._from_stack()

    def _from_command(self) -> str:
        try:
            done = subprocess.run(
                shlex.split(self._command), capture_output=True, text=True, check=False, timeout=_COMMAND_SECONDS
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise NoToken(f"The token command cannot be run ({type(error).__name__}). {_HELP}") from error
        if done.returncode:
            words = " ".join(done.stderr.split())[:300] or f"exit code {done.returncode}"
            raise NoToken(f"The token command failed: {words}")
        return done.stdout.strip()

    def _from_stack(self) -> str:
        """A stack on this machine has an issuer of its own, unless it works with the real Twilio."""
        if not is_loopback(urlsplit(self._url).hostname or ""):
            raise NoToken(f"No identity token is given. {_HELP}")
        try:
            told = json.loads(_read(f"{self._url}/local/stack")).get("relay_state")
        except (OSError, ValueError, AttributeError) as error:
            if isinstance(error, OSError) and not isinstance(error, urllib.error.HTTPError):
                words = f"Nothing answers at {self._url}. Is the relay running (`make run`)?"
                raise NoToken(f"{words} Another address: --url or RELAYCTL_URL.") from error
            told = None
        if not told:
            raise NoToken(f"The relay at {self._url} hands out no tokens itself. {_HELP}")
        return _read(f"{self._url}/local/token?{urllib.parse.urlencode(told)}").strip()


def _read(url: str) -> str:
    with open_url(url, 10) as answer:
        text: str = answer.read().decode()
    return text
