"""Files of a text by its link, over HTTP: under the framework's server as deployed, and at the embedded home."""

from __future__ import annotations

import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from relay import homes
from relay.core import moves
from relay.core.model import Attachment, InboundText, SenderClass
from relay.core.routes import Record
from relay.embedded.database import Database
from relay.embedded.store import SqliteStore
from relay.settings.variables import VARIABLES

from scripts.local_stack.supervisor import Supervisor
from tests.entry_points.served import Served, settings_for
from tests.relays import CUSTOMER, OUR_NUMBER, policy
from tests.twilio.raw_server import Connection, one_answer
from tests.twilio.small_twilio import ACCOUNT_SID, FILE, MESSAGE, TOKEN, SmallTwilio

LINK = "a-secret_of-22-letters"
VIDEO = "ME" + "4" * 32
PICTURE = bytes(range(256)) * 1000
OVER = b"This link is over; ask the office."


@dataclass
class Place:
    """A relay that one text with a picture and a video came to, at this port of this machine."""

    port: int
    twilio: SmallTwilio
    log: Path
    skipped: int = 0

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def begin(self) -> None:
        """Forget what earlier tests did."""
        self.twilio.api_says = self.twilio.host_says = None
        self.twilio.api.requests.clear()
        self.twilio.host.requests.clear()
        self.skipped = len(self.log.read_text("utf-8", "replace"))

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")[self.skipped :]


def _stored(path: Path) -> None:
    database, clock = Database(path), homes.SystemClock()
    files = (Attachment(FILE, "image/jpeg"), Attachment(VIDEO, "video/mp4"))
    text = InboundText(MESSAGE, CUSTOMER, OUR_NUMBER, "This couch", len(files), files, media_token=LINK)
    # Recorded, so that nobody goes on to send it while the test looks at its files.
    relay = moves.receive(text, SenderClass.HANDLER, Record(policy(), "a test"), clock.now(), None).relay
    SqliteStore(database, clock).create(replace(relay, due_at=None), [], timeout_seconds=30)


@pytest.fixture(scope="module", params=["framework", "home"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("media")
    files = {(MESSAGE, FILE): ("image/jpeg", PICTURE), (MESSAGE, VIDEO): ("video/mp4", b"0123456789")}
    _stored(folder / "relay.db")
    with SmallTwilio(files) as twilio:
        signed_in = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": TOKEN}
        settings = settings_for(folder, twilio.api.base_url, **signed_in)
        if request.param == "framework":
            with Served("media", settings, folder) as served:
                yield Place(served.port, twilio, served.log)
            return
        ours = {variable.name for variable in VARIABLES}
        environ = {name: value for name, value in os.environ.items() if name not in ours} | settings
        log = folder / "home.log"
        with Supervisor(environ, "embedded", 0, settings["RELAY_DATABASE"], log) as home:
            yield Place(urlsplit(home.plan.address).port or 0, twilio, log)


@pytest.fixture
def place(running: Place) -> Place:
    running.begin()
    return running


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_page_and_its_files_come_to_whoever_has_the_link(place: Place) -> None:
    status, headers, page = place.ask(f"/m/{LINK}")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f'<img src="{LINK}/1" alt="Photo 1" loading="lazy">'.encode() in page
    assert f'<video src="{LINK}/2"'.encode() in page
    status, headers, content = place.ask(f"/m/{LINK}/1")
    assert (status, headers["Content-Type"], headers["Content-Length"]) == (200, "image/jpeg", str(len(PICTURE)))
    assert headers["Content-Disposition"] == 'inline; filename="photo-1.jpg"'
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert content == PICTURE
    status, headers, content = place.ask(f"/m/{LINK}/2", Range="bytes=2-5")
    assert (status, headers["Content-Range"], headers["Content-Length"]) == (206, "bytes 2-5/10", "4")
    assert content == b"2345"
    assert place.ask(f"/m/{LINK}/2", Range="bytes=99-")[0] == 416
    assert LINK not in place.said()


def test_a_head_says_what_a_get_would_bring(place: Place) -> None:
    for path in (f"/m/{LINK}", f"/m/{LINK}/1", "/m/" + "x" * 22):
        got, head = place.ask(path), place.ask(path, "HEAD")
        assert head[2] == b""
        differing = {"Date", "Connection"}
        told = [{name: value for name, value in each[1].items() if name not in differing} for each in (got, head)]
        assert (head[0], told[1]) == (got[0], told[0])


ODD_PATHS = [
    "/m/" + "x" * 22,
    f"/m/{LINK[:-1]}",
    "/m/",
    f"/m/{LINK}/0",
    f"/m/{LINK}/99",
    f"/m/{LINK}/%D9%A1",
    f"/m/{LINK}/1%00",
    f"/m/{LINK}/1/",
    f"/m/%2e%2e/m/{LINK}",
    f"/m/{LINK}/../{LINK}",
    f"/m/{LINK}%2f..%2f{LINK}",
    f"/m/..%5c{LINK}",
    "/m/%FF%FE",
]


def test_what_opens_nothing_is_over_and_says_no_more(place: Place) -> None:
    usual = place.ask(ODD_PATHS[0])
    for path in ODD_PATHS:
        status, headers, body = place.ask(path)
        assert (path, status, body) == (path, 404, usual[2])
        assert headers["X-Robots-Tag"] == usual[1]["X-Robots-Tag"]
    assert OVER in usual[2]
    assert place.ask(f"/m/{LINK}", "POST")[0] == 405
    asked = [request for request in place.twilio.api.requests if "/Media/" in request]
    assert asked == []


@pytest.mark.parametrize("path", [f"//m/{LINK}", f"/m//{LINK}", f"/m/{LINK}//1"])
def test_a_slash_too_many_opens_no_more_than_the_link_itself(place: Place, path: str) -> None:
    status, headers, body = place.ask(path)
    assert status in (200, 308, 404)
    if status == 308:
        where = urlsplit(headers["Location"])
        assert where.netloc in ("", f"127.0.0.1:{place.port}")
        assert where.path in (f"/m/{LINK}", f"/m/{LINK}/1")
    assert b"This couch" not in body


def test_a_file_that_breaks_off_is_not_taken_for_whole(place: Place) -> None:
    place.twilio.host_says = one_answer(200, PICTURE, length=len(PICTURE) + 1, Content_Type="image/jpeg")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        place.ask(f"/m/{LINK}/1")

    def in_chunks(connection: Connection) -> None:
        connection.read_request()
        connection.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
        )

    place.twilio.host_says = in_chunks
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        place.ask(f"/m/{LINK}/1")
    wait_until(lambda: place.said().count("a file broke off on its way") == 2)
    assert place.said().count('"error": "MediaUnavailable"') == 2
    assert not any(secret in place.said() for secret in (LINK, "Traceback", "Signature", FILE))


def test_a_reader_who_leaves_ends_the_connection_to_twilio(place: Place) -> None:
    left: list[bool] = []

    def endless(connection: Connection) -> None:
        connection.read_request()
        connection.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 5000000\r\n\r\n")
        try:
            while not place.twilio.host.is_over.is_set():
                connection.write(bytes(1000))
                time.sleep(0.01)
        finally:
            left.append(True)

    place.twilio.host_says = endless
    with socket.create_connection(("127.0.0.1", place.port), timeout=60) as peer:
        peer.sendall(f"GET /m/{LINK}/2 HTTP/1.1\r\nHost: relay\r\n\r\n".encode())
        assert peer.recv(100)
    wait_until(lambda: left == [True])
    assert place.ask(f"/m/{LINK}")[0] == 200
    assert LINK not in place.said()
