"""Files over real sockets: the second port, slow and endless bodies, and fetching from an application."""

import base64
import time
import tracemalloc

import pytest
import requests
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio import File, MediaFaults, Server, picture
from scripts.fake_twilio.transport import HttpTransport
from tests.fake_twilio.support import CUSTOMER, OURS, HttpApp

COUCH = picture("A couch")
MEGABYTE = 1024 * 1024


def address(server: Server, file: File = COUCH) -> str:
    """The API's address of a file that a phone has just sent."""
    text = server.fake.phone(CUSTOMER).texts("look", files=[file], waits=False)
    account_sid = server.fake.settings.account_sid
    (medium,) = text.message.files
    return f"{server.base_url}{text.message.uri(account_sid)}/Media/{medium.sid}"


def get(server: Server, url: str, **options: object) -> requests.Response:
    settings = server.fake.settings
    return requests.get(url, auth=(settings.account_sid, settings.auth_token), timeout=20, **options)  # type: ignore[arg-type]


def test_the_second_host_is_at_another_port_and_notes_who_brings_credentials_along(server: Server) -> None:
    url = address(server)
    assert get(server, url).content == COUCH.content
    (arrival,) = server.fake.media_arrivals
    assert (arrival.header("Host"), arrival.header("Authorization")) == (
        server.fake.media_host_url.removeprefix("http://"),
        None,
    )
    assert server.fake.media_host_url != server.base_url
    settings = server.fake.settings
    secret = base64.b64encode(f"{settings.account_sid}:{settings.auth_token}".encode()).decode()
    location = get(server, url, allow_redirects=False).headers["Location"]
    requests.get(location, headers={"Authorization": f"Basic {secret}"}, timeout=20)
    assert server.fake.media_arrivals[-1].header("Authorization") == f"Basic {secret}"


def test_a_slow_body_takes_its_time(server: Server) -> None:
    url = address(server)
    # A twentieth of a second for a second of the fake's.
    server.fake.serve_media(MediaFaults(bytes_per_second=len(COUCH.content) / 4))
    began = time.monotonic()
    assert get(server, url).content == COUCH.content
    assert time.monotonic() - began >= 0.15


def test_an_endless_body_tells_no_length_and_goes_on_until_the_caller_leaves(server: Server) -> None:
    url = address(server)
    server.fake.serve_media(MediaFaults(is_endless=True))
    with get(server, url, stream=True) as answer:
        assert "Content-Length" not in answer.headers
        taken = 0
        for chunk in answer.iter_content(MEGABYTE):
            taken += len(chunk)
            if taken > 20 * MEGABYTE:
                break
    assert taken > 20 * MEGABYTE


def test_a_large_file_is_not_in_memory_while_it_is_served(server: Server) -> None:
    url = address(server, File("video/mp4", bytes(30 * MEGABYTE)))
    assert get(server, url, headers={"Range": "bytes=0-9"}).content == bytes(10)
    tracemalloc.start()
    try:
        with get(server, url, stream=True) as answer:
            assert sum(map(len, answer.iter_content(64 * 1024))) == 30 * MEGABYTE
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The server itself reserves ten megabytes for what a caller has not been read of.
    assert most < 15 * MEGABYTE


def test_the_second_host_answers_while_the_api_refuses_connections(server: Server) -> None:
    location = get(server, address(server), allow_redirects=False).headers["Location"]
    server.close_door()
    assert requests.get(location, timeout=20).content == COUCH.content
    with pytest.raises(requests.ConnectionError):
        get(server, server.base_url)


def test_our_files_are_fetched_from_the_application_without_credentials(server: Server) -> None:
    def answer(request: Request) -> Response:
        return Response(COUCH.content, content_type="image/png")

    with HttpApp(answer) as app:
        settings = server.fake.settings
        form = {"To": CUSTOMER, "From": OURS, "Body": "", "MediaUrl": f"{app.base_url}/m/abc/1"}
        url = f"{server.base_url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        requests.post(url, form, auth=(settings.account_sid, settings.auth_token), timeout=20)
        shown = server.fake.phone(CUSTOMER).expect_text()
    assert server.fake.file(shown.files[0].file) == COUCH
    assert [request.method for request in app.requests] == ["HEAD", "GET"]
    assert not any("Authorization" in request.headers for request in app.requests)


def test_what_is_fetched_is_bounded_and_may_be_at_another_place() -> None:
    with HttpApp(lambda _request: Response(bytes(1000), content_type="image/png")) as app:
        transport = HttpTransport({"https://photos.example.com": app.base_url})
        fetched = transport.fetch("GET", "https://photos.example.com/m/abc/1?x=1", 10, 20.0)
        assert fetched == (200, "image/png", bytes(10))
        assert app.requests[0].url == "http://photos.example.com/m/abc/1?x=1"
    assert transport.fetch("GET", "https://photos.example.com/m/abc/1", 10, 20.0).status is None
