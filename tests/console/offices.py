"""The console of an office in memory: what a test needs to be so is so at once, and nothing is waited for."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.office import Office
from tests.twilio_words import refusal

if TYPE_CHECKING:
    from playwright.sync_api import Page

_customers = itertools.count(1)


def customer() -> str:
    """A number that no other text has come from."""
    return f"+1303555{next(_customers):04d}"


def office_now(hours_ago: float = 0.0) -> Office:
    """An office at the browser's own time, which decides what is today's, or some hours before it."""
    office = Office()
    office.clock.set(datetime.now(UTC) - timedelta(hours=hours_ago))
    return office


def catch_up(office: Office) -> None:
    """What was played some hours ago is over."""
    office.clock.set(max(office.clock.now(), datetime.now(UTC)))


def lost(office: Office, sender: str, words: str, code: int = 21614) -> str:
    """A text that reaches no handler: each send is refused with this code. Its id."""
    office.messenger.script(*[refusal(code)] * 3)
    message_id = office.text(sender, words)
    office.wait(60)
    assert office.relay(message_id).final_status == "exhausted"
    return message_id


def open_at(page: Page, address: str, route: str = "") -> Page:
    """Open the console there, and wait until it has heard from the office."""
    page.goto(f"{address}/console/icon.svg")
    # Any token is accepted there.
    page.evaluate("sessionStorage.setItem('relay-token', 'aaa.bbb.ccc')")
    page.goto(f"{address}/console/{route}")
    page.wait_for_selector('#pulse[data-state="current"]')
    return page
