"""What a handler's link opens, on a phone: as wide as the screen, in its theme, and without a script."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from scripts.fake_twilio import File, picture
from tests.axe import violations
from tests.browser.test_phones_photos import IS_DRAWN
from tests.browser_fixtures import PHONE, NewPage
from tests.stack_fixtures import HANDLERS, RunningStack

FILES = (
    picture("A couch"),
    File("video/mp4", b"no video that plays"),
    File("audio/amr", b"#!AMR\n"),
    File("text/vcard", b"BEGIN:VCARD\r\nEND:VCARD\r\n"),
    File("image/heic", b"a picture that is not drawn everywhere"),
)


def _link(stack: RunningStack) -> str:
    customer = stack.customer()
    stack.wait_until(stack.text("", customer, files=FILES), "delivered")
    inbox = stack.client.phone(HANDLERS[0])["inbox"]
    (body,) = (each["body"] for each in inbox if customer in each["body"])
    return str(body.split()[-1])


def test_it_fits_a_phone_in_both_themes_and_everybody_can_use_it(
    new_page: NewPage, embedded_stack: RunningStack
) -> None:
    page = new_page(PHONE)
    page.goto(_link(embedded_stack))
    assert page.get_by_role("img", name="Photo 1").evaluate(IS_DRAWN) == 320
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate("document.scripts.length") == 0
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (min(map(int, re.findall(r"\d+", colour)[:3])) > 200) is (theme == "light")
    for shown in page.locator("img, video, audio").all():
        box = shown.bounding_box()
        assert box is not None
        assert box["width"] == PHONE["width"] - 16
    for name in ("Video 2", "Sound 3", "Contact card 4"):
        box = page.get_by_role("link", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= 44, "a thumb finds it"
    # Nothing is on it but files, and it has no title because a preview would show that.
    left_out = ("document-title", "page-has-heading-one")
    assert [told for told in violations(page) if not told.startswith(left_out)] == []


def test_what_the_browser_cannot_play_is_saved_as_it_came(new_page: NewPage, embedded_stack: RunningStack) -> None:
    page = new_page(PHONE)
    page.goto(_link(embedded_stack))
    expect(page.locator("audio")).to_have_js_property("error.code", 4)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Sound 3").click()
    assert saved.value.suggested_filename == "sound-3.amr"
    assert saved.value.path().read_bytes() == b"#!AMR\n"
