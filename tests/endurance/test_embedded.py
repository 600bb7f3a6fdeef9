"""The embedded home, killed at random while texts come in. `make endurance` does the same with 2,000 texts."""

from __future__ import annotations

from pathlib import Path

from tests.endurance.homes import IN_THE_SUITE, Size, embedded
from tests.endurance.load import HANDLERS


def test_no_text_is_lost_or_doubled_however_often_the_embedded_relay_is_killed(tmp_path: Path) -> None:
    size = Size(texts=150, kills=6, seed=1, texts_per_second=12.0, outage_seconds=1.0, pace=IN_THE_SUITE)
    run, violations, report = embedded(size, tmp_path, lambda _words: None)
    print(report)
    assert violations == []
    assert (len(run.texts), run.kills_of_all + run.kills_of_worker) == (150, 6)
    never_told = [text for text in run.planned if text.faults.dropped and text.sender not in HANDLERS]
    assert sum(relay.recovered for relay in run.relays.values()) >= len(never_told) > 0
    assert run.replayed == 100
