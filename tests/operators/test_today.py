"""`/sms/relay-state` with `today`: what a page needs to know of the configuration."""

from __future__ import annotations

import pytest
from relay.operators.state_api import handle_relay_state

from tests.office import OURS, THREE, Office, tiers_of
from tests.operators.operator_calls import Everybody, request, state, told

_POLICY = tiers_of(*THREE, ("Ana", "+15550100009"))


def _asked(body: object, *, replies: bool = True) -> dict[str, object]:
    office = Office()
    today = (_POLICY, (OURS,), replies)
    return told(handle_relay_state(office.store, office.clock, Everybody(), (), "", request(body), today))


def test_todays_tiers_and_handlers_are_told_by_name_and_no_number_but_ours() -> None:
    answer = _asked({"today": True})
    answer.pop("now")
    assert answer == {
        "tiers": ["Ana", "Ben", "Cyd", "Ana"],
        "handlers": ["Ana", "Ben", "Cyd"],
        "our_phones": [OURS],
        "replies": True,
        "test_word": "test",
    }


def test_without_replies_no_word_makes_a_handlers_text_a_customers() -> None:
    assert _asked({"today": True}, replies=False)["test_word"] == ""


@pytest.mark.parametrize("body", [{"today": False}, {"today": True, "limit": 1}, {"today": "yes"}])
def test_it_goes_with_no_other_field(body: dict[str, object]) -> None:
    assert state(Office(), body).status == 400
