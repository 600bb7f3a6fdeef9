"""Guesses and codes at once: no more of them count than one after the other, and one of two right ones wins."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from relay.ports import OperatorKind, OperatorRecord

from tests.operators.signing_in.doors import ANA, STRANGER, Browser, Doors, wrong_codes


@pytest.fixture
def doors() -> Doors:
    return Doors()


@pytest.mark.parametrize("seed", range(3))
def test_of_guesses_on_many_browsers_at_once_ten_a_day_are_looked_at(seed: int) -> None:
    """As many threads as there are browsers, each with a code of its own: no more than ten reach a code."""
    doors = Doors()
    looked_at = []
    browsers = []
    for _ in range(3):
        browser = doors.browser()
        browser.post("sign-in", to=ANA)
        browsers.append((dict(browser.cookies), wrong_codes(doors.outbox.code())))

    def guess(index: int) -> None:
        cookies, guesses = browsers[index % 3]
        mine = Browser(doors)
        mine.cookies = dict(cookies)
        looked_at.append(mine.post("sign-in/code", code=next(guesses)).status)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(guess, range(60)))
    assert set(looked_at) <= {403, 503}
    wrong = [note for note in doors.journal.notes if note[1] == "a wrong code was entered"]
    assert len(wrong) <= 10


def test_a_right_code_sent_twice_at_once_signs_in_once(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    digits, cookies = doors.outbox.code(), dict(browser.cookies)

    def enter(_: int) -> int:
        mine = Browser(doors)
        mine.cookies = dict(cookies)
        return mine.post("sign-in/code", code=digits).status

    with ThreadPoolExecutor(5) as threads:
        statuses = sorted(threads.map(enter, range(5)))
    assert statuses == [200, 403, 403, 403, 403]
    assert len(doors.memory.lasting(OperatorKind.SESSION, 10, timeout_seconds=1)) == 1


def _before_it_is_counted(doors: Doors, enter: Callable[[], int]) -> list[int]:
    """Have `enter` done once, right before the next guess is counted. Returns what is filled then: 0, its answer."""
    put = doors.memory.put
    done: list[int] = []

    def putting(record: OperatorRecord, *, timeout_seconds: float) -> OperatorRecord:
        if record.kind is OperatorKind.ALLOWANCE and not done:
            done.append(0)  # what it counts itself sets nothing off
            done.append(enter())
        return put(record, timeout_seconds=timeout_seconds)

    doors.memory.put = putting  # type: ignore[method-assign]
    return done


def test_of_two_right_ones_the_one_that_is_overtaken_signs_no_one_in(doors: Doors) -> None:
    """The second comes in once the first was counted and before it is looked at, which threads seldom bring about."""
    browser, second = doors.browser(), doors.browser()
    browser.post("sign-in", to=ANA)
    second.cookies = dict(browser.cookies)
    digits = doors.outbox.code()
    overtaken = _before_it_is_counted(doors, lambda: second.post("sign-in/code", code=digits).status)
    assert browser.post("sign-in/code", code=digits).status == 403
    assert overtaken == [0, 200]
    assert (browser.session, len(doors.memory.lasting(OperatorKind.SESSION, 10, timeout_seconds=1))) == ("", 1)


def test_a_wrong_guess_in_between_does_not_spoil_a_right_one(doors: Doors) -> None:
    browser, second = doors.browser(), doors.browser()
    browser.post("sign-in", to=ANA)
    second.cookies = dict(browser.cookies)
    digits = doors.outbox.code()
    wrong = next(wrong_codes(digits))
    between = _before_it_is_counted(doors, lambda: second.post("sign-in/code", code=wrong).status)
    assert browser.post("sign-in/code", code=digits).status == 200
    assert between == [0, 403]


def test_more_than_sixteen_at_once_are_told_to_come_again() -> None:
    """Each waits in a thread for its time to be over, and the threads are the webhooks' too."""
    answers: list[int] = []

    def ask_one_more(_seconds: float) -> None:
        answers.append(crowded.browser().post("sign-in", to=STRANGER).status)

    crowded = Doors(pause=ask_one_more)
    assert crowded.browser().post("sign-in", to=STRANGER).status == 200
    assert answers == [503] + [200] * 15
