"""`GET /local/events`: the embedded home's relay events as they happen, as server-sent events.

`curl -N http://127.0.0.1:8080/local/events` begins with what comes next, `?after=0` with everything that the feed still
has; `Last-Event-ID` reads on from a position, as browsers do by themselves. `?type=exhausted` gives the dead letters.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

from relay.embedded.feed import SqliteFeed
from relay.errors import StoreUnavailable
from relay.record.relay_events import EventType
from werkzeug.wrappers import Request, Response

_PATH = "/local/events"
# No more digits than SQLite's numbers have.
_POSITION = re.compile(r"[0-9]{1,18}")
_LOOK_SECONDS = 0.2
_READ_SECONDS = 2.0
_BATCH = 200
# Something is said at least so often, so that a reader who has gone away is noticed; and after so long the reader is
# asked to come again, because each one holds a thread.
_SILENCE_MAX_SECONDS, _STREAM_MAX_SECONDS = 10.0, 600.0


class FeedApp:
    """A WSGI application. Streams end when `stop` is called."""

    def __init__(self, feed: SqliteFeed) -> None:
        self._feed = feed
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def serves(self, path: str) -> bool:
        return path == _PATH

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method != "GET":
            return Response("Only GET is answered here.\n", 405, {"Allow": "GET"})
        wanted = request.args.get("type")
        if wanted is not None and wanted not in set(EventType):
            return Response(f"type is none of {', '.join(EventType)}.\n", 400)
        after = request.headers.get("Last-Event-ID") or request.args.get("after")
        if after is not None and not _POSITION.fullmatch(after):
            return Response("after is not a position that an earlier event gave.\n", 400)
        position = int(after) if after is not None else self._feed.latest(timeout_seconds=_READ_SECONDS)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Response(self._stream(position, wanted), 200, headers, content_type="text/event-stream")

    def _stream(self, position: int, wanted: str | None) -> Iterator[bytes]:
        began = spoke = time.monotonic()
        yield b": relay events follow\n\n"
        while not self._stopping.is_set() and time.monotonic() < began + _STREAM_MAX_SECONDS:
            try:
                published = self._feed.read(position, _BATCH, timeout_seconds=_READ_SECONDS)
            except StoreUnavailable:
                published = ()
            for write in published:
                position = write.position
                told = [event for event in write.events if wanted in (None, event.type.value)]
                for number, event in enumerate(told, start=1):
                    # A write's position goes with its last event: who is cut off before that is given them all again.
                    place = b"id: %d\n" % position if number == len(told) else b""
                    yield b"%sevent: %s\ndata: %s\n\n" % (place, event.type.encode(), event.data())
                    spoke = time.monotonic()
            if not published:
                if time.monotonic() > spoke + _SILENCE_MAX_SECONDS:
                    spoke = time.monotonic()
                    yield b": still here\n\n"
                self._stopping.wait(_LOOK_SECONDS)
