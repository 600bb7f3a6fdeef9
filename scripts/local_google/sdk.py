"""Finds what the official emulators need: a Java runtime and the gcloud SDK with its components.

Owns the words that tell a person what is missing. Must not start anything that stays running.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

# A cold `gcloud info` reads its whole installation; on a slow disk that takes several seconds.
_GCLOUD_TIMEOUT_SECONDS = 60


class EmulatorsUnavailable(RuntimeError):
    """This machine lacks something the emulators need; the message is one line: what, and how to get it."""


@dataclass(frozen=True)
class Component:
    """One emulator as gcloud packages it. `jar` is a glob below SDK/platform."""

    name: str
    jar: str
    package: str


FIRESTORE = Component(
    name="cloud-firestore-emulator",
    jar="cloud-firestore-emulator/cloud-firestore-emulator.jar",
    package="google-cloud-cli-firestore-emulator",
)
PUBSUB = Component(
    name="pubsub-emulator",
    jar="pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar",
    package="google-cloud-cli-pubsub-emulator",
)


def need(*components: Component) -> None:
    """Raises EmulatorsUnavailable with all that is missing for these in one line.

    Who installs one thing should not learn of the next one only after that.
    """
    missing: list[str] = []
    looks: list[Callable[[], object]] = [find_java, *(partial(find_jar, component) for component in components)]
    for look in looks:
        try:
            look()
        except EmulatorsUnavailable as unavailable:
            missing.append(str(unavailable))
    if missing:
        raise EmulatorsUnavailable("; ".join(dict.fromkeys(missing)))


def find(component: Component) -> tuple[str, Path]:
    """Returns the path of `java` and of the component's jar. Raises EmulatorsUnavailable as `need` does."""
    need(component)
    return find_java(), find_jar(component)


def find_java() -> str:
    """The path of `java`: from JAVA_HOME when set, otherwise from PATH. Raises EmulatorsUnavailable."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home, "bin", "java"))] if home else []
    for candidate in [*candidates, "java"]:
        found = shutil.which(candidate)
        if found:
            return found
    raise EmulatorsUnavailable("java is missing: install a Java runtime, 17 or newer (Debian: default-jre-headless)")


def find_jar(component: Component) -> Path:
    """The component's jar in the gcloud SDK; the newest when there are several. Raises EmulatorsUnavailable."""
    root = _sdk_root(os.environ.get("CLOUDSDK_ROOT_DIR", ""))
    jars = sorted((root / "platform").glob(component.jar))
    if jars:
        return jars[-1]
    raise EmulatorsUnavailable(
        f"gcloud component {component.name} is missing: gcloud components install {component.name}"
        f" (or the system package {component.package})"
    )


@lru_cache(maxsize=4)
def _sdk_root(configured: str) -> Path:
    """`configured` (the variable gcloud's own launcher uses) or what gcloud says about itself."""
    if configured:
        return Path(configured)
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        raise EmulatorsUnavailable(
            "gcloud is missing: install the Google Cloud CLI and its components cloud-firestore-emulator and"
            " pubsub-emulator, or set CLOUDSDK_ROOT_DIR to its folder"
        )
    command = [gcloud, "info", "--format=value(installation.sdk_root)"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_GCLOUD_TIMEOUT_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError) as failure:
        raise EmulatorsUnavailable(
            f"gcloud does not work here ({type(failure).__name__}): `gcloud info` must print its installation root"
        ) from failure
    return Path(done.stdout.strip())
