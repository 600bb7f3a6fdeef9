"""A policy as a document, and what all documents share: a reach, and the fields that only another revision knows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from relay.core.foreign import Rest, foreign
from relay.core.policy import SMS, Policy, Reach, Success, Tier

Document = dict[str, Any]

REACH_FIELDS = frozenset({"phone", "reach_kind"})
# Those of a tier that are written only where they are set.
_TIER_FLAGS = ("claim_timeout_seconds", "delivery_claims_for", "without_link")
_TIER_FIELDS = frozenset(
    {"name", "retry_delays_seconds", "receipt_timeout_seconds", "success", *_TIER_FLAGS, *REACH_FIELDS}
)
_SUCCESSES = {word.value: word for word in Success}


def policy_document(policy: Policy) -> Document:
    return {"tiers": [_tier_document(tier) for tier in policy.tiers], **dict(policy.rest)}


def policy_from_document(document: Document) -> Policy:
    tiers = tuple([_tier(value) for value in document["tiers"]])
    return Policy(tiers, () if len(document) == 1 else rest_of(document, ("tiers",)))


def _tier_document(tier: Tier) -> Document:
    return {
        "name": tier.name,
        **reach_document(tier.reach),
        "retry_delays_seconds": list(tier.retry_delays_seconds),
        "receipt_timeout_seconds": tier.receipt_timeout_seconds,
        "success": tier.success.value,
        **{name: value for name in _TIER_FLAGS if (value := getattr(tier, name))},
        **dict(tier.rest),
    }


def _tier(document: Document) -> Tier:
    success = document["success"]
    return Tier(
        name=document["name"],
        reach=reach_in(document),
        retry_delays_seconds=tuple(document["retry_delays_seconds"]),
        receipt_timeout_seconds=document["receipt_timeout_seconds"],
        success=_SUCCESSES.get(success) or foreign(Success, success),
        claim_timeout_seconds=document.get("claim_timeout_seconds", 0.0),
        delivery_claims_for=document.get("delivery_claims_for", ""),
        without_link=document.get("without_link", False),
        rest=rest_of(document, _TIER_FIELDS),
    )


def reach_document(reach: Reach) -> Document:
    # A text is the rule, and the only reach that documents of before know.
    return {"phone": reach.address} if reach.kind == SMS else {"phone": reach.address, "reach_kind": reach.kind}


def reach_in(document: Document) -> Reach:
    return Reach(document.get("reach_kind", SMS), document["phone"])


def rest_of(document: Document, known: Collection[str]) -> Rest:
    """Returns the fields of a document beside the known ones, by name: stores do not keep their order."""
    found = [(name, value) for name, value in document.items() if name not in known]
    return tuple(sorted(found, key=_name)) if found else ()


def _name(pair: tuple[str, object]) -> str:
    return pair[0]
