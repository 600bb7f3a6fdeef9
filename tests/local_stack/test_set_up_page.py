"""The page of a stack with a real Twilio asks nothing by itself, and tells numbers to operators alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from scripts.local_stack.environment import Plan, make_plan
from scripts.local_stack.page_app import PageApp
from scripts.local_stack.set_up import Busy, SetUp

OURS, DANA = "+12025550100", "+12025550111"
ORIGIN = "http://127.0.0.1:8080"
CHECKS = [{"name": "registered", "state": "ok", "words": f"{OURS}: its campaign is verified", "advice": ""}]


class Tried(SetUp):
    """A set-up that is tried at once, and counts how often."""

    def __init__(self, is_busy: bool = False) -> None:
        self.times = 0
        self.is_busy = is_busy

    def tried(self) -> dict[str, Any]:
        if self.is_busy:
            raise Busy
        self.times += 1
        return {"checks": CHECKS, "at": "2026-03-01T12:00:00+00:00"}


def _plan(**settings: str) -> Plan:
    given = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
        "BUSINESS_PHONE_NUMBER": OURS,
        "PRIMARY_HANDLER_PHONE": DANA,
        "RELAY_STATE_AUDIENCE": "https://relay.example.com",
        "RELAY_STATE_ALLOWED_EMAILS": "ana@example.com",
    }
    return make_plan({**given, **settings}, "embedded", "127.0.0.1", 8080)


def _page(is_signed_in: bool, set_up: SetUp | None = None) -> Client:
    plan = _plan()
    return Client(PageApp(plan, plan.settings(), lambda: None, lambda _environ: is_signed_in, set_up or Tried()))


def _post(page: Client, **changes: Any) -> Any:
    asked = {"json": {}, "headers": {"Origin": ORIGIN}, "base_url": ORIGIN, **changes}
    return page.post("/local/set-up", **asked)


def test_numbers_are_told_in_full_to_operators_who_are_signed_in_and_to_no_one_else() -> None:
    stranger = _page(is_signed_in=False).get("/local/stack")
    assert [number for number in (OURS, DANA) if number in stranger.text] == []
    told = _page(is_signed_in=True).get("/local/stack").json
    assert told is not None
    assert (told["our_numbers"], told["tiers"][0]["phone"], told["is_signed_in"]) == ([OURS], DANA, True)


def test_who_is_signed_in_changes_what_a_page_is_told_and_not_which_stack_it_is() -> None:
    plan, is_signed_in = _plan(), False
    page = Client(PageApp(plan, plan.settings(), lambda: None, lambda _environ: is_signed_in))
    before = page.get("/local/stack").json
    is_signed_in = True
    after = page.get("/local/stack").json
    assert before is not None
    assert after is not None
    assert before["id"] == after["id"]
    assert [before["is_signed_in"], after["is_signed_in"]] == [False, True]


def test_nothing_is_asked_before_an_operator_asks_for_it() -> None:
    set_up = Tried()
    page = _page(True, set_up)
    for path in ("/", "/local/stack", "/page/setup.js"):
        assert page.get(path).status_code == 200
    assert set_up.times == 0
    answer = _post(page)
    assert (answer.status_code, answer.json["checks"], set_up.times) == (200, CHECKS, 1)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {"Origin": "https://evil.example.com"}}, 403),
        ({"headers": {}}, 403),
        ({"json": None, "data": {"a": "b"}}, 403),
        ({"json": None, "data": "{}", "content_type": "text/plain"}, 403),
    ],
)
def test_another_page_cannot_have_it_tried(changes: dict[str, Any], status: int) -> None:
    set_up = Tried()
    assert _post(_page(True, set_up), **changes).status_code == status
    assert set_up.times == 0


def test_who_is_not_signed_in_cannot_have_it_tried() -> None:
    set_up = Tried()
    answer = _post(_page(False, set_up))
    assert (answer.status_code, "sign in" in answer.json["error"], set_up.times) == (401, True, 0)
    assert _page(True, set_up).get("/local/set-up").status_code == 405


def test_it_is_tried_once_at_a_time() -> None:
    assert _post(_page(True, Tried(is_busy=True))).status_code == 429
    set_up = SetUp("http://127.0.0.1:9", {})
    inside, done = threading.Event(), threading.Event()

    def slow() -> list[dict[str, str]]:
        inside.set()
        done.wait(120)
        return CHECKS

    set_up._checks = slow  # type: ignore[method-assign]
    first = threading.Thread(target=set_up.tried)
    first.start()
    inside.wait(120)
    with pytest.raises(Busy):
        set_up.tried()
    done.set()
    first.join()
    assert set_up.tried()["checks"] == CHECKS


def _names(checks: list[dict[str, str]]) -> list[str]:
    return list(dict.fromkeys(check["name"] for check in checks))


def test_it_is_tried_as_doctor_does() -> None:
    environ = {"PATH": os.environ["PATH"], "BUSINESS_PHONE_NUMBER": OURS, "RELAY_LOCAL_ENV_FILE": os.devnull}
    checks = SetUp("http://127.0.0.1:9", environ).tried()["checks"]
    assert _names(checks) == ["registered", "credentials", "number", "webhooks", "handlers' phones", "alarms"]


@pytest.mark.parametrize("broken", [lambda: 0.001, lambda: 60.0], ids=["too slow", "no JSON"])
def test_what_keeps_it_from_being_tried_is_told(broken: Callable[[], float], monkeypatch: pytest.MonkeyPatch) -> None:
    set_up = SetUp("http://127.0.0.1:9", {"PATH": os.environ["PATH"]}, broken())
    monkeypatch.setattr(set_up, "_command", ["sleep", "5"] if broken() < 1 else ["true"])
    (check,) = set_up.tried()["checks"]
    assert (check["state"], "could not be tried" in check["words"]) == ("bad", True)


def test_a_stack_with_the_fake_twilio_has_no_set_up_to_try() -> None:
    plan = make_plan({}, "embedded", "127.0.0.1", 8080)
    page = PageApp(plan, plan.settings())
    assert not page.serves("/local/set-up")
    told = Client(page).get("/local/stack").json
    assert told is not None
    assert told["tiers"][0]["phone"] == DANA
