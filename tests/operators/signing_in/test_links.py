"""Links: once and for ten minutes to sign in, a year and only to look for a wall."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from relay.core.operators import Role
from relay.operators.signing_in import machine
from relay.operators.signing_in.routes import handle_signing_in
from relay.ports import OperatorKind
from relay.web import Response

from tests.operators.issued import mint
from tests.operators.signing_in.doors import ANA, BO, PEOPLE, Browser, Doors, told

DAY = 24 * 3600.0


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    database = str(tmp_path / "relay.db")
    machine.prepare(database)
    return Doors(database_path=database)


@pytest.fixture
def credential(tmp_path: Path) -> str:
    return Path(machine.path_beside(str(tmp_path / "relay.db"))).read_text("ascii").strip()


def by_command(doors: Doors, route: str, bearer: str, **fields: object) -> Response:
    """A request as a command sends it: no cookie, no Origin."""
    request = doors.browser().request(f"/console/{route}", fields, origin="", authorization=f"Bearer {bearer}")
    return handle_signing_in(doors.room, request)


def token_in(answer: Response) -> str:
    """The token of a link that was made."""
    assert answer.status == 200, answer.body
    return str(told(answer)["link"]).rpartition("=")[2]


def test_the_machines_credential_makes_a_link_that_signs_in(doors: Doors, credential: str) -> None:
    made = by_command(doors, "links", credential, kind="sign_in", **{"for": "ana"})
    assert told(made)["link"].startswith("https://console.example.com/console/#sign-in=rl_")
    assert (told(made)["for"], told(made)["made_by"], told(made)["kind"]) == ("Ana", "relayctl", "sign_in")
    browser = doors.browser()
    done = browser.post("sign-in/link", token=token_in(made))
    assert told(done)["operator"] == {"name": "Ana", "role": "act", "kind": "person"}
    assert browser.post("session").status == 200


def test_an_identity_token_makes_one_too(doors: Doors) -> None:
    made = by_command(doors, "links", mint(), kind="sign_in", **{"for": "Bo"})
    assert told(made)["made_by"] == "operator@example.com"
    assert doors.browser().post("sign-in/link", token=token_in(made)).status == 200


def test_a_link_signs_in_once(doors: Doors, credential: str) -> None:
    token = token_in(by_command(doors, "links", credential, kind="sign_in", **{"for": "Ana"}))
    assert doors.browser().post("sign-in/link", token=token).status == 200
    again = doors.browser().post("sign-in/link", token=token)
    assert again.status == 403
    assert "relayctl link" in told(again)["error"]


def test_whose_a_link_is_can_be_asked_without_spending_it(doors: Doors, credential: str) -> None:
    """So that the button which spends it says whom it signs in."""
    token = token_in(by_command(doors, "links", credential, kind="sign_in", **{"for": "Ana"}))
    browser = doors.browser()
    for _ in range(3):
        assert told(browser.post("sign-in/link", token=token, peek=True))["operator"]["name"] == "Ana"
    assert browser.cookies == {}
    assert browser.post("sign-in/link", token=token, peek=False).status == 200
    assert browser.post("sign-in/link", token=token, peek=True).status == 403
    assert browser.post("sign-in/link", token=token, peek=1).status == 400


def test_spent_by_many_at_once_it_signs_one_of_them_in(doors: Doors, credential: str) -> None:
    token = token_in(by_command(doors, "links", credential, kind="sign_in", **{"for": "Ana"}))
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(doors.browser().post, "sign-in/link", token=token) for _ in range(8)]
    assert sorted(each.result().status for each in asked) == [200] + [403] * 7
    assert len(doors.memory.lasting(OperatorKind.SESSION, 10, timeout_seconds=1)) == 1


def test_a_link_is_good_for_ten_minutes(doors: Doors, credential: str) -> None:
    tokens = [token_in(by_command(doors, "links", credential, kind="sign_in", **{"for": "Ana"})) for _ in range(2)]
    doors.wait(599)
    assert doors.browser().post("sign-in/link", token=tokens[0]).status == 200
    doors.wait(1)
    assert doors.browser().post("sign-in/link", token=tokens[1]).status == 403


def test_a_link_of_an_operator_who_left_signs_no_one_in(doors: Doors, credential: str) -> None:
    token = token_in(by_command(doors, "links", credential, kind="sign_in", **{"for": "Ana"}))
    doors.list_operators(*PEOPLE[1:])
    assert doors.browser().post("sign-in/link", token=token).status == 403


def test_signing_out_everywhere_ends_links_that_were_made_before(doors: Doors, credential: str) -> None:
    token = token_in(by_command(doors, "links", credential, kind="sign_in", **{"for": "Ana"}))
    doors.signed_in(ANA).post("sign-out", everywhere=True)
    assert doors.browser().post("sign-in/link", token=token).status == 403


def test_a_command_signs_an_operator_out_who_has_no_browser_left_to_do_it_by(doors: Doors, credential: str) -> None:
    stolen, bos = doors.signed_in(ANA), doors.signed_in(BO)
    token = token_in(by_command(doors, "links", credential, kind="wall", **{"for": "Ana"}))
    assert told(by_command(doors, "sign-out", credential, **{"for": "ana"})) == {"signed_out": "Ana"}
    kept = dict(stolen.cookies)
    assert [each.post("session").status for each in (stolen, bos)] == [401, 200]
    assert doors.browser().post("sign-in/link", token=token).status == 403
    doors.list_operators(*PEOPLE[1:])
    doors.list_operators(*PEOPLE)
    stolen.cookies = kept
    assert stolen.post("session").status == 401, "nor is it good again"


def test_what_is_off_the_list_and_was_not_signed_out_is_good_again_once_it_is_listed(doors: Doors) -> None:
    """docs/operations.md says so where a session was stolen."""
    browser = doors.signed_in(ANA)
    kept = dict(browser.cookies)
    doors.list_operators(*PEOPLE[1:])
    assert browser.post("session").status == 401
    doors.list_operators(*PEOPLE)
    browser.cookies = kept
    assert browser.post("session").status == 200


def test_no_one_who_is_signed_in_signs_another_out_and_none_that_there_is_not(doors: Doors, credential: str) -> None:
    ana, bo = doors.signed_in(ANA), doors.signed_in(BO)
    refused = ana.post("sign-out", **{"for": "Bo"})
    assert (refused.status, "relayctl signout" in told(refused)["error"]) == (403, True)
    assert bo.post("session").status == 200
    assert by_command(doors, "sign-out", credential, **{"for": "Nemo"}).status == 404
    assert by_command(doors, "sign-out", credential, **{"for": 5}).status == 400
    assert by_command(doors, "sign-out", "rm_" + "A" * 43, **{"for": "Ana"}).status in (401, 403)


@pytest.mark.parametrize("token", ["", "x", None, 5, "rs_" + "A" * 43, "rl_" + "A" * 42])
def test_what_is_no_link_costs_no_read(doors: Doors, token: object) -> None:
    assert doors.browser().post("sign-in/link", token=token).status == 400
    assert doors.memory.reads == 0


def test_a_made_up_link_is_none(doors: Doors) -> None:
    for kind in ("rl", "rw"):
        assert doors.browser().post("sign-in/link", token=f"{kind}_{'A' * 43}").status == 403
    assert doors.memory.writes == 0


def test_the_first_operator_comes_in_by_a_link_before_any_number_is_registered(doors: Doors, credential: str) -> None:
    """And that browser is known from then on, so that strangers who use up the number do not keep it out."""
    token = token_in(by_command(doors, "links", credential, kind="sign_in", **{"for": "Ana"}))
    browser = doors.browser()
    browser.post("sign-in/link", token=token)
    assert doors.outbox.messages == []
    browser.post("sign-out")
    for _ in range(5):
        doors.browser().post("sign-in", to=ANA)
    browser.post("sign-in", to=ANA)
    assert browser.post("sign-in/code", code=doors.outbox.code()).status == 200


@pytest.mark.parametrize(("name", "status"), [("Zoe", 404), (None, 400), ("", 404), (5, 400)])
def test_a_link_is_for_one_of_the_operators(doors: Doors, credential: str, name: object, status: int) -> None:
    answer = by_command(doors, "links", credential, kind="sign_in", **{"for": name})
    assert answer.status == status
    assert "Ana, Bo, Cyd" in told(answer)["error"]


def test_without_operators_it_is_said_what_names_them(tmp_path: Path) -> None:
    database = str(tmp_path / "relay.db")
    machine.prepare(database)
    bearer = Path(machine.path_beside(database)).read_text("ascii").strip()
    answer = by_command(Doors((), database_path=database), "links", bearer, kind="sign_in", **{"for": "Ana"})
    assert (answer.status, "RELAY_OPERATORS" in told(answer)["error"]) == (404, True)


# Walls.


def wall_of(doors: Doors, maker: Browser) -> tuple[Browser, str]:
    """A browser on a wall, whose link an operator made, and the link's token."""
    token = token_in(maker.post("links", kind="wall"))
    wall = doors.browser()
    assert wall.post("sign-in/link", token=token).status == 200
    return wall, token


