"""link, links, unlink and signout: what lets the first operator in, and what a wall is opened by."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request

import pytest

from tests.relayctl.conftest import Ctl
from tests.stack_fixtures import RunningStack


@pytest.fixture
def stack(embedded_stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> RunningStack:
    monkeypatch.setenv("RELAY_DATABASE", embedded_stack.environ["RELAY_DATABASE"])
    return embedded_stack


def _signs_in(stack: RunningStack, link: str) -> int:
    """Returns the status that the page gets when its button is pressed."""
    token = link.strip().partition("=")[2]
    headers = {"Content-Type": "application/json", "Origin": stack.address}
    body = json.dumps({"token": token}).encode()
    request = urllib.request.Request(f"{stack.address}/console/sign-in/link", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_a_link_signs_in_once(ctl: Ctl, stack: RunningStack) -> None:
    ran = ctl("link", "--for", "Olivia", "--print")
    assert ran.code == 0
    assert ran.out.startswith(f"{stack.address}/console/#sign-in=")
    assert "It signs in once, until" in ran.err
    assert [_signs_in(stack, ran.out), _signs_in(stack, ran.out)] == [200, 403]


def test_a_link_is_printed_to_a_terminal_only(ctl: Ctl, monkeypatch: pytest.MonkeyPatch) -> None:
    for options in (("link",), ("link", "--json"), ("--json", "link", "--wall")):
        ran = ctl(*options)
        assert (ran.code, "#" in ran.out) == (1, False)
        assert "to a terminal only, unless --print is given" in ran.err
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "/console/#sign-in=" in ctl("link", "--for", "Olivia").out


def test_where_there_is_one_operator_it_need_not_be_said_for_whom(ctl: Ctl, stack: RunningStack) -> None:
    assert _signs_in(stack, ctl("link", "--print").out) == 200
    assert ctl("link", "--for", "Nemo", "--print").err.strip() == "for is none of the operators: Olivia."


def test_links_are_listed_and_taken_back(ctl: Ctl, stack: RunningStack) -> None:
    made = json.loads(ctl("link", "--wall", "--print", "--json").out)
    (row,) = [row for row in ctl("links", "--json").json if row["key"] == made["key"]]
    assert (row["kind"], row["for"], row["made_by"]) == ("wall", "Olivia", "relayctl")
    told = ctl("links").out
    assert f"{made['key'][:8]}  a wall for Olivia" in told
    assert made["link"].partition("=")[2] not in told
    assert ctl("unlink", made["key"][:8]).out.strip() == "Taken back."
    assert _signs_in(stack, made["link"]) == 403
    assert "no link that is in force" in ctl("unlink", made["key"][:8]).err


def test_an_operator_is_signed_out_everywhere(ctl: Ctl, stack: RunningStack) -> None:
    made = ctl("link", "--for", "Olivia", "--print").out
    assert ctl("signout", "Nemo").err.strip() == "for is none of the operators: Olivia."
    assert ctl("signout", "olivia").out.startswith("Olivia is signed out everywhere.")
    assert _signs_in(stack, made) == 403


def test_the_beginning_of_several_keys_names_none(ctl: Ctl) -> None:
    ctl("link", "--wall", "--print")
    ctl("link", "--wall", "--print")
    assert "more than one link" in ctl("unlink", "").err
