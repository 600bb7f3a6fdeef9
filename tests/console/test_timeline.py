"""A relay's timeline: to scale, with its codes, explained in words."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import Page, Route, expect

from scripts.fake_twilio import File, picture
from tests.console.conftest import PHONE, NewPage, open_console
from tests.stack_fixtures import DELIVERS, REFUSED, SILENT, RunningStack, failed


def _open(page: Page, message_id: str) -> None:
    page.evaluate(f"location.hash = '#/relay/{message_id}'")
    page.wait_for_selector("svg.timeline")


def test_three_tiers_are_shown_with_the_right_codes_and_what_to_do(page: Page, stack: RunningStack) -> None:
    message_id = stack.text("Down three tiers", stack.customer(), failed(30006), SILENT, DELIVERS)
    stack.wait_until(message_id, "delivered")
    _open(page, message_id)
    assert page.locator(".timeline .lane-name").all_text_contents() == ["Tier 1", "Tier 2", "Tier 3"]
    assert page.locator(".timeline .code").all_text_contents() == ["30006"]
    assert page.locator(".timeline .sign").all_text_contents() == ["✕", "!", "✓"]
    attempts = page.locator(".attempts li")
    expect(attempts).to_have_count(3)
    expect(attempts.nth(0)).to_contain_text("the handler's number is a landline or its carrier is unreachable")
    expect(attempts.nth(0)).to_contain_text("Check this handler's number and phone")
    expect(attempts.nth(1)).to_contain_text("no delivery was confirmed in time")
    expect(attempts.nth(2)).to_contain_text("delivered")
    spoken = page.locator("svg.timeline").get_attribute("aria-label") or ""
    assert "tier 1, try 1" in spoken
    assert "(code 30006)" in spoken


def test_attachments_are_shown_with_their_kinds_and_ids_and_the_link_that_opens_them(
    page: Page, stack: RunningStack
) -> None:
    pictures = (File("image/jpeg", b"\xff\xd8\xff"), picture("A couch"))
    message_id = stack.text("See these", stack.customer(), DELIVERS, files=pictures)
    kept = stack.wait_until(message_id, "delivered")["relay"]["attachments"]
    _open(page, message_id)
    shown = page.locator(".photos")
    link = stack.wait_until(message_id, "delivered")["story"]["attachments"]["link"]
    opened = shown.get_by_role("link", name="2 photos")
    expect(opened).to_have_attribute("href", link)
    expect(opened).to_have_attribute("target", "_blank")
    expect(opened).to_have_attribute("rel", "noopener noreferrer")
    assert shown.locator("div").all_text_contents() == [
        f"photo, image/jpeg {kept[0]['media_id']}",
        f"photo, image/png {kept[1]['media_id']}",
    ]


def test_a_text_without_attachments_has_no_word_of_them(page: Page, stack: RunningStack) -> None:
    message_id = stack.text("No picture", stack.customer(), DELIVERS)
    stack.wait_until(message_id, "delivered")
    _open(page, message_id)
    expect(page.locator(".facts")).to_contain_text(message_id)
    expect(page.locator(".photos")).to_have_count(0)


def _seconds(attempt: dict[str, str]) -> float:
    ended, started = datetime.fromisoformat(attempt["ended_at"]), datetime.fromisoformat(attempt["started_at"])
    return (ended - started).total_seconds()


@pytest.mark.parametrize("size", [None, PHONE], ids=["wide", "phone"])
def test_the_drawing_is_to_scale(new_page: NewPage, stack: RunningStack, size: dict[str, int] | None) -> None:
    message_id = stack.text("To scale", stack.customer(), SILENT, SILENT, DELIVERS)
    (drive,) = stack.wait_until(message_id, "delivered")["story"]["drives"]
    page = open_console(new_page(size) if size else new_page(), stack, f"#/relay/{message_id}")
    page.wait_for_selector("svg.timeline")
    # An attempt's bar: while it is sent, and while its receipt is awaited.
    widths = page.eval_on_selector_all(
        ".timeline rect", "bars => bars.map((bar) => [bar.getAttribute('y'), Number(bar.getAttribute('width'))])"
    )
    drawn: dict[str, float] = {}
    for lane, width in widths:
        drawn[lane] = drawn.get(lane, 0.0) + width
    first, second, _ = drawn.values()
    one, two, _ = (_seconds(attempt) for attempt in drive["attempts"])
    # Each bar is at least three pixels wide, however short the time; that much either part of an attempt may be off.
    assert first * two == pytest.approx(second * one, abs=2 * 3 * (one + two))


def test_every_step_of_the_trail_is_there_in_words(page: Page, stack: RunningStack) -> None:
    message_id = stack.text("Step by step", stack.customer(), failed(30007), DELIVERS)
    answer = stack.wait_until(message_id, "delivered")
    _open(page, message_id)
    page.click("#relay-trail summary")
    lines = page.locator("#relay-trail tbody tr")
    expect(lines).to_have_count(len(answer["relay"]["error_log"]))
    expect(lines.first).to_contain_text("The text came in and is safely stored.")
    expect(page.locator("#relay-trail")).to_contain_text("a carrier filtered the text as unwanted (error 30007)")


def test_an_open_relay_is_drawn_on_as_it_goes(page: Page, stack: RunningStack) -> None:
    message_id = stack.text("Watch me", stack.customer(), SILENT, REFUSED, REFUSED)
    page.evaluate("window.isTheSamePage = true")
    _open(page, message_id)
    headline = "No handler was reached: 3 of 3 tiers tried, no delivery confirmed."
    expect(page.locator("#relay-title")).to_have_text(headline)
    assert page.locator(".timeline .sign").all_text_contents() == ["!", "✕", "✕"]
    assert page.evaluate("window.isTheSamePage")


def test_an_unknown_relay_says_so(page: Page, stack: RunningStack) -> None:
    page.evaluate("location.hash = '#/relay/SM' + 'f'.repeat(32)")
    expect(page.locator("#relay-title")).to_have_text("No such relay: unknown, or expired after 90 days.")


def test_a_relay_that_is_asked_for_before_it_is_there_is_shown_when_it_is(
    new_page: NewPage, stack: RunningStack
) -> None:
    message_id = stack.text("Not yet", stack.customer(), DELIVERS)
    stack.wait_until(message_id, "delivered")
    page = new_page()
    asked: list[Route] = []

    def miss(route: Route) -> None:
        if message_id not in (route.request.post_data or ""):
            route.continue_()
            return
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=404, json={"error": "No such relay."})
        else:
            route.continue_()

    page.route("**/sms/relay-state", miss)
    open_console(page, stack, f"#/relay/{message_id}")
    expect(page.locator("#relay-title")).to_have_text("Delivered at tier 1, Dana.")
