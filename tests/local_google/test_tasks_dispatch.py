"""How tasks reach their target: when, with which headers, again after failures, never faster than allowed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.api_core import exceptions
from google.auth import jwt
from google.cloud import tasks_v2

from scripts.local_google.issuer import TokenIssuer
from scripts.local_google.tasks_rules import Limits
from tests.local_google.conftest import QUEUE, Bench, BenchMaker
from tests.local_google.target import Answer, eventually

ACCOUNT = "tasks@example.iam.gserviceaccount.com"


def decoded(token: str, issuer: TokenIssuer, audience: str) -> dict[str, object]:
    """The claims, after google.auth has checked signature, time and audience."""
    claims = jwt.decode(token, certs=issuer.x509_certificates(), audience=audience)  # type: ignore[no-untyped-call]
    return dict(claims)


def test_a_task_arrives_with_its_method_path_query_headers_and_body(bench: Bench) -> None:
    bench.create(
        path="/tiers/1?relay=SM%2B1&n=2", http_method="PUT", body="grüße".encode(), headers={"Content-Type": "text/x"}
    )
    bench.settle()
    (received,) = bench.target.received
    assert (received.method, received.path) == ("PUT", "/tiers/1?relay=SM%2B1&n=2")
    assert received.body.decode() == "grüße"
    assert received.headers["Content-Type"] == "text/x"
    assert received.headers["User-Agent"] == "Google-Cloud-Tasks"
    assert received.headers["Host"] == bench.target.url.removeprefix("http://")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH", "POST"])
def test_every_method_is_sent(bench: Bench, method: str) -> None:
    bench.create(http_method=method)
    bench.settle()
    assert [received.method for received in bench.target.received] == [method]
    assert bench.outcomes == [200]


def test_no_content_type_is_invented(bench: Bench) -> None:
    bench.create(body=b"{}")
    bench.settle()
    assert "Content-Type" not in bench.target.received[0].headers


def test_the_service_headers_name_queue_task_counts_and_time(bench: Bench) -> None:
    assert bench.clock is not None
    bench.create("named", in_seconds=5)
    due = bench.clock.seconds + 5
    bench.advance(5)
    bench.settle()
    headers = bench.target.received[0].headers
    assert headers["X-CloudTasks-QueueName"] == "tier-1"
    assert headers["X-CloudTasks-TaskName"] == "named"
    assert headers["X-CloudTasks-TaskRetryCount"] == "0"
    assert headers["X-CloudTasks-TaskExecutionCount"] == "0"
    assert float(headers["X-CloudTasks-TaskETA"]) == due
    assert "X-CloudTasks-TaskPreviousResponse" not in headers


def test_a_task_cannot_forge_service_headers(bench: Bench) -> None:
    forged = {"x-cloudtasks-taskname": "other", "X-Google-Thing": "1", "x-appengine-user": "1", "host": "elsewhere"}
    bench.create("named", headers=forged)
    bench.settle()
    headers = {name.lower(): value for name, value in bench.target.received[0].headers.items()}
    assert headers["x-cloudtasks-taskname"] == "named"
    assert headers["host"] != "elsewhere"
    assert not {"x-google-thing", "x-appengine-user"} & set(headers)


def test_nothing_is_sent_before_its_schedule_time(bench: Bench) -> None:
    bench.create("later", in_seconds=100)
    bench.create("soon", in_seconds=50)
    bench.settle()
    bench.advance(49.9)
    bench.settle()
    assert bench.target.received == []
    bench.advance(0.1)
    bench.settle()
    assert [received.headers["X-CloudTasks-TaskName"] for received in bench.target.received] == ["soon"]
    bench.advance(50)
    bench.settle()
    assert len(bench.target.received) == 2


def test_on_a_real_clock_a_task_runs_by_itself(make_bench: BenchMaker) -> None:
    bench = make_bench(standing_clock=False)
    bench.make_queue(retry_config={"min_backoff": timedelta(milliseconds=20)})
    bench.target.will_answer(500, 500)
    bench.create("real")
    eventually(lambda: bench.outcomes == [500, 500, 200], "two retries on a real clock")
    assert bench.server.pending == []


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500, 503])
def test_any_answer_but_2xx_is_retried_after_the_queues_backoff(bench: Bench, status: int) -> None:
    bench.target.will_answer(status, status)
    task = bench.create("again")
    bench.settle()
    assert len(bench.target.received) == 1
    for wait in (10, 20):
        bench.advance(wait - 0.01)
        bench.settle()
        assert bench.client.get_task(name=task.name).dispatch_count == len(bench.target.received)
        before = len(bench.target.received)
        bench.advance(0.01)
        bench.settle()
        assert len(bench.target.received) == before + 1
    assert bench.outcomes == [status, status, 200]
    assert bench.server.pending == []


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_success(bench: Bench, status: int) -> None:
    bench.target.will_answer(status)
    bench.create()
    bench.settle()
    assert bench.server.pending == []


def test_retry_headers_count_attempts_and_answers_and_name_the_last_answer(bench: Bench) -> None:
    bench.target.will_answer(404, 503, 200)
    bench.create("counted")
    bench.settle()
    bench.advance(10)
    bench.settle()
    bench.advance(20)
    bench.settle()
    names = ("TaskRetryCount", "TaskExecutionCount", "TaskPreviousResponse")
    seen = [tuple(got.headers.get(f"X-CloudTasks-{name}") for name in names) for got in bench.target.received]
    # An answer of the 5xx class counts as a retry but not as an execution.
    assert seen == [("0", "0", None), ("1", "1", "404"), ("2", "1", "503")]


def test_after_its_last_attempt_a_task_is_deleted(bench: Bench) -> None:
    bench.target.will_answer(*[500] * 9)
    task = bench.create("hopeless")
    for _ in range(9):
        bench.settle()
        bench.advance(100)
    bench.settle()
    assert bench.outcomes == [500] * 4
    with pytest.raises(exceptions.NotFound):
        bench.client.get_task(name=task.name)
    with pytest.raises(exceptions.AlreadyExists):
        bench.create("hopeless")


def test_a_task_may_bring_its_own_retry_settings(bench: Bench) -> None:
    bench.target.will_answer(500, 500)
    request = {"url": bench.target.url}
    own = {"max_attempts": 2, "min_backoff": timedelta(seconds=3)}
    bench.client.create_task(parent=QUEUE, task=tasks_v2.Task(http_request=request, retry_config=own))
    bench.settle()
    bench.advance(3)
    bench.settle()
    assert bench.outcomes == [500, 500]
    assert bench.server.pending == []


def test_a_retry_after_header_of_a_503_is_considered(bench: Bench) -> None:
    bench.target.answers.append(Answer(503, {"Retry-After": "60"}))
    bench.create()
    bench.settle()
    bench.advance(59)
    bench.settle()
    assert len(bench.target.received) == 1
    bench.advance(1)
    bench.settle()
    assert bench.outcomes == [503, 200]


def test_a_failed_task_shows_its_attempts(bench: Bench) -> None:
    assert bench.clock is not None
    bench.target.will_answer(500)
    start = bench.clock.seconds
    task = bench.create("shown")
    bench.settle()
    shown = bench.client.get_task(name=task.name)
    assert (shown.dispatch_count, shown.response_count) == (1, 1)
    assert shown.first_attempt.dispatch_time.timestamp() == start
    assert shown.last_attempt.response_status.code == 13  # INTERNAL
    assert "500" in shown.last_attempt.response_status.message
    assert shown.schedule_time.timestamp() == start + 10


def test_a_target_that_refuses_connections_is_retried(bench: Bench) -> None:
    url = bench.target.url
    bench.target.close()
    bench.create(url=url)
    bench.settle()
    (dispatch,) = bench.server.dispatches
    assert (dispatch.http_status, dispatch.code) == (None, "UNAVAILABLE")
    assert len(bench.server.pending) == 1


def test_a_target_that_stays_silent_past_the_dispatch_deadline_is_retried(make_bench: BenchMaker) -> None:
    bench = make_bench(limits=Limits(default_deadline_seconds=0.2))
    bench.make_queue(retry_config={"min_backoff": timedelta(seconds=10)})
    bench.target.gate.clear()
    bench.create("slow")
    bench.settle()
    assert [dispatch.code for dispatch in bench.server.dispatches] == ["DEADLINE_EXCEEDED"]
    bench.target.gate.set()

    def next_attempt_gets_through() -> bool:
        bench.advance(3600)
        bench.settle()
        return 200 in bench.outcomes

    # On a slow machine not every attempt makes it within so short a deadline.
    eventually(next_attempt_gets_through, "an attempt within its deadline")
    assert "1" in {received.headers["X-CloudTasks-TaskRetryCount"] for received in bench.target.received}


def test_a_target_that_trickles_its_answer_meets_the_same_deadline(make_bench: BenchMaker) -> None:
    bench = make_bench(limits=Limits(default_deadline_seconds=0.5))
    bench.make_queue()
    bench.target.answers.append(Answer(200, trickle_bytes=100_000))
    bench.create()
    bench.settle()
    assert [dispatch.code for dispatch in bench.server.dispatches] == ["DEADLINE_EXCEEDED"]


def test_a_task_deleted_while_it_runs_is_not_retried(bench: Bench) -> None:
    bench.target.gate.clear()
    bench.target.will_answer(500)
    task = bench.create("running")
    eventually(lambda: len(bench.target.received) == 1, "the attempt is under way")
    bench.client.delete_task(name=task.name)
    bench.target.gate.set()
    bench.settle()
    bench.advance(1000)
    bench.settle()
    assert len(bench.target.received) == 1


def test_the_identity_token_names_account_and_audience(bench: Bench, issuer: TokenIssuer) -> None:
    bench.create(oidc_token={"service_account_email": ACCOUNT, "audience": "https://relay.example/tiers"})
    bench.settle()
    scheme, _, token = bench.target.received[0].headers["Authorization"].partition(" ")
    assert scheme == "Bearer"
    claims = decoded(token, issuer, "https://relay.example/tiers")
    assert (claims["email"], claims["email_verified"], claims["iss"]) == (ACCOUNT, True, "https://accounts.google.com")


def test_without_an_audience_the_tasks_url_is_the_audience(bench: Bench, issuer: TokenIssuer) -> None:
    bench.create(path="/tiers/1", oidc_token={"service_account_email": ACCOUNT})
    bench.settle()
    token = bench.target.received[0].headers["Authorization"].removeprefix("Bearer ")
    decoded(token, issuer, bench.target.url + "/tiers/1")
