"""Sessions: for thirty days, renewed by use, worth what today's list of operators says."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from relay.core.operators import Operator, Role
from relay.operators.signing_in.tokens import TokenKind, key_of, new_token
from relay.ports import OperatorKind

from tests.operators.signing_in.doors import ANA, BO, PEOPLE, Browser, Doors, told

DAY = 24 * 3600.0


@pytest.fixture
def doors() -> Doors:
    return Doors()


def attributes(cookie: str) -> Mapping[str, str]:
    """What is said of a cookie, by name."""
    return {name: value for name, _, value in (part.partition("=") for part in cookie.split("; ")[1:])}


def test_the_cookies_are_this_hosts_by_https_and_out_of_reach_of_scripts(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    answer = browser.post("sign-in/code", code=doors.outbox.code())
    session, mark = answer.cookies
    assert session.startswith("__Host-relay-session=rs_")
    assert mark.startswith("__Host-relay-browser=rb_")
    for cookie, days in ((session, 30), (mark, 365)):
        assert attributes(cookie) == {
            "Max-Age": str(days * 24 * 3600),
            "Path": "/",
            "HttpOnly": "",
            "SameSite": "Lax",
            "Secure": "",
        }


def test_on_this_machines_loopback_there_is_no_https_to_ask_for() -> None:
    doors = Doors(console="http://127.0.0.1:8080")
    browser = doors.signed_in(ANA)
    assert set(browser.cookies) == {"relay-session", "relay-browser"}
    asked = doors.browser().post("sign-in", to=ANA)
    assert "Secure" not in asked.cookies[0]


def test_the_store_holds_no_token_no_code_and_no_number(doors: Doors) -> None:
    browser = doors.browser()
    browser.post("sign-in", to=ANA)
    mark, digits = browser.cookies["__Host-relay-browser"], doors.outbox.code()
    held = str([doors.memory.lasting(kind, 100, timeout_seconds=1) for kind in OperatorKind])
    browser.post("sign-in/code", code=digits)
    held += str([doors.memory.lasting(kind, 100, timeout_seconds=1) for kind in OperatorKind])
    for secret in (mark.split(".")[0], browser.session, f"'{digits}'", ANA, ANA[2:]):
        assert secret not in held
    assert key_of(browser.session) in held


def test_a_session_ends_after_thirty_days_without_use(doors: Doors) -> None:
    browser = doors.signed_in()
    doors.wait(30 * DAY - 1)
    assert doors.room.sessions.find(browser.session) is not None
    idle = doors.signed_in()
    doors.wait(30 * DAY)
    answer = idle.post("session")
    assert (answer.status, told(answer)["ways"]) == (401, ["text", "email"])
    assert idle.session == ""


def test_use_renews_it_and_once_a_day_is_enough(doors: Doors) -> None:
    browser = doors.signed_in()
    token = browser.session
    for _ in range(4):
        doors.wait(25 * DAY)
        before = doors.memory.writes
        answers = [browser.post("session") for _ in range(5)]
        assert {answer.status for answer in answers} == {200}
        assert doors.memory.writes == before + 1
        # The cookie lives as long as the session.
        assert [len(answer.cookies) for answer in answers] == [1, 0, 0, 0, 0]
        assert attributes(answers[0].cookies[0])["Max-Age"] == str(30 * 24 * 3600)
    assert browser.session == token


def test_a_renewal_that_fails_keeps_no_operator_out(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = doors.signed_in()
    doors.wait(2 * DAY)
    doors.memory.replies_to_lose = 1
    assert browser.post("session").status == 200
    assert browser.post("session").status == 200


def test_an_operator_who_is_taken_off_the_list_is_signed_out_at_once(doors: Doors) -> None:
    browser = doors.signed_in(ANA)
    doors.list_operators(*(person for person in PEOPLE if person.name != "Ana"))
    assert browser.post("session").status == 401


def test_a_role_holds_from_the_next_request_on(doors: Doors) -> None:
    browser = doors.signed_in(ANA)
    doors.list_operators(Operator("Ana", ANA, role=Role.LOOK))
    assert told(browser.post("session"))["operator"]["role"] == "look"


def test_signing_out_ends_this_browsers_session_and_no_other(doors: Doors) -> None:
    one, other = doors.signed_in(), doors.signed_in()
    token = one.session
    assert one.post("sign-out").status == 200
    assert one.session == ""
    assert doors.room.sessions.find(token) is None
    assert other.post("session").status == 200


def test_signing_out_everywhere_ends_all_that_was_opened_before(doors: Doors) -> None:
    phone, office, bos = doors.signed_in(ANA), doors.signed_in(ANA), doors.signed_in(BO)
    wall = doors.browser()
    link = told(office.post("links", kind="wall"))["link"].partition("=")[2]
    assert wall.post("sign-in/link", token=link).status == 200
    assert phone.post("sign-out", everywhere=True).status == 200
    assert [each.post("session").status for each in (phone, office, wall, bos)] == [401, 401, 401, 200]
    assert wall.post("sign-in/link", token=link).status == 403
    doors.wait(1)
    assert doors.signed_in(ANA).post("session").status == 200


def test_another_process_knows_of_it_within_ten_seconds(doors: Doors) -> None:
    here, there = doors.signed_in(), doors.signed_in()
    elsewhere = Doors(clock=doors.clock, records=doors.records)
    mine = Browser(elsewhere)
    mine.cookies = dict(there.cookies)
    assert mine.post("session").status == 200
    here.post("sign-out", everywhere=True)
    doors.wait(10.1)
    assert mine.post("session").status == 401


def test_after_a_new_start_those_who_signed_out_stay_so(doors: Doors) -> None:
    stolen, browser = doors.signed_in(), doors.signed_in()
    browser.post("sign-out", everywhere=True)
    doors.restart()
    assert stolen.post("session").status == 401


def test_a_session_costs_one_read_more(doors: Doors) -> None:
    browser = doors.signed_in()
    browser.post("session")
    before = doors.memory.reads
    for _ in range(100):
        assert browser.post("session").status == 200
    assert doors.memory.reads == before + 100


@pytest.mark.parametrize(
    "token", ["", "x", "rs_", "rs_" + "A" * 42, "rs_" + "A" * 44, "rx_" + "A" * 43, "rs_" + "é" * 43]
)
def test_what_has_not_the_form_of_a_session_costs_no_read(doors: Doors, token: str) -> None:
    browser = doors.browser()
    browser.cookies["__Host-relay-session"] = token
    assert browser.post("session").status == 401
    assert (doors.memory.reads, doors.memory.writes) == (0, 0)


def test_a_made_up_session_is_none(doors: Doors) -> None:
    browser = doors.browser()
    browser.cookies["__Host-relay-session"] = new_token(TokenKind.SESSION)
    assert browser.post("session").status == 401
    assert browser.session == ""


def test_a_record_that_cannot_be_read_is_signed_in_anew(doors: Doors) -> None:
    browser = doors.signed_in()
    doors.memory.unreadable.add(key_of(browser.session))
    assert browser.post("session").status == 401


def test_when_the_store_is_down_no_operator_is_signed_out(doors: Doors) -> None:
    browser = doors.signed_in()
    doors.memory.is_down = True
    assert browser.post("session").status == 503
    assert browser.session != ""
    doors.memory.is_down = False
    assert browser.post("session").status == 200


def test_with_no_address_at_all_the_way_is_a_link() -> None:
    answer = Doors(()).browser().post("session")
    assert (answer.status, told(answer)["ways"]) == (401, [])
    assert "relayctl link" in told(answer)["error"]
    by_text = Doors((Operator("Ana", ANA),)).browser().post("session")
    assert told(by_text)["ways"] == ["text"]
