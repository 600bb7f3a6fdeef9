"""Every view in every state can be used by everybody: axe finds nothing, and nothing is wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.axe import violations
from tests.browser_fixtures import PHONE, WIDE, NewPage
from tests.console.offices import catch_up, customer, lost, office_now, open_at
from tests.office import ANA, BEN, CARLA, Office
from tests.served_office import served

# As a window of 1440 pixels that is enlarged to 200 %.
_ENLARGED = {"width": 720, "height": 450}
_SIZES = [WIDE, PHONE, _ENLARGED]


@dataclass(frozen=True)
class Busy:
    """An office in which something of each kind has happened, and where it is shown."""

    address: str
    office: Office
    ids: dict[str, str]


@pytest.fixture
def busy() -> Iterator[Busy]:
    office = office_now(hours_ago=4)
    taken = office.text(CARLA, "Photos of the couch", files=("image/jpeg", "image/png"))
    office.delivered(taken)
    office.settle(60)
    office.text(ANA, f"{office.thread_of(taken).code} on my way")
    office.settle(60)
    ids = {
        "taken": taken,
        "long": office.reaches(customer(), "A long text of many lines. " * 60),
        "rtl": lost(office, customer(), "שלום, הדוד במטבח דולף, אפשר להתקשר אליי דחוף? " * 4),
        "lost": lost(office, customer(), "The boiler is leaking"),
        "opted out": office.text(BEN, "STOP"),
    }
    robot = customer()
    for _ in range(5):
        office.reaches(robot, "I am out of office")
    ids["held"] = office.text(robot, "I am out of office")
    catch_up(office)
    ids["running"] = office.text(customer(), "On its way")
    with served(office) as address:
        yield Busy(address, office, ids)


@pytest.mark.parametrize("size", _SIZES, ids=["wide", "phone", "enlarged"])
def test_axe_finds_nothing_in_any_view(new_page: NewPage, busy: Busy, size: dict[str, int]) -> None:
    page = open_at(new_page(size), busy.address)
    found: dict[str, list[str]] = {}
    page.wait_for_selector("#rows tr")
    page.click("#day details summary")
    if size is not WIDE:
        page.locator("#filter-more").evaluate("one => one.click()")
    found["live"] = violations(page)
    page.keyboard.press("?")
    found["keys"] = violations(page)
    page.keyboard.press("Escape")
    for name, message_id in busy.ids.items():
        page.evaluate(f"location.hash = 'relay={message_id}'")
        expect(page.locator(".facts")).to_contain_text(message_id)
        if busy.office.relay(message_id).thread_id:
            page.wait_for_selector("#relay-thread")
        page.click("#relay-trail summary")
        page.click("#relay-record summary")
        found[name] = violations(page)
    page.evaluate(f"location.hash = 'relay={busy.ids['lost']}'")
    for button in ("#relay-redrive", "#relay-say", "#relay-handled"):
        page.click(button)
        found[button] = violations(page)
        page.click("#ask-cancel")
    page.evaluate(f"location.hash = 'customer={CARLA}'")
    page.wait_for_selector("#customer .conversation")
    found["customer"] = violations(page)
    page.evaluate("location.hash = 'unreached'")
    page.wait_for_selector("#wall .card")
    found["wall"] = violations(page)
    page.locator("#wall .card").first.get_by_role("button", name="Handled").click()
    page.click("#ask-go")
    page.click("#wall-done summary")
    page.wait_for_selector("#wall-done-list li")
    found["handled"] = violations(page)
    page.route("**/sms/relay-state", lambda route: route.abort())
    page.wait_for_selector("#trouble:not([hidden])")
    found["the relay is down: wall"] = violations(page)
    page.evaluate("location.hash = '/'")
    page.wait_for_selector("#rows tr")
    found["the relay is down: list"] = violations(page)
    assert found == {name: [] for name in found}


def test_axe_finds_nothing_where_nothing_has_come_yet(new_page: NewPage, office: Office, address: str) -> None:
    page = open_at(new_page(PHONE), address)
    page.wait_for_selector("#list-state .first")
    found = {"live": violations(page)}
    page.fill("#filter-search", "couch")
    page.wait_for_selector("#list-state:has-text('No text matches.')")
    found["nothing found"] = violations(page)
    page.evaluate("location.hash = 'unreached'")
    page.wait_for_selector("#wall .calm")
    found["wall"] = violations(page)
    assert found == {"live": [], "nothing found": [], "wall": []}
