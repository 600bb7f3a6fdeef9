"""Tests that share what is dear to make run in one process; the others are free to run anywhere."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from relay import serving

from tests.workers import (
    LONGEST_FIRST,
    group_of,
    left_behind,
    made_once_more,
    pytest_collection,
    pytest_runtest_protocol,
)


@pytest.mark.parametrize(
    ("node_id", "group"),
    [
        ("tests/terraform/test_place.py::test_it[plan]", "terraform"),
        ("tests/console/test_list.py::test_it[google-wide]", "stack google"),
        ("tests/console/test_list.py::test_it[wide-google]", "stack google"),
        ("tests/console/test_list.py::test_it[embedded-wide]", "stack embedded, console"),
        ("tests/browser/test_phones_page.py::test_it[silent]", "stack embedded"),
        ("tests/relayctl/test_errors.py::test_it", "stack embedded"),
        ("tests/stories/test_cascade.py::test_it[google-21610]", "town google"),
        ("tests/stories/test_cascade.py::test_it[embedded]", "town embedded"),
        ("tests/stories/misbehaving/test_texts.py::test_it", "town misbehaving"),
        ("tests/contract/test_relay_store.py::test_it[firestore]", "emulators"),
        ("tests/google/test_store.py::test_it", "emulators"),
        ("tests/endurance/test_google.py::test_it", "emulators"),
        ("tests/contract/test_relay_store.py::test_it[sqlite]", "tests/contract/test_relay_store.py"),
        ("tests/core/test_states_doc.py::test_it", "walks"),
        ("tests/core/test_machine.py::test_it[googled]", "tests/core/test_machine.py"),
    ],
)
def test_a_test_runs_with_those_that_share_what_it_needs(node_id: str, group: str) -> None:
    assert group_of(node_id) == group


def test_each_file_that_begins_early_is_there_and_a_group_of_its_own() -> None:
    files = [group for group in LONGEST_FIRST if group.startswith("tests/")]
    assert [file for file in files if not Path(file).exists()] == []
    assert [group_of(f"{file}::test_it") for file in files] == files


@pytest.mark.parametrize(
    ("node_id", "fixture", "again"),
    [
        ("tests/core/test_machine.py::test_it", "firestore_emulator", True),
        ("tests/console/test_list.py::test_it[google]", "firestore_emulator", True),
        ("tests/endurance/test_google.py::test_it", "firestore_emulator", False),
        ("tests/console/test_list.py::test_it[google]", "stack_of", False),
        ("tests/core/test_machine.py::test_it", "tmp_path", False),
    ],
)
def test_a_test_of_another_group_does_not_make_a_second_one_of_what_is_dear(
    node_id: str, fixture: str, again: bool
) -> None:
    """Each test is looked at before it runs, in whatever selection of the suite."""
    assert made_once_more(node_id, ["request", fixture]) == (fixture if again else "")


def _item(node_id: str, ran: list[tuple[object, object]]) -> Any:
    """A test whose run is noted, with the one that is said to come next."""

    def run(item: Any, nextitem: object) -> bool:
        ran.append((item.nodeid, nextitem))
        return True

    return SimpleNamespace(nodeid=node_id, ihook=SimpleNamespace(pytest_runtest_protocol=run))


def test_what_a_group_shares_ends_with_its_last_test() -> None:
    ran: list[tuple[object, object]] = []
    names = ("local_stack/test_screen.py::test_1", "relayctl/test_a.py::test_2", "core/test_machine.py::test_3")
    first, last, other = (_item(f"tests/{name}", ran) for name in names)
    assert pytest_runtest_protocol(first, last) is None
    assert pytest_runtest_protocol(other, None) is None
    assert ran == []
    assert pytest_runtest_protocol(last, other)
    assert ran == [(last.nodeid, None)]


def test_each_file_is_loaded_first_by_one_of_the_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a fresh clone that one compiles it, for all."""
    for name in ("tests/a/test_1.py", "tests/a/test_2.py", "tests/b/test_3.py", "tests/b/helper.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    loaded: list[str] = []
    monkeypatch.setattr("tests.workers.importlib.import_module", loaded.append)
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "2")
    config = SimpleNamespace(
        args=["tests", "tests/a/test_1.py::test_it"], rootpath=tmp_path, invocation_params=SimpleNamespace(dir=tmp_path)
    )
    session: Any = SimpleNamespace(config=config)
    for worker, share in (("gw0", ["tests.a.test_1", "tests.b.test_3"]), ("gw1", ["tests.a.test_2"]), ("", [])):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        loaded.clear()
        pytest_collection(session)
        assert loaded == share


def test_what_a_group_leaves_in_the_process_is_told_and_the_environment_put_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert left_behind() == []
    monkeypatch.setattr(serving, "_with_background", {"console"})
    monkeypatch.setitem(os.environ, "RELAY_TIERS", "[]")
    path = os.environ.pop("PATH")
    assert left_behind() == ["PATH", "RELAY_TIERS", "console"]
    assert (os.environ["PATH"], "RELAY_TIERS" in os.environ) == (path, False)
