"""The wall: read from across the room, it says whom to call first, and rings in a hidden tab, too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser_fixtures import NewPage
from tests.console.offices import catch_up, customer, lost, office_now, open_at
from tests.office import ANA, BEN, Office
from tests.served_office import served
from tests.stack_fixtures import until

_TITLE = "Unreached \N{EN DASH} SMS relay"
_SCREEN = {"width": 1920, "height": 1080}
# Ours, and waited out at no tier: the country is not allowed.
_OURS = 21408


def _card(page: Page, end: str) -> Locator:
    return page.locator(f'#wall .card[data-end="{end}"]')


def _names(buttons: Locator) -> list[str]:
    return [re.sub(r" …$", "", words) for words in buttons.all_inner_texts()]


def test_one_card_holds_all_that_waits_of_a_customer_and_who_waits_longest_is_first(new_page: NewPage) -> None:
    office = office_now(hours_ago=3)
    patient, late = customer(), customer()
    first = lost(office, patient, "The boiler is leaking")
    lost(office, late, "Any news?")
    second = lost(office, patient, "Hello? Is anybody there?")
    catch_up(office)
    with served(office) as address:
        page = open_at(new_page(_SCREEN), address, "#unreached")
        cards = page.locator("#wall .card")
        expect(cards).to_have_count(2)
        expect(cards.nth(0).locator("h3")).to_have_text(patient)
        expect(cards.nth(0)).to_contain_text(re.compile("waiting (2|3) h"))
        shown = cards.nth(0).locator("[data-id]").evaluate_all("all => all.map((one) => one.dataset.id)")
        assert shown == [first, second]
        expect(cards.nth(0)).to_contain_text("The boiler is leaking")
        expect(page.locator("#unreached-title")).to_have_text("3 unreached")
        expect(page.locator("#wall-of")).to_have_text("from 2 numbers")


def test_a_card_offers_to_call_to_text_and_to_send_again_in_this_order_and_gives_the_relays_own_advice(
    new_page: NewPage, office: Office, address: str
) -> None:
    sender = customer()
    lost(office, sender, "The boiler is leaking")
    card = _card(open_at(new_page(), address, "#unreached"), sender)
    assert _names(card.locator(".actions > *")) == ["Call", "Text", "Send again", "Handled", "All texts"]
    expect(card.locator(".actions > *").first).to_have_attribute("href", f"tel:{sender}")
    expect(card.locator(".advice")).to_have_text("Call the customer; then send it again.")
    expect(card).not_to_contain_text("next tier")


def test_its_type_can_be_read_across_the_room_and_fits_a_phone(new_page: NewPage, office: Office, address: str) -> None:
    sender = customer()
    lost(office, sender, "The boiler is leaking")

    def size(page: Page, selector: str) -> float:
        return float(page.eval_on_selector(selector, "one => parseFloat(getComputedStyle(one).fontSize)"))

    page = open_at(new_page(_SCREEN), address, "#unreached")
    _card(page, sender).wait_for()
    assert size(page, ".card h3") >= 36
    assert size(page, ".card blockquote") >= 22
    phone = open_at(new_page({"width": 375, "height": 812}), address, "#unreached")
    _card(phone, sender).wait_for()
    assert 24 <= size(phone, ".card h3") <= 30


def test_a_cause_that_several_share_is_said_once_on_top(new_page: NewPage, office: Office, address: str) -> None:
    senders = [customer() for _ in range(3)]
    for sender in senders:
        lost(office, sender, "Nothing goes out", _OURS)
    page = open_at(new_page(), address, "#unreached")
    causes = page.locator("#wall-causes li")
    expect(causes).to_have_count(1)
    expect(causes).to_contain_text("All 3:")
    expect(causes).to_contain_text(str(_OURS))
    expect(causes).to_contain_text("Check what our account may send")
    for sender in senders:
        expect(_card(page, sender)).to_contain_text("Call the customer")
        expect(_card(page, sender)).not_to_contain_text(str(_OURS))
        expect(_card(page, sender)).not_to_contain_text("account")


def test_a_cause_of_one_card_alone_stands_on_that_card(new_page: NewPage, office: Office, address: str) -> None:
    sender = customer()
    lost(office, sender, "Nothing goes out", 21614)
    page = open_at(new_page(), address, "#unreached")
    expect(_card(page, sender)).to_contain_text("Last: Cyd: the handler's number cannot receive texts")
    expect(page.locator("#wall-causes li")).to_have_count(0)


def test_a_handler_who_opts_out_has_a_card_until_that_phone_is_back(
    new_page: NewPage, office: Office, address: str
) -> None:
    office.text(BEN, "STOP")
    office.settle()
    page = open_at(new_page(), address, "#unreached")
    card = _card(page, "Ben")
    expect(card).to_contain_text("opted out")
    expect(card).to_contain_text("Have the handler text START")
    expect(page.locator("#unreached-count")).to_have_text("1")
    office.settle(30)
    office.text(BEN, "START")
    expect(card).to_have_count(0)


def test_an_opt_out_of_days_ago_is_as_far_back_on_the_wall_as_what_reached_no_one(new_page: NewPage) -> None:
    office = office_now(hours_ago=6 * 24)
    office.text(BEN, "STOP")
    office.settle(60)
    office.text(ANA, "STOP")
    office.settle(60)
    office.text(ANA, "START")
    catch_up(office)
    with served(office) as address:
        page = open_at(new_page(), address, "#unreached")
        expect(_card(page, "Ben")).to_contain_text("opted out")
        expect(page.locator("#unreached-count")).to_have_text("1")
        page.select_option("#wall-time", "24")
        expect(page.locator("#wall .card")).to_have_count(0)


def test_many_are_sent_again_by_one_question_and_go_to_todays_handlers_by_name(
    new_page: NewPage, office: Office, address: str
) -> None:
    senders = [customer() for _ in range(4)]
    ids = [lost(office, sender, "Nothing goes out", _OURS) for sender in senders]
    page = open_at(new_page(), address, "#unreached")
    expect(page.locator("#wall-send-all")).to_have_text("Send all 4 again …")
    _card(page, senders[0]).get_by_role("checkbox").check()
    _card(page, senders[1]).get_by_role("checkbox").check()
    page.get_by_role("button", name="Send the 2 chosen again").click()
    expect(page.locator("#ask-words")).to_contain_text("Ana, then Ben, then Cyd")
    assert page.locator("#ask-fields option").all_inner_texts() == ["Ana", "Ben", "Cyd"]
    page.locator("#ask-fields select").select_option("Ben")
    page.click("#ask-go")
    expect(page.locator("#told")).to_have_text("2 texts on the way again.")
    expect(page.locator("#wall .card")).to_have_count(2)
    assert [office.relay(one).final_status for one in ids] == ["in_progress"] * 2 + ["exhausted"] * 2
    assert office.relay(ids[0]).current.tier == 2
    page.click("#wall-send-all")
    page.click("#ask-go")
    expect(page.locator("#wall .card")).to_have_count(0)


def test_what_one_operator_handled_every_browser_shows_with_name_and_note_and_any_may_take_it_back(
    new_page: NewPage, office: Office, address: str
) -> None:
    sender = customer()
    lost(office, sender, "The boiler is leaking")
    here, there = (open_at(new_page(), address, "#unreached") for _ in range(2))
    _card(here, sender).get_by_role("button", name="Handled").click()
    here.fill("#ask-fields input", "called, comes on Monday")
    here.click("#ask-go")
    for page in (here, there):
        expect(_card(page, sender)).to_have_count(0)
        expect(page.locator("#wall-done-title")).to_have_text("Handled: 1")
        page.click("#wall-done-title")
        expect(page.locator("#wall-done-list")).to_contain_text("called, comes on Monday")
        expect(page.locator("#wall-done-list")).to_contain_text("Handled by ")
        expect(page.locator("#unreached-count")).to_be_hidden()
    there.locator("#wall-done-list").get_by_role("button", name="Take back").click()
    for page in (there, here):
        expect(_card(page, sender)).to_be_visible()


# Notifications as the browser would show them, and sounds as it would make them.
_HEARD = """
  window.shown = []; window.tones = 0;
  window.Notification = class { constructor(title, options) { shown.push([title, options.body]); } };
  Notification.permission = "granted";
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) { tones += 1; return start.apply(this, when); };
"""
_HIDDEN = """
  Object.defineProperty(document, 'hidden', { get: () => window.isHidden === true, configurable: true });
  window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'));
