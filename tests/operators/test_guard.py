"""What relay-state and redrive share: CORS, identity first, refusals that a page can read."""

from __future__ import annotations

import pytest
from relay.errors import BadRequest, NewerRecord
from relay.operators.guard import guarded, preflight
from relay.operators.identity import Caller
from relay.web import Request, Response, json_response

from tests.operators.operator_calls import ORIGIN, Everybody, request, told


class Nobody:
    def caller(self, _request: Request) -> Caller:
        raise BadRequest(403, "Forbidden.")


def _answer(asked: Request, verifier: object = None, origins: tuple[str, ...] = (ORIGIN,)) -> Response:
    def handle(body: dict[str, object], caller: Caller) -> Response:
        return json_response(200, {"body": body, "caller": caller.name})

    return guarded(asked, verifier or Everybody(), origins, ("name",), handle)  # type: ignore[arg-type]


def test_an_accepted_caller_is_told_to_the_handler() -> None:
    assert told(_answer(request({"name": 1}))) == {"body": {"name": 1}, "caller": "operator@example.com"}


def test_who_is_calling_is_asked_before_what_for() -> None:
    assert _answer(request(b"not JSON", headers={}), Nobody()).status == 403
    assert _answer(request(b"x" * 70_000), Nobody()).status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_post_is_answered(method: str) -> None:
    response = _answer(request({}, method=method), Nobody())
    assert (response.status, response.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_content_type_is_415(kind: str) -> None:
    assert _answer(request({}, headers={"content-type": kind})).status == 415


def test_a_charset_beside_the_content_type_is_fine() -> None:
    assert _answer(request({}, headers={"content-type": "application/json; charset=utf-8"})).status == 200


def test_a_preflight_of_a_configured_origin_is_told_what_it_may_do() -> None:
    response = preflight(Request("OPTIONS", "/", headers={"origin": ORIGIN}), (ORIGIN,))
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin", ["", "null", "*", "https://evil.example.com", ORIGIN + ".evil.com", ORIGIN.upper(), ORIGIN + ":443"]
)
def test_any_other_origin_is_told_nothing(origin: str) -> None:
    refused = preflight(Request("OPTIONS", "/", headers={"origin": origin}), (ORIGIN,))
    # A cache must not give this answer to the origin that may.
    assert refused.headers["Vary"] == "Origin"
    for response in (refused, _answer(request({}, headers={"origin": origin, "content-type": "application/json"}))):
        assert not [name for name in response.headers if name.startswith("Access-Control")]


def test_without_configured_origins_no_browser_elsewhere_may_read() -> None:
    headers = {"origin": "", "content-type": "application/json"}
    assert "Access-Control-Allow-Origin" not in _answer(request({}, headers=headers), origins=()).headers


@pytest.mark.parametrize(("body", "status"), [({"name": 1}, 200), ({"nmae": 1}, 400)])
def test_answers_and_refusals_can_be_read_by_the_page(body: object, status: int) -> None:
    response = _answer(request(body, headers={"origin": ORIGIN, "content-type": "application/json"}))
    assert response.status == status
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Vary"] == "Origin"
    assert response.headers["Access-Control-Expose-Headers"] == "Retry-After"


def test_nothing_of_it_is_kept_by_caches() -> None:
    assert _answer(request({"name": 1})).headers["Cache-Control"] == "no-store"


def test_a_record_of_a_newer_revision_is_503_and_says_so() -> None:
    def handle(body: dict[str, object], caller: Caller) -> Response:
        raise NewerRecord(2)

    response = guarded(request({}), Everybody(), (ORIGIN,), (), handle)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert "only a newer revision knows" in response.body.decode()
