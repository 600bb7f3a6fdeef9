"""The second host, to which the API sends requests for files on: it serves bytes at signed addresses that end.

It needs no credentials, and must be shown none: every request is kept with its headers (`State.media_arrivals`), which
is how tests judge that none followed.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.http import parse_range_header
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio.media import Medium
from scripts.fake_twilio.model import FakeTwilio
from scripts.fake_twilio.state import MediaArrival

LINK_SECONDS = 4 * 3600.0
_CHUNK_BYTES = 64 * 1024
# A slow host's pieces, one every so many seconds.
_PACE_SECONDS = 0.1


def address_of(fake: FakeTwilio, medium: Medium) -> str:
    """Returns an address of the second host for this file, good for four hours."""
    faults = fake.state.media_faults
    now = fake.clock.now()
    until = int(now - 60 if faults.has_old_links else now + LINK_SECONDS * fake.settings.time_scale)
    query = urlencode({"Expires": until, "Signature": _signature(fake, medium.sid, until)})
    return f"{fake.media_host_url}/{fake.settings.account_sid}/{medium.sid}?{query}"


def _signature(fake: FakeTwilio, sid: str, until: int) -> str:
    return hmac.new(fake.media_key, f"{sid} {until}".encode(), hashlib.sha256).hexdigest()


class MediaHost:
    """The WSGI application of one fake's second host."""

    def __init__(self, fake: FakeTwilio) -> None:
        self._fake = fake

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        arrival = MediaArrival(
            self._fake.clock.now(), request.method, request.full_path.rstrip("?"), tuple(request.headers.items())
        )
        with self._fake.state.lock:
            self._fake.state.media_arrivals.append(arrival)
            self._fake.state.changed()
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response("MethodNotAllowed\n", 405, {"Allow": "GET, HEAD"})
        until, sid = request.args.get("Expires", ""), request.path.rpartition("/")[2]
        if not until.isdecimal() or not self._is_signed(sid, int(until), request.args.get("Signature", "")):
            return Response("AccessDenied\n", 403)
        if self._fake.clock.now() >= int(until):
            return Response("Request has expired\n", 403)
        medium = self._fake.state.media.get(sid)
        if medium is None:
            return Response("NoSuchKey\n", 404)
        if self._fake.state.media_faults.redirects_again:
            return Response("", 302, {"Location": request.url})
        return self._served(request, medium)

    def _is_signed(self, sid: str, until: int, signature: str) -> bool:
        return hmac.compare_digest(_signature(self._fake, sid, until).encode(), signature.encode())

    def _served(self, request: Request, medium: Medium) -> Response:
        faults, length = self._fake.state.media_faults, self._fake.state.files.length(medium.file)
        if faults.is_empty:
            length = 0
        headers = {"Content-Type": faults.content_type or medium.content_type, "Accept-Ranges": "bytes"}
        if faults.is_endless:
            return Response(self._without_end(), 200, headers)
        start, stop, status = 0, length, 200
        asked = parse_range_header(request.headers.get("Range"))
        if asked is not None and asked.units == "bytes":
            part = asked.range_for_length(length)
            if part is None:
                return Response("", 416, {**headers, "Content-Range": f"bytes */{length}"})
            (start, stop), status = part, 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{length}"
        headers["Content-Length"] = str(stop - start)
        return Response(self._bytes(medium, start, stop), status, headers)

    def _bytes(self, medium: Medium, start: int, stop: int) -> Iterator[bytes]:
        piece = self._piece_bytes()
        for at in range(start, stop, piece):
            self._pause()
            yield self._fake.state.files.read(medium.file, at, min(piece, stop - at))

    def _without_end(self) -> Iterator[bytes]:
        piece = bytes(self._piece_bytes())
        while not self._fake.is_closed:
            self._pause()
            yield piece

    def _piece_bytes(self) -> int:
        rate = self._fake.state.media_faults.bytes_per_second
        return max(1, int(rate * _PACE_SECONDS)) if rate else _CHUNK_BYTES

    def _pause(self) -> None:
        if self._fake.state.media_faults.bytes_per_second:
            self._fake.hold(_PACE_SECONDS * self._fake.settings.time_scale)
