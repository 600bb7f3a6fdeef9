"""What strangers get: nothing they could learn from, no operator locked out, and no cost."""

from __future__ import annotations

import pytest
from relay.operators.signing_in import codes
from relay.ports import OperatorKind

from tests.operators.signing_in.doors import ANA, BO, STRANGER, Browser, Doors, told, wrong_codes

ADDRESSES = {"number": (ANA, STRANGER), "email": ("cyd@example.com", "stranger@example.com")}


@pytest.fixture
def doors() -> Doors:
    return Doors()


def use_up_codes(doors: Doors, to: str) -> None:
    """A stranger asks for codes until no more of them leave, as another browser each time."""
    for _ in range(5):
        assert doors.browser().post("sign-in", to=to).status == 200


def use_up_guesses(doors: Doors, to: str) -> None:
    """A stranger guesses until no guess counts any more."""
    for _ in range(3):
        browser = doors.browser()
        browser.post("sign-in", to=to)
        guesses = wrong_codes(doors.outbox.code())
        for _ in range(5):
            assert browser.post("sign-in/code", code=next(guesses)).status == 403


# Known and unknown addresses are answered alike.


Answered = tuple[tuple[int, bytes, list[tuple[str, str]]], list[str], list[int]]


def conversation(doors: Doors, to: str, *, keeps_cookies: bool) -> list[Answered]:
    """Everything that a stranger is told who asks six times and guesses wrong ten times after each."""
    answers = []
    browser = doors.browser()
    for _ in range(6):
        if not keeps_cookies:
            browser.cookies.clear()
        doors.wait(30)
        answers.append(browser.post("sign-in", to=to))
        kept = dict(browser.cookies)
        for guess in range(10):
            if not keeps_cookies:
                # Cookies of before: as if the wrong guesses had not been.
                browser.cookies = dict(kept)
            answers.append(browser.post("sign-in/code", code=f"{guess:06}"))
    names = [sorted(cookie.partition("=")[0] for cookie in answer.cookies) for answer in answers]
    lengths = [[len(cookie) for cookie in answer.cookies] for answer in answers]
    said = [(answer.status, answer.body, sorted(answer.headers.items())) for answer in answers]
    return list(zip(said, names, lengths, strict=True))


@pytest.mark.parametrize("keeps_cookies", [True, False])
@pytest.mark.parametrize("kind", ADDRESSES)
def test_an_operators_address_and_a_strangers_are_answered_alike(
    kind: str, keeps_cookies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "new_digits", lambda: "999999")  # none of those that are guessed
    known, unknown = ADDRESSES[kind]
    operators = conversation(Doors(), known, keeps_cookies=keeps_cookies)
    strangers = conversation(Doors(), unknown, keeps_cookies=keeps_cookies)
    assert operators == strangers
    assert {said[0] for said, _, _ in operators} == ({200, 403, 429} if keeps_cookies else {200, 403})


def test_an_allowance_that_others_used_up_is_not_told_to_a_browser_that_never_signed_in(doors: Doors) -> None:
    use_up_codes(doors, ANA)
    asked = doors.browser().post("sign-in", to=ANA)
    assert (asked.status, told(asked)) == (200, {"sent": True, "expires_in": 600})
    assert len(doors.outbox.messages) == 3


def test_an_unknown_address_costs_no_write_and_nothing_leaves(doors: Doors) -> None:
    conversation(doors, STRANGER, keeps_cookies=True)
    conversation(doors, "stranger@example.com", keeps_cookies=False)
    assert doors.memory.writes == 0
    assert doors.outbox.messages == []


def test_both_take_the_same_time(doors: Doors) -> None:
    """The clock stands still here, so that what is waited is all of it."""
    for to in (ANA, STRANGER):
        browser = doors.browser()
        browser.post("sign-in", to=to)
        browser.post("sign-in/code", code="000000")
    assert doors.paused == [0.5] * 4


