"""Media: the port to the files that came with texts, which stay at the provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from relay.core.model import Attachment


class Chunks(Iterator[bytes], Protocol):
    """A file's bytes, a few at a time."""

    def close(self) -> None:
        """Read no more, and end the connection. Harmless when it has ended."""
        ...


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file that is being read.

    Attributes:
        content_type: as the provider tells it, in small letters and without parameters; "" where it tells none.
        length: in bytes of what `chunks` has; None where the provider does not tell it.
        part: the Content-Range of an answer to a request for a part; "" where `chunks` is the whole file.
        chunks: raises MediaUnavailable when the file breaks off, takes too long, or is larger than any may be. Has to
            be closed.
        charset: in which its words are written as the provider tells it, by Python's name; "" where it tells none.
    """

    content_type: str
    length: int | None
    part: str
    chunks: Chunks
    charset: str = ""


class Media(Protocol):
    """The files of one provider. Each method raises MediaUnavailable, with the reason in words.

    `timeout_seconds` bounds a call until its answer begins; what is read of a file later has a bound of the adapter's.
    """

    def listed(self, message_id: str, *, timeout_seconds: float) -> tuple[Attachment, ...]:
        """Returns the files of a text that the provider has by now.

        For some seconds that may be fewer than came with the text, or none.
        """
        ...

    def open(self, message_id: str, media_id: str, *, part: str = "", timeout_seconds: float) -> OpenedFile:
        """Returns a file of a text, open for reading; `part` is a Range header of the one asking, or "".

        Raises NoSuchPart for a part that lies outside the file. One that is not understood is the whole file.
        """
        ...
