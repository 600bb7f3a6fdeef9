"""The page of phones in a real browser: what a new user sees first, driven as a new user would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.axe import violations
from tests.browser_fixtures import PHONE, WIDE, NewPage
from tests.ports import held_port
from tests.stack_fixtures import HANDLERS, RunningStack, running_stack, tiers, until
from tests.stories.town import BUSINESS, Town

CUSTOMER = "#phone-12025550142"
NO_TEXTS = "the handler's number cannot receive texts (a landline?)"
TIERS = tuple(f"#phone-{number.removeprefix('+')}" for number in HANDLERS)


def open_phones(page: Page, address: str) -> Page:
    """Go there, and wait until the phones are there."""
    page.goto(address)
    page.wait_for_selector('#connection[data-state="live"]')
    page.wait_for_selector(f"{CUSTOMER} textarea")
    return page


def write(page: Page, body: str) -> None:
    page.fill(f"{CUSTOMER} textarea", body)
    page.press(f"{CUSTOMER} textarea", "Enter")


def switch(page: Page, control: str, value: str) -> None:
    """Switch what a carrier does, and wait until it does that: a text may overtake the switch.

    Its announcement is no sign of it: that of a text that arrives takes its place.
    """
    with page.expect_response(lambda answer: answer.url.endswith("/fake/carrier") and answer.ok):
        if control.endswith("-delay"):
            page.fill(control, value)
            page.press(control, "Tab")
        else:
            page.select_option(control, value)


def listen(page: Page) -> None:
    """Remember what is announced from now on: the next announcement takes the place of one."""
    page.evaluate("""() => {
      const announcer = document.getElementById("announcer");
      window.announced = [];
      new MutationObserver(() => announced.push(announcer.textContent)).observe(announcer, { childList: true });
    }""")


def wait_until_announced(page: Page, words: str) -> None:
    until(lambda: any(words in told for told in page.evaluate("announced")), f"the announcement: {words}")


@pytest.fixture
def calm_stack(stack: RunningStack) -> Iterator[RunningStack]:
    """A stack of each home; afterwards every carrier delivers again, for whoever comes next."""
    yield stack
    for number in HANDLERS:
        stack.client.set_carrier(number, "deliver", None)


@pytest.fixture
def calm_embedded_stack(embedded_stack: RunningStack) -> Iterator[RunningStack]:
    yield embedded_stack
    for number in HANDLERS:
        embedded_stack.client.set_carrier(number, "deliver", None)


def test_a_text_typed_by_the_customer_reaches_tier_3_after_tiers_1_and_2_were_switched_to_refuse(
    new_page: NewPage, calm_stack: RunningStack
) -> None:
    page = open_phones(new_page(), calm_stack.address)
    for tier in (1, 2):
        switch(page, f"#carrier-{tier}", "refuse")
        expect(page.locator(f"#carrier-{tier}-code")).to_be_visible()
    switch(page, "#carrier-1-code", "21614")
    write(page, "The boiler is on fire")
    arrived = page.locator(f"{TIERS[2]} .bubble.theirs").last
    expect(arrived).to_contain_text("The boiler is on fire")
    # A customer knows nothing of tiers, nor who got his text.
    expect(page.locator(f"{CUSTOMER} .bubble.mine").last).to_have_text("The boiler is on fire")
    expect(page.locator(f"{TIERS[0]} .note").last).to_have_text(f"{NO_TEXTS} (21614)")
    expect(page.locator(f"{TIERS[1]} .note").last).to_have_text(
        "the handler's number is a landline or its carrier is unreachable (30006)"
    )
    story = page.locator(".story").first
    expect(story.locator(".badge")).to_have_text("✓ delivered")
    expect(story.locator(".headline")).to_contain_text("Delivered at tier 3, Front desk. Took ")
    statuses = story.locator(".step .status")
    for status in ("received", "failed 21614", "failed 30006", "delivered"):
        expect(statuses.filter(has_text=status).first).to_be_visible()
    expect(page.locator(f"{CUSTOMER} textarea")).to_have_value("")


def test_a_text_is_seen_travelling_without_a_reload(new_page: NewPage, tmp_path: Path) -> None:
    # Where a receipt is waited for as long as the page takes to show that it is.
    with running_stack("embedded", tmp_path, settings={"RELAY_TIERS": tiers(300)}) as stack:
        page = open_phones(new_page(motion="no-preference"), stack.address)
        switch(page, "#carrier-1", "silent")
        write(page, "Where am I now")
        expect(page.locator(TIERS[0])).to_have_class("phone handler troubled active")
        headline = page.locator(".story .headline").first
        expect(headline).to_have_text("Twilio has it for tier 1, Dana: waiting for the carrier to confirm.")
        expect(page.locator(f"{CUSTOMER} .bubble.mine").last).to_have_text("Where am I now")
        expect(page.locator(".story").first.locator(".waiting")).to_contain_text("Goes on in")


def test_each_switch_offers_what_a_carrier_can_do_and_says_so_in_words(
    new_page: NewPage, calm_embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), calm_embedded_stack.address)
    offered = page.locator("#carrier-1 > option").all_text_contents()
    assert offered == [
        "delivers",
        "refuses",
        "accepts, then stays silent",
        "delivers late",
        "Twilio's API is down",
        "Twilio accepts, its reply is lost",
    ]
    listen(page)
    switch(page, "#carrier-1", "late")
    switch(page, "#carrier-1-delay", "7")
    wait_until_announced(page, "delivers late")
    # Another page, opened by somebody else, shows the same.
    other = open_phones(new_page(), calm_embedded_stack.address)
    expect(other.locator("#carrier-1")).to_have_value("late")
    expect(other.locator("#carrier-1-delay")).to_have_value("7")


@pytest.mark.parametrize(
    ("behaviour", "status", "reached"),
    [
        ("api_down", "unknown", 1),
        ("silent", "unconfirmed", 1),
        ("reply_lost", "unknown", 0),
        ("late", "accepted", 0),
    ],
)
def test_a_switch_does_to_the_next_text_what_it_says(
    new_page: NewPage, calm_embedded_stack: RunningStack, behaviour: str, status: str, reached: int
) -> None:
    page = open_phones(new_page(), calm_embedded_stack.address)
    switch(page, "#carrier-1", behaviour)
    if behaviour == "late":
        switch(page, "#carrier-1-delay", "1")
    words = f"The carrier is set to {behaviour}"
    write(page, words)
    expect(page.locator(f"{TIERS[reached]} .bubble.theirs").last).to_contain_text(words)
    story = page.locator(".story").filter(has_text=words)
    expect(story.locator(".badge")).to_have_text("✓ delivered")
    told = story.locator(".step").filter(has_text="tier 1").locator(".status").all_text_contents()
    assert status in told
    assert told.count("sending") == 1
    expect(page.locator(TIERS[0])).to_have_class("phone handler troubled")


def test_the_keyboard_alone_is_enough(new_page: NewPage, calm_embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), calm_embedded_stack.address)
    page.focus(f"{CUSTOMER} textarea")
    page.keyboard.type("first line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    expect(page.locator(f"{TIERS[0]} .bubble.theirs").last).to_contain_text("second line")
    listen(page)
    page.focus("#carrier-2")
    page.keyboard.press("ArrowDown")
    expect(page.locator(TIERS[1])).to_have_class("phone handler troubled")
    wait_until_announced(page, "Sam's carrier: refuses.")
    summary = page.locator(".story summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".story").first).not_to_have_attribute("open", "")


def test_what_a_customer_writes_is_shown_as_text_and_never_as_markup(
    new_page: NewPage, calm_embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), calm_embedded_stack.address)
    words = "<img src=x onerror=\"document.title='taken over'\"><b>bold</b>"
    write(page, words)
    expect(page.locator(f"{TIERS[0]} .bubble.theirs").last).to_contain_text(words)
    expect(page.locator(".story .quote").first).to_have_text(words)
    assert page.title() == "SMS relay: the phones"
    assert page.locator(".phones b").count() == 0


@pytest.fixture
def port() -> Iterator[int]:
    """The same one for a stack that is started again."""
    with held_port() as port:
        yield port


def test_when_the_relay_is_gone_the_page_says_so_and_goes_on_when_it_is_back(
    new_page: NewPage, tmp_path: Path, port: int
) -> None:
    page = new_page()
    with running_stack("embedded", tmp_path, port) as stack:
        open_phones(page, stack.address)
        stack.client.set_carrier(HANDLERS[0], "refuse", 1, 21614)
        write(page, "Before the end")
        expect(page.locator(f"{TIERS[1]} .bubble.theirs").last).to_contain_text("Before the end")
        expect(page.locator(f"{TIERS[0]} .note")).to_have_text(f"{NO_TEXTS} (21614)")
    expect(page.locator("#banner")).to_be_visible()
    expect(page.locator("#banner")).to_contain_text("The relay does not answer.")
    expect(page.locator("#connection")).to_have_text("No connection")
    # What is shown still stays as legible as it was.
    assert violations(page) == []
    write(page, "Into the void")
    expect(page.locator(f"{CUSTOMER} .problem")).to_contain_text("Not sent")
    assert page.locator(f"{CUSTOMER} textarea").input_value() == "Into the void"
    with running_stack("embedded", tmp_path, port):
        expect(page.locator("#banner")).to_be_hidden()
        expect(page.locator("#connection")).to_have_text("Live")
        # The database outlived the stop; the phones of a fake Twilio did not.
        expect(page.locator(".story .quote").first).to_have_text("Before the end")
        assert page.locator(".phone .bubble, .phone .note").count() == 0
        write(page, "After the end")
        expect(page.locator(f"{TIERS[0]} .bubble.theirs").last).to_contain_text("After the end")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_and_nothing_is_wider_than_the_screen(
    new_page: NewPage, calm_embedded_stack: RunningStack, size: dict[str, int]
) -> None:
    page = open_phones(new_page(size), calm_embedded_stack.address)
    switch(page, "#carrier-1", "refuse")
    words = f"{size}: a-word-that-is-far-too-long-to-fit-on-the-screen-of-any-telephone-and-has-to-be-broken"
    write(page, words)
    story = page.locator(".story").filter(has_text=words)
    expect(story.locator(".badge")).to_have_text("✓ delivered")
    assert violations(page) == []


def test_with_another_twilio_the_page_shows_what_to_configure_and_no_number_and_asks_nothing(
    new_page: NewPage, tmp_path: Path
) -> None:
    town = Town("embedded", tmp_path)
    try:
        town.open()
        page = new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(town.address)
        expect(page.locator("#setup-title")).to_have_text("Set-up with another Twilio-compatible server")
        expect(page.locator("#tried")).to_have_text("Nothing was asked yet: this page asks nothing by itself.")
        expect(page.locator("#chain li")).to_have_count(7)
        expect(page.locator("#chain li").first).to_have_text("Registered with the carriers")
        expect(page.locator("#webhook-url")).to_have_text(f"{town.address}/sms/inbound#rc=5&rp=all&ct=3000&rt=5000")
        expect(page.locator("#handlers")).to_contain_text("Dana, …11")
        expect(page.locator("#phones")).to_be_hidden()
        # Without a sign-in nothing is tried from here, and no number is told in full.
        expect(page.locator("#sign-in")).to_be_visible()
        expect(page.locator("#try")).to_be_hidden()
        shown = page.content()
        assert [number for number in (BUSINESS, *HANDLERS) if number in shown] == []
        assert "connected" not in page.inner_text("body")
        assert [url for url in asked if "set-up" in url] == []
        assert violations(page) == []
    finally:
        town.close()
