"""What the page of phones says: names in any writing, times with their zone, and where a story goes on."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.test_phones_page import CUSTOMER, TIERS, open_phones, write
from tests.browser_fixtures import NewPage
from tests.stack_fixtures import OURS, RunningStack


def test_a_story_leads_to_its_relay_in_the_console(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    write(page, "Where do I go on?")
    story = page.locator(".story").filter(has_text="Where do I go on?")
    expect(story.locator(".in-console")).to_have_attribute("href", re.compile(r"^/console/#relay=SM[0-9a-f]{32}$"))


def test_times_have_24_hours_and_a_zone(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    write(page, "What time is it?")
    when = page.locator(".story").filter(has_text="What time is it?").locator(".when")
    expect(when).to_have_text(re.compile(r"^\d\d:\d\d:\d\d CES?T$"))


def test_a_name_may_begin_with_an_emoji_or_be_written_from_right_to_left(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    client = embedded_stack.client
    for number, name in (("+12025550187", "👩🏽‍🔧 Ana"), ("+12025550188", "דנה לוי"), ("+12025550189", "émile")):
        client._json("/fake/phones", {"phone": number, "name": name})
    page = open_phones(new_page(), embedded_stack.address)
    for number, first in (("12025550187", "👩🏽‍🔧"), ("12025550188", "ד"), ("12025550189", "É")):
        page.select_option("#customer", f"+{number}")
        shown = page.locator(f"#phone-{number}")
        expect(shown.locator(".avatar")).to_have_text(first)
        expect(shown.locator("h2")).to_have_attribute("dir", "auto")


def test_words_from_right_to_left_stand_so(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    write(page, "שלום, יש דליפה")
    bubble = page.locator(f"{CUSTOMER} .bubble.mine .body").last
    expect(bubble).to_have_text("שלום, יש דליפה")
    assert bubble.evaluate("node => getComputedStyle(node).direction") == "rtl"
    quote = page.locator(".story .quote").filter(has_text="שלום, יש דליפה")
    assert quote.evaluate("node => getComputedStyle(node).direction") == "rtl"


def test_a_phone_without_texts_says_what_to_do(new_page: NewPage, embedded_stack: RunningStack) -> None:
    embedded_stack.client._json("/fake/phones", {"phone": "+12025550186", "name": "New"})
    page = open_phones(new_page(), embedded_stack.address)
    page.select_option("#customer", "+12025550186")
    expect(page.locator("#phone-12025550186 .hint")).to_have_text(f"Text {OURS} to see it here.")
    expect(page.locator(f"{TIERS[0]} .hint")).to_have_text(
        "No texts yet. To text as a customer from here, begin with “test”."
    )
