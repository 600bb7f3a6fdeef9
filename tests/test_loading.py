"""Client libraries are loaded without what is not needed, and what was left out is there when it is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from relay.loading import absent, late

PARTS = {
    "__init__": "from made_up.used import Used\nfrom made_up.unused import Unused, helper\n",
    "used": "class Used:\n    pass\n",
    "unused": "class Unused:\n    kind = 'unused'\n\ndef helper(of, *, by):\n    return (of, by)\n",
    "heir": "from made_up.unused import Unused\n\nclass Heir(Unused):\n    pass\n",
}


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that imports all its parts at its top."""
    (tmp_path / "made_up").mkdir()
    for name, text in PARTS.items():
        (tmp_path / "made_up" / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "made_up"]:
        del sys.modules[name]


def is_unused(module: str) -> bool:
    return module == "made_up.unused"


def test_a_late_part_is_not_loaded_with_its_package_and_its_siblings_are() -> None:
    with late(is_unused):
        made_up = importlib.import_module("made_up")
    assert made_up.Used().__class__.__module__ == "made_up.used"
    assert "made_up.unused" not in sys.modules
    assert not hasattr(made_up, "unused")


def test_a_late_part_is_loaded_when_it_is_used() -> None:
    with late(is_unused):
        made_up = importlib.import_module("made_up")
    assert made_up.helper("a text", by="a person") == ("a text", "a person")
    assert made_up.Unused.kind == made_up.Unused().kind == "unused"
    assert "made_up.unused" in sys.modules


def test_what_was_late_is_imported_as_ever_afterwards() -> None:
    with late(is_unused):
        importlib.import_module("made_up")
    assert isinstance(importlib.import_module("made_up.unused").Unused, type)
    assert isinstance(importlib.import_module("made_up.heir").Heir, type)


def test_a_part_that_another_inherits_from_cannot_be_late() -> None:
    with pytest.raises(TypeError), late(is_unused):
        importlib.import_module("made_up.heir")
    assert "made_up.unused" not in sys.modules


def test_what_is_loaded_already_stays() -> None:
    before = importlib.import_module("made_up.unused")
    with late(is_unused), absent("made_up.unused"):
        assert importlib.import_module("made_up.unused") is before
    assert sys.modules["made_up.unused"] is before


def test_what_is_absent_is_not_there_and_is_there_afterwards() -> None:
    with absent("made_up.unused"), pytest.raises(ImportError):
        importlib.import_module("made_up")
    assert isinstance(importlib.import_module("made_up").Unused, type)
