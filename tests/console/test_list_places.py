"""The list keeps its place: on the screen, in the address, and with what is rare in full."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser_fixtures import PHONE, NewPage
from tests.console.offices import catch_up, customer, lost, office_now, open_at
from tests.office import ANA, BEN, CARLA, Office, tiers_of
from tests.served_office import served

_WIDE, _DESK = {"width": 1920, "height": 1080}, {"width": 1280, "height": 800}
_BUSY = 40
# Where on the screen these words of an element begin, from the left.
_PLACE_OF = """(element, words) => {
  const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const at = node.data.indexOf(words);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + words.length);
    return range.getBoundingClientRect().left;
  }
}"""


def _row(page: Page, message_id: str) -> Locator:
    return page.locator(f'#rows tr[data-id="{message_id}"]')


def _top(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box is not None
    return box["y"]


def _many(office: Office) -> list[str]:
    """Texts of as many customers, the oldest first."""
    return [office.reaches(customer(), f"Text number {number}") for number in range(_BUSY)]


@pytest.mark.parametrize("size", [_WIDE, _DESK, PHONE], ids=["1920", "1280", "375"])
def test_header_and_banner_stay_in_sight_however_far_one_scrolls(
    new_page: NewPage, office: Office, address: str, size: dict[str, int]
) -> None:
    ids = _many(office)
    page = open_at(new_page(size), address)
    _row(page, ids[0]).scroll_into_view_if_needed()
    page.context.set_offline(True)
    for seen in (page.locator("#pulse"), page.locator("#trouble-words")):
        expect(seen).to_be_in_viewport()
    _row(page, ids[0]).locator("a").first.click()
    expect(page.locator("#relay")).to_be_visible()
    for seen in (page.locator("#pulse"), page.locator("#trouble-words")):
        expect(seen).to_be_in_viewport()


@pytest.mark.parametrize("size", [_WIDE, _DESK], ids=["1920", "1280"])
def test_a_row_that_is_opened_deep_in_the_list_stays_where_it_was_with_its_text(
    new_page: NewPage, office: Office, address: str, size: dict[str, int]
) -> None:
    ids = _many(office)
    page = open_at(new_page(size), address)
    row = _row(page, ids[5])
    row.scroll_into_view_if_needed()
    before = _top(row)
    row.locator("a").first.click()
    expect(page.locator("#relay-title")).to_be_visible()
    expect(row).to_have_class(re.compile("chosen"))
    assert _top(row) == pytest.approx(before, abs=2)
    expect(row.locator(".text")).to_contain_text("Text number 5")
    page.go_back()
    expect(page.locator("#relay")).to_be_hidden()
    assert _top(row) == pytest.approx(before, abs=2)


@pytest.mark.parametrize("size", [_WIDE, _DESK, PHONE], ids=["1920", "1280", "375"])
def test_what_is_rare_is_never_cut(new_page: NewPage, size: dict[str, int]) -> None:
    office = office_now(hours_ago=1)
    late, found = customer(), customer()
    overdue = office.text(late, "Nothing moves")
    office.timers.armed.clear()
    recovered = office.text(found, "Its webhook never came", recovered_at=office.clock.now())
    office.delivered(recovered)
    opted_out = office.text(BEN, "STOP")
    aside = office.text(customer(), "It cannot go on")
    stored = office.store.get(aside, timeout_seconds=1)
    assert stored is not None
    office.store.set_aside(aside, stored.version, "its record cannot be written", timeout_seconds=1)
    catch_up(office)
    marks = {overdue: "overdue", recovered: "recovered", opted_out: "opted out", aside: "! set aside"}
    with served(office) as address:
        page = open_at(new_page(size), address)
        for route in ("", f"#relay={recovered}"):
            page.evaluate(f"location.hash = '{route}'")
            expect(page.locator("#relay")).to_be_visible(visible=bool(route))
            for message_id, words in marks.items():
                mark = _row(page, message_id).locator(".badge").last
                if size is PHONE and route:
                    continue
                expect(mark).to_have_text(words)
                is_whole = """one => {
                  const cell = one.closest("td").getBoundingClientRect(), mark = one.getBoundingClientRect();
                  return mark.left >= cell.left - 1 && mark.right <= cell.right + 1 && mark.bottom <= cell.bottom + 1;
                }"""
                assert mark.evaluate(is_whole), (words, route)


def test_right_to_left_words_begin_at_the_right_and_are_cut_at_their_end(
    new_page: NewPage, office: Office, address: str
) -> None:
    message_id = office.reaches(customer(), "שלום, הדוד במטבח דולף מאוד ואני לא בבית עד הערב, אפשר להתקשר אליי? " * 3)
    page = open_at(new_page(_DESK), address)
    words = _row(page, message_id).locator(".text span")
    expect(words).to_have_css("direction", "rtl")
    # The box is as wide as its cell: nothing of the beginning, on the right, hangs over.
    assert words.evaluate("one => one.scrollWidth > one.clientWidth && one.scrollLeft === 0")
    page.evaluate(f"location.hash = 'relay={message_id}'")
    expect(page.locator("#relay-text")).to_have_css("direction", "rtl")


def test_a_name_from_right_to_left_turns_nothing_around_that_stands_behind_it(new_page: NewPage) -> None:
    office = Office(tiers_of(("דנה", ANA), ("Ben", BEN)))
    office.clock.set(office_now().clock.now())
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(8)
    office.text(ANA, f"{office.thread_of(message_id).code} on my way")
    with served(office) as address:
        page = open_at(new_page(_DESK), address, f"#relay={message_id}")
        title = page.locator("#relay-title")
        expect(title).to_contain_text(re.compile("^Taken by דנה .* s after it came in"))
        name, seconds = (title.evaluate(_PLACE_OF, words) for words in ("דנה", " s after"))
        number = title.evaluate(_PLACE_OF, re.search(r"\d+", title.inner_text())[0])  # type: ignore[index]
        assert name < number < seconds


def test_a_phones_first_screen_shows_texts(new_page: NewPage, office: Office, address: str) -> None:
    message_id = office.reaches(customer(), "At the top")
    page = open_at(new_page(PHONE), address)
    _row(page, message_id).wait_for()
    assert _top(page.locator("#rows tr").first) < 330
    expect(page.locator("#filter-outcome")).to_be_hidden()
    page.click("#filter-more")
    expect(page.locator("#filter-outcome")).to_be_visible()


def test_filters_and_the_opened_relay_are_in_the_address(new_page: NewPage, office: Office, address: str) -> None:
    good = office.reaches(customer(), "All well")
    bad = lost(office, customer(), "No one there")
    page = open_at(new_page(), address)
    page.select_option("#filter-outcome", "exhausted")
    expect(_row(page, good)).to_have_count(0)
    page.reload()
    expect(_row(page, bad)).to_be_visible()
    expect(_row(page, good)).to_have_count(0)
    expect(page.locator("#filter-outcome")).to_have_value("exhausted")
    _row(page, bad).locator("a").first.click()
    expect(page.locator("#relay-title")).to_contain_text("No handler was reached")
    assert page.evaluate("location.hash") == f"#relay={bad}&outcome=exhausted"
    page.reload()
    expect(page.locator("#relay-title")).to_contain_text("No handler was reached")
    expect(_row(page, good)).to_have_count(0)
    page.go_back()
    expect(page.locator("#relay")).to_be_hidden()
    expect(page.locator("#filter-outcome")).to_have_value("exhausted")


def test_an_alarms_link_opens_its_relay(new_page: NewPage, office: Office, address: str) -> None:
    bad = lost(office, customer(), "No one there")
    page = open_at(new_page(), address, f"#relay={bad}")
    expect(page.locator("#relay-text")).to_have_text("No one there")


def test_counts_and_bars_lead_to_the_texts_that_they_count(new_page: NewPage) -> None:
    office = office_now(hours_ago=5)
    bad = lost(office, customer(), "No one there")
    catch_up(office)
    good = office.reaches(customer(), "All well")
    with served(office) as address:
        page = open_at(new_page(), address)
        expect(_row(page, bad)).to_be_visible()
        page.locator('#day-counts [data-kind="exhausted"] a').click()
        expect(_row(page, good)).to_have_count(0)
        expect(_row(page, bad)).to_be_visible()
        page.locator('#day-counts [data-kind="tier1"] a').click()
        expect(_row(page, bad)).to_have_count(0)
        expect(_row(page, good)).to_be_visible()
        page.click("#filter-clear")
        expect(_row(page, bad)).to_be_visible()
        page.locator('#day-chart .hour:has([data-kind="exhausted"])').click()
        expect(_row(page, good)).to_have_count(0)
        expect(_row(page, bad)).to_be_visible()
        expect(page.locator("#filter-from")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d \d\d:00$"))
        page.click("#day details summary")
        page.locator("#day-table tbody a").last.click()
        expect(_row(page, good)).to_be_visible()
        expect(_row(page, bad)).to_have_count(0)


def test_a_time_that_cannot_be_read_is_said_to_be_none(new_page: NewPage, office: Office, address: str) -> None:
    page = open_at(new_page(), address)
    page.select_option("#filter-time", "own")
    page.fill("#filter-from", "11/30/2026 2 pm")
    expect(page.locator("#filter-from")).to_have_attribute("aria-invalid", "true")
    page.fill("#filter-from", "2026-11-30 14:00")
    expect(page.locator("#filter-from")).to_have_attribute("aria-invalid", "false")


def test_a_handlers_text_stands_under_his_name(new_page: NewPage, office: Office, address: str) -> None:
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    said = office.text(ANA, f"{office.thread_of(message_id).code} on my way")
    page = open_at(new_page(), address)
    expect(_row(page, said).locator(".from")).to_have_text("Ana")
    page.evaluate(f"location.hash = 'relay={said}'")
    expect(page.locator("#relay-title")).to_have_text("From Ana: its words went to the customer.")
    expect(page.locator("#relay-body")).not_to_contain_text("Nothing to do")


def test_times_are_of_24_hours_with_the_zone_named(new_page: NewPage, office: Office, address: str) -> None:
    message_id = office.reaches(customer(), "When?")
    page = open_at(new_page(), address, f"#relay={message_id}")
    zone = "CEST" if 3 < datetime.now(UTC).month < 10 else "CES?T"
    expect(page.locator(".facts")).to_contain_text(re.compile(rf"Received\s*\d\d:\d\d:\d\d {zone}"))
    expect(page.locator("thead").first).to_contain_text(re.compile(zone))
    expect(page.locator(".drive h3")).to_contain_text(re.compile(f"times are {zone}"))
    expect(page.locator(".attempts li").first).to_contain_text(re.compile(r"\d\d:\d\d:\d\d \(\+\d"))
    page.click("#relay-trail summary")
    expect(page.locator("#relay-trail tbody tr").first).to_contain_text(re.compile(r"^\d\d:\d\d:\d\d"))


def test_keys_lead_through_the_list(new_page: NewPage, office: Office, address: str) -> None:
    ids = _many(office)
    page = open_at(new_page(), address)
    expect(_row(page, ids[-1])).to_be_visible()
    for key, shown in (("j", ids[-1]), ("j", ids[-2]), ("k", ids[-1])):
        page.keyboard.press(key)
        page.wait_for_url(re.compile(rf"#relay={shown}"))
    # A key that is held comes again before the page has followed its address.
    pressed = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true}));"
    page.evaluate(f"() => {{ document.body.focus(); {pressed.replace('document.', 'document.body.') * 3} }}")
    page.wait_for_url(re.compile(rf"#relay={ids[-4]}"))
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_contain_text("the next text")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#filter-search")).to_be_focused()
    page.keyboard.type("jk?")
    expect(page.locator("#filter-search")).to_have_value("jk?")


def test_what_the_list_has_is_exported_and_no_text_becomes_a_formula(
    new_page: NewPage, office: Office, address: str
) -> None:
    sender = customer()
    office.reaches(sender, '=HYPERLINK("http://evil.example","Click")')
    page = open_at(new_page(), address)
    expect(page.locator("#rows tr").first).to_be_visible()
    with page.expect_download() as downloading:
        page.click("#export")
    head, *lines = downloading.value.path().read_text("utf-8-sig").splitlines()
    assert downloading.value.suggested_filename.endswith(".csv")
    assert head.startswith('"Received (UTC)"')
    (line,) = (line for line in lines if sender in line and "HYPERLINK" in line)
    assert '"\'=HYPERLINK(""http' in line


def test_the_first_run_says_what_to_text_and_what_is_different_from_a_handlers_phone(
    new_page: NewPage, office: Office, address: str
) -> None:
    page = open_at(new_page(), address)
    expect(page.locator("#list-state")).to_contain_text("Text +15551234567 to see it here.")
    expect(page.locator("#list-state")).to_contain_text(
        "From a handler's or an operator's own phone begin the text with test"
    )
    expect(page.locator("#list-state")).to_contain_text("Search all 90 days")
    expect(page.locator("#list-state")).not_to_contain_text("Clear the filters")
    page.evaluate("location.hash = 'unreached'")
    expect(page.locator("#wall")).to_contain_text("Text +15551234567 to see it here.")
    office.text(ANA, "test: The couch is on the porch")
    page.evaluate("location.hash = '/'")
    expect(page.locator("#rows")).to_contain_text("The couch is on the porch")
