"""When the store cannot take a text: 503, so that Twilio tries again; and what is answered to strangers at all."""

from __future__ import annotations

import json
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
        holder = sqlite3.connect(tmp_path / "relay.db", timeout=120, isolation_level=None)
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
    (post,) = caller.town.posts(caller.town.tier_1)
    told = receipt(caller, MessageSid=str(post.message_sid))
    holder.execute("BEGIN IMMEDIATE")
    answer = caller.twilio(f"{STATUS}?relay={form['MessageSid']}&tier=1&attempt=1", told)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    holder.execute("ROLLBACK")


def test_with_its_database_removed_every_route_answers_503_and_the_terminal_says_why(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    database = tmp_path / "home" / "relay.db"
    town = Town("embedded", tmp_path, {"RELAY_DATABASE": str(database)})
    try:
        town.open()
        caller = Caller(town)
        form = text(caller)
        assert caller.twilio(INBOUND, form).status == 200
        caller.town.tier_1.expect_text(containing="hello")
        for file in database.parent.iterdir():
            file.unlink(missing_ok=True)
        known = json.dumps({"message_id": form["MessageSid"]}).encode()
        answers = [
            caller.twilio(INBOUND, text(caller)),
            caller.twilio(f"{STATUS}?relay={form['MessageSid']}&tier=1&attempt=1", receipt(caller)),
            caller.operator("/sms/relay-state", known),
            caller.operator("/sms/relay-state", b'{"limit": 5}'),
            caller.operator("/sms/redrive", b'{"request_id": "12345678", ' + known[1:]),
        ]
        assert [answer.status for answer in answers] == [503] * 5
        assert town.relay.wait_for(f"{database} is no longer there")
        assert "Texts are refused: " in town.relay.output
        # Nor does a worker that takes the place of a dead one make an empty database.
        town.relay.kill_worker()
        assert caller.twilio(INBOUND, text(caller)).status == 503
        assert list(database.parent.iterdir()) == []
        # What an operator reads in the log who was told to try again.
        (noted, *_) = [line for line in town.relay.log.read_text().splitlines() if "the caller was asked to" in line]
        assert "no longer there" in json.loads(noted)["reason"]
    finally:
        town.close()


@pytest.mark.parametrize("path", ["/", "/local/stack", "/page/main.js"])
def test_with_another_twilio_a_stranger_sees_nothing_but_the_public_routes(caller: Caller, path: str) -> None:
    assert caller.ask("GET", path).status == 200
    for stranger in ({"Host": "relay.example.com"}, {"X-Forwarded-For": "203.0.113.7"}, {"Via": "1.1 tunnel"}):
        assert caller.ask("GET", path, headers=stranger).status == 404


@pytest.mark.parametrize(
    "through", [{}, {"Host": "relay.example.com"}, {"X-Forwarded-For": "203.0.113.7"}], ids=["here", "by name", "proxy"]
)
def test_with_another_twilio_operators_reach_the_console_and_being_here_signs_no_one_in(
    caller: Caller, through: dict[str, str]
) -> None:
    assert caller.ask("GET", "/console", headers=through).status == 308
    assert b'id="sign-in"' in caller.ask("GET", "/console/", headers=through).body
    headers = {"Content-Type": "application/json", "Origin": caller.town.address, **through}
    for path in ("/console/session", "/console/links", "/sms/relay-state", "/sms/redrive"):
        assert caller.ask("POST", path, b"{}", headers).status == 401


@pytest.mark.parametrize("path", ["/tasks/sweep", "/tasks/escalate/1", "/fake/state", "/local/token", "/nowhere"])
def test_with_another_twilio_neither_phones_nor_tokens_nor_private_routes_exist(caller: Caller, path: str) -> None:
    assert caller.ask("POST", path, b"{}").status == 404
