"""How the demonstration ends: it judges itself, 0 only when the last tier delivered and the customer has its answer."""

from __future__ import annotations

from typing import Any

import pytest
from relay.errors import StoreUnavailable

from scripts.local_stack import __main__ as commands
from scripts.local_stack import interruption, stack
from scripts.local_stack.environment import make_plan

ANSWERED = "Harbor Heating: I am with you in twenty minutes."
ENDS = {
    "delivered, claimed and answered": ("claimed", 3, ANSWERED, 0),
    "the customer got no answer": ("claimed", 3, "", 1),
    "answered, and claimed by no person": ("delivered", 3, ANSWERED, 1),
    "an earlier tier delivered": ("claimed", 2, ANSWERED, 1),
    "claimed, and delivered at no tier": ("claimed", None, ANSWERED, 1),
    "nobody was reached": ("exhausted", None, "", 1),
    "it goes on for ever": ("in_progress", None, "", 1),
    "it was not forwarded": ("recorded", None, "", 1),
}


class StandIn:
    """A stack that is up as soon as it is entered, and whose one relay has ended as it was told."""

    document: dict[str, Any]

    def __init__(self, *_given: object) -> None:
        self.plan = make_plan({}, "embedded", "127.0.0.1", 8080)

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def relay(self, _message_id: str) -> dict[str, Any]:
        return self.document


@pytest.mark.parametrize(("final_status", "delivered_tier", "answer", "expected"), ENDS.values(), ids=ENDS)
def test_it_succeeds_only_when_the_last_tier_has_delivered_and_the_customer_has_the_answer(
    final_status: str,
    delivered_tier: int | None,
    answer: str,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    policy: dict[str, list[dict[str, str]]] = {"tiers": [{}, {}, {}]}
    document = {"final_status": final_status, "delivered_tier": delivered_tier, "policy": policy}
    monkeypatch.setattr(StandIn, "document", document, raising=False)
    for name in ("Supervisor", "StackClient"):
        monkeypatch.setattr(stack, name, StandIn)
    monkeypatch.setattr(stack, "Follower", lambda *_: None)
    monkeypatch.setattr(stack, "_store", lambda *_: None)
    monkeypatch.setattr(stack, "_play", lambda *_: stack.Played("SM" + "0" * 32, answer))
    assert stack.demo("embedded") == expected
    assert ("The customer has its handler's answer." in capsys.readouterr().out) is (expected == 0)


def test_a_store_that_does_not_answer_the_terminal_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_backend: str) -> int:
        raise StoreUnavailable("Firestore: ServiceUnavailable")

    monkeypatch.setattr(interruption, "listen", lambda: None)
    monkeypatch.setattr(stack, "demo", fail)
    assert commands.main(["demo"]) == 1
    assert capsys.readouterr().err == "The relays cannot be read: Firestore: ServiceUnavailable.\n"
