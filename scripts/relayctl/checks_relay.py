"""doctor's checks through relay-state: answers, clocks, timers and sweep, handlers, account, who was not reached."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from relay import failures
from relay.failures import FailureClass
from relay.model import SenderClass

from scripts.relayctl.api import Json, RelayApi
from scripts.relayctl.findings import BAD, OK, WARNING, Finding
from scripts.relayctl.times import clock, parsed, span

# Identity tokens allow ten seconds of skew, and receipts and leases are judged by the relay's clock.
_SKEW_WARNING_SECONDS, _SKEW_BAD_SECONDS = 3.0, 10.0
_SLOW_SECONDS = 2.0
_OPTED_OUT = 21610
_ROWS_MAX = 2000


def relay(api: RelayApi) -> Iterator[Finding]:
    """Everything that can be asked of the relay itself. Raises ApiError and NoToken when it cannot."""
    api.search(limit=1)  # fetches the token, and wakes a function that sleeps
    began_at, began = datetime.now(UTC), time.monotonic()
    answer = api.search(limit=1)
    took = time.monotonic() - began
    slow = took > _SLOW_SECONDS
    advice = "Look at its logs and at the load of its machine, or of Firestore."
    yield Finding("relay answers", WARNING if slow else OK, f"{api.url}, within {took * 1000:.0f} ms", advice)
    yield _clocks(answer["now"], began_at + timedelta(seconds=took / 2))
    since = (parsed(answer["now"]) - timedelta(hours=24)).isoformat()
    rows = list(api.rows(limit=_ROWS_MAX, since=since))
    running = list(api.rows(limit=_ROWS_MAX, final_status="in_progress"))
    yield _timers({row["message_id"]: row for row in (*rows, *running)}.values())
    yield _webhook(rows)
    yield from _handlers(rows)
    yield _account(rows)
    yield _unreached(rows)


def _clocks(told: str, here: datetime) -> Finding:
    skew = (parsed(told) - here).total_seconds()
    words = f"the relay's clock and this machine's differ by {span(abs(skew))}"
    advice = "Synchronise the wrong one (NTP): tokens are refused beyond 10 s, and times shown are wrong."
    state = BAD if abs(skew) > _SKEW_BAD_SECONDS else WARNING if abs(skew) > _SKEW_WARNING_SECONDS else OK
    return Finding("clocks", state, words, advice)


def _timers(rows: Iterable[Json]) -> Finding:
    overdue = [row for row in rows if row["is_overdue"]]
    if not overdue:
        return Finding("timers and sweep", OK, "no relay is overdue")
    oldest = min(overdue, key=lambda row: row["due_at"])
    words = f"{len(overdue)} relays are overdue, the oldest since {clock(oldest['due_at'])} ({oldest['message_id']})"
    advice = (
        "Neither timers nor the sweep do their work. Embedded: is the process running, is the disk full? Google: is a "
        "queue paused (gcloud tasks queues list), does the sweep's schedule run (gcloud scheduler jobs list)?"
    )
    return Finding("timers and sweep", BAD, words, advice)


def _webhook(rows: Sequence[Json]) -> Finding:
    recovered = [row for row in rows if row["recovered"]]
    if not recovered:
        return Finding("webhook", OK, "every text of the last 24 hours came by itself")
    words = f"{len(recovered)} texts of the last 24 hours came without their webhook, the last at {_at(recovered[0])}"
    return Finding(
        "webhook", WARNING, words, "Check the number's URL in Twilio, and Twilio's debugger for error 11200."
    )


def _handlers(rows: Sequence[Json]) -> Iterator[Finding]:
    out = [row for row in rows if row["sender_class"] == SenderClass.HANDLER_OPT_OUT or row["error_code"] == _OPTED_OUT]
    if out:
        name = out[0]["tier_name"] or f"the handler with the number …{out[0]['sender_phone'][-2:]}"
        words = f"{name} has opted out (seen at {_at(out[0])}): Twilio blocks every text to that phone"
        yield Finding("handlers", BAD, words, "Have the handler text START to the business number.")
        return
    dead = [row for row in rows if _class_of(row) is FailureClass.RECIPIENT]
    if dead:
        words = f"{len(dead)} texts of the last 24 hours could not reach {dead[0]['tier_name']}: {dead[0]['reason']}"
        yield Finding("handlers", WARNING, words, dead[0]["advice"])
        return
    yield Finding("handlers", OK, "no handler's number was refused in the last 24 hours")


def _account(rows: Sequence[Json]) -> Finding:
    refused = [row for row in rows if _class_of(row) is FailureClass.SENDER]
    if not refused:
        return Finding("account", OK, "Twilio took texts from our number in the last 24 hours, as far as any were sent")
    words = f"{len(refused)} texts of the last 24 hours: {refused[0]['reason']} ({refused[0]['error_code']})"
    return Finding("account", BAD, words, refused[0]["advice"])


def _unreached(rows: Sequence[Json]) -> Finding:
    exhausted = [row for row in rows if row["final_status"] == "exhausted"]
    if not exhausted:
        return Finding("unreached", OK, "everybody was reached in the last 24 hours")
    words = f"{len(exhausted)} texts of the last 24 hours reached nobody, the last of {_at(exhausted[0])}"
    return Finding("unreached", WARNING, words, "relayctl failed --since 24h shows them; call, then redrive.")


def _class_of(row: Json) -> FailureClass | None:
    return None if row["error_code"] is None else failures.classify(row["error_code"]).failure_class


def _at(row: Json) -> str:
    return clock(row["timestamp"])
