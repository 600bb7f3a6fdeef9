"""Outages: of some endpoints or of all, for a time or a number of requests, and with nothing to connect to."""

import socket
import time
from typing import Any

import pytest
import requests

from scripts.fake_twilio import ApiAnswer, Behaviour, ListFaults, QueueLimits, Server, behaviour
from scripts.fake_twilio.faults.outages import Endpoint
from tests.fake_twilio.support import HANDLER, OURS, Account


def statuses(account: Account) -> dict[Endpoint, int]:
    """How each endpoint answers now."""
    sid = account.fake.messages[0].sid
    return {
        "send": account.post().status_code,
        "fetch": account.get(f"/Messages/{sid}.json").status_code,
        "list": account.get("/Messages.json").status_code,
        "numbers": account.get("/IncomingPhoneNumbers.json").status_code,
    }


@pytest.mark.parametrize("endpoints", [("send",), ("fetch", "list"), ("numbers",)])
def test_an_outage_of_some_endpoints_leaves_the_others_alone(account: Account, endpoints: tuple[Endpoint, ...]) -> None:
    account.post()
    right = statuses(account)
    account.fake.begin_outage(behaviour.refuse(20003), endpoints=endpoints)
    assert statuses(account) == {**right, **dict.fromkeys(endpoints, 401)}
    account.fake.end_outage(endpoints)
    assert statuses(account) == right


def test_two_outages_hold_for_their_endpoints_at_the_same_time(account: Account) -> None:
    account.post()
    account.fake.begin_outage(behaviour.reply_lost(500), endpoints=["send"])
    account.fake.begin_outage(behaviour.api_down(503), endpoints=["fetch", "list"])
    assert statuses(account) == {"send": 500, "fetch": 503, "list": 503, "numbers": 200}
    assert len(account.fake.messages) == 2


def test_an_outage_for_a_number_of_requests_counts_those_that_it_meets(account: Account) -> None:
    account.fake.begin_outage(behaviour.throttled(), requests=2, endpoints=["send", "list"])
    assert account.get("/IncomingPhoneNumbers.json").status_code == 200
    met = [account.post(), account.get("/Messages.json"), account.post(), account.get("/Messages.json")]
    assert [response.status_code for response in met] == [429, 429, 201, 200]


def test_an_account_problem_is_every_recipients_until_it_is_over(account: Account) -> None:
    account.fake.begin_outage(behaviour.refuse(20005), for_seconds=600)
    assert {account.post(To=f"+155500020{n:02}").status_code for n in range(5)} == {403}
    account.clock.advance(600)
    assert account.post().status_code == 201


@pytest.mark.parametrize("retry_after", ["10", "Thu, 01 Jan 2026 00:01:00 GMT"])
def test_an_answer_says_when_to_come_again(account: Account, retry_after: str) -> None:
    account.handler.carrier.throttle(retry_after=retry_after)
    assert account.post().headers["Retry-After"] == retry_after
    account.fake.begin_outage(behaviour.throttled("7"))
    assert account.get("/Messages.json").headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("answer", "code", "status_in_body"),
    [
        (ApiAnswer(status=502, body_status=400), None, 400),
        (ApiAnswer(status=502, body_status=400, error_code=21999), 21999, 400),
        (ApiAnswer(status=503, error_code=20503), 20503, 503),
        (ApiAnswer(status=418, error_code=99999), 99999, 418),
    ],
)
def test_an_answer_may_contradict_itself_and_what_happened(
    account: Account, answer: ApiAnswer, code: int | None, status_in_body: int
) -> None:
    account.handler.carrier.does(Behaviour("odd", answer))
    response = account.post()
    told = response.json or {}
    assert (response.status_code, told.get("code"), told["status"]) == (answer.status, code, status_in_body)
    account.clock.advance(60)
    assert len(account.handler.inbox) == 1


