"""A real Chromium for tests that look at a page; one for the whole session."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.stack_fixtures import PATIENCE_SECONDS

if TYPE_CHECKING:  # heavy; most test runs have no use for it
    from playwright.sync_api import Browser, Page

# The first is Chromium without what is drawn around a page: less to install, and a seventh less to compute.
_BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 812}

NewPage = Callable[..., "Page"]
Look = tuple[tuple[int, int], str]  # size, motion

# Forgets what the page keeps. False where a test has installed a clock: none can be taken out again.
_IS_AS_IT_CAME = """() => {
  if (location.protocol.startsWith("http")) {
    localStorage.clear();
    sessionStorage.clear();
  }
  return !("__pwClock" in globalThis);
}"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        pytest.skip("Chromium is needed to drive a page: install your system's package `chromium`")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        yield browser
        browser.close()


class Pages:
    """The pages of one browser, each in a context of its own. One that was given back is used again, as good as new: a
    context and a page of its own for each test took more of the cores than all that the tests do on them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: defaultdict[Look, list[Page]] = defaultdict(list)
        self._taken: list[tuple[Look, Page]] = []
        self._wrong: list[str] = []

    def take(self, look: Look) -> Page:
        """Returns an empty page that looks so."""
        page = self._free[look].pop() if self._free[look] else self._make(look)
        self._taken.append((look, page))
        return page

    def _make(self, look: Look) -> Page:
        (width, height), motion = look
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            reduced_motion=motion,  # type: ignore[arg-type]
            timezone_id="Europe/Berlin",
        )
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        page, wrong = context.new_page(), self._wrong
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # Refusals of the content security policy are told on the console; failed requests are part of some tests.
        page.on("console", lambda message: wrong.append(message.text) if "Security Policy" in message.text else None)
        return page

    def give_back(self) -> list[str]:
        """Take back all that were taken. Returns what they did wrong meanwhile."""
        taken, self._taken = self._taken, []
        for look, page in taken:
            if page.is_closed():
                continue
            page.unroute_all(behavior="ignoreErrors")
            page.context.set_offline(False)
            page.context.clear_cookies()
            if page.evaluate(_IS_AS_IT_CAME):
                page.goto("about:blank")
                self._free[look].append(page)
            else:
                page.context.close()
        wrong, self._wrong[:] = self._wrong[:], []
        return wrong


@pytest.fixture(scope="session")
def pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture
def new_page(pages: Pages) -> Iterator[NewPage]:
    """Opens light pages; `size` as wanted. What the page itself does wrong fails the test at its end.

    Without motion, unless it is wanted: what moves is drawn by the cores, sixty times a second.
    """

    def make(size: dict[str, int] = WIDE, motion: str = "reduce") -> Page:
        return pages.take(((size["width"], size["height"]), motion))

    yield make
    assert pages.give_back() == []
