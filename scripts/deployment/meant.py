"""Which relay a command is about: the one in a project at Google that is named, or the one that `.env` sets up here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.settings.settings import backend_of

from scripts.deployment.deployed import find
from scripts.deployment.tools import Gcloud, Problem

ENV = ".env"
# What says of a relay on this machine where it is and what its numbers are.
_OWN = ("BUSINESS_PHONE_NUMBER", "PUBLIC_BASE_URL")


@dataclass(frozen=True)
class Relay:
    """Which numbers lead to which address, by whose settings; `source` says where that is written."""

    source: str
    base_url: str
    numbers: Sequence[str]
    environ: Mapping[str, str]


def relay_meant(project: str | None, region: str | None, environ: Mapping[str, str]) -> Relay:
    """Returns the relay in this project, or without one that of `environ`, the environment with `.env`.

    Raises Problem when there is none.
    """
    if project:
        gcloud = Gcloud(project)
        gcloud.need_login()
        found = find(gcloud, project, region)
        return Relay(f"the project {project}", found.base_url, found.business_phones, os.environ)
    phones, base_url = (environ.get(name, "").strip() for name in _OWN)
    if backend_of(environ) != "embedded" or not phones or not base_url:
        raise Problem(
            f"Neither .env nor the environment gives {' and '.join(_OWN)} of a relay on this machine: fill them in, or "
            "say PROJECT=my-project for a relay at Google."
        )
    source = "the environment" if all(os.environ.get(name, "").strip() for name in _OWN) else ENV
    return Relay(source, base_url, [part.strip() for part in phones.split(",") if part.strip()], environ)
