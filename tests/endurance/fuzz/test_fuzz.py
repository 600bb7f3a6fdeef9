"""21,000 made-up requests to the entry points. `make fuzz-release` sends a million."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from relay.settings.variables import ENTRY_POINTS

from tests.endurance.fuzz.inputs import SHARES, Fuzzer
from tests.endurance.fuzz.world import World

TAPES = st.binary(min_size=20, max_size=200)


@pytest.mark.parametrize("entry_point", SHARES)
def test_whatever_comes_in_nothing_breaks_and_nothing_is_accepted_unsigned(world: World, entry_point: str) -> None:
    fuzzer = Fuzzer(world, entry_point)

    @settings(
        max_examples=SHARES[entry_point],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(TAPES)
    def run(data: bytes) -> None:
        fuzzer.try_tape(data)

    run()
    print(fuzzer.summary())
    assert fuzzer.inputs >= SHARES[entry_point]


def test_every_way_in_over_http_has_its_share() -> None:
    assert SHARES.keys() == {*ENTRY_POINTS, "sms_threads", "handlers_texts"}
    assert sum(SHARES.values()) == 21_000
