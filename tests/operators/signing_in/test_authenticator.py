"""Who calls relay-state, redrive and threads: by a session, this machine's credential, or an identity token."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay.operators.identity import Caller, CallerKind
from relay.operators.signing_in import machine
from relay.web import Request, Response

from tests.office import CARLA, Office
from tests.operators.issued import mint
from tests.operators.operator_calls import on_thread, redrive, state
from tests.operators.signing_in.doors import ANA, BO, CONSOLE, PEOPLE, Browser, Doors, told

OTHER = "https://evil.example.com"


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    database = str(tmp_path / "relay.db")
    machine.prepare(database)
    return Doors(database_path=database)


@pytest.fixture
def credential(tmp_path: Path, doors: Doors) -> str:
    return Path(f"{tmp_path / 'relay.db'}.credential").read_text("ascii").strip()


@pytest.fixture
def office() -> Office:
    return Office()


def headers_of(browser: Browser, **changes: str) -> dict[str, str]:
    """What a page in this browser sends."""
    return dict(browser.request("/sms/relay-state", {}, **changes).headers)


def look(office: Office, doors: Doors, **headers: str) -> Response:
    """A search with these headers, with _ for -."""
    given = {"content-type": "application/json"} | {name.replace("_", "-"): each for name, each in headers.items()}
    return state(office, {"limit": 50}, doors.authenticator, headers=given)


def calls(office: Office, doors: Doors, headers: dict[str, str]) -> list[int]:
    """What relay-state, redrive and threads answer: 404 when only what was asked for is not there."""
    asked = {"message_id": "SM1", "request_id": "request-1"}
    acted = {"act": "release", "code": "C85", "request_id": "request-1"}
    return [
        state(office, {"limit": 50}, doors.authenticator, headers=headers).status,
        redrive(office, asked, doors.authenticator, headers=headers).status,  # type: ignore[arg-type]
        on_thread(office, acted, doors.authenticator, headers=headers).status,
    ]


def test_an_operator_who_is_signed_in_looks_and_acts(office: Office, doors: Doors) -> None:
    assert calls(office, doors, headers_of(doors.signed_in(ANA))) == [200, 404, 404]


def test_a_look_only_operator_and_a_wall_look_and_do_not_act(office: Office, doors: Doors) -> None:
    ana, wall = doors.signed_in(ANA), doors.browser()
    wall.post("sign-in/link", token=told(ana.post("links", kind="wall"))["link"].rpartition("=")[2])
    for browser in (doors.signed_in(BO), wall):
        assert calls(office, doors, headers_of(browser)) == [200, 403, 403]
    refused = redrive(office, {}, doors.authenticator, headers=headers_of(wall))  # type: ignore[arg-type]
    assert told(refused)["error"].startswith("You may look here, and not act.")


def test_this_machines_credential_and_an_identity_token_act(office: Office, doors: Doors, credential: str) -> None:
    for bearer in (credential, mint()):
        headers = {"content-type": "application/json", "authorization": f"Bearer {bearer}"}
        assert calls(office, doors, headers) == [200, 404, 404]


def test_each_caller_has_a_name_for_the_trail_and_the_log(doors: Doors, credential: str) -> None:
    def caller(**headers: str) -> Caller:
        return doors.authenticator.caller(Request("POST", "/", headers=headers))

    assert caller(**headers_of(doors.signed_in(ANA))).name == "Ana"
    by_command = caller(authorization=f"Bearer {credential}")
    assert (by_command.name, by_command.kind) == ("relayctl", CallerKind.MACHINE)
    program = caller(authorization=f"Bearer {mint()}")
    assert (program.name, program.email, program.kind) == (*["operator@example.com"] * 2, CallerKind.PROGRAM)


def test_without_anything_it_is_said_what_to_do(office: Office, doors: Doors) -> None:
    refused = look(office, doors)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    for way in ("Sign in at the console", "Authorization: Bearer TOKEN", "relayctl"):
        assert way in told(refused)["error"]
    assert doors.memory.reads == 0


def test_a_session_that_is_over_is_401_and_forgotten_by_the_browser(office: Office, doors: Doors) -> None:
    browser = doors.signed_in(ANA)
    doors.list_operators(*PEOPLE[1:])
    refused = look(office, doors, **headers_of(browser))
    assert (refused.status, told(refused)["error"]) == (401, "You are signed out: sign in at the console again.")
    browser.keep(refused)
    assert browser.session == ""


def test_a_session_that_was_renewed_is_renewed_in_the_browser_too(office: Office, doors: Doors) -> None:
    browser = doors.signed_in(ANA)
    doors.wait(2 * 24 * 3600)
    renewed, next_one = (look(office, doors, **headers_of(browser)) for _ in range(2))
    assert [cookie.split(";")[0] for cookie in renewed.cookies] == [f"__Host-relay-session={browser.session}"]
    assert next_one.cookies == ()


def test_a_call_with_a_session_costs_one_read_more_and_a_forged_one_none(office: Office, doors: Doors) -> None:
    browser = doors.signed_in(ANA)
    look(office, doors, **headers_of(browser))
    before = doors.memory.reads
    for _ in range(20):
        assert look(office, doors, **headers_of(browser)).status == 200
    assert doors.memory.reads == before + 20
    for forged in ("", "rs_", f"rs_{'A' * 42}", f"rl_{'A' * 43}", "x" * 4000):
        refused = look(office, doors, origin=CONSOLE, cookie=f"__Host-relay-session={forged}")
        assert refused.status == 401
    for bearer in ("rc_", f"rc_{'A' * 43}", "a.b.c", "x"):
        assert look(office, doors, authorization=f"Bearer {bearer}").status in (401, 403)
    assert doors.memory.reads == before + 20


# Other sites in the operator's browser.


@pytest.mark.parametrize("origin", ["", "null", OTHER, "https://sub.console.example.com", "http://console.example.com"])
def test_another_sites_request_with_the_operators_cookies_is_refused_without_a_look(
    office: Office, doors: Doors, origin: str
) -> None:
    browser = doors.signed_in(ANA)
    before = doors.memory.reads
    assert calls(office, doors, headers_of(browser, origin=origin)) == [403, 403, 403]
    assert doors.memory.reads == before


def test_an_allowed_origin_elsewhere_may_send_tokens_and_no_cookies(office: Office, doors: Doors) -> None:
    """RELAY_STATE_ALLOWED_ORIGINS is for pages with tokens of their own."""
    origin = "https://console.example.com"
    doors = Doors(console="https://relay.example.com")
    browser = doors.signed_in(ANA)
    refused = look(office, doors, **headers_of(browser, origin=origin))
    assert refused.status == 403
    assert refused.headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Credentials" not in refused.headers
    assert look(office, doors, origin=origin, authorization=f"Bearer {mint()}").status == 200


ROUTES = ("sign-in", "sign-in/code", "sign-in/link", "session", "sign-out")


@pytest.mark.parametrize("route", ROUTES)
def test_no_other_site_signs_a_browser_in_or_out(doors: Doors, route: str) -> None:
    """Nor into an attacker's account: what the operator then did would be done in the attacker's name."""
    browser = doors.signed_in(ANA)
    before = (doors.memory.reads, doors.memory.writes)
    fields = {"sign-in": {"to": ANA}, "sign-in/code": {"code": "123456"}, "sign-in/link": {"token": "x"}}.get(route, {})
    for origin in (OTHER, "null"):
        assert browser.post(route, {"origin": origin}, **fields).status == 403
    assert browser.post(route, {"origin": ""}, **fields).status in (401, 403)
    assert (doors.memory.reads, doors.memory.writes) == before
    assert browser.post("session").status == 200


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_another_site_is_refused_for_its_type_too(doors: Doors, route: str, kind: str) -> None:
    assert doors.browser().post(route, {"content_type": kind}).status == 415


def test_links_need_our_own_page_or_a_credential(doors: Doors) -> None:
    ana = doors.signed_in(ANA)
    for route in ("links", "links/list", "links/revoke"):
        fields = {"links": {"kind": "wall"}, "links/revoke": {"key": "a" * 64}}.get(route, {})
        assert ana.post(route, {"origin": OTHER}, **fields).status == 403
        assert doors.browser().post(route, **fields).status == 401


# Fixation.


def test_a_session_that_was_planted_is_not_the_one_that_is_signed_in(doors: Doors) -> None:
    attackers = doors.signed_in(BO)
    planted = attackers.session
    victim = doors.browser()
    victim.cookies["__Host-relay-session"] = planted
    victim.post("sign-in", to=ANA)
    victim.post("sign-in/code", code=doors.outbox.code())
    assert victim.session != planted
    assert told(victim.post("session"))["operator"]["name"] == "Ana"
    # What the browser had before is over.
    assert attackers.post("session").status == 401


def test_a_mark_that_was_planted_is_worth_nothing_once_the_victim_signed_in(doors: Doors) -> None:
    """With it, the attacker's browser would be one that strangers do not lock out, and could ask for more codes."""
    attacker, victim = doors.browser(), doors.browser()
    attacker.post("sign-in", to="+15550199999")
    victim.cookies = dict(attacker.cookies)
    victim.post("sign-in", to=ANA)
    digits = doors.outbox.code()
    assert victim.post("sign-in/code", code=digits).status == 200
    assert (
        victim.cookies["__Host-relay-browser"].split(".")[0] != attacker.cookies["__Host-relay-browser"].split(".")[0]
    )
    assert attacker.post("sign-in/code", code=digits).status == 403
    for _ in range(5):
        doors.browser().post("sign-in", to=ANA)
    sent = len(doors.outbox.messages)
    attacker.post("sign-in", to=ANA)
    assert len(doors.outbox.messages) == sent


