"""doctor's checks through relay-state: answers, clocks, timers and sweep, handlers, account, who was not reached."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from relay.core.failures import ADVICE, OURS, FailureClass
from relay.core.model import AttemptStatus, SenderClass
from relay.core.numbers import canonical

from scripts.relayctl.api import Json, RelayApi
from scripts.relayctl.findings import BAD, OK, WARNING, Finding
from scripts.relayctl.times import clock, parsed, span

# Identity tokens allow ten seconds of skew, and receipts and leases are judged by the relay's clock.
_SKEW_WARNING_SECONDS, _SKEW_BAD_SECONDS = 3.0, 10.0
_SLOW_SECONDS = 2.0
_ROWS_MAX = 2000


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
    yield _clocks(answer["now"], began_at + timedelta(seconds=took / 2))
    since = (parsed(answer["now"]) - timedelta(hours=24)).isoformat()
    rows = list(api.rows(limit=_ROWS_MAX, since=since))
    running = list(api.rows(limit=_ROWS_MAX, final_status="in_progress"))
    yield _timers({row["message_id"]: row for row in (*rows, *running)}.values())
    yield _webhook(rows)
    documents = list(api.rows(limit=_ROWS_MAX, since=since, view="full"))
    yield from _handlers(documents)
    yield _account(documents)
    yield from _unlisted(documents, our_numbers)
    yield _unreached(rows)


def _unlisted(documents: Iterable[Json], our_numbers: Sequence[str]) -> Iterator[Finding]:
    """The numbers that texts came to and that the settings do not list, by name: this is told on the terminal alone."""
    if not our_numbers:
        return
    listed = {canonical(number) for number in our_numbers}
    unlisted = Counter(phone for each in documents if canonical(phone := each["recipient_phone"]) not in listed)
    for phone, count in unlisted.items():
        words = f"{count} texts of the last 24 hours came to {phone}, which BUSINESS_PHONE_NUMBER does not list"
        yield Finding("our numbers", WARNING, words, NOT_LISTED)
    if not unlisted:
        yield Finding("our numbers", OK, "texts came to numbers alone that are listed")


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


@dataclass
class _Trouble:
    """What kept texts from one handler's phone, as last seen."""

    name: str
    failure_class: FailureClass
    seen_at: str
    why: str = ""
    texts: int = 0


def _handlers(documents: Sequence[Json]) -> Iterator[Finding]:
    """By whole documents: a handler who cannot be reached is often followed by one who fails for another reason."""
    troubles = _troubles(reversed(documents))
    for trouble in troubles:
        if trouble.failure_class is FailureClass.OPTED_OUT:
            words = f"{trouble.name} has opted out (seen at {clock(trouble.seen_at)})"
            words += ": Twilio blocks every text to that phone"
            yield Finding("handlers", BAD, words, "Have the handler text START to the business number.")
        else:
            words = f"{trouble.texts} texts of the last 24 hours could not reach {trouble.name}: {trouble.why}"
            yield Finding("handlers", WARNING, words, ADVICE[trouble.failure_class])
    if not troubles:
        yield Finding("handlers", OK, "no handler's number was refused in the last 24 hours, or it has had texts since")


def _troubles(documents: Iterable[Json]) -> list[_Trouble]:
    """Oldest document first; a delivery to the same phone ends a trouble."""
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
            elif (failed_as := _class_of(attempt)) in (FailureClass.RECIPIENT, FailureClass.OPTED_OUT):
                name = names.get(phone, f"the phone …{phone[-2:]}")
                trouble = by_phone.setdefault(phone, _Trouble(name, failed_as, at))
                trouble.failure_class, trouble.seen_at, trouble.why = failed_as, at, _why(attempt)
                trouble.texts += 1
    return list(by_phone.values())


def _account(documents: Sequence[Json]) -> Finding:
    """The newest document first."""
    refused = [attempt for document in documents if (attempt := _refused_as_ours(document)) is not None]
    if not refused:
        return Finding("account", OK, "Twilio took texts from our number in the last 24 hours, as far as any were sent")
    words = f"{len(refused)} texts of the last 24 hours: {_why(refused[0])}"
    return Finding("account", BAD, words, ADVICE[FailureClass(refused[0]["failure_class"])])


def _refused_as_ours(document: Json) -> Json | None:
    return next((a for a in reversed(document["attempts"]) if _class_of(a) in OURS), None)


def _unreached(rows: Sequence[Json]) -> Finding:
    exhausted = [row for row in rows if row["final_status"] == "exhausted"]
    held = [row for row in rows if row["final_status"] == "held"]
    if held and not exhausted:
        words = f"{len(held)} texts of the last 24 hours are held back, the last of {_at(held[0])}"
        return Finding("unreached", WARNING, words, "relayctl failed --since 24h shows them; read them, then redrive.")
    if not exhausted:
        return Finding("unreached", OK, "no text of the last 24 hours ended without a handler")
    words = f"{len(exhausted)} texts of the last 24 hours reached no handler, the last of {_at(exhausted[0])}"
    return Finding("unreached", WARNING, words, "relayctl failed --since 24h shows them; call, then redrive.")


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
    return clock(row["timestamp"])
