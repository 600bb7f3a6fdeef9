"""Photos on the page of phones: attached by customers and handlers, and shown in conversations."""

from __future__ import annotations

import json
import random
import re
import struct
import zlib

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from scripts.fake_twilio import PICTURES, picture
from tests.axe import violations
from tests.browser.test_phones_page import TIERS, open_phones
from tests.browser.test_phones_people import add_customer
from tests.browser_fixtures import PHONE, WIDE, NewPage
from tests.stack_fixtures import HANDLERS, OURS, RunningStack

COUCH = picture("A couch")
IS_DRAWN = "image => image.decode().then(() => image.naturalWidth)"


def attach(page: Page, phone: str, *names: str) -> None:
    """Attach built-in pictures on a phone."""
    page.click(f"{phone} .attach")
    for name in names:
        page.locator(phone).get_by_role("button", name=f"Attach: {name}").click()


def choose(page: Page, phone: str, *files: FilePayload) -> None:
    """Attach files of the visitor's own."""
    if not page.locator(f"{phone} .attach-panel").is_visible():
        page.click(f"{phone} .attach")
    page.locator(phone).get_by_label("From this computer").set_input_files(files)


def number_of(page: Page, phone: str) -> str:
    return page.locator(f"{phone} .who p").inner_text()


def file(name: str, content_type: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": content_type, "buffer": content}


def last(page: Page, phone: str, kind: str = "mine") -> Locator:
    return page.locator(f"{phone} .bubble.{kind}").last


def noise(width: int, height: int) -> bytes:
    """A PNG file that no packing makes much smaller."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    drawn = random.Random(1)
    rows = b"".join(b"\0" + drawn.randbytes(width * 3) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows, 1)) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_customer_sends_a_photo_and_the_handler_sees_it_by_the_link_on_his_phone(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    attach(page, customer, "A couch", "Boxes")
    expect(page.locator(f"{customer} .tray img")).to_have_count(2)
    page.locator(customer).get_by_role("button", name="Remove Boxes").click()
    page.fill(f"{customer} textarea", "this one has to go")
    page.click(f"{customer} .composer [type=submit]")
    bubble = last(page, customer)
    expect(bubble).to_contain_text("this one has to go")
    shown = bubble.get_by_role("img", name="Photo 1 of 1")
    assert shown.evaluate(IS_DRAWN) == 320
    expect(page.locator(f"{customer} .tray")).to_be_hidden()
    told = last(page, TIERS[0], "theirs")
    expect(told).to_contain_text("this one has to go")
    expect(told).to_contain_text("[1 photo]")
    link = told.get_by_role("link")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("href", re.compile(r"/m/[\w-]{22}$"))
    assert link.get_attribute("href") == link.inner_text()
    with page.context.expect_page() as opened:
        link.click()
    # What the customer sent, fetched from Twilio by way of its second host.
    assert opened.value.get_by_role("img").evaluate(IS_DRAWN) == 320
    opened.value.close()
    sent = embedded_stack.client.phone(number_of(page, customer))["sent"][-1]
    assert [each["content_type"] for each in sent["media"]] == ["image/png"]


def test_a_photo_needs_no_words(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    attach(page, customer, *PICTURES)
    page.press(f"{customer} textarea", "Enter")
    expect(last(page, customer).get_by_role("img")).to_have_count(len(PICTURES))
    expect(last(page, customer).locator(".body")).to_have_count(0)
    expect(page.locator(f"{customer} .tray")).to_be_hidden()
    page.press(f"{customer} textarea", "Enter")
    # Now there is nothing to send.
    assert page.locator(f"{customer} textarea").evaluate("box => box.validity.valueMissing")


def test_a_photo_from_the_visitors_disk_is_sent_smaller_as_phones_do(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    large = noise(900, 700)
    assert len(large) > 1_000_000
    choose(page, customer, file("garage.png", "image/png", large), file("couch.png", "image/png", COUCH.content))
    expect(page.locator(f"{customer} .tray img")).to_have_count(2)
    page.press(f"{customer} textarea", "Enter")
    expect(last(page, customer).get_by_role("img")).to_have_count(2)
    sent = embedded_stack.client.phone(number_of(page, customer))["sent"][-1]
    assert [each["content_type"] for each in sent["media"]] == ["image/jpeg", "image/png"]
    assert last(page, customer).get_by_role("img").first.evaluate(IS_DRAWN) > 0


def test_a_file_that_is_no_picture_is_shown_as_what_it_is(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    choose(page, customer, file("me.vcf", "text/vcard", b"BEGIN:VCARD\nEND:VCARD"))
    page.press(f"{customer} textarea", "Enter")
    expect(last(page, customer).get_by_role("link", name="A contact card")).to_have_attribute("target", "_blank")


@pytest.mark.parametrize(
    ("name", "content_type", "content", "complaint"),
    [
        ("page.html", "text/html", b"<h1>hello</h1>", "page.html is nothing that a phone attaches here."),
        ("empty.txt", "text/plain", b"", "empty.txt is empty."),
        ("film.mp4", "video/mp4", bytes(400_000), "film.mp4 is too large."),
        ("broken.jpg", "image/jpeg", bytes(400_000), "broken.jpg cannot be read as a picture."),
    ],
)
def test_what_cannot_be_attached_is_refused_in_words(
    new_page: NewPage, embedded_stack: RunningStack, name: str, content_type: str, content: bytes, complaint: str
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    choose(page, customer, file(name, content_type, content))
    expect(page.locator(f"{customer} .attach-panel .complaint")).to_have_text(complaint)
    expect(page.locator(f"{customer} .tray li")).to_have_count(0)


def test_ten_files_are_the_most(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    attach(page, customer, *[*PICTURES * 2, "Boxes"])
    expect(page.locator(f"{customer} .tray li")).to_have_count(10)
    expect(page.locator(f"{customer} .attach-panel .complaint")).to_have_text("A text takes 10 files at most.")


def test_pictures_are_attached_and_removed_by_the_keyboard_alone(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    page.focus(f"{TIERS[1]} .attach")
    page.keyboard.press("Enter")
    phone = page.locator(TIERS[1])
    expect(phone.get_by_role("button", name=f"Attach: {PICTURES[0]}")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(phone.locator(".attach")).to_be_focused()
    expect(phone.locator(".attach-panel")).to_be_hidden()
    phone.get_by_role("button", name=f"Remove {PICTURES[0]}").focus()
    page.keyboard.press("Enter")
    expect(phone.locator(".attach")).to_be_focused()
    expect(phone.locator(".tray")).to_be_hidden()


def test_a_handlers_phone_attaches_too(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    attach(page, TIERS[1], "A fridge")
    page.press(f"{TIERS[1]} textarea", "Enter")
    expect(last(page, TIERS[1]).get_by_role("img")).to_have_count(1)
    sent = embedded_stack.client.phone(HANDLERS[1])["sent"][-1]
    assert embedded_stack.wait_until_recorded(sent["sid"])["relay"]["media_count"] == 1


def test_what_is_attached_and_not_sent_stays_while_another_customer_is_shown(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    number = number_of(page, customer)
    attach(page, customer, "A couch")
    add_customer(page)
    expect(page.locator(f"{customer} .tray")).to_be_hidden()
    page.select_option("#customer", number)
    expect(page.locator(f"{customer} .tray img")).to_have_count(1)


def test_an_address_in_a_text_opens_in_a_new_tab_and_a_full_stop_is_none_of_it(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    customer = add_customer(page)
    address = f"{embedded_stack.address}/local/stack"
    page.fill(f"{customer} textarea", f"Look at {address}. <b>Or not</b>")
    page.press(f"{customer} textarea", "Enter")
    bubble = last(page, TIERS[0], "theirs")
    expect(bubble).to_contain_text(f"Look at {address}. <b>Or not</b>")
    link = bubble.get_by_role("link", name=address, exact=True)
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_url(address)
    assert opened.value.evaluate("window.opener") is None
    opened.value.close()


def test_a_message_with_files_shows_them_on_a_customers_phone(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = open_phones(new_page(), embedded_stack.address)
    phone = add_customer(page)
    number = number_of(page, phone)
    words = "this is our truck"
    embedded_stack.client.text(number, OURS, "HELP")
    expect(last(page, phone, "theirs")).to_contain_text("Reply STOP")

    def with_a_picture(route: Route) -> None:
        """The answer that the phone got, as a message with a file."""
        answer = route.fetch(timeout=0)
        told = answer.json()
        (shown,) = [one for one in told["phones"] if one["phone"] == number]
        file = {"sid": "ME1", "file": told["pictures"][0]["file"], "content_type": "image/png"}
        shown["inbox"][-1] |= {"sid": "MM1", "body": words, "media": [file]}
        route.fulfill(response=answer, body=json.dumps(told))

    other = new_page()
    other.route("**/fake/state*", with_a_picture)
    open_phones(other, embedded_stack.address).select_option("#customer", number)
    expect(last(other, phone, "theirs")).to_contain_text(words)
    picture_of_ours = last(other, phone, "theirs").get_by_role("img", name="Photo 1 of 1")
    assert picture_of_ours.evaluate(IS_DRAWN) == 320
    link = last(other, phone, "theirs").get_by_role("link", name="Photo 1 of 1")
    expect(link).to_have_attribute("target", "_blank")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_violation_where_files_are_attached_and_shown(
    new_page: NewPage, embedded_stack: RunningStack, size: dict[str, int]
) -> None:
    page = open_phones(new_page(size), embedded_stack.address)
    customer = add_customer(page)
    words = f"Photos, {size['width']}: http://relay.example.com/m/an-address-that-is-too-long-for-the-screen-of-a-phone"
    attach(page, customer, *PICTURES)
    page.fill(f"{customer} textarea", words)
    page.press(f"{customer} textarea", "Enter")
    expect(last(page, customer)).to_contain_text(words)
    story = page.locator(".story").filter(has_text=words)
    expect(story.locator(".badge")).to_have_text("✓ delivered")
    attach(page, TIERS[0], "Boxes")
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished)).then(() => true)")
    assert violations(page) == []
