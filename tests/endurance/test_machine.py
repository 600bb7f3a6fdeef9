"""One small machine whose disk, clock, log and peers make trouble. `make soak` does the same for an hour."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endurance.homes import IN_TROUBLE_IN_THE_SUITE, Size, machine
from tests.endurance.soak import counted, summary
from tests.small_disks import SmallDisk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk | None]:
    """A small disk, or None where none can be mounted: the other troubles are tried everywhere."""
    try:
        disk = SmallDisk(tmp_path / "disk", 64 * 1024)
    except (OSError, subprocess.CalledProcessError):
        yield None
        return
    yield disk
    disk.unmount()


def test_no_text_is_lost_or_doubled_whatever_the_machine_does(tmp_path: Path, disk: SmallDisk | None) -> None:
    size = Size(
        texts=180,
        kills=2,
        seed=1,
        texts_per_second=8.0,
        outage_seconds=1.0,
        pace=IN_TROUBLE_IN_THE_SUITE,
        trouble_seconds=1.0,
    )
    run, violations, report = machine(size, tmp_path, disk, lambda _words: None)
    print(report)
    assert violations == []
    assert set(run.troubles) == {"clock back", "clock forward", "log", "peers"} | ({"disk"} if disk else set())
    figures = counted(run, violations) | {"seed": 1, "seconds": 30}
    assert summary([figures, figures]).splitlines()[0] == "one small machine, 1 minutes in 2 rounds"
    assert f"  texts            {2 * len(run.texts)}: " in summary([figures, figures])
    log = (tmp_path / "relay.log").read_text("utf-8")
    assert '"event": "clock_set"' in log
    assert disk is None or '"event": "store_fails"' in log
