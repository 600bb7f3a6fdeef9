"""Where a relay at Google is and how one shows it who asks, by the name of its project."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import click

from scripts.deployment.deployed import Deployment, audience_of, find, token_arguments
from scripts.deployment.tools import Gcloud, Problem

_TOLD_BY_HAND = "give it by --url: it is what stands before /console/ where operators sign in"


class AtGoogle:
    """The relay in a project. gcloud lists its functions once, when something of them is wanted."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._found: Deployment | None = None

    def address(self) -> str:
        """Returns the relay's address, as gcloud tells those who may list the functions. Raises ClickException."""
        try:
            found = self._deployment()
        except Problem as problem:
            words = f"{problem} If you know the relay's address, {_TOLD_BY_HAND}."
            raise click.ClickException(words) from problem
        if not found.is_behind_gateway:
            words = f"The relay in {self._project} has no gateway, and relayctl works with one address only."
            raise click.ClickException(words)
        return found.base_url

    def settings(self) -> Mapping[str, str]:
        """Returns what the functions are told; nothing when that cannot be known."""
        try:
            return self._deployment().told
        except Problem:
            return {}

    def token_command(self) -> str:
        """Returns the command that prints an operator's identity token. Who is in `operators` may run it."""
        return shlex.join(["gcloud", *token_arguments(self._project, audience_of(self._project))])

    def _deployment(self) -> Deployment:
        if self._found is None:
            self._found = find(Gcloud(self._project), self._project)
        return self._found
