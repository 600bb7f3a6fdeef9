"""The google home on the emulators: Firestore stands still, tasks are doubled, delayed and lost, processes are killed.

`make endurance` does the same with 300 texts and a pause of 20 s.
"""

from __future__ import annotations

from pathlib import Path

from scripts.local_google.emulators import FirestoreEmulator
from tests.endurance.homes import IN_THE_SUITE, Size, google
from tests.endurance.load import HANDLERS


def test_no_text_is_lost_or_doubled_while_firestore_stands_still_and_tasks_come_twice(
    firestore_emulator: FirestoreEmulator, tmp_path: Path
) -> None:
    size = Size(
        texts=40,
        kills=2,
        seed=4,
        texts_per_second=5.0,
        outage_seconds=1.0,
        pace=IN_THE_SUITE,
        store_pause_seconds=5.0,
    )
    run, violations, report = google(size, firestore_emulator, tmp_path, lambda _words: None)
    print(report)
    assert violations == []
    assert (len(run.texts), run.kills_of_all + run.kills_of_worker) == (40, 2)
    never_told = [text for text in run.planned if text.faults.dropped and text.sender not in HANDLERS]
    assert sum(relay.recovered for relay in run.relays.values()) >= len(never_told) > 0
