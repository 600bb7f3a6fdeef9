"""The tests' own running stack: one test's carriers do nothing to another's texts."""

from __future__ import annotations

from tests.stack_fixtures import DELIVERS, REFUSED, SILENT, RunningStack


def test_what_is_arranged_for_a_text_is_not_used_up_by_the_one_before(embedded_stack: RunningStack) -> None:
    slow = embedded_stack.text("Still waiting at tier 1", embedded_stack.customer(), SILENT, REFUSED, DELIVERS)
    quick = embedded_stack.text("At tier 2 at once", embedded_stack.customer(), REFUSED, DELIVERS)
    tiers = [embedded_stack.wait_until(text, "delivered")["relay"]["delivered_tier"] for text in (slow, quick)]
    assert tiers == [3, 2]
