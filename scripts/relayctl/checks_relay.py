"""doctor's checks through relay-state: answers, clocks, timers and sweep, handlers, account, who was not reached."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from relay.core.failures import ADVICE, OURS, FailureClass
from relay.core.model import AttemptStatus, SenderClass
from relay.core.numbers import canonical

from scripts.relayctl.api import Json, RelayApi, is_customers, waits_for_a_person
from scripts.relayctl.findings import BAD, OK, WARNING, Finding
from scripts.relayctl.times import named_clock, parsed, span

# Identity tokens allow ten seconds of skew, and receipts and leases are judged by the relay's clock.
_SKEW_WARNING_SECONDS, _SKEW_BAD_SECONDS = 3.0, 10.0
_SLOW_SECONDS = 2.0
_ROWS_MAX = 2000
_UNREACHABLE = (FailureClass.RECIPIENT, FailureClass.OPTED_OUT)
# Cause in words and its class → ids of the texts that met it.
_Causes = dict[tuple[str, FailureClass], set[str]]
# What waits for a person: which rows, what they are, what became of them, what to do.
_WAITING: tuple[tuple[Callable[[Json], bool], str, str, str], ...] = (
    (lambda row: _ended(row, "exhausted"), "text", "reached no handler", "call, then send again."),
    (lambda row: _ended(row, "held"), "text", "went no further (held back)", "read them, then send them on."),
    (
        lambda row: bool(is_customers(row) and row["set_aside_because"]),
        "text",
        "went no further (set aside)",
        "call, then send again.",
    ),
    (lambda row: not is_customers(row), "answer", "did not reach the customer", "call the customer."),
)


NOT_LISTED = "List it, or take the relay's webhook off it: until then what it gets without a webhook is not recovered."


def relay(api: RelayApi, our_numbers: Sequence[str] = ()) -> Iterator[Finding]:
    """Everything that can be asked of the relay itself. Raises ApiError and NoToken when it cannot.

    `our_numbers` are those that the settings list; without them none can be missed.
    """
    api.search(limit=1)  # fetches the token, and wakes a function that sleeps
    began_at, began = datetime.now(UTC), time.monotonic()
    answer = api.search(limit=1)
    took = time.monotonic() - began
    slow = took > _SLOW_SECONDS
    advice = "Look at its logs and at the load of its machine, or of Firestore."
    yield Finding("relay answers", WARNING if slow else OK, f"{api.url}, within {took * 1000:.0f} ms", advice)
    yield _clocks(answer["now"], began_at, took)
    since = (parsed(answer["now"]) - timedelta(hours=24)).isoformat()
    listed = list(api.rows(limit=_ROWS_MAX, since=since))
    period = _period(listed)
    rows = [row for row in listed if is_customers(row)]
    running = list(api.rows(limit=_ROWS_MAX, final_status="in_progress"))
    yield _timers({row["message_id"]: row for row in (*listed, *running)}.values())
    yield _webhook(rows, period)
    documents = list(api.rows(limit=_ROWS_MAX, since=since, view="full"))
    yield from _handlers(documents, period)
    yield from _account(documents, period)
    yield from _unlisted(documents, our_numbers, period)
    yield from _unreached(listed, period)


def _period(rows: Sequence[Json]) -> str:
    """Returns of when the texts are that are counted: there may be more than are fetched."""
    return "of the last 24 hours" if len(rows) < _ROWS_MAX else f"of the latest {_ROWS_MAX:,}"


def counted(count: int, one: str = "text", many: str = "") -> str:
    """Returns a number with what it counts: 1 text, 2 texts."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def _unlisted(documents: Iterable[Json], our_numbers: Sequence[str], period: str) -> Iterator[Finding]:
    """The numbers that texts came to and that the settings do not list, by name: this is told on the terminal alone."""
    if not our_numbers:
        return
    listed = {canonical(number) for number in our_numbers}
    unlisted = Counter(phone for each in documents if canonical(phone := each["recipient_phone"]) not in listed)
    for phone, count in unlisted.items():
        words = f"{counted(count)} {period} came to {phone}, which BUSINESS_PHONE_NUMBER does not list"
        yield Finding("our numbers", WARNING, words, NOT_LISTED)
    if not unlisted:
        yield Finding("our numbers", OK, "texts came to numbers alone that are listed")


def _clocks(told: str, began_at: datetime, took: float) -> Finding:
    ahead = (parsed(told) - began_at).total_seconds()
    # It is of some moment while the relay was asked, which may have been long: only what lies outside is a difference.
    skew = min(ahead, max(0.0, ahead - took))
    words = f"the relay's clock and this machine's differ by {span(abs(skew))}"
    advice = "Synchronise the wrong one (NTP): tokens are refused beyond 10 s, and times shown are wrong."
    state = BAD if abs(skew) > _SKEW_BAD_SECONDS else WARNING if abs(skew) > _SKEW_WARNING_SECONDS else OK
    return Finding("clocks", state, words, advice)


def _timers(rows: Iterable[Json]) -> Finding:
    overdue = [row for row in rows if row["is_overdue"]]
    if not overdue:
        return Finding("timers and sweep", OK, "no relay is overdue")
    oldest = min(overdue, key=lambda row: row["due_at"])
    are = "relay is" if len(overdue) == 1 else "relays are"
    since = named_clock(oldest["due_at"])
    words = f"{len(overdue):,} {are} overdue, the oldest since {since} ({oldest['message_id']})"
    advice = (
        "Neither timers nor the sweep do their work. Embedded: is the process running, is the disk full? Google: is a "
        "queue paused (gcloud tasks queues list), does the sweep's schedule run (gcloud scheduler jobs list)?"
    )
    return Finding("timers and sweep", BAD, words, advice)


