"""An operator who is signed in at the relay's own address sees numbers in full there, and has the set-up tried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.fake_twilio import Service, Standing
from tests.local_stack.own_page import OPERATORS, asked, link_token, signed_in
from tests.stories.town import BUSINESS, TIERS, Town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town("embedded", tmp_path_factory.mktemp("set-up"), {"RELAY_OPERATORS": OPERATORS})
    try:
        town.open()
        yield town
    finally:
        town.close()


@pytest.fixture(scope="module")
def cookie(town: Town) -> str:
    return signed_in(town)


def test_numbers_are_shown_in_full_to_an_operator_alone(town: Town, cookie: str) -> None:
    _, stranger, _ = asked(town, "GET", "/local/stack")
    assert (stranger["is_signed_in"], stranger["our_numbers"]) == (False, ["…00"])
    _, told, _ = asked(town, "GET", "/local/stack", Cookie=cookie)
    assert (told["is_signed_in"], told["our_numbers"]) == (True, [BUSINESS])
    assert [tier["phone"] for tier in told["tiers"]] == list(TIERS)
    assert told["id"] == stranger["id"]


def test_the_terminal_says_how_to_try_it_out(town: Town) -> None:
    words = "Text your number to see it here, from a phone that is no handler's"
    assert town.relay.wait_for(words)
    assert BUSINESS not in town.relay.output


def test_a_wall_is_shown_no_number_and_has_nothing_tried(town: Town) -> None:
    status, _, cookie = asked(town, "POST", "/console/sign-in/link", {"token": link_token(town, "wall")})
    assert status == 200
    assert asked(town, "GET", "/local/stack", Cookie=cookie)[1]["is_signed_in"] is False
    assert asked(town, "POST", "/local/set-up", {}, Cookie=cookie)[0] == 401


def test_the_chain_is_tried_for_an_operator(town: Town, cookie: str) -> None:
    town.fake.stand(Standing(services=(Service("Relay", (BUSINESS,), "IN_PROGRESS"),)))
    assert asked(town, "POST", "/local/set-up", {})[0] == 401
    assert asked(town, "POST", "/local/set-up", {}, Cookie=cookie, Origin="https://evil.example.com")[0] == 403
    status, told, _ = asked(town, "POST", "/local/set-up", {}, Cookie=cookie)
    assert status == 200
    found = {check["name"]: check for check in told["checks"]}
    assert "its campaign is being reviewed" in found["registered"]["words"]
    assert (found["credentials"]["state"], found["number"]["state"]) == ("ok", "ok")
    # A text's webhook, and a receipt: signed by the token, and taken in by the relay.
    assert [check["state"] for check in told["checks"] if check["name"] == "webhooks"] == ["ok", "ok"]
    # Asked of the relay by this machine's credential.
    assert f"no text was delivered to Dana ({TIERS[0]}) yet" in [check["words"] for check in told["checks"]]
