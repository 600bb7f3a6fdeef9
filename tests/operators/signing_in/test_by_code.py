"""Signing in by a code: what a browser asks for, types and gets."""

from __future__ import annotations

import pytest
from relay.operators.alerting.messages import ChannelKind
from relay.operators.signing_in.pending import PendingCodes

from tests.operators.signing_in.doors import ANA, BO, PEOPLE, STRANGER, Browser, Doors, told

CYD = "cyd@example.com"


@pytest.fixture
def doors() -> Doors:
    return Doors()


def wrong(digits: str) -> str:
    """Another code than this one."""
    return f"{(int(digits) + 1) % 1_000_000:06}"


def test_a_code_signs_the_browser_in_that_asked(doors: Doors) -> None:
    browser = doors.browser()
    asked = browser.post("sign-in", to=ANA)
    assert (asked.status, told(asked)) == (200, {"sent": True, "expires_in": 600})
    done = browser.post("sign-in/code", code=doors.outbox.code())
    assert done.status == 200
    assert told(done)["operator"] == {"name": "Ana", "role": "act", "kind": "person"}
    assert told(browser.post("session"))["operator"]["name"] == "Ana"


def test_the_code_goes_to_the_configured_number_by_text_and_says_whose_it_is(doors: Doors) -> None:
    doors.browser().post("sign-in", to="+1 (555) 010-0011")
    (message,) = doors.outbox.messages
    assert (message.to, message.channel, message.link) == (ANA, ChannelKind.TEXT, "")
    assert message.words.startswith(f"{doors.outbox.code()} is your code for Acme's console. ")
    assert "http" not in message.words
    assert len(message.words) <= 160
    assert (message.until - doors.clock.now()).total_seconds() == 600


def test_an_email_address_gets_it_by_email(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=" Cyd@Example.com ")
    (message,) = doors.outbox.messages
    assert (message.to, message.channel) == (CYD, ChannelKind.EMAIL)
    assert message.subject == f"{doors.outbox.code()} is your code for Acme's console."
    assert told(browser.post("sign-in/code", code=doors.outbox.code()))["operator"]["name"] == "Cyd"


@pytest.mark.parametrize("to", ["", "Ana", "12345", "+1", "@", "a@", None, 5, "+1555010001x", "9" * 5000])
def test_what_is_no_address_is_400_in_words(doors: Doors, to: object) -> None:
    answer = doors.browser().post("sign-in", to=to)
    assert answer.status == 400
    assert "+15551234567" in told(answer)["error"]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", 123456, None, "١٢٣٤٥٦"])
def test_what_is_no_code_is_400_and_no_guess(doors: Doors, code: object) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    for _ in range(20):
        assert browser.post("sign-in/code", code=code).status == 400
    assert browser.post("sign-in/code", code=doors.outbox.code()).status == 200