def test_each_sign_in_gives_a_new_mark_and_the_one_of_before_is_known_no_more(doors: Doors) -> None:
    """A copy of an operator's cookies is worth something until that operator signs in again."""
    hers, copied = doors.signed_in(ANA), doors.browser()
    copied.cookies = dict(hers.cookies)
    hers.post("sign-in", to=ANA)
    assert hers.post("sign-in/code", code=doors.outbox.code()).status == 200
    for _ in range(5):
        doors.browser().post("sign-in", to=ANA)
    sent = len(doors.outbox.messages)
    copied.post("sign-in", to=ANA)
    assert len(doors.outbox.messages) == sent
    hers.post("sign-in", to=ANA)
    assert len(doors.outbox.messages) == sent + 1


# Behind a gateway, which puts its own token into Authorization.


def test_behind_a_gateway_a_session_counts_and_its_own_token_does_not(office: Office, doors: Doors) -> None:
    gateways = f"Bearer {mint(email='gateway@example.com')}"
    browser = doors.signed_in(ANA)
    assert look(office, doors, **headers_of(browser, authorization=gateways)).status == 200
    no_session = look(office, doors, origin=CONSOLE, authorization=gateways)
    assert (no_session.status, "Sign in" in told(no_session)["error"]) == (401, True)


def test_behind_a_gateway_a_callers_token_is_the_one_that_was_passed_on(office: Office, doors: Doors) -> None:
    gateways, callers = f"Bearer {mint(email='gateway@example.com')}", f"Bearer {mint()}"
    assert look(office, doors, authorization=gateways, x_forwarded_authorization=callers).status == 200
    stranger = f"Bearer {mint(email='stranger@example.com')}"
    refused = look(office, doors, origin=CONSOLE, authorization=gateways, x_forwarded_authorization=stranger)
    assert refused.status == 403


def test_another_machines_credential_is_told_what_is_wrong(office: Office, doors: Doors) -> None:
    refused = look(office, doors, authorization=f"Bearer rc_{'A' * 43}")
    assert (refused.status, "not the credential of the machine" in told(refused)["error"]) == (401, True)


def test_on_google_there_is_no_machines_credential(office: Office, credential: str) -> None:
    assert look(office, Doors(), authorization=f"Bearer {credential}").status == 401


def test_a_customers_text_is_not_shown_without_signing_in(office: Office, doors: Doors) -> None:
    office.text(CARLA, "secret words")
    assert b"secret words" not in look(office, doors).body
    assert b"secret words" in look(office, doors, **headers_of(doors.signed_in(ANA))).body
