"""The console of a running stack, in a real Chromium (tests/browser_fixtures.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser_fixtures import PHONE, WIDE, NewPage
from tests.console.offices import office_now
from tests.console.signing_in import sign_in
from tests.office import Office
from tests.served_office import served
from tests.stack_fixtures import RunningStack

__all__ = ["PHONE", "WIDE", "NewPage", "open_console"]


@pytest.fixture
def page(new_page: NewPage, stack: RunningStack) -> Page:
    """The console of the running stack, live."""
    return open_console(new_page(), stack)


def open_console(page: Page, stack: RunningStack, route: str = "") -> Page:
    """Go there signed in, and wait until it has heard from the relay."""
    sign_in(page, stack)
    page.goto(f"{stack.address}/console/{route}")
    page.wait_for_selector('#pulse[data-state="current"]')
    return page


@pytest.fixture
def office() -> Office:
    return office_now()


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    with served(office) as address:
        yield address
