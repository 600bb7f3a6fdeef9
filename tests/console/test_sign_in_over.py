"""What is over: codes, sessions and operators who are on no list any more. Time passes only when told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser_fixtures import NewPage
from tests.office import CARLA, Office
from tests.operators.signing_in.doors import ANA, PEOPLE, Doors
from tests.served_office import served


@pytest.fixture
def office() -> Office:
    office = Office()
    office.clock.set(datetime.now(UTC))
    return office


@pytest.fixture
def doors(office: Office) -> Doors:
    return Doors(clock=office.clock, console="")


@pytest.fixture
def address(office: Office, doors: Doors) -> Iterator[str]:
    with served(office, doors) as address:
        yield f"{address}/console/"


def _asked(page: Page, address: str) -> Page:
    page.goto(address)
    page.fill("#sign-in-address", ANA)
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-code:not([hidden])")
    return page


def _enter(page: Page, code: str) -> None:
    page.fill("#sign-in-digits", code)
    page.keyboard.press("Enter")


def _is_in(page: Page) -> None:
    expect(page.locator("#pulse")).to_have_text("live")
    expect(page.locator("#account-button")).to_have_text("Ana")


def test_a_code_is_over_after_ten_minutes_and_another_one_signs_in(
    new_page: NewPage, address: str, office: Office, doors: Doors
) -> None:
    page = _asked(new_page(), address)
    office.clock.advance(601)
    _enter(page, doors.outbox.code())
    expect(page.locator("#sign-in-problem")).to_contain_text("it is over")
    if page.locator("#sign-in-again").is_visible():
        page.click("#sign-in-again")
    page.fill("#sign-in-address", ANA)
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-code:not([hidden])")
    _enter(page, doors.outbox.code())
    _is_in(page)


def test_a_session_that_was_not_used_for_a_month_is_over_and_leads_back_to_where_one_was(
    new_page: NewPage, address: str, office: Office, doors: Doors
) -> None:
    message_id = office.reaches(CARLA, "The couch is on the porch")
    page = _asked(new_page(), address + f"#/relay/{message_id}")
    _enter(page, doors.outbox.code())
    _is_in(page)
    office.clock.advance(timedelta(days=31).total_seconds())
    expect(page.locator("#sign-in-problem")).to_have_text("You were signed out.")
    page.fill("#sign-in-address", ANA)
    page.keyboard.press("Enter")
    page.wait_for_selector("#sign-in-code:not([hidden])")
    _enter(page, doors.outbox.code())
    _is_in(page)
    expect(page.locator("#relay-body blockquote")).to_have_text("The couch is on the porch")


def test_who_is_taken_off_the_list_is_out(new_page: NewPage, address: str, doors: Doors) -> None:
    page = _asked(new_page(), address)
    _enter(page, doors.outbox.code())
    _is_in(page)
    doors.list_operators(*PEOPLE[1:])
    expect(page.locator("#sign-in-problem")).to_have_text("You were signed out.")
    expect(page.locator("#live")).to_be_hidden()


def test_with_no_operators_it_says_what_to_do(new_page: NewPage, address: str, doors: Doors) -> None:
    doors.list_operators()
    page = new_page()
    page.goto(address)
    expect(page.locator("#sign-in-none")).to_contain_text("relayctl link --for NAME")
    # As soon as there is one, the page that was left open offers codes.
    doors.list_operators(*PEOPLE)
    expect(page.locator("#sign-in-address")).to_be_visible()


def test_the_ways_that_there_are_stand_over_the_field(new_page: NewPage, address: str, doors: Doors) -> None:
    doors.list_operators(PEOPLE[2])
    page = new_page()
    page.goto(address)
    expect(page.locator("#sign-in-label")).to_have_text("Your e-mail address")
    expect(page.locator("#sign-in-address")).to_have_attribute("placeholder", "you@example.com")
    doors.list_operators(PEOPLE[1])
    page.reload()
    expect(page.locator("#sign-in-label")).to_have_text("Your mobile number")
