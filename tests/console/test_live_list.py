"""The list follows what happens, and shows what was asked for."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.stack_fixtures import DELIVERS, REFUSED, RunningStack, failed, until


def _row(page: Page, message_id: str):  # type: ignore[no-untyped-def]
    return page.locator(f'#rows tr[data-id="{message_id}"]')


def test_a_relay_appears_and_is_delivered_without_a_reload(page: Page, stack: RunningStack) -> None:
    page.evaluate("window.isTheSamePage = true")
    message_id = stack.text("The pump is leaking", stack.customer(), DELIVERS)
    expect(_row(page, message_id)).to_contain_text("The pump is leaking")
    expect(_row(page, message_id).locator(".badge")).to_contain_text("delivered")
    expect(_row(page, message_id)).to_contain_text("1 of 3")
    expect(_row(page, message_id).locator(".took")).to_contain_text(" s")
    assert page.evaluate("window.isTheSamePage")


def test_a_filter_by_outcome_narrows_the_list(page: Page, stack: RunningStack) -> None:
    delivered = stack.text("All well", stack.customer(), DELIVERS)
    exhausted = stack.text("Nobody there", stack.customer(), REFUSED, REFUSED, REFUSED)
    expect(_row(page, delivered).locator(".badge")).to_contain_text("delivered")
    expect(_row(page, exhausted).locator(".badge")).to_contain_text("reached no one")
    page.select_option("#filter-outcome", "exhausted")
    expect(_row(page, delivered)).to_have_count(0)
    expect(_row(page, exhausted)).to_be_visible()
    assert set(page.locator("#rows .badge").all_text_contents()) == {"✕ reached no one"}
    page.click("#filter-clear")
    expect(_row(page, delivered)).to_be_visible()


def test_a_number_finds_only_its_own_texts(page: Page, stack: RunningStack) -> None:
    mine, other = stack.customer(), stack.customer()
    wanted = stack.text("It is me", mine, DELIVERS)
    unwanted = stack.text("It is somebody else", other, DELIVERS)
    expect(_row(page, unwanted)).to_be_visible()
    page.fill("#filter-search", f"{mine[:2]} ({mine[2:5]}) {mine[5:8]}-{mine[8:]}")
    expect(_row(page, unwanted)).to_have_count(0)
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(_row(page, wanted)).to_be_visible()


def test_a_number_without_its_country_code_is_found(page: Page, stack: RunningStack) -> None:
    mine = stack.customer()
    wanted = stack.text("I never say +1", mine, DELIVERS)
    expect(_row(page, wanted)).to_be_visible()
    page.fill("#filter-search", f"({mine[2:5]}) {mine[5:8]}-{mine[8:]}")
    expect(page.locator("#filter-words")).to_have_text("1 text of the last 90 days")
    expect(_row(page, wanted)).to_be_visible()


def test_the_last_digits_are_enough_to_find_a_number(page: Page, stack: RunningStack) -> None:
    mine = stack.customer()
    wanted = stack.text("Only my last digits are known", mine, DELIVERS)
    expect(_row(page, wanted)).to_be_visible()
    page.fill("#filter-search", mine[-4:])
    expect(page.locator("#rows tr")).to_have_count(1)
    expect(_row(page, wanted)).to_be_visible()


def test_a_message_id_opens_its_relay(page: Page, stack: RunningStack) -> None:
    message_id = stack.text("Where did I go?", stack.customer(), failed(30006), DELIVERS)
    stack.wait_until(message_id, "delivered")
    page.fill("#filter-search", message_id)
    expect(page.locator("#relay-title")).to_have_text("Delivered at tier 2, Sam.")
    expect(page.locator("#relay-body .body")).to_have_text("Where did I go?")


def test_a_time_of_ones_own_leaves_out_what_is_outside(page: Page, stack: RunningStack) -> None:
    message_id = stack.text("Now", stack.customer(), DELIVERS)
    expect(_row(page, message_id)).to_be_visible()
    page.select_option("#filter-time", "own")
    page.fill("#filter-from", "2020-01-01 00:00")
    page.fill("#filter-to", "2020-01-02 00:00")
    expect(page.locator("#rows tr")).to_have_count(0)
    expect(page.locator("#list-state")).to_contain_text("No text matches.")
    page.fill("#filter-to", "2099-01-02 00:00")
    expect(_row(page, message_id)).to_be_visible()


def test_the_day_is_counted_by_outcome_and_tier(page: Page, stack: RunningStack) -> None:
    def counts() -> dict[str, int]:
        """All of them as they stand at one moment."""
        told = "all => all.reverse().map((one) => [one.dataset.kind, Number(one.querySelector('a')?.textContent)])"
        # The last entry, reversed the first, is the median and has no link; its kind is that of the sum.
        return dict(page.locator("#day-counts [data-kind]").evaluate_all(told))

    expect(page.locator("#day-counts dd").first).to_be_visible()
    before = counts()
    message_id = stack.text("Second tier, please", stack.customer(), REFUSED, DELIVERS)
    # Tier 2, or, where a machine has much to do, tier 3.
    tier = f"tier{stack.wait_until(message_id, 'delivered')['relay']['delivered_tier']}"
    until(lambda: counts()[tier] > before[tier], "one more at the tier that got it")
    told = counts()
    assert told.pop("all") == sum(told.values())
    assert page.locator(f'#day-chart rect[data-kind="{tier}"]').count() >= 1
    page.click("#day details summary")
    expect(page.locator("#day-table tbody tr").first).to_be_visible()


def test_more_rows_than_a_page_are_there_when_asked_for(page: Page, stack: RunningStack) -> None:
    sender = stack.customer()
    for number in range(52):
        stack.text(f"Text {number}", sender)
    # What is typed is searched for a moment later, and that begins the list anew.
    with page.expect_response(lambda response: sender in (response.request.post_data or "")):
        page.fill("#filter-search", sender)
    expect(page.locator("#rows tr")).to_have_count(50)
    page.click("#more")
    expect(page.locator("#rows tr")).to_have_count(52)
    expect(page.locator("#more")).to_be_hidden()
