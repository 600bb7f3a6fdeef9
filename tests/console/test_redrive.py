"""Redriving from the console: asked first, done once, seen to the end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.console.conftest import NewPage, open_console
from tests.stack_fixtures import HANDLERS, REFUSED, RunningStack, until


def _exhausted(stack: RunningStack, body: str) -> str:
    message_id = stack.text(body, stack.customer(), REFUSED, REFUSED, REFUSED)
    stack.wait_until(message_id, "exhausted")
    return message_id


def test_an_exhausted_relay_is_redriven_and_seen_delivered(page: Page, stack: RunningStack) -> None:
    message_id = _exhausted(stack, "Try me again")
    page.evaluate(f"location.hash = '#/relay/{message_id}'")
    page.click("#relay-redrive")
    expect(page.locator("#ask-dialog")).to_contain_text("It goes to Dana, then Sam, then Front desk")
    page.click("#ask-go")
    expect(page.locator("#ask-dialog")).to_be_hidden()
    expect(page.locator("#relay-title")).to_have_text("Delivered at tier 1, Dana.")
    expect(page.locator(".drive h3").first).to_contain_text("Sent again (1)")
    expect(page.locator(".drive")).to_have_count(2)
    expect(page.locator(f'#rows tr[data-id="{message_id}"] .badge')).to_contain_text("delivered")


def test_nothing_is_sent_before_the_question_is_answered(page: Page, stack: RunningStack) -> None:
    message_id = _exhausted(stack, "Wait for yes")
    page.evaluate(f"location.hash = '#/relay/{message_id}'")
    page.click("#relay-redrive")
    page.click("#ask-cancel")
    assert stack.state({"message_id": message_id})["relay"]["final_status"] == "exhausted"


def test_a_double_click_and_a_lost_answer_redrive_once(new_page: NewPage, stack: RunningStack) -> None:
    message_id = _exhausted(stack, "Only once")
    page = new_page()
    asked: list[str] = []
    held: list[Route] = []

    def hold_the_first(route: Route, request: Request) -> None:
        asked.append(json.loads(request.post_data or "{}")["request_id"])
        held.append(route) if len(asked) == 1 else route.continue_()

    page.route("**/sms/redrive", hold_the_first)
    open_console(page, stack, f"#/relay/{message_id}")
    page.click("#relay-redrive")
    with page.expect_request("**/sms/redrive"):
        page.dblclick("#ask-go")
    held[0].fetch(timeout=0)  # it arrives, and its answer does not
    held[0].abort()
    expect(page.locator("#ask-problem")).to_contain_text("Pressing again is safe")
    page.click("#ask-go")
    expect(page.locator("#ask-dialog")).to_be_hidden()
    expect(page.locator("#relay-title")).to_have_text("Delivered at tier 1, Dana.")
    assert len(asked) == 2
    assert len(set(asked)) == 1
    assert len(stack.state({"message_id": message_id})["relay"]["redrive_ids"]) == 1


def test_a_redrive_begins_at_the_tier_that_was_chosen(page: Page, stack: RunningStack) -> None:
    message_id = _exhausted(stack, "Straight to the desk")
    page.evaluate(f"location.hash = '#/relay/{message_id}'")
    page.click("#relay-redrive")
    page.select_option("#ask-fields select", label="Front desk")
    page.click("#ask-go")
    expect(page.locator("#relay-title")).to_have_text("Delivered at tier 3, Front desk.")


def _card(page: Page, message_id: str) -> Locator:
    return page.locator("#wall .card", has=page.locator(f'[data-id="{message_id}"]'))


def _handle(page: Page, card: Locator) -> None:
    card.get_by_role("button", name="Handled").click()
    page.click("#ask-go")
    expect(card).to_have_count(0)


def test_the_wall_shows_who_was_not_reached_until_it_is_handled(new_page: NewPage, stack: RunningStack) -> None:
    page = open_console(new_page(), stack, "#/unreached")
    message_id = _exhausted(stack, "Is anybody there?")
    card = _card(page, message_id)
    expect(card).to_contain_text("reached no one")
    expect(card).to_contain_text("Is anybody there?")
    expect(card).to_contain_text("waiting")
    expect(page.locator("#unreached-title")).to_contain_text("unreached")
    _handle(page, card)
    page.click("#wall-done summary")
    page.locator(f'#wall-done-list [data-id="{message_id}"]').get_by_role("button", name="Take back").click()
    expect(card).to_be_visible()
    card.get_by_role("button", name="Send again").click()
    page.click("#ask-go")
    expect(card).to_have_count(0)


def test_the_wall_claims_nothing_of_days_that_it_has_not_heard_of_yet(new_page: NewPage, stack: RunningStack) -> None:
    page = new_page()
    held: list[Route] = []
    now = datetime.now(UTC)
    nobody: dict[str, object] = {"relays": [], "next_page_token": None, "now": now.isoformat()}

    def answer(route: Route, request: Request) -> None:
        asked = json.loads(request.post_data or "{}")
        is_far_back = "since" in asked and datetime.fromisoformat(asked["since"]) < now - timedelta(days=30)
        held.append(route) if is_far_back else route.fulfill(json=nobody)

    page.route("**/sms/relay-state", answer)
    open_console(page, stack, "#/unreached")
    expect(page.locator("#wall")).to_contain_text("No text of the last 7 days waits for a person.")
    page.select_option("#wall-time", "2160")
    expect(page.locator("#wall")).to_have_text("Loading …")
    until(lambda: page.evaluate("true") and held, "the question about 90 days")
    held[0].fulfill(json=nobody)
    expect(page.locator("#wall")).to_contain_text("No text of the last 90 days waits for a person.")


def test_what_was_handled_is_back_on_the_wall_when_a_redrive_reaches_nobody(
    new_page: NewPage, stack: RunningStack
) -> None:
    page = open_console(new_page(), stack, "#/unreached")
    message_id = _exhausted(stack, "Nobody, and nobody again")
    card = _card(page, message_id)
    _handle(page, card)
    for phone in HANDLERS:
        stack.client.set_carrier(phone, "refuse", 1, 21614)
    stack.post("/sms/redrive", {"message_id": message_id, "request_id": "from-elsewhere"})
    expect(card).to_contain_text("sent again 1")


def test_all_that_are_held_back_of_a_number_are_sent_on_by_one_button(page: Page, stack: RunningStack) -> None:
    robot = stack.customer()
    ids = []
    for number in range(7):
        ids.append(stack.text("I am out of office", robot))
        stack.wait_until(ids[-1], "delivered" if number < 5 else "held")
    page.evaluate(f"location.hash = '#/relay/{ids[-1]}'")
    expect(page.locator("#relay-title")).to_contain_text("Held back")
    page.click("#relay-redrive-held")
    expect(page.locator("#ask-dialog")).to_contain_text(f"Every text from {robot} that is held back")
    page.click("#ask-go")
    expect(page.locator("#ask-dialog")).to_be_hidden()
    expect(page.locator("#relay-title")).to_have_text("Delivered at tier 1, Dana.")
    stack.wait_until(ids[-2], "delivered")


def test_the_wall_shows_what_is_held_back(new_page: NewPage, stack: RunningStack) -> None:
    robot = stack.customer()
    for number in range(6):
        held = stack.text("Delivered by a robot", robot)
        stack.wait_until(held, "delivered" if number < 5 else "held")
    page = open_console(new_page(), stack, "#/unreached")
    card = _card(page, held)
    expect(card).to_contain_text("Held back")
    card.get_by_role("button", name=f"Send all of this number on {robot}").click()
    page.click("#ask-go")
    expect(card).to_have_count(0)
