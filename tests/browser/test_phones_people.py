"""The people of the page of phones: handlers and several customers, who write, tap back, opt out and drive."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.axe import violations
from tests.browser.test_phones_page import CUSTOMER, TIERS, open_phones, write
from tests.browser_fixtures import PHONE, WIDE, NewPage
from tests.stack_fixtures import HANDLERS, OURS, RunningStack


def add_customer(page: Page) -> str:
    """A customer more, whose phone is shown from then on; its place on the page."""
    with page.expect_response(lambda answer: answer.url.endswith("/fake/phones") and answer.ok):
        page.click("#add-customer")
    shown = page.locator(".phone.customer:visible")
    expect(shown.locator("textarea")).to_be_focused()
    return f"#{shown.get_attribute('id')}"


def test_a_handler_writes_on_his_phone_and_reads_both_sides_in_their_order(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    write(page, "Is there a key for the shed?")
    expect(page.locator(f"{TIERS[0]} .bubble.theirs").last).to_contain_text("Is there a key for the shed?")
    shown = [text["body"] for text in embedded_stack.client.phone(HANDLERS[0])["inbox"]]
    code = next(code for code in map("K{:02}".format, range(100)) if not any(code in words for words in shown))
    page.fill(f"{TIERS[0]} textarea", f"{code} under the pot")
    page.press(f"{TIERS[0]} textarea", "Enter")
    expect(page.locator(f"{TIERS[0]} .bubble.mine").last).to_have_text(f"{code} under the pot")
    expect(page.locator(".story .quote").filter(has_text=f"{code} under the pot").first).to_be_visible()
    # It is no code of this handler's, as is said below it.
    last = page.locator(f"{TIERS[0]} .bubble").last
    expect(last).to_have_class("bubble theirs")
    expect(last).to_contain_text(code)
    assert [text["from"] for text in embedded_stack.client.phone(HANDLERS[0])["sent"][-1:]] == [HANDLERS[0]]


def test_a_text_for_another_customer_than_the_one_shown_is_told_of_and_found(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    other = add_customer(page)
    expect(page.locator(CUSTOMER)).to_be_hidden()
    page.fill(f"{other} textarea", "not sent yet")
    number = page.locator(f"{other} .who p").inner_text()
    page.select_option("#customer", "+12025550142")
    expect(page.locator(CUSTOMER)).to_be_visible()
    expect(page.locator(other)).to_be_hidden()
    # Twilio answers HELP by itself: a text to a customer.
    embedded_stack.client.text(number, OURS, "HELP")
    expect(page.locator("#elsewhere")).to_contain_text(f"…{number[-4:]}")
    page.click("#elsewhere")
    expect(page.locator(f"{other} .bubble.theirs").last).to_contain_text("Reply STOP to unsubscribe.")
    expect(page.locator("#elsewhere")).to_be_hidden()
    assert page.locator(f"{other} textarea").input_value() == "not sent yet"
    # Another page knows the same customers, and has no news.
    second = open_phones(new_page(), embedded_stack.address)
    second.select_option("#customer", number)
    expect(second.locator(f"{other} .bubble")).to_have_count(2)
    expect(second.locator("#elsewhere")).to_be_hidden()


def test_before_the_phones_are_known_the_page_is_not_live_and_offers_no_new_customer(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    """One that was added then would get a number that another customer has."""
    page = new_page()
    held: list[Route] = []
    page.route("**/fake/state*", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/fake/state*"):
        page.goto(embedded_stack.address)
    expect(page.locator(f"{CUSTOMER} textarea")).to_be_visible()
    expect(page.locator("#connection")).to_have_text("Connecting")
    expect(page.locator("#add-customer")).to_be_hidden()
    held[0].continue_()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#add-customer")).to_be_visible()


def test_a_text_is_tapped_back_on_by_the_keyboard_alone(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    # A like claims: the customer that all tests share is to have no owner.
    other = add_customer(page)
    page.fill(f"{other} textarea", "Can you bring a ladder?")
    page.press(f"{other} textarea", "Enter")
    bubble = page.locator(f"{TIERS[0]} .bubble.theirs").filter(has_text="bring a ladder")
    bubble.locator(".react").focus()
    page.keyboard.press("Enter")
    expect(bubble.get_by_role("button", name="Like", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(bubble.locator(".tapbacks")).to_have_count(0)
    expect(bubble.locator(".react")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    last = page.locator(f"{TIERS[0]} .bubble.mine").last
    expect(last).to_contain_text("Liked “")
    expect(last).to_contain_text("Can you bring a ladder?”")
    # It is shown as soon as it was sent, and the choice goes when that is answered.
    expect(bubble.locator(".tapbacks")).to_have_count(0)
    bubble.locator(".react").click()
    bubble.get_by_label("as on an").select_option("Android phone")
    bubble.get_by_role("button", name="Love", exact=True).click()
    expect(last).to_contain_text("❤️\u200b to “")
    assert embedded_stack.client.phone(HANDLERS[0])["sent"][-1]["body"].startswith("\u200b❤️\u200b to “")


def test_who_writes_on_or_goes_elsewhere_while_a_text_is_being_sent_is_left_in_peace(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    other = add_customer(page)
    held: list[Route] = []
    page.route("**/fake/customer-texts", lambda route: held.append(route))
    page.fill(f"{other} textarea", "Are you open?")
    with page.expect_request("**/fake/customer-texts"):
        page.press(f"{other} textarea", "Enter")
    page.fill(f"{other} textarea", "And on Sunday?")
    page.focus(f"{TIERS[0]} textarea")
    with page.expect_response("**/fake/customer-texts"):
        held[0].continue_()
    expect(page.locator(f"{other} .bubble.mine")).to_have_text("Are you open?")
    expect(page.locator(f"{TIERS[0]} textarea")).to_be_focused()
    expect(page.locator(f"{other} textarea")).to_have_value("And on Sunday?")


def test_a_phone_says_stop_by_a_button_and_shows_that_it_gets_nothing(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    other = add_customer(page)
    expect(page.locator(f"{other} .blocked")).to_be_hidden()
    page.click(f"{other} .more summary")
    page.get_by_role("button", name="Text STOP as").and_(page.locator(f"{other} button")).click()
    expect(page.locator(f"{other} .blocked")).to_contain_text("Said STOP")
    expect(page.locator(f"{other} .bubble.theirs").last).to_contain_text("You have successfully been unsubscribed.")
    page.fill(f"{other} textarea", "start")
    page.press(f"{other} textarea", "Enter")
    expect(page.locator(f"{other} .blocked")).to_be_hidden()


def test_a_phone_answers_by_itself_until_it_is_told_to_stop(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    other = add_customer(page)
    number = page.locator(f"{other} .who p").inner_text()
    page.click(f"{other} .more summary")
    page.fill(f"{other} .after", "0")
    page.fill(f"{other} .said", "I drive now")
    with page.expect_response(lambda answer: answer.url.endswith("/fake/auto-reply") and answer.ok):
        page.check(f"{other} .auto")
    expect(page.locator(f"{other} .more .now")).to_have_text("answers by itself")
    embedded_stack.client.text(number, OURS, "HELP")
    expect(page.locator(f"{other} .bubble.mine").last).to_have_text("I drive now")
    with page.expect_response(lambda answer: answer.url.endswith("/fake/auto-reply") and answer.ok):
        page.uncheck(f"{other} .auto")
    expect(page.locator(f"{other} .more .now")).to_have_text("")
    assert embedded_stack.client.phone(number)["auto_reply"] is None


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_in_what_is_opened_on_a_phone(
    new_page: NewPage, embedded_stack: RunningStack, size: dict[str, int]
) -> None:
    page = open_phones(new_page(size), embedded_stack.address)
    words = f"{size['width']} wide"
    write(page, words)
    bubble = page.locator(f"{TIERS[0]} .bubble.theirs").filter(has_text=words)
    bubble.locator(".react").click()
    page.click(f"{TIERS[1]} .more summary")
    story = page.locator(".story").filter(has_text=words)
    expect(story.locator(".badge")).to_have_text("✓ delivered")
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished)).then(() => true)")
    assert violations(page) == []
