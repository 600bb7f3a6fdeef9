"""Threads in the console: conversations, claims, and answers that are no customers' texts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser_fixtures import NewPage
from tests.console.offices import open_at
from tests.office import ANA, CARLA, Office
from tests.operators.operator_calls import on_thread, told
from tests.twilio_words import refusal


def _conversed(office: Office) -> tuple[str, str, str]:
    """Carla texts and Ana answers. Returns the thread's code and the ids of both texts."""
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    code = office.thread_of(message_id).code
    cause = office.text(ANA, f"{code} on my way")
    office.settle(60)
    return code, message_id, cause


def test_a_relay_is_shown_with_its_conversation_and_who_took_it(
    new_page: NewPage, office: Office, address: str
) -> None:
    code, message_id, cause = _conversed(office)
    page = open_at(new_page(), address, f"#/relay/{message_id}")
    expect(page.locator("#relay-thread summary")).to_contain_text(f"Conversation: {code}: Ana has it")
    lines = page.locator("#relay-thread li")
    # Ana's text stands there as the answer that it became.
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("The couch is on the porch")
    expect(lines.nth(1)).to_contain_text("Ana to the customer")
    expect(page.locator("#relay-title")).to_contain_text("Taken by Ana")
    lines.nth(1).locator("a").click()
    page.wait_for_url(f"**/#relay={cause}-a")
    expect(page.locator(".facts")).to_contain_text(CARLA)


def test_answers_and_notices_are_marked_in_the_list_and_not_counted_as_texts(
    new_page: NewPage, office: Office, address: str
) -> None:
    _, message_id, cause = _conversed(office)
    page = open_at(new_page(), address)
    expect(page.locator(f'#rows tr[data-id="{message_id}"] .badge')).to_have_text("⚑ taken")
    answer = page.locator(f'#rows tr[data-id="{cause}-a"]')
    expect(answer.locator(".from")).to_have_text(f"answer to {CARLA}")
    expect(page.locator("#rows tr")).to_have_count(4)
    # The customer's text and Ana's.
    expect(page.locator('#day-counts [data-kind="all"] dd').first).to_have_text("2")


def test_a_lost_answer_is_on_the_wall_only_where_no_handler_knows_of_it(
    new_page: NewPage, office: Office, address: str
) -> None:
    code, *_ = _conversed(office)
    office.messenger.script(refusal(21614))
    office.text(ANA, f"{code} still on my way")
    office.wait(600)
    office.messenger.script(refusal(21614))
    said = {"act": "say", "code": code, "words": "Ana is late", "request_id": "request-0001"}
    lost = told(on_thread(office, said))["message_id"]
    office.wait(600)
    page = open_at(new_page(), address, "#/unreached")
    (card,) = (page.locator("#wall .card"),)
    expect(card).to_have_count(1)
    expect(card.locator(f'[data-id="{lost}"]')).to_contain_text("An answer to the customer.")
    expect(card.locator("h3")).to_have_text(CARLA)
