"""Which tests share a process when several processes run the suite side by side (pytest-xdist, `--dist loadgroup`).

Tests wait more than they work: for timers, servers, other processes. So there are more workers than cores. What costs
seconds to make (a running stack, an emulator, a Terraform plan) is made once, because the tests that use it are one
group and a group stays with one worker; a file's other tests are a group as well, for its own fixtures.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

_HOMES_ON_EMULATORS = frozenset({"google", "firestore"})
_EMULATORS = frozenset({"firestore_emulator", "pubsub_emulator"})

# The groups that take longest, in the order in which they are begun: the last to begin decides when all is over.
_LONGEST_FIRST = ("terraform", "stack google", "stack embedded", "emulators", "town google", "town embedded")


def pytest_xdist_auto_num_workers() -> int:
    """Returns how many processes `-n auto` means: twice the cores that this process may use, at least four."""
    return max(4, 2 * len(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else 4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test its group, and have the long groups begin first. Within a group the order stays."""
    groups = {item: group_of(item.nodeid, fixtures_of(item), variants_of(item)) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _place(groups[item]))


def group_of(node_id: str, fixtures: Iterable[str], variants: Iterable[str]) -> str:
    """Returns the name of what a test shares with others: the thing that is dear to make, or else its file."""
    used = frozenset(fixtures)
    is_on_emulators = not _HOMES_ON_EMULATORS.isdisjoint(variants)
    home = "google" if is_on_emulators else "embedded"
    if "terraform" in used:
        return "terraform"
    if "stack_of" in used:
        return f"stack {home}"
    if "town" in used or "own_town" in used:
        return f"town {home}"
    if is_on_emulators or not _EMULATORS.isdisjoint(used):
        return "emulators"
    return node_id.partition("::")[0]


def fixtures_of(item: pytest.Item) -> tuple[str, ...]:
    """Returns the names of the fixtures that a test asks for, those of its fixtures included."""
    return tuple(getattr(item, "fixturenames", ()))


def variants_of(item: pytest.Item) -> tuple[str, ...]:
    """Returns the words among a test's parameters: the home that it runs on is one of them."""
    call = getattr(item, "callspec", None)
    return tuple(value for value in call.params.values() if isinstance(value, str)) if call else ()


def _place(group: str) -> int:
    return _LONGEST_FIRST.index(group) if group in _LONGEST_FIRST else len(_LONGEST_FIRST)
