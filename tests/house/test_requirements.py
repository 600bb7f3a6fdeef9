"""Every installation and every build gets the same packages, byte for byte."""

from __future__ import annotations

import importlib.metadata
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.pin_requirements import LINTERS, ROOT, STEMS, pins_in

ALL = (*STEMS, LINTERS)


def _pinned(stem: str) -> dict[str, Requirement]:
    """The pins of one file by canonical name."""
    pins = pins_in((ROOT / f"{stem}.txt").read_text("utf-8"))
    return {canonicalize_name(name): Requirement(lines.partition("\\")[0]) for name, lines in pins.items()}


def _named(stem: str) -> list[Requirement]:
    lines = (ROOT / f"{stem}.in").read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]


@pytest.mark.parametrize("stem", ALL)
def test_every_line_is_an_exact_version_with_the_hashes_of_its_files(stem: str) -> None:
    """pip then installs what was pinned or nothing, whatever a registry, or who stands before it, hands out."""
    text = (ROOT / f"{stem}.txt").read_text("utf-8")
    rest = text
    for lines in pins_in(text).values():
        rest = rest.replace(lines, "")
    assert [line for line in rest.splitlines() if line and not line.startswith(("#", "-r "))] == []
    assert all(str(pin.specifier).startswith("==") for pin in _pinned(stem).values())


@pytest.mark.parametrize("stem", ALL)
def test_what_we_name_is_pinned_at_the_version_that_we_name(stem: str) -> None:
    pinned = {name: pin for each in (STEMS if stem in STEMS else [stem]) for name, pin in _pinned(each).items()}
    for named in _named(stem):
        assert re.fullmatch(r"==[^*,]+", str(named.specifier)), f"{named} is no exact version"
        assert pinned[canonicalize_name(named.name)].specifier == named.specifier, "run `make pins`"


def test_a_package_of_which_older_pythons_need_another_version_keeps_both() -> None:
    both = "".join(
        f"fruit=={version} ; python_full_version {when} '3.12' \\\n    --hash=sha256:{digit * 64}\n"
        for version, when, digit in (("1.0", "<", "1"), ("2.0", ">=", "2"))
    )
    assert pins_in(f"# a remark\n{both}") == {"fruit": both}


def test_nothing_is_pinned_twice() -> None:
    names = [name for stem in STEMS for name in _pinned(stem)]
    assert sorted(names) == sorted(set(names))


def test_all_that_our_packages_bring_along_here_is_pinned_as_it_is_installed_and_nothing_else() -> None:
    brought = _brought_along([named for stem in STEMS for named in _named(stem)])
    pinned = {name: pin for stem in STEMS for name, pin in _pinned(stem).items()}
    here = {name for name, pin in pinned.items() if pin.marker is None or pin.marker.evaluate()}
    assert here == set(brought), "run `make pins`"
    assert {name: version for name, version in brought.items() if not pinned[name].specifier.contains(version)} == {}


def _brought_along(roots: list[Requirement]) -> dict[str, str]:
    """Everything that these need on this machine: canonical name → version as installed."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(roots)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = importlib.metadata.distribution(requirement.name)
        found[name] = distribution.version
        extras = requirement.extras or {""}
        for line in distribution.requires or ():
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return found
