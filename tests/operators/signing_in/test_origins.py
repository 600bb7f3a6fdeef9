"""Which pages are ours, which address a request came from, and what is read out of cookies."""

from __future__ import annotations

import pytest
from relay.operators.signing_in.cookies import Mark, cookie_in, mark_in, new_mark, session_in, set_mark
from relay.operators.signing_in.origins import address_of, own_origin
from relay.web import Request

CONSOLE = "https://console.example.com"
HERE = "http://127.0.0.1:8080"


def asked(**headers: str) -> Request:
    """A request with these headers, with _ for -."""
    return Request("POST", "/console/session", headers={name.replace("_", "-"): each for name, each in headers.items()})


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        (CONSOLE, CONSOLE),
        (f"{CONSOLE}:443", CONSOLE),
        (CONSOLE, f"{CONSOLE}:443"),
        (f"{CONSOLE}/some/path", CONSOLE),
        ("https://Console.Example.com", CONSOLE),
        ("https://relay.example.com:8443", "https://relay.example.com:8443"),
    ],
)
def test_the_configured_address_is_ours(base_url: str, origin: str) -> None:
    assert own_origin(asked(origin=origin, host="anything"), base_url) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "http://console.example.com",
        "https://evil.example.com",
        "https://console.example.com.evil.com",
        "https://console.example.com:8443",
        "https://evil.com@console.example.com",
        "https://console.example.com@evil.com",
        "https://console.example.com/",
        "https://console.example.com/path",
        "https://console.example.com?x",
        "https://console.example.com#x",
        "https://console.example.com, https://evil.com",
        "//console.example.com",
        "https://[",
        "https://console.example.com:99999",
    ],
)
def test_any_other_is_not(origin: str) -> None:
    assert own_origin(asked(origin=origin, host="console.example.com"), CONSOLE) == ""


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.0.0.1"])
def test_on_this_machine_the_address_that_was_asked_is_ours(host: str) -> None:
    for base_url in ("", CONSOLE):
        assert own_origin(asked(origin=f"http://{host}", host=host), base_url) == f"http://{host}"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        # Another program of this machine.
        ("http://127.0.0.1:3000", "127.0.0.1:8080"),
        ("http://localhost:8080", "127.0.0.1:8080"),
        # A name of a stranger's that leads to this machine (DNS rebinding).
        ("http://evil.example.com:8080", "evil.example.com:8080"),
        # A proxy that hides itself: its pages have its own name.
        ("https://relay.example.com", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080", ""),
        ("http://127.0.0.1:8080", "127.0.0.1:8080@evil.com"),
    ],
)
def test_no_other_page_is_ours_there(origin: str, host: str) -> None:
    assert own_origin(asked(origin=origin, host=host), CONSOLE) == ""


# Addresses.


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.7", ""),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.1, 203.0.113.7", "198.51.100.1"),
        (2, "10.9.9.9, 198.51.100.1, 203.0.113.7", "198.51.100.1"),
        (2, "203.0.113.7", "none"),
        (1, "", "none"),
        (1, "made up", "none"),
        (1, "203.0.113.7:4711", "203.0.113.7"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (1, "[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        (1, "2001:db8:1:3::9", "2001:db8:1:3::/64"),
    ],
)
def test_an_address_is_what_a_trusted_proxy_saw(proxies: int, forwarded: str, address: str) -> None:
    assert address_of(asked(x_forwarded_for=forwarded), proxies) == address


# Cookies.


def test_a_mark_comes_back_as_it_was_set() -> None:
    for mark in (new_mark(), Mark(new_mark().token, (1_700_000_000, 1_700_000_001), tuple(range(10)))):
        for plain in (True, False):
            cookie = set_mark(mark, is_plain=plain).split(";")[0]
            assert mark_in({"cookie": f"other=1; {cookie}; more=2"}, is_plain=plain) == mark
            assert mark_in({"cookie": cookie}, is_plain=not plain) is None


@pytest.mark.parametrize("value", ["", ".", "x", f"rb_{'A' * 43}", f"rb_{'A' * 43}.x.", f"rb_{'A' * 43}.{'1-' * 40}1."])
def test_what_is_no_mark_is_none(value: str) -> None:
    assert mark_in({"cookie": f"__Host-relay-browser={value}"}, is_plain=False) is None


def test_two_cookies_of_one_name_that_differ_are_none() -> None:
    """One of them was put there by another site of the same machine, and which is not told."""
    one, other = f"rs_{'A' * 43}", f"rs_{'B' * 43}"
    assert session_in({"cookie": f"relay-session={one}; relay-session={other}"}, is_plain=True) == ""
    assert session_in({"cookie": f"relay-session={one}; relay-session={one}"}, is_plain=True) == one


def test_by_https_a_cookie_without_the_prefix_is_not_read() -> None:
    """A subdomain can set it; it cannot set one that begins with __Host-."""
    token = f"rs_{'A' * 43}"
    assert cookie_in({"cookie": f"relay-session={token}"}, "relay-session", is_plain=False) == ""
    assert session_in({"cookie": f"__Host-relay-session={token}"}, is_plain=False) == token


@pytest.mark.parametrize("token", ["rl", "rc", "rb"])
def test_tokens_of_another_kind_are_no_session(token: str) -> None:
    assert session_in({"cookie": f"__Host-relay-session={token}_{'A' * 43}"}, is_plain=False) == ""
