"""The list finds a text by its words, by a number however it is written, and by a handler's name, however old it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser_fixtures import NewPage
from tests.console.offices import catch_up, customer, office_now, open_at
from tests.office import Office
from tests.operators.operator_calls import state, told
from tests.served_office import served

# Some letters, and the wall before the page gets round to the search, which is due by then: a machine has much to do.
_TYPE_AND_GO = """async (milliseconds) => {
  const search = document.getElementById("filter-search");
  search.value = "couch";
  search.dispatchEvent(new Event("input", { bubbles: true }));
  const { port1, port2 } = new MessageChannel();
  const gone = new Promise((resolve) => {
    port1.onmessage = () => resolve((location.hash = "unreached"));
  });
  port2.postMessage("go");
  for (const until = Date.now() + milliseconds; Date.now() < until; );
  await gone;
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve));
}"""
_LAST_LETTER_MS = 300  # TYPING_MS of filters.js


def _row(page: Page, message_id: str) -> Locator:
    return page.locator(f'#rows tr[data-id="{message_id}"]')


@pytest.mark.parametrize("how", ["words", "part of a word", "handler", "national", "grouped", "last digits", "id"])
def test_a_text_of_weeks_ago_is_found_by_what_one_remembers_of_it(new_page: NewPage, how: str) -> None:
    office = office_now(hours_ago=40 * 24)
    sender = customer()
    wanted = office.reaches(sender, "The Couch is on the porch")
    other = office.text(customer(), "A table")
    catch_up(office)
    asked = {
        "words": "couch porch",
        "part of a word": "orch",
        "handler": "ana",
        "national": f"0{sender[2:]}",
        "grouped": f"{sender[:2]} ({sender[2:5]}) {sender[5:8]}-{sender[8:]}",
        "last digits": sender[-7:],
        "id": wanted[:12],
    }
    with served(office) as address:
        page = open_at(new_page(), address)
        expect(page.locator("#list-state")).to_contain_text("No text in the last 24 hours.")
        page.fill("#filter-search", asked[how])
        expect(_row(page, wanted)).to_be_visible()
        if how not in ("handler", "id"):
            expect(_row(page, other)).to_have_count(0)
        expect(page.locator("#filter-words")).to_contain_text("last 90 days")
        expect(page.locator("#filter-time option:checked")).to_have_text("all 90 days")
        page.select_option("#filter-time", "24")
        expect(page.locator("#list-state")).to_contain_text("No text matches.")


def test_where_nothing_is_found_it_offers_what_helps_and_nothing_else(
    new_page: NewPage, office: Office, address: str
) -> None:
    page = open_at(new_page(), address)
    state = page.locator("#list-state")
    expect(state.get_by_role("button")).to_have_text(["Search all 90 days"])
    page.fill("#filter-search", "couch")
    expect(state).to_contain_text("No text matches.")
    # All 90 days were searched already.
    expect(state.get_by_role("button")).to_have_text(["Clear the filters"])
    page.fill("#filter-search", "")
    page.select_option("#filter-outcome", "exhausted")
    expect(state.get_by_role("button")).to_have_text(["Search all 90 days", "Clear the filters"])
    state.get_by_role("button", name="Search all 90 days").click()
    expect(page.locator("#filter-time")).to_have_value("2160")
    state.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("#filter-outcome")).to_have_value("")
    expect(page.locator("#filter-time")).to_have_value("")


def test_a_search_that_is_done_in_steps_says_how_far_it_came_and_goes_on(
    new_page: NewPage, office: Office, address: str
) -> None:
    """As on Firestore, where each call looks at so many relays."""
    message_id = office.reaches(customer(), "The couch is on the porch")
    office_row = told(state(office, {"message_id": message_id}))["summary"]
    page = new_page()
    asked: list[str | None] = []
    # Noon, so that it is the same day where the browser is.
    back_to = (datetime.now(UTC) - timedelta(days=12)).replace(hour=12).isoformat()

    def in_steps(route: Route, request: Request) -> None:
        body = json.loads(request.post_data or "{}")
        if "words" not in body:
            route.continue_()
            return
        asked.append(body.get("page_token"))
        rows = [] if len(asked) == 1 else [office_row]
        more = {"next_page_token": "further", "searched_back_to": back_to} if len(asked) == 1 else {}
        told = {"next_page_token": None, "searched_back_to": None, "now": datetime.now(UTC).isoformat()}
        route.fulfill(json={"relays": rows, **told, **more})

    page.route("**/sms/relay-state", in_steps)
    office_row |= {"message_id": "SM" + "f" * 32, "timestamp": (datetime.now(UTC) - timedelta(days=20)).isoformat()}
    open_at(page, address)
    page.fill("#filter-search", "sofa")
    expect(page.locator("#list-state")).to_contain_text("Nothing found so far.")
    expect(page.locator("#filter-words")).to_contain_text(f"searched back to {back_to[:10]}")
    page.get_by_role("button", name="Search further back").click()
    expect(_row(page, office_row["message_id"])).to_be_visible()
    expect(page.locator("#more")).to_be_hidden()
    assert asked == [None, "further"]


def test_who_goes_to_the_wall_while_the_last_letter_is_waited_for_stays_there(new_page: NewPage, address: str) -> None:
    page = open_at(new_page(), address)
    page.evaluate(_TYPE_AND_GO, _LAST_LETTER_MS + 50)
    expect(page.locator("#unreached")).to_be_visible()
    assert page.url.endswith("#unreached")


def test_a_search_can_be_gone_back_to_and_shared(new_page: NewPage, office: Office, address: str) -> None:
    wanted = office.reaches(customer(), "The couch is on the porch")
    other = office.reaches(customer(), "A table")
    page = open_at(new_page(), address, "#q=couch")
    expect(page.locator("#filter-search")).to_have_value("couch")
    expect(_row(page, wanted)).to_be_visible()
    expect(_row(page, other)).to_have_count(0)
