"""A text whose files have a link, and what is asked by it, on doubles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from relay.core import moves
from relay.core.model import Attachment, InboundText, Relay, SenderClass
from relay.core.routes import Forward
from relay.errors import StoreUnavailable
from relay.media.answering import handle_media
from relay.ports import RelayStore
from relay.web import Request, Response

from tests.fakes import FakeClock, MemoryJournal, MemoryMedia
from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER, policy

TOKEN = "a-secret_of-22-letters"
ME = [f"ME{number:032x}" for number in range(20)]


class _Links:
    """The one question to the store."""

    def __init__(self) -> None:
        self.relay: Relay | None = None
        self.is_down = False
        self.asked: list[str] = []

    def with_media_token(self, token: str, *, timeout_seconds: float) -> Relay | None:
        self.asked.append(token)
        if self.is_down:
            raise StoreUnavailable
        return self.relay if self.relay is not None and self.relay.media_token == token else None


@dataclass
class Office:
    """A store with the text, the provider with its files, and the page."""

    store: _Links = field(default_factory=_Links)
    media: MemoryMedia = field(default_factory=MemoryMedia)
    clock: FakeClock = field(default_factory=FakeClock)
    journal: MemoryJournal = field(default_factory=MemoryJournal)

    def text(self, *files: tuple[str, bytes], known: int | None = None) -> Relay:
        """A text came in with these files, of which the record knows the first `known`: all, unless said."""
        came = [self.media.put(MESSAGE_ID, ME[at], kind, content) for at, (kind, content) in enumerate(files)]
        on_record: tuple[Attachment, ...] = tuple(came[:known])
        text = InboundText(MESSAGE_ID, CUSTOMER, OUR_NUMBER, BODY, len(files), on_record, media_token=TOKEN)
        relay = moves.receive(text, SenderClass.CUSTOMER, Forward(policy()), self.clock.now(), "webhook").relay
        self.store.relay = relay
        return relay

    def ask(self, path: str, method: str = "GET", query: str = "", **headers: str) -> Response:
        request = Request(method, path, query, headers)
        return handle_media(cast(RelayStore, self.store), self.media, self.clock, self.journal, request)

    def page(self) -> str:
        answer = self.ask(f"/m/{TOKEN}")
        assert answer.status == 200
        return answer.body.decode()

    def file(self, number: int = 1, method: str = "GET", **headers: str) -> Response:
        return self.ask(f"/m/{TOKEN}/{number}", method, **headers)


def body_of(answer: Response) -> bytes:
    """All that comes, whichever way it is sent; and it is closed as a server does."""
    if answer.stream is None:
        return answer.body
    content = b"".join(answer.stream)
    answer.stream.close()
    return content
