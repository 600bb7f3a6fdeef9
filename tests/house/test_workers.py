"""Tests that share what is dear to make run in one process; the others are free to run anywhere."""

from __future__ import annotations

import pytest

from tests.workers import group_of

_TEST = "tests/room/test_thing.py::test_it"


@pytest.mark.parametrize(
    ("fixtures", "variants", "group"),
    [
        (("terraform", "configuration"), (), "terraform"),
        (("page", "stack", "stack_of"), ("google",), "stack google"),
        (("embedded_stack", "stack_of"), (), "stack embedded"),
        (("town", "shared_town"), ("google",), "town google"),
        (("own_town",), ("embedded",), "town embedded"),
        (("rig",), ("firestore",), "emulators"),
        (("pubsub_project", "pubsub_emulator"), (), "emulators"),
        (("rig",), ("sqlite",), "tests/room/test_thing.py"),
        ((), (), "tests/room/test_thing.py"),
    ],
)
def test_a_test_runs_with_those_that_share_what_it_needs(
    fixtures: tuple[str, ...], variants: tuple[str, ...], group: str
) -> None:
    assert group_of(_TEST, fixtures, variants) == group