def test_an_operator_makes_a_link_for_a_wall_in_their_own_name(doors: Doors) -> None:
    browser = doors.signed_in(ANA)
    made = browser.post("links", kind="wall")
    assert told(made)["link"].startswith("https://console.example.com/console/#wall=rw_")
    assert told(made)["for"] == "Ana"
    assert browser.post("links", kind="wall", **{"for": "Bo"}).status == 403
    refused = browser.post("links", kind="sign_in", **{"for": "Ana"})
    assert (refused.status, "relayctl link" in told(refused)["error"]) == (403, True)


def test_an_operator_who_may_only_look_makes_none(doors: Doors) -> None:
    browser = doors.signed_in(BO)
    for route, fields in (("links", {"kind": "wall"}), ("links/list", {}), ("links/revoke", {"key": "a" * 64})):
        assert browser.post(route, **fields).status == 403


def test_a_wall_only_looks_whoever_made_it(doors: Doors) -> None:
    wall, _ = wall_of(doors, doors.signed_in(ANA))
    assert told(wall.post("session"))["operator"] == {"name": "Ana", "role": "look", "kind": "wall"}
    session = doors.room.sessions.find(wall.session)
    assert session is not None
    assert session.operator.role is Role.LOOK
    for route, fields in (("links", {"kind": "wall"}), ("links/list", {}), ("sign-out", {"everywhere": True})):
        assert wall.post(route, **fields).status == 403


