"""Troubles of one small machine, each for a few seconds: its disk, its clock, the reader of its log, and its peers."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.small_disks import SmallDisk

_PEERS = 200
_NOTICED_SECONDS = 60.0
_HALF_A_REQUEST = b"POST /sms/inbound HTTP/1.1\r\nHost: relay\r\nContent-Length: 1000\r\n\r\nBody="


class LogPipe:
    """What the relay's log is written to: a pipe, read into a file, but not while it is stalled."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        self._read_end, self.write_end = os.pipe()
        self._may_read = threading.Event()
        self._may_read.set()
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def stall(self, seconds: float) -> None:
        self._may_read.clear()
        threading.Timer(seconds, self._may_read.set).start()

    def close(self) -> None:
        """Read what is left, once no process writes any more."""
        os.close(self.write_end)
        self._may_read.set()
        self._thread.join(60)

    def _copy(self) -> None:
        with self.path.open("ab", buffering=0) as log:
            while self._may_read.wait() and (lines := os.read(self._read_end, 65536)):
                log.write(lines)
        os.close(self._read_end)


@dataclass
class Machine:
    """The machine that the relay runs on. `disk` is None where no small one can be mounted."""

    folder: Path
    disk: SmallDisk | None
    log: LogPipe
    counts: dict[str, int] = field(default_factory=dict)
    _met: set[str] = field(default_factory=set)

    @property
    def clock_file(self) -> Path:
        return self.folder / "clock"

    def troubles(self, address: str, seconds: float) -> dict[str, Callable[[], None]]:
        """Each trouble by its name; it begins when it is called, and ends by itself."""
        found: dict[str, Callable[[], None]] = {}
        if self.disk is not None:
            # First: the write-ahead log still grows then. Later it is written anew where it lies, which needs no room.
            found["disk"] = lambda: self._fill_disk(seconds)
        found |= {
            "clock back": lambda: self._set_clock(-7200, seconds),
            "log": lambda: self.log.stall(seconds),
            "peers": lambda: _beset(address, seconds),
            "clock forward": lambda: self._set_clock(7200, seconds),
        }
        return {name: self._counted(name, begin) for name, begin in found.items()}

    def _counted(self, name: str, begin: Callable[[], None]) -> Callable[[], None]:
        def act() -> None:
            self.counts[name] = self.counts.get(name, 0) + 1
            begin()

        return act

    def _fill_disk(self, seconds: float) -> None:
        assert self.disk is not None
        self.disk.fill()
        self._wait_for("store_fails")
        threading.Timer(seconds, self.disk.make_room).start()

    def _set_clock(self, by: int, seconds: float) -> None:
        self.clock_file.write_text(str(by))
        self._wait_for("clock_set")
        threading.Timer(seconds, self.clock_file.write_text, ["0"]).start()

    def _wait_for(self, event: str) -> None:
        """Until the relay has met the first trouble of its kind: on a slow machine it would miss one that is brief."""
        give_up_at = time.monotonic() + _NOTICED_SECONDS
        while event not in self._met and time.monotonic() < give_up_at:
            if f'"event": "{event}"' in self.log.path.read_text("utf-8"):
                self._met.add(event)
            else:
                time.sleep(0.05)


def _beset(address: str, seconds: float) -> None:
    """Many connections that send a byte now and then and never a whole request."""
    threading.Thread(target=_dribble, args=(address, time.monotonic() + seconds), daemon=True).start()


def _dribble(address: str, until: float) -> None:
    url = urlsplit(address)
    with contextlib.ExitStack() as opened:
        peers = []
        for _ in range(_PEERS):
            with contextlib.suppress(OSError):
                peer = opened.enter_context(socket.create_connection((url.hostname, url.port), timeout=5))
                peer.sendall(_HALF_A_REQUEST)
                peers.append(peer)
        while time.monotonic() < until:
            for peer in peers:
                with contextlib.suppress(OSError):
                    peer.send(b"x")
            time.sleep(0.5)


def spread(troubles: Mapping[str, Callable[[], None]], texts: int, apart: int) -> dict[int, Callable[[], None]]:
    """Which begins before the text of which number: one after the other, again and again, and none near the end."""
    names = list(troubles)
    places = range(apart // 2, max(texts - apart, apart // 2 + 1), apart)
    return {place: troubles[names[number % len(names)]] for number, place in enumerate(places)}
