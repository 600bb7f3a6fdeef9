"""The audit trail in plain words, one line per step. Terminal and page share them (page/words.json)."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from relay.core.model import Relay, TrailEntry

from scripts.local_stack.page_app import PAGE


@dataclass(frozen=True)
class Line:
    """One step of a relay. `elapsed_seconds` since the text came in."""

    elapsed_seconds: float
    step: str
    tier: int | None
    status: str
    words: str


def lines(relay: Relay, first: int = 0) -> Iterator[Line]:
    """The relay's trail from this entry (0-based) on."""
    for entry in relay.error_log[first:]:
        told = _words()[entry.step.value]
        values = _values(relay, entry)
        words = fill(told["words"], values)
        if entry.by in ("sweep", "reconcile"):
            words += f" (Noticed by the {entry.by}.)"
        elapsed = (entry.at - relay.timestamp).total_seconds()
        yield Line(elapsed, entry.step.value, entry.tier, fill(told["status"], values), words)


def fill(template: str, values: dict[str, str]) -> str:
    """Put values into {names}. A part in [brackets] is left out when a value in it is empty."""

    def part(match: re.Match[str]) -> str:
        names = re.findall(r"\{(\w+)\}", match[1])
        return match[1] if all(values[name] for name in names) else ""

    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], re.sub(r"\[([^\]]*)\]", part, template))


def _values(relay: Relay, entry: TrailEntry) -> dict[str, str]:
    handler = ""
    if entry.tier is not None and 1 <= entry.tier <= relay.policy.last_tier:
        handler = relay.policy.tier(entry.tier).name
    return {
        "handler": handler,
        "reason": entry.reason,
        "status": entry.status or "",
        # Not positive: our own stand-ins for "no code"; the reason says what it was.
        "code": str(entry.error_code) if entry.error_code and entry.error_code > 0 else "",
    }


@functools.cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = json.loads((PAGE / "words.json").read_text("utf-8"))
    return words
