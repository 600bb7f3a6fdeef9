"""Tests that share what is dear to make run in one process; the others are free to run anywhere."""

from __future__ import annotations

import pytest

from tests.workers import group_of

# Each fixture that costs seconds, and how the groups begin whose tests may use it.
_DEAR = {
    "terraform": "terraform",
    "stack_of": "stack ",
    "shared_town": "town ",
    "firestore_emulator": "emulators",
    "pubsub_emulator": "emulators",
}


@pytest.mark.parametrize(
    ("node_id", "group"),
    [
        ("tests/terraform/test_place.py::test_it[plan]", "terraform"),
        ("tests/console/test_list.py::test_it[google-wide]", "stack google"),
        ("tests/console/test_list.py::test_it[wide-google]", "stack google"),
        ("tests/relayctl/test_errors.py::test_it", "stack embedded"),
        ("tests/stories/test_cascade.py::test_it[google-21610]", "town google"),
        ("tests/stories/test_cascade.py::test_it[embedded]", "town embedded"),
        ("tests/contract/test_relay_store.py::test_it[firestore]", "emulators"),
        ("tests/google/test_store.py::test_it", "emulators"),
        ("tests/contract/test_relay_store.py::test_it[sqlite]", "tests/contract/test_relay_store.py"),
        ("tests/core/test_machine.py::test_it[googled]", "tests/core/test_machine.py"),
    ],
)
def test_a_test_runs_with_those_that_share_what_it_needs(node_id: str, group: str) -> None:
    assert group_of(node_id) == group


def test_no_test_of_another_group_makes_a_second_one_of_what_is_dear(request: pytest.FixtureRequest) -> None:
    elsewhere = {
        f"{item.nodeid} uses {fixture}"
        for item in request.session.items
        for fixture, group in _DEAR.items()
        if fixture in getattr(item, "fixturenames", ()) and not group_of(item.nodeid).startswith(group)
    }
    assert elsewhere == set()