"""


@pytest.fixture
def in_a_hidden_tab(new_page: NewPage, office: Office, address: str) -> Page:
    """The wall with its bell on, in a tab that is hidden then."""
    lost(office, customer(), "It was so before")
    page = new_page()
    page.add_init_script(_HEARD)
    open_at(page, address, "#unreached")
    page.click("#bell")
    expect(page.locator("#bell")).to_have_text("Bell on")
    page.evaluate(_HIDDEN)
    page.evaluate("tones = 0")
    return page


def test_the_bell_rings_in_a_hidden_tab_and_its_title_counts_on(in_a_hidden_tab: Page, office: Office) -> None:
    page, sender = in_a_hidden_tab, customer()
    assert page.title() == f"(1) {_TITLE}"
    lost(office, sender, "Private words")
    shown = until(lambda: page.evaluate("shown"), "a notification")
    assert shown == [["2 unreached", "No handler was reached: 3 of 3 tiers tried, no delivery confirmed."]]
    assert page.evaluate("tones") > 0
    assert page.title() == f"(2) {_TITLE}"


def test_a_screen_that_a_walls_link_signed_in_shows_no_words_and_offers_no_act(
    new_page: NewPage, office: Office, address: str
) -> None:
    sender = customer()
    lost(office, sender, "Private words")
    page = new_page()
    wall = {"operator": {"name": "Ana's wall", "role": "look", "kind": "wall"}, "expires_at": None}
    page.route("**/console/session", lambda route: route.fulfill(json=wall))
    page.route(
        "**/sms/*", lambda route: route.continue_(headers={**route.request.headers, "authorization": "Bearer x"})
    )
    page.goto(f"{address}/console/#unreached")
    card = _card(page, sender)
    expect(card).to_contain_text("waiting")
    expect(card.get_by_text("Private words")).to_be_hidden()
    expect(card.get_by_role("link", name=f"Call {sender}")).to_be_visible()
    expect(card.get_by_role("button")).to_have_count(0)
    expect(page.locator("#wall-bulk")).to_be_hidden()
    # Nor is there a way from it to the words.
    expect(page.locator("nav")).to_be_hidden()
    expect(card.get_by_role("link", name="All texts")).to_have_count(0)
    for place in ("/", f"customer={sender}"):
        page.evaluate(f"location.hash = '{place}'")
        page.reload()
        expect(card).to_be_visible()
        expect(page.locator("#live, #customer, #relay").locator("visible=true")).to_have_count(0)
