"""`python -m scripts.scale`: print docs/scale.md; `--write` writes it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.scale import document

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.scale", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"to docs/{DOCUMENT.name}")
    if parser.parse_args(arguments).write:
        DOCUMENT.write_text(document.text(), encoding="utf-8")
    else:
        print(document.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
