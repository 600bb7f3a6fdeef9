"""Web addresses: which of them can be reached from outside, and where a credential may go."""

from __future__ import annotations

import pytest
from relay.addresses import is_loopback, is_public

PUBLIC = [
    "relay.example.com",
    "RELAY.Example.COM",
    "relay.example.com.",
    "a1b2.ngrok-free.app",
    "sms-inbound-123456789.us-central1.run.app",
    "xn--bcher-kva.example.com",
    "relay.xn--p1ai",
    "8.8.8.8",
    "2001:4860:4860::8888",
]
NOT_PUBLIC = {
    "this machine by name": "localhost",
    "this machine with the dot of a full name": "localhost.",
    "a name below localhost": "relay.localhost",
    "this machine as Linux writes it": "localhost.localdomain",
    "this machine": "127.0.0.1",
    "another address of this machine": "127.8.9.10",
    "any address": "0.0.0.0",
    "any address of IPv6": "::",
    "this machine in IPv6": "::1",
    "this machine, IPv4 within IPv6": "::ffff:127.0.0.1",
    "this machine, IPv4 within IPv6 in hexadecimal digits": "::ffff:7f00:1",
    "this machine, IPv4 at the end of IPv6": "::127.0.0.1",
    "this machine through 6to4": "2002:7f00:1::",
    "this machine through NAT64": "64:ff9b::7f00:1",
    "this machine in one number": "2130706433",
    "this machine in one hexadecimal number": "0x7f000001",
    "this machine in octal numbers": "0177.0.0.1",
    "this machine with parts left out": "127.1",
    "this machine with digits of another script": "\uff11\uff12\uff17.0.0.1",
    "this machine with dots of another script": "127\u30020\u30020\u30021",
    "a private network": "192.168.1.5",
    "a large private network": "10.0.0.7",
    "a private network that looks public": "172.31.255.1",
    "a private network, IPv4 within IPv6": "::ffff:192.168.1.5",
    "a private network in one number": "3232235781",
    "a network behind a carrier": "100.64.0.1",
    "a link alone": "169.254.169.254",
    "a link alone in IPv6": "fe80::1",
    "a link alone, and which": "fe80::1%eth0",
    "a private network in IPv6": "fd12:3456::1",
    "many machines at once": "224.0.0.1",
    "everybody": "255.255.255.255",
    "an address of the documentation": "192.0.2.1",
    "a name without a domain": "relay",
    "a name of the office's network": "relay.local",
    "a name of a router's network": "relay.lan",
    "a name of a home's network": "relay.home.arpa",
    "a name of a cloud's network": "metadata.google.internal",
    "a name of an intranet": "relay.corp",
    "a name of tests": "relay.test",
    "a name of examples": "relay.example",
    "a name that is never one": "relay.invalid",
    "a hidden service": "relay.onion",
    "a name with an empty part": "relay..example.com",
    "a name with letters of a URL": "%6c%6f%63alhost",
    "a name that ends in a number": "relay.1",
    "nothing": "",
}


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_host_is_one(host: str) -> None:
    assert is_public(host)


@pytest.mark.parametrize("host", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_what_cannot_be_reached_from_outside_is_not_public(host: str) -> None:
    assert not is_public(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "localhost", "LOCALHOST", "::1"])
def test_what_never_leaves_this_machine_is_the_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["localhost.example.com", "127.0.0.1.example.com", "192.168.1.5", "relay", "::ffff:8.8.8.8", "2130706433", ""],
)
def test_what_may_leave_this_machine_is_not_the_loopback(host: str) -> None:
    assert not is_loopback(host)
