"""Runs add up over days exactly while the code that they are made of stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator import loaded
from tests.simulator.loaded import digest_of, loaded_files

_ROOT = Path(__file__).resolve().parents[2]
_A_RUN_OF_EACH_KIND = """
from tests.simulator.kinds import Kind
for kind in (None, *Kind):
    run_seed(32, kind=kind)
run_seed(32, traced=True, two_revisions=True)
"""


@pytest.fixture(scope="module")
def files() -> set[str]:
    return _names(loaded_files())


def _names(files: list[Path]) -> set[str]:
    return {file.relative_to(_ROOT).as_posix() for file in files}


def test_what_decides_sends_stores_plays_and_judges_is_counted(files: set[str]) -> None:
    relay = {f"functions/relay/{name}.py" for name in ("core/machine", "flow/conductor", "record/documents", "errors")}
    relay |= {f"functions/relay/{name}.py" for name in ("twilio/inbound", "twilio/messenger", "ports/messenger")}
    own = {f"tests/simulator/{name}.py" for name in ("faults", "simulation", "safety", "people/judges", "sim_store")}
    assert relay | own <= files


def test_what_no_run_loads_is_not(files: set[str]) -> None:
    rooms = ("functions/relay/google/", "functions/relay/embedded/", "functions/relay/operators/console/", "scripts/")
    assert not [name for name in files if name.startswith((*rooms, "tests/simulator/mutants", "tests/simulator/test_"))]


def test_a_run_of_any_kind_loads_nothing_more(files: set[str]) -> None:
    assert _names(loaded_files(_A_RUN_OF_EACH_KIND)) == files


def test_other_content_and_another_name_are_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded, "_ROOT", tmp_path)
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1\n")
    two.write_text("a = 1\n")
    before = digest_of([one])
    assert digest_of([one]) == before != digest_of([two])
    one.write_text("a = 2\n")
    assert digest_of([one]) != before
