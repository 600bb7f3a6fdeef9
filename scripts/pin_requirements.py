"""Pins what the packages we name bring along, so that every installation and every build is the same one.

`python -m scripts.pin_requirements` rewrites the lower part of each requirements file from what is installed in this
virtual environment; with `--check` it only says whether that would change anything.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
# In this order: what an earlier file pins, a later one need not, because it includes that file.
FILES = (ROOT / "functions/requirements.txt", ROOT / "scripts/requirements.txt", ROOT / "requirements.txt")
MARK = "# What these bring along (made by `make pins`)."


def main(arguments: list[str]) -> int:
    stale = False
    pinned: set[str] = set()
    for path in FILES:
        text = path.read_text()
        named = text.split(MARK)[0].rstrip() + "\n"
        roots = [line for line in named.splitlines() if line and not line.startswith(("#", "-"))]
        ours = {canonicalize_name(Requirement(line).name) for line in roots}
        brought = {name: line for name, line in closure(roots).items() if name not in pinned | ours}
        pinned |= ours | set(brought)
        new = "\n".join([named.rstrip(), "", MARK, *(brought[name] for name in sorted(brought))]) + "\n"
        if new != text:
            stale = True
            print(
                f"{path.relative_to(ROOT)}: {'is not current; run `make pins`' if '--check' in arguments else 'pinned'}"
            )
            if "--check" not in arguments:
                path.write_text(new)
    return 1 if stale and "--check" in arguments else 0


def closure(roots: list[str]) -> dict[str, str]:
    """Everything these requirements need on this machine, as installed: canonical name → `Name==version`."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(root) for root in roots]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = importlib.metadata.distribution(requirement.name)
        found[name] = f"{distribution.metadata['Name']}=={distribution.version}"
        extras = requirement.extras or {""}
        for line in distribution.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
