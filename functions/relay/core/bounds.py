"""How far a record can grow, so that it stays far below what a store keeps, whatever happens to its relay. Pure.

A store refuses a document of 1 MiB. With as many tiers, tries and words as there can be, one of these bounds has less
than two thirds of that; tests/contract/test_largest_relay.py builds it.
"""

from __future__ import annotations

from relay.core.model import Relay, Step, TrailEntry
from relay.core.policy import UNSTARTED_RETRIES_MAX, Policy

# How many tiers there may be, and how many retries in each (settings/tiers.py).
TIERS_MAX = 20
RETRIES_MAX = 10
# Two drives through as many tiers and tries as there may be; of a usual policy some forty drives.
ATTEMPTS_MAX = 2 * (TIERS_MAX * (RETRIES_MAX + 1 + UNSTARTED_RETRIES_MAX) + 2)
REDRIVES_MAX = 50
TRAIL_LINES_MAX = 250


def folded(trail: tuple[TrailEntry, ...]) -> tuple[TrailEntry, ...]:
    """Returns a trail of at most TRAIL_LINES_MAX lines: the oldest are left out, but for the first and each redrive's.

    Those that stay keep their numbers: how many were left out is `Relay.lines_folded`.
    """
    beyond = len(trail) - TRAIL_LINES_MAX
    if beyond <= 0:
        return trail
    kept = list(trail[:1])
    for entry in trail[1:]:
        if beyond > 0 and entry.step is not Step.REDRIVEN:
            beyond -= 1
        else:
            kept.append(entry)
    return tuple(kept)


def attempts_of_a_drive(policy: Policy) -> int:
    """Returns how many attempts a drive can make at most.

    All tries, those not begun in time, one resend, and one more without the link to its files.
    """
    return sum(len(tier.retry_delays_seconds) + 1 + UNSTARTED_RETRIES_MAX for tier in policy.tiers) + 2


def why_no_redrive(relay: Relay, policy: Policy) -> str:
    """Returns why the relay cannot be started again under this policy, and what to do instead; "" when it can be."""
    instead = "call the customer, and pass the text on by hand"
    if len(relay.redrive_ids) >= REDRIVES_MAX:
        return f"it was started again {len(relay.redrive_ids)} times, which is all that a record holds; {instead}"
    if len(relay.attempts) + attempts_of_a_drive(policy) > ATTEMPTS_MAX:
        return f"it has made {len(relay.attempts)} attempts, and a record holds no more of such a drive; {instead}"
    return ""
