"""What a record keeps for threads: each field under its own name, and nothing in the record of a relay without one."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from relay.core.foreign import is_foreign
from relay.core.model import Purpose, Relay
from relay.core.policy import Policy
from relay.record.documents import from_document, to_document
from relay.record.policies import policy_document
from relay.record.shape import WrongType

from tests.fakes.clock import START
from tests.strategies import a_policy, a_relay

WHERE_SET: dict[str, Any] = {
    "purpose": Purpose.ANSWER,
    "thread_id": "a thread",
    "code": "K71",
    "cause_id": "SM1",
    "asked": "answer",
    "claimed_by": "primary",
    "claimed_at": START,
    "claim_until": START,
    "alarm_if_lost": True,
    "handler_is_told": True,
    "media_token": "a secret",
    "handled_by": "Ana",
    "handled_note": "called",
    "handled_at": START,
    "handled_attempts": 1,
    "written_at": START,
}
OF_A_TIER: dict[str, Any] = {
    "claim_timeout_seconds": 900.0,
    "delivery_claims_for": "primary",
    "without_link": True,
}


def test_every_field_of_a_relay_is_in_its_document_under_its_own_name() -> None:
    document = to_document(a_relay(**WHERE_SET))
    assert set(document) >= {field.name for field in fields(Relay)} - {"rest"}
    assert {name: document[name] for name in WHERE_SET} == WHERE_SET


def test_a_relay_without_a_thread_and_without_files_has_nothing_of_them_in_its_document() -> None:
    assert set(to_document(a_relay())) & set(WHERE_SET) == set()
    assert set(policy_document(a_policy())["tiers"][0]) & set(OF_A_TIER) == set()


def test_what_a_tier_asks_for_is_frozen_into_the_relay() -> None:
    policy = Policy(tuple(replace(tier, **OF_A_TIER) for tier in a_policy().tiers))
    document = to_document(a_relay(policy=policy))
    assert document["policy"]["tiers"][0].items() >= OF_A_TIER.items()
    assert from_document(document).policy == policy


def test_a_purpose_of_tomorrow_is_kept_and_leaves_the_relay_alone() -> None:
    document = to_document(a_relay()) | {"purpose": "survey"}
    relay = from_document(document)
    assert is_foreign(relay.purpose)
    assert relay.is_left_to_newer
    assert to_document(relay) == document


@pytest.mark.parametrize("name", [name for name in WHERE_SET if name != "purpose"])
def test_a_value_of_a_wrong_type_is_refused_by_the_name_of_its_field(name: str) -> None:
    with pytest.raises(WrongType, match=name):
        from_document(to_document(a_relay()) | {name: [1]})
