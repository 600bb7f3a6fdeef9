"""How connections are read: one loop waits for all of them, and only a whole request costs a thread.

waitress reads, parses and answers; gunicorn, around it, has the process and starts another one when it dies. What
waitress has not is added here: a deadline for the whole request, which no dribbling puts off, and a bound at which the
oldest unfinished connection makes room for a new one. No bound counts addresses: behind a proxy all peers have one.

Files of texts have threads of their own, because a slow reader holds one: a webhook never waits for a reader.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
import traceback
from operator import attrgetter
from typing import Any
from wsgiref.types import WSGIApplication

from gunicorn.workers.base import Worker as Process
from relay.log import JsonJournal
from relay.log.throttle import Throttle
from relay.web import MEDIA_PATH
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import Error

# Each open page keeps one waiting for news; texts come and go within a second.
THREADS = 48
# For files of texts. A page's pictures are asked for at once, and wait their turn without a thread.
MEDIA_THREADS = 8
MEDIA_WAITING_MAX = 64
# Of an answer that its reader has not taken yet, so much is held here, and as much by the system; then its thread waits
# for the reader.
ANSWER_AHEAD_BYTES = 256 * 1024
# For a whole request: from the connection, or from the answer before it.
REQUEST_SECONDS = 5.0
# For how long a peer may take nothing of its answer.
ANSWER_SECONDS = 30.0
# For how long a peer may take a whole answer, a little at a time. A file is read for less than that.
WHOLE_ANSWER_SECONDS = 90.0
CONNECTIONS_MAX = 500
HEADERS_MAX_BYTES = 32 * 1024
# Far above what any way in takes, so that what is a little too large is refused in the relay's own words. The documents
# that Eventarc's stand-in sends are the largest.
BODY_MAX_BYTES = {"embedded": 512 * 1024, "google": 4 * 1024 * 1024}
# How often the loop looks up when nothing happens.
_TURN_SECONDS = 0.25

_journal = JsonJournal()
_throttle = Throttle()


def _note(message: str, **labels: object) -> None:
    """Log what peers bring about, once a minute for each kind, and nothing of what they sent."""
    untold = _throttle.held_back(message, time.monotonic())
    if untold is not None:
        _journal.note("WARNING", message, **labels, untold=untold or "")


def _note_unexpected(error: BaseException | None, place: str = "") -> None:
    if error is not None and error.__traceback__ is not None:
        place = traceback.extract_tb(error.__traceback__)[-1].name
    _note("the server met something unexpected", error=type(error).__name__ if error else "", place=place)


class _Busy(Error):  # type: ignore[misc]
    """The answer to a request for a file when too many wait already."""

    code, reason = 503, "Service Unavailable"

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        status, headers, body = super().to_response(ident)
        return status, [*headers, ("Retry-After", "5"), ("Cache-Control", "no-store")], body


class _Refusal(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """The answer to what is not given to the application."""

    def execute(self) -> None:
        if not isinstance(self.request.error, _Busy):
            _note("a peer sent what is no request, or too large a one", status=self.request.error.code)
        super().execute()


class _Connection(HTTPChannel):  # type: ignore[misc]
    """A peer. `waiting_since` is when it could begin its request; None while one is answered.

    `behind_since` is since when it has had something of an answer to take.
    """

    error_task_class = _Refusal

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.waiting_since: float | None = time.monotonic()
        self.behind_since: float | None = None
        super().__init__(*arguments, **named)

    def service(self) -> None:
        super().service()
        # Under the lock under which the loop hands over what has become whole meanwhile.
        with self.requests_lock:
            if not self.requests:
                self.waiting_since = time.monotonic()

    def asks_for_a_file(self) -> bool:
        path = getattr(self.requests[0], "path", "")  # what is no request has none
        return f"/{path.lstrip('/')}".startswith(MEDIA_PATH)  # waitress, too, takes several slashes for one

    def cut_off_if_late(self, now: float) -> None:
        if self.total_outbufs_len:
            self.behind_since = now if self.behind_since is None else self.behind_since
            # By waitress's own clock, the machine's: when that is set anew, a few answers are cut off.
            is_still = abs(time.time() - self.last_activity) > ANSWER_SECONDS
            if is_still or now - self.behind_since > WHOLE_ANSWER_SECONDS:
                self.cut_off("a peer was cut off: it did not take its answer")
            return
        self.behind_since = None
        if self.waiting_since is not None and now - self.waiting_since > REQUEST_SECONDS:
            self.cut_off("a peer was cut off: its request was not whole in time")

    def cut_off(self, because: str) -> None:
        # That a browser's spare connection is closed is no news.
        if self.request is not None or self.total_outbufs_len:
            _note(because)
        self.handle_close()

    def handle_error(self) -> None:
        _note_unexpected(sys.exc_info()[1])
        self.handle_close()


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """Answers what comes in at a listening socket; `turn` after `turn`, in one thread."""

    channel_class = _Connection

    def __init__(self, application: WSGIApplication, listening: socket.socket, body_max_bytes: int) -> None:
        address = (listening.family, listening.type, listening.proto, listening.getsockname())
        super().__init__(
            application,
            _sock=listening,
            bind_socket=False,
            sockinfo=address,
            threads=THREADS,
            max_request_header_size=HEADERS_MAX_BYTES,
            max_request_body_size=body_max_bytes,
            # In memory: neither a full disk nor the number of open files then matters.
            inbuf_overflow=body_max_bytes,
            outbuf_high_watermark=ANSWER_AHEAD_BYTES,
            # They tell who came through a proxy and so is not at this machine.
            clear_untrusted_proxy_headers=False,
            log_socket_errors=False,
            ident=None,
        )
        self._files = ThreadedTaskDispatcher()
        # That requests for files wait is as it should be.
        self._files.queue_logger = logging.getLogger("waitress.files")
        self._files.queue_logger.setLevel(logging.ERROR)
        self._files.set_thread_count(MEDIA_THREADS)

    def turn(self, seconds: float = _TURN_SECONDS) -> None:
        """Wait this long for something to happen, and do what is to be done then."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)
        now = time.monotonic()
        for connection in list(self.active_channels.values()):
            connection.cut_off_if_late(now)

    def finish(self, seconds: float) -> None:
        """Take nothing more, answer what is whole within this time, and close all connections."""
        self.accepting = False
        end = time.monotonic() + seconds
        while self._is_answering() and time.monotonic() < end:
            self.turn(0.05)
        wasyncore.close_all(self._map)

    def _is_answering(self) -> bool:
        return any(peer.requests or peer.total_outbufs_len for peer in self.active_channels.values())

    def add_task(self, task: _Connection) -> None:
        task.waiting_since = None
        if not task.asks_for_a_file():
            super().add_task(task)
        elif len(self._files.queue) < MEDIA_WAITING_MAX:
            self._files.add_task(task)
        else:
            _note("too many files of texts were asked for at once: a peer is told to come again")
            task.requests[0].error = _Busy("Try again in a moment.")
            super().add_task(task)

    def readable(self) -> bool:
        return bool(self.accepting)

    def set_socket_options(self, conn: Any) -> None:
        super().set_socket_options(conn)
        # The system would by itself hold four megabytes for each reader.
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ANSWER_AHEAD_BYTES)

    def handle_accept(self) -> None:
        super().handle_accept()
        if len(self.active_channels) <= CONNECTIONS_MAX:
            return
        unfinished = [peer for peer in self.active_channels.values() if peer.waiting_since is not None]
        if unfinished:
            oldest = min(unfinished, key=attrgetter("waiting_since"))
            oldest.cut_off("a peer was cut off: too many were connected, and it was the one that took longest")

    def handle_error(self) -> None:
        # Whatever it was, the next one is answered.
        _note_unexpected(sys.exc_info()[1])


class _Told(logging.Handler):
    """waitress's own log: what happened and where, never its words, which quote peers."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "waitress.queue":
            _note("every thread of the server is at work: requests wait")
        else:
            _note_unexpected(record.exc_info[1] if record.exc_info else None, record.funcName)


class Worker(Process):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's process that serves, with waitress at work in it."""

    def run(self) -> None:
        log = logging.getLogger("waitress")
        log.handlers, log.propagate = [_Told(logging.WARNING)], False
        listener = Listener(self.wsgi, self.sockets[0].sock, BODY_MAX_BYTES[os.environ["RELAY_BACKEND"]])
        while self.alive and os.getppid() == self.ppid:
            self.notify()
            listener.turn()
        listener.finish(self.cfg.graceful_timeout)
