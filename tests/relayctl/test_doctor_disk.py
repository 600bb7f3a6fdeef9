"""doctor looks at the disk of the database: a probe that is written, and the free space."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections import namedtuple
from pathlib import Path

import pytest

from scripts.relayctl import checks_configuration, checks_disk
from scripts.relayctl.checks_configuration import Given
from scripts.relayctl.findings import BAD, OK, SKIPPED, WARNING, Finding
from tests.small_disks import SmallDisk
from tests.small_disks import small_disk as small_disk

_Usage = namedtuple("_Usage", "total used free")


def _examined(folder: Path, **settings: str) -> Finding:
    given = Given(".env", {"RELAY_DATABASE": str(folder / "relay.db"), **settings})
    (finding,) = checks_disk.disk(given, folder)
    return finding


@pytest.mark.parametrize(
    ("free", "state"), [(2_000_000_000, OK), (999_999_999, WARNING), (100_000_000, WARNING), (99_999_999, BAD)]
)
def test_free_space_is_judged(free: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: _Usage(0, 0, free))
    finding = _examined(tmp_path)
    assert finding.state == state
    assert f"{free // 1_000_000:,} MB are free" in finding.words
    assert list(tmp_path.iterdir()) == []  # the probe is gone


def test_a_full_disk_is_to_be_repaired(small_disk: SmallDisk) -> None:
    small_disk.fill()
    finding = _examined(small_disk.folder)
    assert finding.state == BAD
    assert "is full (" in finding.words
    assert finding.advice.startswith("Make room on it")
    small_disk.make_room()
    assert "can be written" in _examined(small_disk.folder).words
    assert list(small_disk.folder.iterdir()) == []


def test_a_disk_that_is_mounted_read_only_is_to_be_repaired(small_disk: SmallDisk) -> None:
    small_disk.make_read_only()
    finding = _examined(small_disk.folder)
    assert (finding.state, "mounted read-only" in finding.words) == (BAD, True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('{"trouble": ""}', [(OK, "the running relay can use it")]),
        (
            '{"trouble": "too many files are open; raise the limit"}',
            [(BAD, "the running relay refuses texts: too many files are open; raise the limit")],
        ),
        ("[]", []),
        ("<html>", []),
    ],
)
def test_what_a_running_relay_says_of_its_database_is_passed_on(said: str, expected: list[tuple[str, str]]) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/local/stack"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_arguments: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        found = list(checks_disk.told_by(f"http://127.0.0.1:{server.server_port}"))
    assert [(finding.state, finding.words) for finding in found] == expected


def test_where_no_relay_of_the_kind_answers_nothing_is_said() -> None:
    assert list(checks_disk.told_by("http://127.0.0.1:9")) == []


def test_where_there_is_nothing_to_look_at_it_says_so(tmp_path: Path) -> None:
    assert _examined(tmp_path / "none").state == SKIPPED
    assert _examined(tmp_path, RELAY_BACKEND="google").words == "the relays lie in Firestore"


def test_a_network_drive_is_known_by_the_mount_that_is_nearest(tmp_path: Path) -> None:
    share = tmp_path / "a share"
    for folder in (share / "relay", tmp_path / "local"):
        folder.mkdir(parents=True)
    mounts = tmp_path / "mounts"
    lines = ["/dev/sda1 / ext4 rw 0 0", f"server:/x {str(share).replace(' ', chr(92) + '040')} nfs4 rw 0 0"]
    mounts.write_text("\n".join(lines))
    assert checks_disk.network_kind(share / "relay", mounts) == "nfs4"
    assert checks_disk.network_kind(tmp_path / "local", mounts) == ""
    assert checks_disk.network_kind(tmp_path, tmp_path / "none") == ""


def test_a_database_on_a_network_drive_is_to_be_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks_disk, "network_kind", lambda folder: "cifs")
    given = Given(".env", {"RELAY_DATABASE": str(tmp_path / "relay.db")})
    first, *_ = checks_disk.disk(given, tmp_path)
    assert (first.state, "is on a network drive (cifs)" in first.words) == (BAD, True)


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        ({"HEARTBEAT_URL": "https://hc-ping.com/0123"}, OK, "each good sweep calls HEARTBEAT_URL"),
        ({}, SKIPPED, "no other machine notices"),
        ({"RELAY_BACKEND": "google"}, SKIPPED, "Google's alerts"),
    ],
)
def test_whether_a_dead_machine_is_noticed_is_said_and_no_address(
    settings: dict[str, str], state: str, words: str
) -> None:
    (finding,) = checks_configuration.heartbeat(Given(".env", settings))
    assert (finding.state, words in finding.words) == (state, True)
    assert "0123" not in finding.words
