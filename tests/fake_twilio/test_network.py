"""The fake over real sockets: the server, the transport, and the command."""

import http.client
import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from twilio.request_validator import RequestValidator
from werkzeug.wrappers import Request, Response

from scripts.fake_twilio import FakeTwilio, InboundFaults, RealClock, Server, Settings
from scripts.fake_twilio.__main__ import main
from scripts.fake_twilio.transport import HttpTransport
from tests.fake_twilio.support import CUSTOMER, OURS, HttpApp

REPOSITORY = Path(__file__).parents[2]


def send(transport: HttpTransport, url: str, read_seconds: float = 20.0) -> tuple[int | None, str | None]:
    answer = transport.send("POST", url, {}, b"a=1", 20.0, read_seconds)
    return answer.status, answer.failure


def test_a_refused_connection_is_a_connection_failure() -> None:
    with socket.socket() as silent:
        # Bound so that nobody else gets the port, but not listening.
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert send(HttpTransport({}), f"http://127.0.0.1:{port}/") == (None, "connect")


def test_an_application_that_takes_too_long_or_hangs_up_is_a_read_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert send(HttpTransport({}), url, read_seconds=0.05) == (None, "read")

        def hang_up() -> None:
            # The first connection is the one given up above.
            listener.accept()[0].close()
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert send(HttpTransport({}), url) == (None, "read")
        thread.join()


def test_an_answer_comes_with_its_type_and_text() -> None:
    with HttpApp() as app:
        answer = HttpTransport({}).send("POST", f"{app.base_url}/x?y=1", {"A": "b"}, b"a=1", 20.0, 20.0)
    assert (answer.status, answer.body, answer.failure) == (200, "<Response/>", None)
    assert answer.content_type.startswith("text/xml")
    (request,) = app.requests
    assert (request.url, request.form, request.headers["A"]) == (f"{app.base_url}/x?y=1", {"a": "1"}, "b")


def test_a_route_connects_elsewhere_and_signs_for_the_public_url() -> None:
    public = "https://relay.example.com"
    with HttpApp() as app:
        fake = FakeTwilio(Settings(sms_url=f"{public}/sms/inbound#rc=1", routes={public: app.base_url}))
        assert fake.phone(CUSTOMER).texts("hello").outcome == "answered"
        fake.close()
    (request,) = app.requests
    assert request.headers["Host"] == "relay.example.com"
    validator = RequestValidator(fake.settings.auth_token)
    assert validator.validate(f"{public}/sms/inbound", request.form, request.signature)


def test_a_route_is_no_route_for_a_host_that_only_begins_alike() -> None:
    transport = HttpTransport({"http://127.0.0.1": "http://127.0.0.1:1"})
    with HttpApp() as app:
        assert send(transport, f"{app.base_url}/")[0] == 200


def test_copies_of_a_webhook_are_under_way_at_the_same_time() -> None:
    together = threading.Barrier(6)

    def answer(_request: Request) -> Response:
        together.wait(120)
        return Response("<Response/>", content_type="text/xml")

    with HttpApp(answer) as app:
        fake = FakeTwilio(Settings(sms_url=app.base_url))
        text = fake.phone(CUSTOMER).texts("hello", faults=InboundFaults(copies=6))
        fake.close()
    assert text.outcome == "answered"
    assert len(text.exchanges) == 6


def test_an_answer_leaves_in_one_piece() -> None:
    """Headers and body in separate packets cost the receiver's delayed acknowledgement."""
    with Server(FakeTwilio()) as server:
        host, _, port = server.base_url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /fake/record HTTP/1.1\r\nHost: x\r\n\r\n")
            first = connection.recv(65536)
    assert first.endswith(b'{"posts": [], "exchanges": [], "media_arrivals": []}')


def test_a_closed_server_can_be_read_but_not_called() -> None:
    with Server(FakeTwilio(Settings(sms_url=""))) as server:
        server.fake.phone(CUSTOMER).texts("hello")
    assert len(server.fake.messages) == 1
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.base_url}/fake/state", timeout=20)


def test_two_servers_in_one_process_are_two_accounts() -> None:
    with Server(FakeTwilio(), port=0) as one, Server(FakeTwilio(clock=RealClock()), port=0) as other:
        one.fake.phone(CUSTOMER).texts("hello")
        assert requests.get(f"{other.base_url}/fake/state", timeout=20).json()["messages"] == []


def test_the_command_serves_what_its_options_say() -> None:
    command = [sys.executable, "-m", "scripts.fake_twilio", "--port", "0", "--number", OURS]
    command += ["--account-sid", "AC" + "a" * 32, "--phone", f"{CUSTOMER}=Ann"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().split(" (")[0].rpartition(":")[2])
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/fake/state")
            state = json.load(connection.getresponse())
            connection.close()
        finally:
            process.terminate()
    assert state["account"]["account_sid"] == "AC" + "a" * 32
    assert [(phone["phone"], phone["name"]) for phone in state["phones"]] == [(CUSTOMER, "Ann")]


def test_the_command_says_when_the_port_is_taken(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"cannot listen on port {port}" in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [["--number", "5551234"], ["--sms-url", "relay.example.com"], ["--phone", "Ann"]])
def test_the_command_refuses_what_cannot_be(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([*arguments, "--port", "0"])
    assert exit_.value.code == 2
