"""Files of texts at a provider, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.core.model import Attachment
from relay.errors import MediaUnavailable
from relay.ports import OpenedFile

_CHUNK_BYTES = 64 * 1024


@dataclass
class MemoryMedia:
    """The port Media. `files` are by the text's id and the file's the type and the bytes; `listed_as` is what the list
    shows in place of them, by the text's id; `is_down` makes every call raise MediaUnavailable.

    `opened` are the calls that asked for a file's bytes. `before` is called before each answer, for a test that lets
    time pass there.
    """

    files: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    listed_as: dict[str, tuple[Attachment, ...]] = field(default_factory=dict)
    is_down: bool = False
    opened: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def put(self, message_id: str, media_id: str, content_type: str, content: bytes) -> Attachment:
        """The provider has this file; what the record says of it."""
        self.files[message_id, media_id] = (content_type, content)
        return Attachment(media_id, content_type)

    def listed(self, message_id: str, *, timeout_seconds: float) -> tuple[Attachment, ...]:
        self._answer()
        if message_id in self.listed_as:
            return self.listed_as[message_id]
        return tuple(Attachment(name, kind) for (of, name), (kind, _) in self.files.items() if of == message_id)

    def open(self, message_id: str, media_id: str, *, part: str = "", timeout_seconds: float) -> OpenedFile:
        self._answer()
        self.opened.append((message_id, media_id))
        if (message_id, media_id) not in self.files:
            raise MediaUnavailable("there is no such file", is_gone=True)
        content_type, content = self.files[message_id, media_id]
        # A provider need not heed a request for a part.
        chunks = (content[start : start + _CHUNK_BYTES] for start in range(0, len(content), _CHUNK_BYTES))
        return OpenedFile(content_type, len(content), "", chunks)

    def _answer(self) -> None:
        self.before()
        if self.is_down:
            raise MediaUnavailable("the provider does not answer")
