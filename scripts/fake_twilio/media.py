"""Files of messages: what a phone or the application hands over, and what the account keeps of it.

All bytes lie in one temporary file without a name, each content once: memory stays flat whatever is sent through the
fake, and nothing is left on the disk when it is killed.
"""

import dataclasses
import hashlib
import os
import tempfile
import threading
from collections.abc import Sequence
from typing import IO

MAX_FILES = 10
_FILE_MAX_BYTES = 32 * 1024 * 1024
_ALL_MAX_BYTES = 512 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class File:
    """One file as it is handed over."""

    content_type: str
    content: bytes


@dataclasses.dataclass(frozen=True)
class Medium:
    """One file of a message as Twilio has it, under an id of its own. `file` is its id among `Files`."""

    sid: str
    message_sid: str
    content_type: str
    created_at: float
    file: str


@dataclasses.dataclass(frozen=True)
class _Place:
    content_type: str
    start: int
    length: int


class Files:
    """The bytes of all files, by ids that follow from type and content. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}
        self._spool: IO[bytes] | None = None
        self._end = 0

    def put(self, file: File) -> str:
        """Keep a file. Returns its id. Raises ValueError for one that is too large, or when there is no room left."""
        if len(file.content) > _FILE_MAX_BYTES:
            raise ValueError(f"a file may have {_FILE_MAX_BYTES} bytes at most")
        name = hashlib.blake2b(file.content_type.encode() + b"\0" + file.content, digest_size=16).hexdigest()
        with self._lock:
            if name not in self._places:
                self._places[name] = self._written(file)
        return name

    def _written(self, file: File) -> _Place:
        if self._end + len(file.content) > _ALL_MAX_BYTES:
            raise ValueError("there is no room for more files")
        if self._spool is None:
            self._spool = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the fake
        written = os.pwrite(self._spool.fileno(), file.content, self._end)
        if written < len(file.content):
            raise ValueError("there is no room for more files")
        place = _Place(file.content_type, self._end, len(file.content))
        self._end += place.length
        return place

    def has(self, name: str) -> bool:
        return name in self._places

    def content_type(self, name: str) -> str:
        return self._places[name].content_type

    def length(self, name: str) -> int:
        return self._places[name].length

    def read(self, name: str, start: int, length: int) -> bytes:
        """Returns what a file has from there on; less than `length` at its end."""
        place = self._places[name]
        wanted = min(length, place.length - start)
        return os.pread(self._spool.fileno(), wanted, place.start + start) if self._spool and wanted > 0 else b""


def media_of(message_sid: str, names: Sequence[str], files: Files, created_at: float) -> tuple[Medium, ...]:
    """Returns a message's files as Twilio keeps them; `names` are their ids among the files."""
    return tuple(
        Medium(_media_sid(message_sid, index), message_sid, files.content_type(name), created_at, name)
        for index, name in enumerate(names)
    )


def _media_sid(message_sid: str, index: int) -> str:
    return "ME" + hashlib.blake2b(f"{message_sid}/{index}".encode(), digest_size=16).hexdigest()
