"""Threads, handlers' texts and facts for tests: each call says what matters, the rest is as on an ordinary day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from relay.core.threads.deciding import decide
from relay.core.threads.model import Shown, Thread
from relay.core.threads.verdict import Asked, EarlierText, Facts, HandlerText, Said, Verdict

from tests.fakes.clock import START

ANA, BEN, CARA = "Ana", "Ben", "Cara"
OURS = "+15550199999"
# When the text under test comes in: two hours after everything else.
NOW = START + timedelta(hours=2)


def ago(**time: float) -> datetime:
    """So long before the text under test."""
    return NOW - timedelta(**time)


def a_thread(code: str = "K71", to: tuple[str, ...] = (ANA, BEN), **changes: Any) -> Thread:
    """An open thread without an owner, shown to these people ten minutes before the text under test."""
    at = changes.pop("shown_at", ago(minutes=10))
    fields: dict[str, Any] = {
        "thread_id": f"thread {code}",
        "our_phone": OURS,
        "customer_phone": "+15550104567" if code == "K71" else f"+1555010{sum(map(ord, code)):04d}",
        "opened_at": START,
        "touched_at": START,
        "code": code,
        "shown": tuple(Shown(person, code, at) for person in to),
    }
    return Thread(**{**fields, **changes})


def owned(by: str = ANA, code: str = "K71", since: datetime | None = None, **changes: Any) -> Thread:
    """An open thread that this person has, since five minutes before the text under test."""
    at = since or ago(minutes=5)
    return a_thread(code, **{"owner": by, "owner_since": at, "owner_acted_at": at, "changed_at": at, **changes})


def a_text(body: str, by: str = ANA, **changes: Any) -> HandlerText:
    """A handler's text, by a webhook."""
    return HandlerText(**{"message_id": f"text {body}", "person": by, "body": body, "at": NOW, **changes})


def earlier(body: str, asked: Asked | None, **time: float) -> EarlierText:
    """A text that the same person sent so long before."""
    return EarlierText(f"earlier {body} {time}", ago(**time), body, asked)


def decided(body: str, *threads: Thread, by: str = ANA, **changes: Any) -> Verdict:
    """What becomes of a text with these words. Changes are fields of the text or of the facts."""
    of_facts = {name: changes.pop(name) for name in list(changes) if name in Facts.__dataclass_fields__}
    return decide(a_text(body, by, **changes), Facts(threads, **of_facts))


def said(verdict: Verdict, to: str = ANA) -> list[Said]:
    """What this person is told."""
    return [notice.said for notice in verdict.notices if notice.to == to]


def is_without_effect(verdict: Verdict) -> bool:
    """Whether nothing but notices comes of it."""
    return not verdict.is_changed and verdict.told is None and verdict.answer is None and not verdict.opts_out
