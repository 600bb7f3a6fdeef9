"""The tests' own running stack: one test's carriers do nothing to another's texts."""

from __future__ import annotations

import pytest

from tests.stack_fixtures import DELIVERS, HANDLERS, OURS, REFUSED, SILENT, RunningStack, until


def test_what_is_arranged_for_a_text_is_not_used_up_by_the_one_before(embedded_stack: RunningStack) -> None:
    slow = embedded_stack.text("Still waiting at tier 1", embedded_stack.customer(), SILENT, REFUSED, DELIVERS)
    quick = embedded_stack.text("At tier 2 at once", embedded_stack.customer(), REFUSED, DELIVERS)
    tiers = [embedded_stack.wait_until(text, "delivered")["relay"]["delivered_tier"] for text in (slow, quick)]
    assert tiers == [3, 2]


def test_a_handler_taps_back_and_drives_and_a_customers_phone_is_texted(embedded_stack: RunningStack) -> None:
    """The people's half of the control interface, through the stack's own client."""
    client, customer, handler = embedded_stack.client, embedded_stack.customer(), HANDLERS[0]
    client.set_auto_reply(handler, "I drive", after_seconds=0)
    embedded_stack.wait_until(embedded_stack.text("Is it loud?", customer), "delivered")
    until(lambda: [text["body"] for text in client.phone(handler)["sent"]][-1:] == ["I drive"], "the auto-reply")
    client.set_auto_reply(handler, None)
    (shown,) = [text for text in client.phone(handler)["inbox"] if text["body"].endswith("Is it loud?")]
    tapback = client.tap_back(handler, shown["sid"], "question", quoted_characters=5)
    assert embedded_stack.wait_until_recorded(tapback)["relay"]["message_body"] == f"Questioned “{shown['body'][:5]}…”"
    client.text(customer, OURS, "HELP")
    until(lambda: client.phone(customer)["inbox"], "Twilio's own answer on the customer's phone")


def test_a_phone_that_the_fake_does_not_know_is_said_to_be_none(embedded_stack: RunningStack) -> None:
    with pytest.raises(LookupError):
        embedded_stack.client.phone("+13035559999")
