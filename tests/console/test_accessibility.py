"""Everybody can use it: axe finds nothing at the door, the keyboard reaches everything, and news is spoken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.axe import violations
from tests.browser.test_phones_page import listen, wait_until_announced
from tests.console.conftest import PHONE, WIDE, NewPage, open_console
from tests.stack_fixtures import DELIVERS, REFUSED, SILENT, RunningStack, failed


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


@pytest.fixture(scope="module")
def busy(stack_of: Callable[[str], RunningStack]) -> dict[str, str]:
    """The stack with one relay of each kind: message ids by outcome."""
    stack = stack_of("embedded")
    # One after the other: what the carriers are told to do is for the next text, whoever's it is.
    delivered = stack.text("Down three tiers", stack.customer(), failed(30006), SILENT, DELIVERS)
    stack.wait_until(delivered, "delivered")
    exhausted = stack.text("Nobody there", stack.customer(), REFUSED, failed(30005), REFUSED)
    stack.wait_until(exhausted, "exhausted")
    return {"delivered": delivered, "exhausted": exhausted}


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_in_who_is_signed_in_and_the_links_of_walls(
    new_page: NewPage, stack: RunningStack, size: dict[str, int]
) -> None:
    page = open_console(new_page(size), stack)
    page.click("#account-button")
    found = {"account": violations(page)}
    page.click("#account-walls")
    page.click("#walls-make")
    page.wait_for_selector("#walls-list button")
    found["walls"] = violations(page)
    assert found == {"account": [], "walls": []}


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_in_the_sign_in_and_what_is_wrong_there(
    new_page: NewPage, stack: RunningStack, size: dict[str, int]
) -> None:
    page = new_page(size)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        found[name] = violations(page)

    page.goto(f"{stack.address}/console/")
    page.wait_for_selector("#sign-in-address")
    look("address")
    page.fill("#sign-in-address", "nowhere")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-problem")).not_to_be_empty()
    look("no address")
    # An address that no other test uses, and that is no operator's.
    page.fill("#sign-in-address", "+14045559999")
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-code:not([hidden])")
    look("code")
    page.fill("#sign-in-digits", "123456")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-problem")).to_contain_text("tries left")
    look("wrong code")
    page.click("#sign-in .help summary")
    look("help")
    page.click("#sign-in-by-token")
    look("token")
    page.evaluate("location.hash = '#wall=rw_x'")
    page.wait_for_selector("#sign-in-link:not([hidden])")
    look("link")
    page.evaluate("location.hash = '#sign-in=rl_x'")
    expect(page.locator("#sign-in-problem")).not_to_be_empty()
    look("link that is none")
    page.route("**/console/session", lambda route: route.fulfill(status=401, json={"error": "", "ways": []}))
    # Else the code that was asked for is what is waited for.
    page.evaluate("sessionStorage.clear()")
    page.reload()
    page.wait_for_selector("#sign-in-none:not([hidden])")
    look("no operators")
    page.route("**/console/**", lambda route: route.abort())
    page.wait_for_selector("#trouble:not([hidden])")
    look("server down")
    assert found == {name: [] for name in found}


def test_the_keyboard_goes_from_row_to_row_and_into_a_relay(page: Page, busy: dict[str, str]) -> None:
    rows = page.locator("#rows tr")
    rows.nth(1).wait_for()
    # By their ids: a text that comes in meanwhile stands above them.
    chosen, below = rows.evaluate_all("rows => rows.slice(0, 2).map((row) => row.dataset.id)")
    first, second = (page.locator(f'#rows tr[data-id="{one}"] a').first for one in (chosen, below))
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(second).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector("#relay-record")
    assert page.evaluate("location.hash") == f"#relay={chosen}"


def test_beside_the_list_the_keyboard_goes_on_in_the_relay_and_escape_leads_back(
    page: Page, busy: dict[str, str]
) -> None:
    row = page.locator(f'#rows tr[data-id="{busy["exhausted"]}"] a').first
    row.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#relay-redrive")
    for button in ("#relay-call", "#relay-say", "#relay-redrive", "#relay-handled"):
        page.keyboard.press("Tab")
        expect(page.locator(button)).to_be_focused()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()


def test_the_keyboard_keeps_its_place_in_a_relay_that_changes(page: Page, stack: RunningStack) -> None:
    message_id = stack.text("Still moving", stack.customer(), SILENT, SILENT, REFUSED)
    stack.wait_until_recorded(message_id)
    page.evaluate(f"location.hash = '#/relay/{message_id}'")
    summary = page.locator("#relay-trail summary")
    summary.focus()
    expect(page.locator("#relay-body .badge")).to_contain_text("reached no one")
    expect(summary).to_be_focused()


def test_the_first_stop_of_the_keyboard_skips_to_the_content_and_stays_in_the_view(
    new_page: NewPage, stack: RunningStack
) -> None:
    page = open_console(new_page(), stack, "#/unreached")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    expect(page.locator("#unreached")).to_be_visible()


def test_news_is_told_to_who_cannot_see_it(page: Page, stack: RunningStack) -> None:
    sender = stack.customer()
    listen(page)
    stack.text("Listen", sender, REFUSED, REFUSED, REFUSED)
    wait_until_announced(page, f"{sender}: No handler was reached")


def test_a_chosen_theme_is_kept(page: Page) -> None:
    def ground() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = ground()
    page.click("#theme-button")
    dark = ground()
    page.reload()
    page.wait_for_selector('#pulse[data-state="current"]')
    assert ground() == dark != light
