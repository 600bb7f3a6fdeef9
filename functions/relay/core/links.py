"""Which texts hold the link to a customer's files, and what a carrier's filter leaves of a text. Pure.

The link is our own, with the relay's `media_token` as its last part; what it opens is kept at the provider.
"""

from __future__ import annotations

from enum import StrEnum

from relay.core.failures import FailureClass
from relay.core.model import Attempt, Purpose, Relay


class Form(StrEnum):
    """What a customer's text says to a handler, as far as carriers' filters let it."""

    WHOLE = "whole"
    WITHOUT_LINK = "without link"
    NOTICE = "notice"  # who wrote, and where the words are


def has_link(relay: Relay, tier: int) -> bool:
    """Whether a text to this tier, if it says all, holds the link to the files."""
    is_shown = relay.purpose is Purpose.FORWARD and relay.files_to_see > 0
    return is_shown and bool(relay.media_token) and not relay.policy.tier(tier).without_link


def form_of(relay: Relay, attempt: Attempt) -> Form:
    """Returns what this attempt's text says: less, after a filter of a carrier stopped an earlier one of the drive.

    A link is what filters look at first: its words are given up only when a text without a link was filtered. Several
    may have left with it before the first of them was told to be filtered.
    """
    earlier = relay.attempts[relay.first_attempt_of_drive - 1 : attempt.number - 1]
    filtered = [each for each in earlier if was_filtered(each)]
    if not filtered:
        return Form.WHOLE
    return Form.WITHOUT_LINK if all(each.had_link for each in filtered) else Form.NOTICE


def carries_link(relay: Relay, attempt: Attempt) -> bool:
    """Whether the attempt's text, as it would leave now, holds the link."""
    return form_of(relay, attempt) is Form.WHOLE and has_link(relay, attempt.tier)


def was_filtered(attempt: Attempt) -> bool:
    """Whether a carrier filtered the attempt's text."""
    return attempt.failure is not None and attempt.failure.failure_class is FailureClass.FILTERED