def test_what_took_long_by_itself_waits_for_less(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    put = doors.memory.put

    def slow(*arguments: object, **named: object) -> object:
        doors.wait(0.125)
        return put(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(doors.memory, "put", slow)
    doors.browser().post("sign-in", to=ANA)
    assert doors.paused == [0.5 - 3 * 0.125]


def test_asking_twice_at_once_is_answered_as_for_a_stranger(doors: Doors) -> None:
    """A second request of the same browser, which reads before the first has written, is no sign of an operator."""
    browser = doors.browser()
    browser.post("sign-in", to=STRANGER)
    put = doors.memory.put
    raced: list[bool] = []

    def racing(record: object, **named: float) -> object:
        if getattr(record, "kind", None) is OperatorKind.BROWSER and not raced:
            raced.append(True)
            inner = Browser(doors)
            inner.cookies = dict(browser.cookies)
            assert inner.post("sign-in", to=ANA).status == 200
        return put(record, **named)  # type: ignore[arg-type]

    doors.memory.put = racing  # type: ignore[assignment,method-assign]
    assert browser.post("sign-in", to=ANA).status == 200
    assert browser.post("sign-in/code", code=doors.outbox.code()).status == 200


# No stranger locks an operator out.


def test_strangers_use_up_an_address_and_an_operators_own_browser_still_signs_in(doors: Doors) -> None:
    hers = doors.signed_in(ANA)
    hers.post("sign-out")
    doors.wait(3600)
    use_up_codes(doors, ANA)
    assert hers.post("sign-in", to=ANA).status == 200
    assert hers.post("sign-in/code", code=doors.outbox.code()).status == 200


def test_strangers_use_up_all_guesses_and_an_operators_own_browser_still_signs_in(doors: Doors) -> None:
    hers = doors.signed_in(ANA)
    use_up_guesses(doors, ANA)
    hers.post("sign-in", to=ANA)
    assert hers.post("sign-in/code", code=doors.outbox.code()).status == 200


def test_a_browser_is_known_for_the_operator_who_signed_in_there_and_for_no_other(doors: Doors) -> None:
    his = doors.signed_in(BO)
    use_up_codes(doors, ANA)
    sent = len(doors.outbox.messages)
    assert his.post("sign-in", to=ANA).status == 200
    assert len(doors.outbox.messages) == sent


def test_an_operators_own_browser_has_an_allowance_too_and_is_told_of_it(doors: Doors) -> None:
    """A browser that was stolen, signed out, is no place to guess either."""
    stolen = doors.signed_in(ANA)
    for _ in range(3):
        assert stolen.post("sign-in", to=ANA).status == 200
    refused = stolen.post("sign-in", to=ANA)
    assert (refused.status, told(refused)["retry_after"]) == (429, 3600)


def test_guesses_on_an_operators_own_browser_end_at_ten_a_day(doors: Doors) -> None:
    stolen = doors.signed_in(ANA)
    answers = []
    for _ in range(3):
        stolen.post("sign-in", to=ANA)
        guesses = wrong_codes(doors.outbox.code())
        answers += [stolen.post("sign-in/code", code=next(guesses)).status for _ in range(5)]
    assert answers == [403] * 10 + [429] * 5
    assert stolen.post("sign-in/code", code=doors.outbox.code()).status == 403


# Addresses of the network.


def test_addresses_of_the_network_count_behind_a_trusted_proxy_alone() -> None:
    free, counted = Doors(), Doors(proxies=1)
    for doors, last in ((free, 200), (counted, 429)):
        answers = [
            doors.browser().post("sign-in", {"x_forwarded_for": f"10.0.0.{n}, 203.0.113.7"}, to=STRANGER)
            for n in range(31)
        ]
        assert [answer.status for answer in answers[:30]] == [200] * 30
        assert answers[30].status == last
    other = counted.browser().post("sign-in", {"x_forwarded_for": "203.0.113.7, 203.0.113.8"}, to=STRANGER)
    assert other.status == 200


def test_an_address_that_is_used_up_does_not_keep_an_operators_own_browser_out() -> None:
    doors = Doors(proxies=1)
    at = {"x_forwarded_for": "203.0.113.7"}
    hers = doors.signed_in(ANA)
    doors.wait(3600)
    for _ in range(40):
        doors.browser().post("sign-in", at, to=STRANGER)
    assert doors.browser().post("sign-in", at, to=ANA).status == 429
    assert hers.post("sign-in", at, to=ANA).status == 200
    assert hers.post("sign-in/code", at, code=doors.outbox.code()).status == 200


def test_the_log_tells_of_used_up_allowances_once_a_minute(doors: Doors) -> None:
    for _ in range(20):
        doors.browser().post("sign-in", to=ANA)
    used_up = [note for note in doors.journal.notes if note[1] == "no more codes for an operator for now"]
    assert [(severity, labels["operator"]) for severity, _, labels in used_up] == [("WARNING", "Ana")]


def test_a_mark_that_was_made_up_gains_nothing(doors: Doors) -> None:
    """The times in it are only what is told: the store counts by itself."""
    for _ in range(10):
        browser = doors.browser()
        browser.cookies["__Host-relay-browser"] = f"rb_{'A' * 43}.."
        assert browser.post("sign-in", to=ANA).status == 200
    assert len(doors.outbox.messages) == 3
