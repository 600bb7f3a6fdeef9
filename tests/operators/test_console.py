"""How the console is handed out: its files and nothing else, under a strict policy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import flask
import main
import pytest
from relay import shared, wiring
from relay.operators.console import PAGE, handle_console
from relay.settings.variables import variables_of
from relay.web import Request, Response

from tests.settings.environments import GOOGLE


def _get(path: str, api_url: str = "", **changes: object) -> Response:
    return handle_console(Request(**{"method": "GET", "path": path, **changes}), api_url)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/", "/console/", "", "/anything/"])
def test_the_page_is_at_the_folders_address(path: str) -> None:
    response = _get(path)
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert response.body == (PAGE / "index.html").read_bytes()


def test_without_the_slash_the_browser_is_sent_to_the_folder() -> None:
    response = _get("/console")
    assert (response.status, response.headers["Location"]) == (308, "console/")


@pytest.mark.parametrize("name", sorted(path.name for path in PAGE.iterdir()))
def test_every_file_is_served_with_its_type(name: str) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
    response = _get(f"/console/{name}")
    assert response.status == 200
    assert response.headers["Content-Type"].startswith(kinds[Path(name).suffix])
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/console/nothing.js", "/console/..", "/main.py", "/console/../log.py", "/log.py"])
def test_nothing_else_is(path: str) -> None:
    assert _get(path).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_only_gives(method: str) -> None:
    response = _get("/", method=method)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


def test_a_file_that_did_not_change_is_not_sent_again() -> None:
    etag = _get("/console/main.js").headers["ETag"]
    response = _get("/console/main.js", headers={"if-none-match": etag})
    assert (response.status, response.body) == (304, b"")


def test_where_the_relay_is_is_told_in_a_file_of_its_own() -> None:
    response = _get("/settings.json", "https://relay.example.com")
    assert json.loads(response.body) == {"api_url": "https://relay.example.com"}


def test_what_outcomes_are_called_is_told_in_the_words_of_the_operators() -> None:
    words = json.loads(_get("/console/words.json").body)
    assert words["outcomes"]["recorded"] == ["▪", "recorded only"]
    assert words["attempt_ends"]["unconfirmed"] == ["!", "no receipt in time"]


def _policy(response: Response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_the_page_may_speak_to_the_relay_and_to_nobody_else() -> None:
    own = _policy(_get("/"))
    assert own["default-src"] == own["base-uri"] == own["form-action"] == own["frame-ancestors"] == "'none'"
    assert own["connect-src"] == own["script-src"] == own["style-src"] == "'self'"
    there = _policy(_get("/", "https://relay.example.com:8443/base"))
    assert there["connect-src"] == "'self' https://relay.example.com:8443"
    assert "unsafe" not in str(own)


def test_the_page_needs_nothing_that_its_policy_forbids() -> None:
    for path in PAGE.iterdir():
        text = path.read_text("utf-8")
        # But the name of the relay in a command, which is to be copied.
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg|sms-relay\.PROJECT<)", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", text), path.name
        if path.suffix == ".html":
            assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", text)


def test_the_page_asks_for_no_other_routes() -> None:
    text = "".join(path.read_text("utf-8") for path in PAGE.glob("*.js"))
    assert set(re.findall(r'"(/[a-z]+/[a-z/-]+)"', text)) == {"/sms/relay-state", "/sms/redrive", "/sms/threads"}


def test_the_page_needs_no_store_and_no_other_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "shared", {})
    monkeypatch.setattr(wiring, "shared_home", None)
    needed = {variable.name for variable in variables_of("console")}
    for name, value in GOOGLE.items():
        if name in needed:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("CONSOLE_API_URL", "https://relay.example.com/")
    with flask.Flask("test").test_request_context("/settings.json"):
        response = main.console(flask.request)
    assert response.status_code == 200
    assert response.get_json()["api_url"] == "https://relay.example.com"
