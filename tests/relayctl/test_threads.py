"""threads, thread, claim, release, say, block, unblock and grammar."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from relay.core.model import FinalStatus
from relay.core.threads.codes import candidates
from relay.core.threads.grammar import COMMANDS, RESERVED

from tests.office import ANA, BEN, CARLA, DANA, Office
from tests.relayctl.conftest import Ran
from tests.served_office import served
from tests.stack_fixtures import RunningStack
from tests.twilio_words import refusal

Run = Callable[[str, tuple[str, ...]], Ran]
Ctl = Callable[..., Ran]
TOKEN = "aaa.bbb.ccc"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def ctl(run: Run, office: Office) -> Iterator[Ctl]:
    """`ctl("threads")` against the office."""
    with served(office) as url:
        yield lambda *arguments: run(url, ("--token", TOKEN, *arguments))


def _conversed(office: Office) -> tuple[str, str]:
    """Carla texts and Ana answers. Returns the thread's code and the id of Ana's text."""
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    code = office.thread_of(message_id).code
    cause = office.text(ANA, f"{code} on my way")
    office.settle(60)
    return code, cause


def test_open_threads_are_listed(ctl: Ctl, office: Office) -> None:
    assert ctl("threads").out == "No thread is open.\n"
    code, _ = _conversed(office)
    office.text(DANA, "A fridge, please")
    first, second = ctl("threads").out.splitlines()[1:3]
    assert (DANA in first, "No person has it." in first) == (True, True)
    assert (second.startswith(code), "Ana has it" in second) == (True, True)
    assert [row["owner"] for row in ctl("threads", "--json").json["threads"]] == [None, "Ana"]
    assert "The latest 1" in ctl("threads", "--limit", "1").out


def test_a_conversation_is_shown_in_order_without_notices(ctl: Ctl, office: Office) -> None:
    code, _ = _conversed(office)
    shown = ctl("thread", code.lower()).out
    places = [shown.index(words) for words in ("Ana has it", "The couch is on the porch", "Ana to the customer")]
    assert places == sorted(places)
    assert "To answer the customer" not in shown
    assert "To answer the customer" in ctl("thread", code, "--notices").out
    assert ctl("thread", code, "--json").json["thread"]["code"] == code
    thread_id = ctl("thread", code, "--json").json["thread"]["thread_id"]
    assert ctl("thread", thread_id).out == shown


def test_a_claim_is_for_a_person_and_says_who_there_is(ctl: Ctl, office: Office) -> None:
    message_id = office.text(CARLA, "The couch is on the porch")
    code = office.thread_of(message_id).code
    ran = ctl("claim", code)
    assert (ran.code, "a claim is for one of the handlers: Ana, Ben, Cyd" in ran.err) == (1, True)
    assert office.relay(message_id).final_status is FinalStatus.IN_PROGRESS
    assert ctl("claim", code, "--person", "Ben").out.startswith(f"Done. {code}: Ben has it")
    assert office.thread_of(message_id).owner == "Ben"
    assert ctl("claim", code, "--person", "Ben").out == f"Ben has {code} already.\n"
    assert ctl("release", code).out.startswith(f"Done. {code}: No person has it.")


def test_words_go_to_the_customer_and_their_relay_is_named(ctl: Ctl, office: Office) -> None:
    code, _ = _conversed(office)
    ran = ctl("say", code, "Ana", "is", "late")
    sent = ran.out.split()[-1]
    assert ctl("show", sent).out.startswith("→ in progress  Twilio has it for the customer")
    assert f"to {CARLA}" in ctl("show", sent).out
    assert office.to(CARLA)[-1] == "Ana is late"


def test_a_blocked_customer_is_said_and_refused(ctl: Ctl, office: Office) -> None:
    code, _ = _conversed(office)
    assert ctl("block", code).code == 0
    assert "Blocked since" in ctl("thread", code).out
    ran = ctl("say", code, "Hello")
    assert (ran.code, ran.err.strip()) == (
        1,
        f"Not done: {code} is blocked, no text goes to that number: call, or unblock it first.",
    )
    assert ctl("unblock", code).code == 0
    office.text(CARLA, "STOP")
    assert "until the customer texts START" in " ".join(ctl("unblock", code).out.split())


@pytest.mark.parametrize("name", ["thread", "claim", "release", "block", "unblock"])
def test_what_is_no_code_is_said(ctl: Ctl, name: str) -> None:
    ran = ctl(name, "K711")
    assert (ran.code, "is not a thread's code: a letter and two digits like K71" in ran.err) == (2, True)
    ran = ctl(name, "Z99", *(("--person", "Ana") if name == "claim" else ()))
    assert (ran.code, "No customer has the code Z99 now" in ran.err) == (1, True)


def test_what_handlers_can_text_is_printed_without_a_relay(run: Run) -> None:
    ran = run("http://127.0.0.1:9", ("grammar", "--json"))
    told = {row["words"]: row["does"] for row in ran.json["grammar"]}
    assert {word: does for word, (_, does) in COMMANDS.items()}.items() <= told.items()
    assert ", ".join(RESERVED) in told
    assert "pass" in run("http://127.0.0.1:9", ("grammar",)).out


def test_answers_and_notices_are_told_apart_in_lists_and_counts(ctl: Ctl, office: Office) -> None:
    _conversed(office)
    listed = ctl("list", "--since", "2026-01-01T00:00Z").out
    assert f"to {CARLA}" in listed
    assert "to Ana" in listed
    numbers = ctl("stats", "--since", "2026-01-01T00:00Z", "--json").json
    assert (numbers["by_outcome"]["claimed"], numbers["answers"]["all"], numbers["share_reached"]) == (1, 1, 1.0)
    # A minute and a half after the text came in Ana answered.
    assert numbers["seconds_to_claim"] == {"median": 90.0, "p95": 90.0}
    shown = ctl("stats", "--since", "2026-01-01T00:00Z").out
    assert "taken by a person within 1 min 30 s (half), 1 min 30 s (95 %)" in shown
    # The customer's text, and Ana's.
    assert numbers["relays"] == 2


def test_an_answer_that_its_handler_knows_is_lost_is_no_unreached_text(ctl: Ctl, office: Office) -> None:
    message_id = office.reaches(CARLA, "The couch is on the porch")
    office.settle(60)
    office.messenger.script(refusal(21614))
    cause = office.text(ANA, f"{office.thread_of(message_id).code} on my way")
    office.wait(600)
    assert office.relay(f"{cause}-a").final_status is FinalStatus.EXHAUSTED
    assert "Everybody was reached" in ctl("failed", "--since", "2026-01-01T00:00Z").out
    assert "nothing to send again" in ctl("redrive", "--failed", "--since", "2026-01-01T00:00Z", "--dry-run").out
    assert ctl("redrive", f"{cause}-a", "--dry-run", "--json").json["planned"] == [f"{cause}-a"]


def test_an_operators_answer_that_is_lost_is_an_unreached_one(ctl: Ctl, office: Office) -> None:
    code, _ = _conversed(office)
    office.messenger.script(refusal(21614))
    sent = ctl("say", code, "On our way", "--json").json["message_id"]
    office.wait(600)
    (row,) = ctl("failed", "--since", "2026-01-01T00:00Z", "--json").json["relays"]
    assert (row["message_id"], row["receiver"]) == (sent, CARLA)
    assert BEN not in str(row)
    assert "nothing to send again" in ctl("redrive", "--failed", "--since", "2026-01-01T00:00Z", "--dry-run").out


def test_a_delivered_text_of_a_thread_is_redriven_only_if_that_is_said(ctl: Ctl, office: Office) -> None:
    message_id = office.reaches(CARLA, "The couch is on the porch")
    assert office.relay(message_id).final_status is FinalStatus.DELIVERED
    assert ctl("redrive", message_id, "--dry-run", "--json").json["planned"] == []
    assert ctl("redrive", message_id, "--delivered", "--yes", "--json").json["redriven"] == [message_id]
    assert office.relay(message_id).final_status is FinalStatus.IN_PROGRESS


def test_a_running_relay_has_the_route(run: Run, embedded_stack: RunningStack) -> None:
    given = {thread["code"] for thread in run(embedded_stack.address, ("threads", "--json")).json["threads"]}
    free = next(code for code in candidates(1) if code not in given)
    ran = run(embedded_stack.address, ("release", free))
    assert (ran.code, f"No customer has the code {free} now" in ran.err) == (1, True)
