"""The page of a relay with a real Twilio, as an operator sees it: the chain is tried by a button, link by link."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from scripts.fake_twilio import Service, Standing
from tests.axe import violations
from tests.browser_fixtures import PHONE, WIDE, NewPage
from tests.local_stack.own_page import OPERATORS, signed_in
from tests.stories.town import BUSINESS, TIERS, Town


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town("embedded", tmp_path_factory.mktemp("set-up"), {"RELAY_OPERATORS": OPERATORS})
    try:
        town.open()
        yield town
    finally:
        town.close()


def _sign_in(page: Page, town: Town) -> None:
    pairs = [pair.partition("=") for pair in signed_in(town).split("; ")]
    page.context.add_cookies([{"name": name, "value": value, "url": town.address} for name, _, value in pairs])


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_an_operator_has_the_chain_tried_and_sees_each_link(
    new_page: NewPage, town: Town, size: dict[str, int]
) -> None:
    town.fake.stand(Standing(services=(Service("Relay", (BUSINESS,), "IN_PROGRESS"),)))
    page = new_page(size)
    _sign_in(page, town)
    page.goto(town.address)
    expect(page.locator("#handlers")).to_contain_text(TIERS[0])
    expect(page.locator("#setup-words")).to_contain_text(f"texts to {BUSINESS} are passed on")
    expect(page.locator("#sign-in")).to_be_hidden()
    expect(page.locator("#first-text")).to_contain_text(
        f"Text {BUSINESS}: the console and the terminal show each step."
    )
    assert violations(page) == []
    page.click("#try")
    expect(page.locator("#tried")).to_have_text(re.compile(r"^Tried at \d\d:\d\d:\d\d CES?T\.$"))
    links = page.locator("#chain > li")
    expect(links.nth(0).locator(".finding")).to_have_attribute("data-state", "bad")
    expect(links.nth(0)).to_contain_text(f"{BUSINESS}: its campaign is being reviewed")
    expect(links.nth(1)).to_contain_text("The auth token is right, and the account is active.")
    expect(links.filter(has_text="Reached from outside").locator('[data-state="ok"]')).to_have_count(2)
    assert violations(page) == []
    page.context.clear_cookies()


def test_the_page_follows_a_sign_in_and_a_sign_out(new_page: NewPage, town: Town) -> None:
    page = new_page()
    page.goto(town.address)
    expect(page.locator("#sign-in")).to_be_visible()
    assert TIERS[0] not in page.content()
    _sign_in(page, town)
    expect(page.locator("#handlers")).to_contain_text(TIERS[0])
    expect(page.locator("#try")).to_be_visible()
    page.context.clear_cookies()
    expect(page.locator("#sign-in")).to_be_visible()
    assert TIERS[0] not in page.content()
