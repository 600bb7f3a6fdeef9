"""The files of texts: what Twilio has of them and from when on, and how one process of a run sees that."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

from relay.core.model import Attachment
from relay.errors import MediaUnavailable
from relay.flow.world import Files
from relay.ports import OpenedFile

from tests.simulator.faults import Conflicted, Does, Failed, Line, Service
from tests.simulator.history import History
from tests.simulator.kernel import Kernel

T = TypeVar("T")

# What each file holds that holds words, by its text's id and its own.
Held = dict[tuple[str, str], bytes]
LINKS_BASE_URL = "https://p.example.com"


class MediaState:
    """The files at Twilio. Only the words in them matter here: pictures are never fetched to send a text.

    Attributes:
        listed_after: for how long after a text its list is empty.
        held_after: for how long after a text none of its files is found.
    """

    def __init__(self, kernel: Kernel, history: History) -> None:
        self.held: Held = {}
        self.listed_after = 0.0
        self.held_after = 0.0
        self._kernel = kernel
        self._history = history
        self._tokens = 0

    def listed(self, message_id: str) -> tuple[Attachment, ...]:
        text = self._history.texts.get(message_id)
        if text is None or self._kernel.now < text.at + self.listed_after:
            return ()
        return text.text.attachments

    def opened(self, message_id: str, media_id: str) -> bytes | None:
        text = self._history.texts.get(message_id)
        if text is None or self._kernel.now < text.at + self.held_after:
            return None
        return self.held.get((message_id, media_id))

    def new_token(self) -> str:
        self._tokens += 1
        return f"token{self._tokens:017d}"


class ProcessMedia:
    """Media as one process sees it."""

    def __init__(self, state: MediaState, line: Line) -> None:
        self._state = state
        self._line = line

    def listed(self, message_id: str, *, timeout_seconds: float) -> tuple[Attachment, ...]:
        return self._ask("listed", timeout_seconds, lambda: self._state.listed(message_id))

    def open(self, message_id: str, media_id: str, *, part: str = "", timeout_seconds: float) -> OpenedFile:
        content = self._ask("open", timeout_seconds, lambda: self._state.opened(message_id, media_id))
        if content is None:
            raise MediaUnavailable("there is no such file", is_gone=True)
        return OpenedFile("text/plain", len(content), "", _whole(content))

    def _ask(self, name: str, timeout_seconds: float, answer: Callable[[], T]) -> T:
        try:
            return self._line.call(Service.TWILIO, Does.READ, f"twilio.{name}", timeout_seconds, answer)
        except (Failed, Conflicted):
            raise MediaUnavailable("Twilio did not answer") from None


def _whole(content: bytes) -> Generator[bytes, None, None]:
    yield content


def files_of(state: MediaState, line: Line) -> Files:
    """What a process needs for files."""
    media = ProcessMedia(state, line)
    return Files(state.new_token, lambda _our_phone: media, LINKS_BASE_URL)