@pytest.mark.parametrize(
    "wrong", [{"status": 200}, {"status": 99}, {"interim": (200,)}, {"accepted": False}, {"interim": (103, 99)}]
)
def test_an_answer_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="status"):
        ApiAnswer(**wrong)


def test_interim_answers_come_before_the_answer_on_the_same_connection(server: Server) -> None:
    server.fake.phone(HANDLER).carrier.does(Behaviour("early hints", ApiAnswer(interim=(102, 103))), times=1)
    settings = server.fake.settings
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    body = f"To=%2B{HANDLER[1:]}&From=%2B{OURS[1:]}&Body=hello"
    head = requests.Request(
        "POST",
        f"{server.base_url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json",
        auth=(settings.account_sid, settings.auth_token),
    ).prepare()
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        lines = [
            f"POST {head.path_url} HTTP/1.1",
            f"Host: {host}",
            f"Authorization: {head.headers['Authorization']}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    assert [line for line in answer.split("\r\n") if line.startswith("HTTP/1.1 ")] == [
        "HTTP/1.1 102 Processing",
        "HTTP/1.1 103 Early Hints",
        "HTTP/1.1 201 CREATED",
    ]


def ask(server: Server, session: requests.Session) -> int:
    return session.get(f"{server.base_url}/fake/state", timeout=20).status_code


def test_connections_are_refused_also_to_who_had_one_and_then_taken_again(server: Server) -> None:
    with requests.Session() as session:
        assert ask(server, session) == 200
        server.fake.begin_outage(behaviour.refused_connection())
        for who in (session, requests.Session()):
            with pytest.raises(requests.ConnectionError, match="refused"):
                ask(server, who)
        server.fake.end_outage()
        assert ask(server, session) == 200


def test_refused_connections_come_back_by_themselves_when_asked_for_over_the_connection(server: Server) -> None:
    url = f"{server.base_url}/fake/outage"
    wrong = requests.post(url, json={"behaviour": "refused_connection"}, timeout=20)
    assert (wrong.status_code, "how many seconds" in wrong.json()["error"]) == (400, True)
    # A twentieth of the time on this clock.
    begun = requests.post(url, json={"behaviour": "refused_connection", "seconds": 20}, timeout=20)
    assert begun.status_code == 200
    deadline = time.monotonic() + 120
    while True:
        try:
            assert ask(server, requests.Session()) == 200
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_server_may_be_closed_while_it_refuses_connections(server: Server) -> None:
    server.fake.begin_outage(behaviour.refused_connection())


def test_connections_cannot_be_refused_by_some_endpoints_for_some_requests_or_without_a_server(
    account: Account, server: Server
) -> None:
    refused = behaviour.refused_connection()
    with pytest.raises(ValueError, match="all endpoints"):
        server.fake.begin_outage(refused, endpoints=["send"])
    with pytest.raises(ValueError, match="number of requests"):
        server.fake.begin_outage(refused, requests=3)
    with pytest.raises(ValueError, match="a server of its own"):
        account.fake.begin_outage(refused)


def test_an_account_is_put_right_from_everything_at_once(account: Account) -> None:
    fake = account.fake
    fake.begin_outage(behaviour.api_down(), endpoints=["numbers"])
    fake.show_lists(ListFaults(outbound_lag_seconds=60, bodies=("redacted",)))
    fake.limit_queues(QueueLimits(segments_per_second=1, hours=0))
    fake.restrict_key([])
    fake.opt_out_by({"BAJA": "STOP"})
    fake.put_right()
    account.auth = (fake.settings.api_key_sid, fake.settings.api_key_secret)
    assert [account.post(Body="words").status_code for _ in range(3)] == [201, 201, 201]
    assert statuses(account) == {"send": 201, "fetch": 200, "list": 200, "numbers": 200}
    listed = (account.get("/Messages.json").json or {})["messages"]
    assert listed[-1]["body"] == "words"
    account.handler.texts("BAJA", waits=False)
    assert not account.handler.is_opted_out
