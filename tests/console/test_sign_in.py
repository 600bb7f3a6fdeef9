"""Signing in at the console, as an operator does it: codes, what is wrong with them, and what strangers cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser_fixtures import NewPage
from tests.console.signing_in import OperatorsPhone, link_for, sign_in
from tests.stack_fixtures import REFUSED, RunningStack, running_stack

# One for each test: a number has three codes an hour.
_NAMES = ("Ana", "Bea", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon")
_PHONES = {name: f"+14045550{number}" for name, number in zip(_NAMES, count(100))}
_LOOKS = "Len"
_OPERATORS = [
    *({"name": name, "phone": phone} for name, phone in _PHONES.items()),
    {"name": _LOOKS, "phone": "+14045550150", "role": "look"},
]
_STRANGER = "+14045550199"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    settings = {"RELAY_OPERATORS": json.dumps(_OPERATORS)}
    with running_stack("embedded", tmp_path_factory.mktemp("office"), settings=settings) as running:
        yield running


def _open(page: Page, stack: RunningStack, route: str = "") -> Page:
    page.goto(f"{stack.address}/console/{route}")
    page.wait_for_selector("#sign-in:not([hidden])")
    return page


def _ask(page: Page, address: str) -> None:
    page.fill("#sign-in-address", address)
    page.keyboard.press("Enter")


def _enter(page: Page, code: str) -> None:
    page.fill("#sign-in-digits", code)
    page.keyboard.press("Enter")


def _is_in(page: Page, name: str) -> None:
    expect(page.locator("#pulse")).to_have_text("live")
    expect(page.locator("#account-button")).to_have_text(name)
    expect(page.locator("#sign-in")).to_be_hidden()


def _other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_that_an_operators_phone_shows_signs_in_and_stays_so(new_page: NewPage, stack: RunningStack) -> None:
    phone, page = OperatorsPhone(stack, _PHONES["Ana"]), _open(new_page(), stack, "#/unreached")
    expect(page.locator("#unreached")).to_be_hidden()
    _ask(page, "+1 (404) 555-0100")
    code = phone.next_code()
    # It may be on the phone before the browser knows of it.
    page.wait_for_selector("#sign-in-code:not([hidden])")
    # The phone's owner may have looked at the text meanwhile, and the browser have dropped the tab.
    page.reload()
    _enter(page, f"{code[:3]} {code[3:]}")
    _is_in(page, "Ana")
    expect(page.locator("#unreached")).to_be_visible()
    page.reload()
    _is_in(page, "Ana")
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.parametrize("backend", ["embedded", "google"])
def test_wrong_codes_are_told_right_ones_sign_in_and_no_stranger_locks_an_operator_out(
    backend: str, new_page: NewPage, stack_of: Callable[[str], RunningStack]
) -> None:
    running = stack_of(backend)
    told = running.client.description()["operators"][0]
    phone, own = OperatorsPhone(running, told["phone"]), _open(new_page(), running)
    _ask(own, phone.number)
    code = phone.next_code()
    _enter(own, _other_than(code))
    expect(own.locator("#sign-in-problem")).to_contain_text("4 tries left")
    _enter(own, code)
    _is_in(own, told["name"])
    _guess_until_it_is_over(_open(new_page(), running), phone.number)
    own.click("#account-button")
    with own.expect_navigation():  # it forgets all that it knew
        own.click("#account-out")
    phone = OperatorsPhone(running, phone.number)
    _ask(own, phone.number)
    _enter(own, phone.next_code())
    _is_in(own, told["name"])


def _guess_until_it_is_over(stranger: Page, number: str) -> None:
    for _ in range(20):
        if stranger.locator("#sign-in-to").is_visible():
            _ask(stranger, number)
        else:
            _enter(stranger, "000000")
        stranger.wait_for_selector("body:not([data-signing-in])")
        if "Too many wrong codes today" in stranger.locator("#sign-in-problem").inner_text():
            break
    expect(stranger.locator("#sign-in-problem")).to_contain_text("Too many wrong codes today")


def test_a_wrong_code_says_how_many_tries_are_left_and_the_right_one_still_signs_in(
    new_page: NewPage, stack: RunningStack
) -> None:
    phone, page = OperatorsPhone(stack, _PHONES["Bea"]), _open(new_page(), stack)
    _ask(page, phone.number)
    code = phone.next_code()
    _enter(page, _other_than(code))
    expect(page.locator("#sign-in-problem")).to_contain_text("4 tries left")
    expect(page.locator("#sign-in-digits")).to_be_focused()
    _enter(page, code)
    _is_in(page, "Bea")


def test_five_wrong_guesses_end_a_code_and_the_right_one_with_it(new_page: NewPage, stack: RunningStack) -> None:
    phone, page = OperatorsPhone(stack, _PHONES["Cid"]), _open(new_page(), stack)
    _ask(page, phone.number)
    code = phone.next_code()
    for left in (4, 3, 2, 1):
        _enter(page, _other_than(code))
        expect(page.locator("#sign-in-problem")).to_contain_text(f"{left} tr")
    _enter(page, _other_than(code))
    # Then another one has to be asked for.
    expect(page.locator("#sign-in-address")).to_be_focused()
    expect(page.locator("#sign-in-problem")).not_to_be_empty()
    status = page.evaluate(
        "code => fetch('sign-in/code', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: JSON.stringify({code})}).then((answer) => answer.status)",
        code,
    )
    assert status in (403, 429)


def test_an_address_that_is_no_operators_is_answered_alike_and_gets_nothing(
    new_page: NewPage, stack: RunningStack
) -> None:
    stranger, page = OperatorsPhone(stack, _STRANGER), _open(new_page(), stack)
    _ask(page, _STRANGER)
    expect(page.locator("#sign-in-sent")).to_contain_text(f"If {_STRANGER} is an operator's")
    _enter(page, "123456")
    expect(page.locator("#sign-in-problem")).to_contain_text("4 tries left")
    assert not stranger.has_news()


@pytest.mark.parametrize(
    ("address", "words"), [("", "Give your number"), ("me", "neither a number"), ("(404) 555-0100", "a number like +1")]
)
def test_what_is_no_address_is_said_to_be_none(
    new_page: NewPage, stack: RunningStack, address: str, words: str
) -> None:
    page = _open(new_page(), stack)
    _ask(page, address)
    expect(page.locator("#sign-in-problem")).to_contain_text(words)
    expect(page.locator("#sign-in-address")).to_be_focused()


def test_a_server_that_is_down_while_an_operator_signs_in_costs_a_press_of_the_button(
    new_page: NewPage, stack: RunningStack
) -> None:
    phone, page = OperatorsPhone(stack, _PHONES["Eve"]), _open(new_page(), stack)
    page.route("**/console/sign-in*", lambda route: route.abort())
    _ask(page, phone.number)
    expect(page.locator("#sign-in-problem")).to_have_text("The relay does not answer. Try again: nothing is lost.")
    page.unroute("**/console/sign-in*")
    page.keyboard.press("Enter")
    code = phone.next_code()
    page.route("**/console/sign-in/code", lambda route: route.fulfill(status=503, body=""))
    _enter(page, code)
    expect(page.locator("#sign-in-problem")).to_contain_text("cannot answer just now (503)")
    page.unroute("**/console/sign-in/code")
    page.keyboard.press("Enter")
    _is_in(page, "Eve")


def test_a_session_that_has_ended_leads_to_the_sign_in_and_back_to_where_one_was(
    new_page: NewPage, stack: RunningStack
) -> None:
    message_id = stack.text("Where was I?", stack.customer(), REFUSED, REFUSED, REFUSED)
    stack.wait_until(message_id, "exhausted")
    page = new_page()
    sign_in(page, stack, "Fay")
    page.goto(f"{stack.address}/console/#/relay/{message_id}")
    _is_in(page, "Fay")
    page.context.clear_cookies()
    expect(page.locator("#sign-in-problem")).to_have_text("You were signed out.")
    expect(page.locator("#relay")).to_be_hidden()
    phone = OperatorsPhone(stack, _PHONES["Fay"])
    _ask(page, phone.number)
    _enter(page, phone.next_code())
    _is_in(page, "Fay")
    expect(page.locator("#relay-body blockquote")).to_have_text("Where was I?")


def test_signing_out_everywhere_ends_the_sessions_of_all_browsers(new_page: NewPage, stack: RunningStack) -> None:
    here, there = new_page(), new_page()
    for page in (here, there):
        sign_in(page, stack, "Gus")
        page.goto(f"{stack.address}/console/")
        _is_in(page, "Gus")
    here.click("#account-button")
    expect(here.locator("#account-title")).to_have_text("Signed in as Gus")
    with here.expect_navigation():  # it forgets all that it knew
        here.click("#account-everywhere")
    for page in (here, there):
        expect(page.locator("#sign-in-address")).to_be_visible()
        page.reload()
        expect(page.locator("#sign-in-address")).to_be_visible()


def test_a_link_signs_in_once_and_by_its_button_alone(new_page: NewPage, stack: RunningStack) -> None:
    link, page, late = link_for(stack, "Hal"), new_page(), new_page()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(link)
    expect(page.locator("#sign-in-go-link")).to_be_focused()
    # Looking at it spends nothing, and its token is in no address that is asked for.
    token = link.partition("#sign-in=")[2]
    assert [one.url for one in asked if token in one.url] == []
    page.reload()
    expect(page.locator("#sign-in-go-link")).to_have_text("Sign in as Hal")
    page.click("#sign-in-go-link")
    _is_in(page, "Hal")
    assert token not in page.url
    late.goto(link)
    expect(late.locator("#sign-in-problem")).to_contain_text("This link was used")
    expect(late.locator("#sign-in-address")).to_be_visible()


def test_a_link_asks_who_is_signed_in_already_whether_to_go_on(new_page: NewPage, stack: RunningStack) -> None:
    page = new_page()
    sign_in(page, stack, "Ida")
    page.goto(f"{stack.address}/console/")
    _is_in(page, "Ida")
    page.goto(link_for(stack, "Hal"))
    expect(page.locator("#sign-in-who")).to_have_text("You are signed in as Ida.")
    page.click("#sign-in-not")
    _is_in(page, "Ida")


def test_who_only_looks_is_offered_no_act_and_would_be_refused(new_page: NewPage, stack: RunningStack) -> None:
    message_id = stack.text("Look at me", stack.customer(), REFUSED, REFUSED, REFUSED)
    stack.wait_until(message_id, "exhausted")
    page = new_page()
    sign_in(page, stack, _LOOKS)
    page.goto(f"{stack.address}/console/#/relay/{message_id}")
    _is_in(page, _LOOKS)
    expect(page.locator("#relay-title")).to_contain_text("No handler was reached")
    expect(page.locator("#relay-redrive")).to_be_hidden()
    page.click("#account-button")
    expect(page.locator("#account-walls")).to_be_hidden()
    body = json.dumps({"message_id": message_id, "request_id": "0" * 32})
    script = (
        "([url, body]) => fetch(url, {method: 'POST', headers: {'Content-Type': 'application/json'}, body})"
        ".then((answer) => answer.status)"
    )
    assert page.evaluate(script, [f"{stack.address}/sms/redrive", body]) == 403
    assert stack.state({"message_id": message_id})["relay"]["final_status"] == "exhausted"


def test_an_alarms_link_opens_signed_in_from_another_site_and_what_that_site_posts_does_nothing(
    new_page: NewPage, stack: RunningStack
) -> None:
    message_id = stack.text("From the mailbox", stack.customer(), REFUSED, REFUSED, REFUSED)
    stack.wait_until(message_id, "exhausted")
    page = new_page()
    sign_in(page, stack, "Jon")
    mailbox = "http://mailbox.example/"
    words = (
        f'<a href="{stack.address}/console/#relay={message_id}">See it</a>'
        f'<form method="post" enctype="text/plain" action="{stack.address}/console/sign-out">'
        """<input name='{"everywhere": true, "a' value='": 1}'><button>Press me</button></form>"""
    )
    page.route(f"{mailbox}**", lambda route: route.fulfill(body=words, content_type="text/html"))
    page.goto(mailbox)
    page.click("a")
    _is_in(page, "Jon")
    expect(page.locator("#relay-body blockquote")).to_have_text("From the mailbox")
    page.goto(mailbox)
    with page.expect_navigation(url=f"{stack.address}/console/sign-out") as went:
        page.click("button")
    assert getattr(went.value, "status", 0) >= 400
    page.goto(f"{stack.address}/console/")
    _is_in(page, "Jon")