def test_a_wall_opens_again_after_it_was_switched_off_until_a_year_is_over(doors: Doors) -> None:
    wall, token = wall_of(doors, doors.signed_in(ANA))
    doors.wait(300 * DAY)
    assert wall.post("session").status == 200
    again = doors.browser()
    assert again.post("sign-in/link", token=token).status == 200
    assert "Max-Age=5616000;" in again.last_cookies[0]
    doors.wait(65 * DAY)
    assert again.post("session").status == 401
    assert doors.browser().post("sign-in/link", token=token).status == 403


def test_a_wall_that_signs_out_can_be_opened_again(doors: Doors) -> None:
    wall, token = wall_of(doors, doors.signed_in(ANA))
    assert wall.post("sign-out").status == 200
    assert wall.post("session").status == 401
    assert wall.post("sign-in/link", token=token).status == 200


def test_links_are_listed_without_what_opens_them_and_revoked_by_key(doors: Doors, credential: str) -> None:
    ana = doors.signed_in(ANA)
    wall, token = wall_of(doors, ana)
    sign_in = by_command(doors, "links", credential, kind="sign_in", **{"for": "Bo"})
    listed = ana.post("links/list")
    rows = told(listed)["links"]
    assert [(row["kind"], row["for"], row["made_by"]) for row in rows] == [
        ("wall", "Ana", "Ana"),
        ("sign_in", "Bo", "relayctl"),
    ]
    assert token.encode() not in listed.body
    assert ana.post("links/revoke", key=rows[0]["key"]).status == 200
    assert wall.post("session").status == 401
    assert wall.post("sign-in/link", token=token).status == 403
    assert by_command(doors, "links/revoke", credential, key=rows[1]["key"]).status == 200
    assert doors.browser().post("sign-in/link", token=token_in(sign_in)).status == 403
    assert told(ana.post("links/list"))["links"] == []
    assert ana.post("links/revoke", key=rows[0]["key"]).status == 404


def test_a_persons_session_is_no_link_to_be_listed_or_revoked(doors: Doors) -> None:
    ana, bo = doors.signed_in(ANA), doors.signed_in(BO)
    assert told(ana.post("links/list"))["links"] == []
    session = doors.room.sessions.find(bo.session)
    assert session is not None
    assert ana.post("links/revoke", key=session.key).status == 404
    assert bo.post("session").status == 200


def test_a_wall_of_an_operator_who_left_goes_dark(doors: Doors) -> None:
    wall, token = wall_of(doors, doors.signed_in(ANA))
    doors.list_operators(*PEOPLE[1:])
    assert wall.post("session").status == 401
    assert doors.browser().post("sign-in/link", token=token).status == 403


def test_the_log_tells_who_made_and_revoked_links_and_holds_none(doors: Doors) -> None:
    ana = doors.signed_in(ANA)
    made = ana.post("links", kind="wall")
    ana.post("links/revoke", key=told(made)["key"])
    noted = [(words, labels) for _, words, labels in doors.journal.notes]
    assert ("a link was made", {"kind": "wall", "operator": "Ana", "caller": "Ana"}) in noted
    assert ("a link was revoked", {"caller": "Ana"}) in noted
    assert token_in(made) not in str(doors.journal.notes)