def test_digits_may_be_grouped(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    digits = doors.outbox.code()
    assert browser.post("sign-in/code", code=f" {digits[:3]} {digits[3:]} ").status == 200


def test_a_code_is_good_for_ten_minutes(doors: Doors) -> None:
    early, late = doors.browser(), doors.browser()
    early.post("sign-in", to=ANA)
    first = doors.outbox.code()
    late.post("sign-in", to=ANA)
    doors.wait(599)
    assert early.post("sign-in/code", code=first).status == 200
    doors.wait(1)
    assert late.post("sign-in/code", code=doors.outbox.code()).status == 403


def test_a_code_has_five_guesses(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    digits = doors.outbox.code()
    left = [told(browser.post("sign-in/code", code=wrong(digits)))["tries_left"] for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    over = browser.post("sign-in/code", code=digits)
    assert (over.status, told(over)["tries_left"]) == (403, 0)
    assert browser.session == ""


def test_a_code_signs_in_once(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    before = dict(browser.cookies)
    assert browser.post("sign-in/code", code=doors.outbox.code()).status == 200
    browser.cookies = before
    assert browser.post("sign-in/code", code=doors.outbox.code()).status == 403


def test_the_last_code_alone_is_good(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    first = doors.outbox.code()
    browser.post("sign-in", to=ANA)
    assert first == doors.outbox.code() or browser.post("sign-in/code", code=first).status == 403
    assert browser.post("sign-in/code", code=doors.outbox.code()).status == 200


def test_a_code_belongs_to_the_browser_that_asked_for_it(doors: Doors) -> None:
    """Whoever reads it over a shoulder, or has it read out by the operator, has no use for it."""
    hers, his = doors.browser(), doors.browser()
    hers.post("sign-in", to=ANA)
    digits = doors.outbox.code()
    his.post("sign-in", to=STRANGER)
    assert his.post("sign-in/code", code=digits).status == 403
    assert doors.browser().post("sign-in/code", code=digits).status == 403
    assert hers.post("sign-in/code", code=digits).status == 200


def test_without_having_asked_there_is_nothing_to_guess(doors: Doors) -> None:
    answer = doors.browser().post("sign-in/code", code="123456")
    assert (answer.status, told(answer)["tries_left"]) == (403, 0)
    assert "Ask for a code first" in told(answer)["error"]
    assert doors.memory.writes == 0


def test_four_codes_an_hour_are_too_many_and_it_is_said_for_how_long(doors: Doors) -> None:
    browser = doors.browser()
    for _ in range(3):
        assert browser.post("sign-in", to=ANA).status == 200
        doors.wait(60)
    refused = browser.post("sign-in", to=ANA)
    assert (refused.status, told(refused)["retry_after"], refused.headers["Retry-After"]) == (429, 3420, "3420")
    assert "57 minutes" in told(refused)["error"]
    doors.wait(3420)
    assert browser.post("sign-in", to=ANA).status == 200
    assert len(doors.outbox.messages) == 4


def test_ten_wrong_guesses_a_day_are_the_most(doors: Doors) -> None:
    browser = doors.browser()
    for _ in range(2):
        browser.post("sign-in", to=ANA)
        for _ in range(5):
            assert browser.post("sign-in/code", code=wrong(doors.outbox.code())).status == 403
    browser.post("sign-in", to=ANA)
    locked = browser.post("sign-in/code", code=doors.outbox.code())
    assert locked.status == 429
    assert 24 * 3600 - 5 <= told(locked)["retry_after"] <= 24 * 3600
    doors.wait(24 * 3600)
    browser.post("sign-in", to=ANA)
    assert browser.post("sign-in/code", code=doors.outbox.code()).status == 200


def test_right_guesses_do_not_count(doors: Doors) -> None:
    """Who signs in on many browsers in a day has guessed nothing wrong."""
    for _ in range(12):
        doors.signed_in(ANA)
        doors.wait(1800)
    assert len(doors.outbox.messages) == 12


def test_in_the_log_stand_names_and_neither_number_nor_code(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    digits = doors.outbox.code()
    browser.post("sign-in/code", code=wrong(digits))
    browser.post("sign-in/code", code=digits)
    browser.post("sign-out", everywhere=True)
    noted = str(doors.journal.notes)
    assert noted.count("'operator': 'Ana'") == len(doors.journal.notes) == 4
    for secret in (ANA, ANA[2:], digits, browser.session or "no session", *browser.cookies.values()):
        assert secret not in noted


def test_when_the_store_is_down_it_is_said_and_nothing_leaves(doors: Doors) -> None:
    doors.memory.is_down = True
    assert doors.browser().post("sign-in", to=ANA).status == 503
    assert doors.outbox.messages == []


def test_when_the_code_cannot_be_put_on_its_way_it_is_said(doors: Doors) -> None:
    doors.outbox.is_down = True
    assert doors.browser().post("sign-in", to=ANA).status == 503


def test_a_look_only_operator_is_told_the_role(doors: Doors) -> None:
    browser: Browser = doors.signed_in(BO)
    assert told(browser.post("session"))["operator"] == {"name": "Bo", "role": "look", "kind": "person"}


def test_a_code_by_text_is_pending_for_ten_minutes_at_that_number_and_no_other(doors: Doors) -> None:
    pending = PendingCodes(doors.records)
    for to in (STRANGER, CYD, ANA, ANA):
        doors.browser().post("sign-in", to=to)
        doors.wait(60)
    doors.wait(539)
    assert pending.may_be(ANA, "123456", 1)
    assert not pending.may_be(ANA, "on my way", 1)
    assert not any(pending.may_be(other, "123456", 1) for other in (BO, STRANGER))
    doors.wait(1)
    assert not pending.may_be(ANA, "123456", 1)


def test_without_a_mail_server_no_code_is_promised_by_email(doors: Doors) -> None:
    """An operator with an address alone is not sent to a field that can do nothing; strangers learn nothing by it."""
    mute = Doors(sends_email=False)
    assert told(doors.browser().post("session"))["ways"] == ["text", "email"]
    assert told(mute.browser().post("session"))["ways"] == ["text"]
    answers = [mute.browser().post("sign-in", to=to) for to in (CYD, "stranger@example.com")]
    assert [(answer.status, told(answer)) for answer in answers] == [
        (400, {"error": "No code can go by e-mail from here: give a number, or sign in by a link (relayctl link)."})
    ] * 2
    assert mute.outbox.messages == []
    mute.list_operators(PEOPLE[2])
    answer = told(mute.browser().post("session"))
    assert (answer["ways"], "by a link" in answer["error"]) == ([], True)
