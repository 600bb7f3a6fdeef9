"""Who is answered by a stack with a real Twilio: its pages are for people at this machine alone."""

from __future__ import annotations

import pytest

from scripts.local_stack.application import is_from_this_machine


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "[::1]"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_somebody_at_this_machine_is_answered(host: str, address: str) -> None:
    assert is_from_this_machine({"HTTP_HOST": host, "REMOTE_ADDR": address})


STRANGERS = {
    "another address, whatever name it claims": {"REMOTE_ADDR": "192.0.2.7"},
    "another address that looks like ours": {"REMOTE_ADDR": "127.0.0.1.example.com"},
    "no address": {"REMOTE_ADDR": ""},
    "a public name": {"HTTP_HOST": "relay.example.com"},
    "a name that begins like ours": {"HTTP_HOST": "localhost.example.com:8080"},
    "no name": {"HTTP_HOST": ""},
    "through a proxy": {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
    "through a tunnel": {"HTTP_VIA": "1.1 tunnel"},
}


@pytest.mark.parametrize("environ", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_is_not(environ: dict[str, str]) -> None:
    assert not is_from_this_machine({"HTTP_HOST": "127.0.0.1:8080", "REMOTE_ADDR": "127.0.0.1", **environ})
