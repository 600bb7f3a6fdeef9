"""When the store cannot take a text: 503, so that Twilio tries again; and what is answered to strangers at all."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.routes.conftest import Caller
from tests.routes.test_webhooks import INBOUND, STATUS, receipt, text
from tests.stories.town import Town


@pytest.fixture
def locked_relay(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A relay whose file somebody else holds."""
    town = Town("embedded", tmp_path)
    try:
        town.open()
        holder = sqlite3.connect(tmp_path / "relay.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        yield Caller(town), holder
        holder.close()
    finally:
        town.close()


def test_a_text_that_cannot_be_stored_is_answered_503_and_taken_when_it_comes_again(
    locked_relay: tuple[Caller, sqlite3.Connection],
) -> None:
    caller, holder = locked_relay
    form = text(caller)
    answer = caller.twilio(INBOUND, form)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert caller.town.tier_1.posts == []
    holder.execute("ROLLBACK")
    assert caller.twilio(INBOUND, form).status == 200
    caller.town.tier_1.expect_text(containing="hello")


def test_a_receipt_that_cannot_be_recorded_is_answered_503(locked_relay: tuple[Caller, sqlite3.Connection]) -> None:
    caller, holder = locked_relay
    holder.execute("ROLLBACK")
    caller.town.tier_1.carrier.stay_silent()
    form = text(caller)
    assert caller.twilio(INBOUND, form).status == 200
    holder.execute("BEGIN IMMEDIATE")
    answer = caller.twilio(f"{STATUS}?relay={form['MessageSid']}&tier=1&attempt=1", receipt(caller))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    holder.execute("ROLLBACK")


@pytest.mark.parametrize("path", ["/", "/local/stack", "/page/main.js"])
def test_with_another_twilio_a_stranger_sees_nothing_but_the_public_routes(caller: Caller, path: str) -> None:
    assert caller.ask("GET", path).status == 200
    for stranger in ({"Host": "relay.example.com"}, {"X-Forwarded-For": "203.0.113.7"}, {"Via": "1.1 tunnel"}):
        assert caller.ask("GET", path, headers=stranger).status == 404


@pytest.mark.parametrize("path", ["/tasks/sweep", "/tasks/escalate/1", "/fake/state", "/local/token", "/nowhere"])
def test_with_another_twilio_neither_phones_nor_tokens_nor_private_routes_exist(caller: Caller, path: str) -> None:
    assert caller.ask("POST", path, b"{}").status == 404
