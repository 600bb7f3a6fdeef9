"""What the console shows when something is wrong, and that it gets over it by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.conftest import NewPage, open_console
from tests.console.signing_in import sign_in
from tests.ports import held_port
from tests.stack_fixtures import DELIVERS, RunningStack, running_stack, until


@pytest.fixture
def stack(embedded_stack: RunningStack) -> RunningStack:
    return embedded_stack


@pytest.fixture
def port() -> Iterator[int]:
    """The same one for a stack that is started again."""
    with held_port() as port:
        yield port


def test_a_stopped_relay_is_said_to_be_and_the_page_heals_when_it_is_back(
    new_page: NewPage, tmp_path: Path, port: int
) -> None:
    page = new_page()
    with running_stack("embedded", tmp_path, port) as stack:
        before = stack.text("Before", stack.customer(), DELIVERS)
        open_console(page, stack)
        expect(page.locator(f'#rows tr[data-id="{before}"]')).to_contain_text("delivered")
    expect(page.locator("#trouble")).to_contain_text("The relay does not answer.")
    expect(page.locator("#pulse")).to_have_text("no answer")
    expect(page.locator("#trouble")).to_contain_text("Shown is how it was at")
    expect(page.locator(f'#rows tr[data-id="{before}"]')).to_be_visible()
    expect(page.locator("#trouble-retry")).to_be_visible()
    with running_stack("embedded", tmp_path, port) as stack:
        # It may have healed by itself by now; a button that is not shown any more can still be pressed so.
        page.evaluate("document.getElementById('trouble-retry').click()")
        expect(page.locator("#trouble")).to_be_hidden()
        expect(page.locator("#pulse")).to_have_text("live")
        after = stack.text("After", stack.customer(), DELIVERS)
        expect(page.locator(f'#rows tr[data-id="{after}"]')).to_be_visible()


def test_a_page_that_got_only_half_of_itself_says_so_and_completes_itself(
    new_page: NewPage, stack: RunningStack
) -> None:
    page = new_page()
    asked: list[Route] = []

    def refuse(route: Route) -> None:
        asked.append(route)
        route.abort() if len(asked) == 1 else route.fulfill(status=503, body="")

    page.route("**/console/settings.json", refuse)
    sign_in(page, stack)
    page.goto(f"{stack.address}/console/")
    expect(page.locator("#trouble")).to_contain_text("This page cannot be loaded whole.")
    until(lambda: page.evaluate("true") and len(asked) > 1, "another try")
    page.unroute("**/console/settings.json")
    expect(page.locator("#pulse")).to_have_text("live")
    expect(page.locator("#trouble")).to_be_hidden()


def test_an_answer_that_is_none_is_told_in_words(new_page: NewPage, stack: RunningStack) -> None:
    page = open_console(new_page(), stack)
    page.route("**/sms/relay-state", lambda route: route.fulfill(body="<html>Sign in first", content_type="text/html"))
    expect(page.locator("#trouble-words")).to_have_text("The relay's answer cannot be read.")


def test_a_day_whose_loading_was_interrupted_is_loaded_to_its_end(new_page: NewPage, stack: RunningStack) -> None:
    row = stack.wait_until(stack.text("One of many", stack.customer(), DELIVERS), "delivered")["summary"]
    page = new_page()
    is_busy = [True]

    def answer(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        token = body.get("page_token")
        if token == "second" and is_busy:
            route.fulfill(status=503, body="")
        elif token == "second" or "final_status" in body:
            route.fulfill(json={"relays": [], "next_page_token": None, "now": row["timestamp"]})
        else:
            route.fulfill(json={"relays": [row], "next_page_token": "second", "now": row["timestamp"]})

    page.route("**/sms/relay-state", answer)
    sign_in(page, stack)
    page.goto(f"{stack.address}/console/")
    expect(page.locator("#trouble")).to_contain_text("The relay cannot answer just now (503).")
    expect(page.locator("#day-note")).to_have_text("the newest 1 only")
    is_busy.clear()
    expect(page.locator("#pulse")).to_have_text("live")
    expect(page.locator("#day-note")).to_have_text("")


def test_more_texts_than_are_asked_for_at_once_leave_no_hole_in_the_day(new_page: NewPage, stack: RunningStack) -> None:
    """As after a night with the page asleep: what lies between the newest and what was known is asked for, too."""
    row = stack.wait_until(stack.text("One of many", stack.customer(), DELIVERS), "delivered")["summary"]
    page = open_console(new_page(), stack)
    expect(page.locator("#day-note")).to_have_text("")

    def answer(route: Route) -> None:
        body = json.loads(route.request.post_data or "{}")
        more = None if "final_status" in body else "more"
        route.fulfill(json={"relays": [row], "next_page_token": more, "now": row["timestamp"]})

    page.route("**/sms/relay-state", answer)
    expect(page.locator("#day-note")).to_have_text(re.compile(r"the newest \d+ only"))


def test_a_relay_that_cannot_answer_is_said_to_and_is_asked_again(new_page: NewPage, stack: RunningStack) -> None:
    page = open_console(new_page(), stack)
    page.route("**/sms/relay-state", lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}, body=""))
    expect(page.locator("#trouble")).to_contain_text("The relay cannot answer just now (503).")
    expect(page.locator("#trouble")).to_contain_text("Trying again in")
    page.unroute("**/sms/relay-state")
    expect(page.locator("#trouble")).to_be_hidden()


# A poller of a page that has heard of the relay before, or has not, and whose tab is hidden, or is not.
_ASK = """async ([isHeard, isHidden, isRefused]) => {
  const { Poller } = await import("./poller.js");
  window.isHidden = isHidden;
  Object.defineProperty(document, "hidden", { get: () => window.isHidden, configurable: true });
  window.asked = [];
  const refused = Object.assign(new Error("no"), { kind: "busy", retryAfter: null });
  const poller = new Poller(async () => {
    window.asked.push(Date.now());
    if (isRefused) throw refused;
  });
  if (isHeard) poller.heardAt = Date.now();
  poller.start();
}"""


def _begin_to_ask(
    page: Page, stack: RunningStack, *, is_heard: bool, is_hidden: bool = False, is_refused: bool = True
) -> None:
    """Begin with such a poller, on a page whose time goes on only when told to: a slow machine changes nothing."""
    page.clock.install()
    open_console(page, stack)
    # It went on until now, and cannot go back to a moment that has passed meanwhile.
    page.clock.pause_at(page.evaluate("Date.now()") + 3_600_000)
    page.evaluate(_ASK, [is_heard, is_hidden, is_refused])


def _waits_seconds(
    page: Page, stack: RunningStack, *, is_heard: bool, is_hidden: bool = False, is_refused: bool = True
) -> list[float]:
    """How long such a poller waits from one question to the next, within some minutes."""
    _begin_to_ask(page, stack, is_heard=is_heard, is_hidden=is_hidden, is_refused=is_refused)
    page.clock.run_for(400_000)
    return [(later - earlier) / 1000 for earlier, later in pairwise(page.evaluate("asked"))]


def test_it_asks_less_often_the_longer_no_relay_was_ever_heard_of(new_page: NewPage, stack: RunningStack) -> None:
    waits_seconds = _waits_seconds(new_page(), stack, is_heard=False)
    # Twice the one before up to a minute, give or take a fifth, so that many pages do not come back all at once.
    expected_seconds = [min(60, 2 * 2**number) for number in range(len(waits_seconds))]
    assert len(waits_seconds) > 7
    assert waits_seconds == [pytest.approx(expected, rel=0.21) for expected in expected_seconds]


def test_the_return_of_a_relay_that_was_there_is_noticed_within_ten_seconds(
    new_page: NewPage, stack: RunningStack
) -> None:
    waits_seconds = _waits_seconds(new_page(), stack, is_heard=True)
    assert len(waits_seconds) > 30
    assert max(waits_seconds) <= 10


def test_a_page_in_a_hidden_tab_asks_on_more_slowly(new_page: NewPage, stack: RunningStack) -> None:
    waits_seconds = _waits_seconds(new_page(), stack, is_heard=True, is_hidden=True, is_refused=False)
    assert len(waits_seconds) > 15
    assert set(waits_seconds) == {20.0}


def test_being_offline_is_told_apart_from_a_silent_relay(page: Page) -> None:
    page.context.set_offline(True)
    expect(page.locator("#trouble")).to_contain_text("This device is offline.")
    page.context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_tab_that_is_shown_again_asks_at_once(new_page: NewPage, stack: RunningStack) -> None:
    page = new_page()
    _begin_to_ask(page, stack, is_heard=True, is_hidden=True, is_refused=False)
    assert page.evaluate("asked.length") == 1
    page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    # No time has passed on the page.
    assert page.evaluate("asked.length") == 2


def _use_a_token(page: Page, token: str) -> None:
    page.click("#sign-in .help summary")
    page.click("#sign-in-by-token")
    page.fill("#sign-in-pasted", token)
    page.click("#sign-in-token button[type=submit]")


def test_an_identity_token_signs_in_as_well_for_as_long_as_the_tab(new_page: NewPage, stack: RunningStack) -> None:
    page = new_page()
    page.goto(f"{stack.address}/console/")
    _use_a_token(page, "this is no token")
    expect(page.locator("#sign-in-problem")).to_contain_text("That is not an identity token")
    expect(page.locator("#sign-in-command")).to_contain_text("gcloud auth print-identity-token")
    page.fill("#sign-in-pasted", f"Bearer {stack.token()}")
    page.click("#sign-in-token button[type=submit]")
    expect(page.locator("#pulse")).to_have_text("live")
    page.reload()
    expect(page.locator("#pulse")).to_have_text("live")
    expect(page.locator("#account-button")).to_contain_text("@")
    assert page.evaluate("Object.keys(localStorage)") == []
    page.click("#account-button")
    page.click("#account-out")
    expect(page.locator("#sign-in-address")).to_be_visible()


def test_a_token_that_is_not_accepted_is_said_to_be_and_forgotten(new_page: NewPage, stack: RunningStack) -> None:
    page = new_page()
    page.goto(f"{stack.address}/console/")
    _use_a_token(page, stack.token(email="stranger@example.com"))
    expect(page.locator("#sign-in-problem")).to_contain_text("The identity token is not accepted")
    page.reload()
    expect(page.locator("#sign-in-address")).to_be_visible()


def test_for_a_relay_at_another_address_only_a_token_is_asked_for(new_page: NewPage, stack: RunningStack) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    elsewhere = {"api_url": "https://relay.example.com"}
    page.route("**/console/settings.json", lambda route: route.fulfill(json=elsewhere))
    page.goto(f"{stack.address}/console/")
    expect(page.locator("#sign-in-pasted")).to_be_visible()
    expect(page.locator("#sign-in-by-code")).to_be_hidden()
    assert set(asked) == {"GET"}


def test_it_speaks_to_nothing_but_the_two_routes(new_page: NewPage, stack: RunningStack) -> None:
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(stack.address).split("?")[0]))
    open_console(page, stack, "#/unreached")
    others = {path for path in asked if not path.startswith("/console/")}
    assert others == {"/sms/relay-state"}
