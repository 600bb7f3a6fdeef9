"""A wall's link: made and taken back in the console, and what the screen on the wall shows by it."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.console.conftest import NewPage, open_console
from tests.console.signing_in import OLIVIA
from tests.stack_fixtures import REFUSED, RunningStack


def _made(page: Page) -> str:
    page.click("#account-button")
    page.click("#account-walls")
    page.click("#walls-make")
    page.wait_for_selector("#walls-made:not([hidden])")
    return page.input_value("#walls-link")


def test_a_wall_is_opened_by_its_link_shows_and_lets_nothing_be_changed(new_page: NewPage, stack: RunningStack) -> None:
    message_id = stack.text("On the wall", stack.customer(), REFUSED, REFUSED, REFUSED)
    stack.wait_until(message_id, "exhausted")
    page, wall = open_console(new_page(), stack), new_page()
    link = _made(page)
    wall.goto(link)
    expect(wall.locator("#sign-in-title")).to_have_text("Show the wall here")
    wall.click("#sign-in-go-link")
    card = wall.locator(f'#wall [data-id="{message_id}"]')
    expect(card).to_be_visible()
    expect(card.get_by_role("button")).to_have_count(0)
    expect(wall.locator("#account-button")).to_have_text("Wall")
    # As a screen that is switched on in the morning, with the link as its start page.
    wall.goto("about:blank")
    wall.goto(link)
    expect(card).to_be_visible()
    assert "wall=" not in wall.url


def test_a_wall_whose_link_is_taken_back_shows_nothing_any_more(new_page: NewPage, stack: RunningStack) -> None:
    page, wall = open_console(new_page(), stack), new_page()
    before = [link for link in json.loads(stack.post("/console/links/list", {}))["links"] if link["kind"] == "wall"]
    wall.goto(_made(page))
    wall.click("#sign-in-go-link")
    expect(wall.locator("#unreached")).to_be_visible()
    # The newest stands on top, once it is listed.
    expect(page.locator("#walls-list button")).to_have_count(len(before) + 1)
    page.locator("#walls-list li").first.get_by_role("button", name="Take back").click()
    expect(page.locator("#walls-made")).to_be_hidden()
    expect(wall.locator("#sign-in-problem")).to_have_text("You were signed out.")
    expect(wall.locator("#unreached")).to_be_hidden()


def test_a_link_that_was_made_is_shown_once(new_page: NewPage, stack: RunningStack) -> None:
    page = open_console(new_page(), stack)
    token = _made(page).partition("#wall=")[2]
    page.click("#walls-close")
    page.click("#account-button")
    page.click("#account-walls")
    expect(page.locator("#walls-list li").first).to_contain_text("by Olivia")
    assert token not in page.content()
    assert page.input_value("#walls-link") == ""


def test_a_wall_that_was_taken_back_before_it_was_opened_says_so(new_page: NewPage, stack: RunningStack) -> None:
    made = json.loads(stack.post("/console/links", {"kind": "wall", "for": OLIVIA}))
    stack.post("/console/links/revoke", {"key": made["key"]})
    wall = new_page()
    wall.goto(made["link"])
    wall.click("#sign-in-go-link")
    expect(wall.locator("#sign-in-problem")).to_contain_text("was taken back")
