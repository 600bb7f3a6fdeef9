"""What a check of `doctor` found."""

from __future__ import annotations

from dataclasses import asdict, dataclass

OK, WARNING, BAD, SKIPPED = "ok", "warning", "bad", "skipped"


@dataclass(frozen=True)
class Finding:
    """`state` is ok, warning, bad or skipped; `advice` says what to do, or what would be needed to check it."""

    name: str
    state: str
    words: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)