def _webhook(rows: Sequence[Json], period: str) -> Finding:
    recovered = [row for row in rows if row["recovered"]]
    if not recovered:
        return Finding("webhook", OK, f"every text {period} came by itself")
    words = f"{counted(len(recovered))} {period} came without the webhook, the last at {_at(recovered[0])}"
    return Finding(
        "webhook", WARNING, words, "Check the number's URL in Twilio, and Twilio's debugger for error 11200."
    )


@dataclass
class _Trouble:
    """What kept texts from one handler's phone, as last seen."""

    name: str
    failure_class: FailureClass
    seen_at: str


def _handlers(documents: Sequence[Json], period: str) -> Iterator[Finding]:
    """By whole documents: a handler who cannot be reached is often followed by one who fails for another reason."""
    troubles = _troubles(reversed(documents))
    for phone, trouble in troubles.items():
        if trouble.failure_class is FailureClass.OPTED_OUT:
            words = f"{trouble.name} has opted out (seen at {named_clock(trouble.seen_at)})"
            words += ": Twilio blocks every text to that phone"
            yield Finding("handlers", BAD, words, "Have the handler text START to the business number.")
        else:
            causes = _causes(documents, _UNREACHABLE, phone)
            count = len(set().union(*causes.values()))
            words = f"{counted(count)} {period} could not reach {trouble.name}: {_in_words(causes)}"
            yield Finding("handlers", WARNING, words, ADVICE[trouble.failure_class])
    if not troubles:
        words = f"no handler's number was refused for a text {period}, or the handler has had texts since"
        yield Finding("handlers", OK, words)


def _troubles(documents: Iterable[Json]) -> dict[str, _Trouble]:
    """Returns by phone what troubles there are still. Oldest document first; a delivery ends a phone's trouble."""
    by_phone: dict[str, _Trouble] = {}
    for document in documents:
        names = {tier["phone"]: tier["name"] for tier in document["policy"]["tiers"]}
        sender, at = document["sender_phone"], document["timestamp"]
        if document["sender_class"] == SenderClass.HANDLER_OPT_OUT:
            by_phone[sender] = _Trouble(names.get(sender, f"the phone …{sender[-2:]}"), FailureClass.OPTED_OUT, at)
        for attempt in document["attempts"]:
            phone = attempt["phone"]
            if attempt["status"] == AttemptStatus.DELIVERED:
                by_phone.pop(phone, None)
            elif (failed_as := _class_of(attempt)) in _UNREACHABLE:
                by_phone[phone] = _Trouble(names.get(phone, f"the phone …{phone[-2:]}"), failed_as, at)
    return by_phone


def _causes(documents: Iterable[Json], classes: Collection[FailureClass], phone: str = "") -> _Causes:
    """Returns which texts met each cause of these classes, the latest cause first. The newest document first.

    `phone`: only what was sent there. A text that met a cause in several attempts is one text.
    """
    causes: _Causes = {}
    for document in documents:
        for attempt in reversed(document["attempts"]):
            failed_as = _class_of(attempt)
            if failed_as is not None and failed_as in classes and phone in ("", attempt["phone"]):
                causes.setdefault((_why(attempt), failed_as), set()).add(document["message_id"])
    return causes


def _in_words(causes: _Causes) -> str:
    """Returns the causes; where there are several each with its count."""
    if len(causes) == 1:
        return next(iter(causes))[0]
    return "; ".join(f"{why}, {counted(len(ids))}" for (why, _), ids in causes.items())


def _account(documents: Sequence[Json], period: str) -> Iterator[Finding]:
    """Each cause has a line of its own: each is mended in another place."""
    causes = _causes(documents, OURS)
    for (why, failed_as), ids in causes.items():
        yield Finding("account", BAD, f"{counted(len(ids))} {period}: {why}", ADVICE[failed_as])
    if not causes:
        yield Finding("account", OK, f"Twilio took every text {period} from our number, as far as any were sent")


def _unreached(listed: Sequence[Json], period: str) -> Iterator[Finding]:
    """Of texts and answers that wait for a person still."""
    waiting = [row for row in listed if waits_for_a_person(row) and not row.get("handled")]
    for is_one, one, what, advice in _WAITING:
        if rows := [row for row in waiting if is_one(row)]:
            words = f"{counted(len(rows), one)} {period} {what}, the last of {_at(rows[0])}"
            yield Finding("unreached", WARNING, words, f"relayctl failed --since 24h shows them; {advice}")
    if not waiting:
        yield Finding("unreached", OK, f"no text {period} waits for a person")


def _ended(row: Json, end: str) -> bool:
    return is_customers(row) and row["final_status"] == end and not row["set_aside_because"]


def _class_of(attempt: Json) -> FailureClass | None:
    """Why the attempt failed, or why its last try did while an outage is waited out; None where neither is so."""
    waits = attempt["status"] == AttemptStatus.SCHEDULED and attempt["is_refused"]
    if not (waits or attempt["status"] == AttemptStatus.FAILED) or "failure_class" not in attempt:
        return None
    return FailureClass(attempt["failure_class"])


def _why(attempt: Json) -> str:
    code = f" ({attempt['error_code']})" if attempt["error_code"] is not None else ""
    return f"{attempt['failure_words']}{code}"


def _at(row: Json) -> str:
    return named_clock(row["timestamp"])
