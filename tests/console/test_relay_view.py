"""One relay as an operator reads it: the text first, what was alike once, and what can be done about it by name."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser_fixtures import NewPage
from tests.console.offices import catch_up, customer, lost, office_now, open_at
from tests.office import ANA, BEN, CARLA, Office
from tests.served_office import served
from tests.twilio_words import refusal


def _act(page: Page, button: str, words: str = "") -> None:
    """Press the button, answer its question, and wait until it is done."""
    page.click(button)
    if words:
        page.fill("#ask-fields textarea", words)
    page.click("#ask-go")
    expect(page.locator("#ask-dialog")).to_be_hidden()


def _y(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box is not None
    return box["y"]


def test_the_text_stands_right_under_the_headline(new_page: NewPage, office: Office, address: str) -> None:
    message_id = lost(office, customer(), "The boiler is leaking")
    page = open_at(new_page(), address, f"#relay={message_id}")
    follows = page.locator("#relay-title + #relay-text")
    expect(follows).to_have_text("The boiler is leaking")
    assert _y(follows) < _y(page.locator(".relay-head .actions")) < _y(page.locator(".facts"))


def test_tries_that_went_alike_are_one_entry_that_unfolds(new_page: NewPage, office: Office, address: str) -> None:
    office.messenger.script(*[refusal(30008)] * 2)
    message_id = office.text(customer(), "Three times")
    office.wait(40)
    tries = len(office.relay(message_id).attempts)
    assert tries == 3
    page = open_at(new_page(), address, f"#relay={message_id}")
    entries = page.locator(".attempts > li")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text(f"tries 1 to {tries - 1}")
    expect(entries.first).to_contain_text(f"({tries - 1} times)")
    entries.first.locator("summary").click()
    expect(entries.first.locator("details li")).to_have_count(tries - 1)
    expect(entries.first.locator("details li").first).to_contain_text(
        re.compile(r"try 1: \d\d:\d\d:\d\d \(\+0\.\d s\)")
    )


def test_a_long_text_is_scrolled_and_unfolded_by_the_keyboard(new_page: NewPage, office: Office, address: str) -> None:
    message_id = office.reaches(customer(), "One line of many. " * 120)
    page = open_at(new_page(), address, f"#relay={message_id}")
    text = page.locator("#relay-text")
    expect(text).to_have_attribute("tabindex", "0")
    text.focus()
    page.keyboard.press("End")
    expect(text).not_to_have_js_property("scrollTop", 0)
    # It is read on where one was when its relay is drawn anew.
    office.text(ANA, f"{office.thread_of(message_id).code} ok")
    expect(page.locator("#relay-title")).to_contain_text("Taken by Ana")
    expect(text).not_to_have_js_property("scrollTop", 0)
    page.keyboard.press("Tab")
    expect(page.locator("#relay-whole")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#relay-whole")).to_have_attribute("aria-expanded", "true")
    assert text.evaluate("one => one.scrollHeight - one.clientHeight") <= 2


def test_a_short_text_is_no_stop_of_the_keyboard(new_page: NewPage, office: Office, address: str) -> None:
    message_id = office.reaches(customer(), "Short")
    page = open_at(new_page(), address, f"#relay={message_id}")
    expect(page.locator("#relay-text")).not_to_have_attribute("tabindex", "0")
    expect(page.locator("#relay-whole")).to_be_hidden()


def test_sending_again_names_todays_handlers_and_not_the_numbers_of_tiers(
    new_page: NewPage, office: Office, address: str
) -> None:
    message_id = lost(office, customer(), "Once more, please")
    page = open_at(new_page(), address, f"#relay={message_id}")
    page.click("#relay-redrive")
    expect(page.locator("#ask-dialog")).to_contain_text("It goes to Ana, then Ben, then Cyd")
    expect(page.locator("#ask-dialog")).not_to_contain_text("tier")
    page.select_option("#ask-fields select", label="Cyd")
    page.click("#ask-go")
    expect(page.locator("#told")).to_have_text("1 text on the way again.")
    assert office.relay(message_id).current.tier == 3


def test_handled_is_said_with_a_note_and_taken_back(new_page: NewPage, office: Office, address: str) -> None:
    message_id = lost(office, customer(), "I was called")
    page = open_at(new_page(), address, f"#relay={message_id}")
    page.click("#relay-handled")
    page.fill("#ask-fields input", "will come on Monday")
    page.click("#ask-go")
    expect(page.locator(".relay-head .handled")).to_contain_text("will come on Monday")
    expect(page.locator(f'#rows tr[data-id="{message_id}"] .mark')).to_have_text("handled")
    expect(page.locator("#relay-redrive")).to_have_count(0)
    page.locator(".relay-head .handled button").click()
    expect(page.locator("#relay-redrive")).to_be_visible()


def test_the_link_to_photos_is_revoked_after_a_question(new_page: NewPage, office: Office, address: str) -> None:
    message_id = office.text(customer(), "See here", files=("image/jpeg",))
    office.delivered(message_id)
    page = open_at(new_page(), address, f"#relay={message_id}")
    expect(page.locator("#relay-files")).to_have_text("1 photo")
    _act(page, "#relay-revoke")
    expect(page.locator(".photos")).to_contain_text("Their link was revoked")
    expect(page.locator("#relay-files")).to_have_count(0)


# A customer's page, and the thread.


def test_the_number_leads_to_all_that_a_customer_texted_and_to_the_conversation(
    new_page: NewPage, office: Office, address: str
) -> None:
    first = office.reaches(CARLA, "The couch is on the porch")
    office.reaches(customer(), "Not hers")
    office.settle(60)
    office.text(ANA, f"{office.thread_of(first).code} on my way")
    office.settle(60)
    page = open_at(new_page(), address)
    page.locator(f'#rows tr[data-id="{first}"] a.customer').click()
    expect(page.locator("#customer-title")).to_have_text(CARLA)
    expect(page.locator("#customer-call")).to_have_attribute("href", f"tel:{CARLA}")
    expect(page.locator("#customer .conversation")).to_contain_text("on my way")
    expect(page.locator("#customer .relays")).to_contain_text("The couch is on the porch")
    expect(page.locator("#customer")).not_to_contain_text("Not hers")
    page.locator(f'#customer tr[data-id="{first}"] a').first.click()
    expect(page.locator("#relay-title")).to_contain_text("Taken by Ana")
    page.go_back()
    expect(page.locator("#customer-title")).to_be_visible()
    page.click("#customer-back")
    expect(page.locator("#rows")).to_be_visible()


def test_all_texts_of_a_customer_and_the_answers_are_there_however_many_others_came_since(
    new_page: NewPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Firestore, where a search by words looks at so many relays a call."""
    monkeypatch.setattr("relay.ports.scanning.SCANNED_MAX", 1)
    office = office_now(hours_ago=20 * 24)
    first = office.reaches(CARLA, "The couch is on the porch")
    said = office.text(ANA, f"{office.thread_of(first).code} on my way")
    office.settle(60)
    catch_up(office)
    office.reaches(customer(), "Not hers")
    with served(office) as address:
        page = open_at(new_page(), address, f"#customer={CARLA.replace('+', '%2B')}")
        rows = page.locator("#customer .relays tbody tr")
        expect(rows).to_have_count(2)
        assert [row.get_attribute("data-id") for row in rows.all()] == [f"{said}-a", first]
        expect(page.locator("#customer-more")).to_have_count(0)


def test_a_thread_is_given_to_a_handler_taken_back_texted_and_blocked(
    new_page: NewPage, office: Office, address: str
) -> None:
    message_id = office.reaches(CARLA, "The couch is on the porch")
    page = open_at(new_page(), address, f"#customer={CARLA.replace('+', '%2B')}")
    head = page.locator("#relay-thread summary")
    page.click("#thread-claim")
    page.select_option("#ask-fields select", "Ben")
    page.click("#ask-go")
    expect(head).to_contain_text("Ben has it")
    _act(page, "#thread-say", "We come at five")
    expect(page.locator(".conversation")).to_contain_text("We come at five")
    office.settle(10)
    assert any("We come at five" in words for words in office.to(CARLA))
    _act(page, "#thread-release")
    expect(head).to_contain_text("No person has it")
    _act(page, "#thread-block")
    expect(page.locator("#relay-thread")).to_contain_text("Blocked: an operator blocked it")
    _act(page, "#thread-block")
    expect(page.locator("#relay-thread")).not_to_contain_text("Blocked:")
    assert office.thread_of(message_id).owner is None
    assert BEN not in page.locator("#customer").inner_text()
