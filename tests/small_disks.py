"""A small disk of its own for a test: a file system in memory, mounted where this machine allows that."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """A mounted file system that holds `size_kib`."""

    def __init__(self, folder: Path, size_kib: int) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        folder.mkdir()
        _run("mount", "-t", "tmpfs", "-o", f"size={size_kib}k,nr_inodes=200,mode=700", "tmpfs", str(folder))

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for size in (4096, 1):
                try:
                    while True:
                        ballast.write(b"x" * size)
                except OSError:
                    continue

    def make_room(self) -> None:
        self._ballast.unlink()

    def make_read_only(self) -> None:
        """Raises CalledProcessError while a file is open for writing."""
        _run("mount", "-o", "remount,ro", str(self.folder))

    def make_writable(self) -> None:
        _run("mount", "-o", "remount,rw", str(self.folder))

    def unmount(self) -> None:
        # Lazily: a process that a failed test has left may still hold a file.
        _run("umount", "--lazy", str(self.folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 2 MiB. Skips the test where a file system cannot be mounted."""
    if shutil.which("mount") is None:
        pytest.skip("optional: this system has no mount")
    try:
        disk = SmallDisk(tmp_path / "disk", 2048)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"optional: file systems in memory cannot be mounted here ({error.stderr.decode().strip()})")
    yield disk
    disk.unmount()
