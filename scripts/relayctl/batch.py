"""A redrive of several relays, written down before it begins: whatever stops it, it goes on where it was.

Every relay's request id is settled in advance, from the relay and how often it was redriven before. So the same redrive
asked for twice, here or on another machine, is one and the same request to the relay.
The file holds ids and outcomes; no number and no text.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scripts.relayctl.api import Json

_VERSION = 1


@dataclass
class Item:
    """One relay of a batch. `outcome` is empty until it is settled: `redriven`, or why not."""

    message_id: str
    request_id: str
    outcome: str = ""


@dataclass
class Batch:
    """Relays to be redriven at `tier` by the relay at `url`."""

    url: str
    tier: int
    items: list[Item] = field(default_factory=list)

    @property
    def pending(self) -> list[Item]:
        return [item for item in self.items if not item.outcome]


class BatchError(Exception):
    """The file cannot be used; the message says what to do."""


def request_id(message_id: str, redrives: int) -> str:
    """The id of this relay's next redrive, when it was redriven so often before."""
    return f"ctl-{hashlib.sha256(f'{message_id}:{redrives}'.encode()).hexdigest()[:32]}"


def planned(url: str, tier: int, rows: Iterable[Json]) -> Batch:
    """A batch of these rows, the oldest text first: its customer has waited longest."""
    ordered = sorted(rows, key=lambda row: (row["timestamp"], row["message_id"]))
    return Batch(
        url, tier, [Item(row["message_id"], request_id(row["message_id"], row["redrives"])) for row in ordered]
    )


def default_path() -> Path:
    """Where an unfinished batch waits, by the customs of the system."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "relayctl" / "redrive.json"


def load(path: Path) -> Batch | None:
    """The batch in the file; None when there is none. Raises BatchError."""
    try:
        value = json.loads(path.read_text("utf-8"))
        if value["version"] != _VERSION:
            raise ValueError("another version")
        items = [Item(**item) for item in value["items"]]
        return Batch(str(value["url"]), int(value["tier"]), items)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BatchError(
            f"{path} cannot be read ({type(error).__name__}): remove it, or name another --state."
        ) from error


def save(batch: Batch, path: Path) -> None:
    """Write it down; whole or not at all. Raises BatchError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=path.name, delete=False, encoding="utf-8"
        ) as file:
            json.dump({"version": _VERSION, **asdict(batch)}, file)
        os.replace(file.name, path)
    except OSError as error:
        raise BatchError(f"{path} cannot be written ({error.strerror}): name another --state.") from error


def forget(path: Path) -> None:
    """Remove the file of a batch that is done."""
    path.unlink(missing_ok=True)
