"""A real Chromium for tests that look at a page; one for the whole session."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.stack_fixtures import PATIENCE_SECONDS

if TYPE_CHECKING:  # heavy; most test runs have no use for it
    from playwright.sync_api import Browser, BrowserContext, Page

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is needed to drive a page: install your system's package `chromium`")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens pages; `size` and `theme` as wanted. What the page itself does wrong fails the test at its end."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(size: dict[str, int] = WIDE, theme: str = "light") -> Page:
        context = browser.new_context(viewport=size, color_scheme=theme, timezone_id="Europe/Berlin")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # Refusals of the content security policy are told on the console; failed requests are part of some tests.
        page.on("console", lambda message: wrong.append(message.text) if "Security Policy" in message.text else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []
