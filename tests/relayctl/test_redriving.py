"""redrive: shown first, done once, stopped and repeated without harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.relayctl import batch as batches
from scripts.relayctl import redriving
from scripts.relayctl.api import ApiError, Json, RelayApi
from tests.relayctl.conftest import Ctl
from tests.stack_fixtures import DELIVERS, REFUSED, RunningStack


def _exhausted(stack: RunningStack, count: int = 1) -> list[str]:
    ids = []
    for number in range(count):
        ids.append(stack.text(f"Unheard {number}", stack.customer(), REFUSED, REFUSED, REFUSED))
        stack.wait_until(ids[-1], "exhausted")
    return ids


def _redrives(stack: RunningStack, message_id: str) -> int:
    return len(stack.state({"message_id": message_id})["relay"]["redrive_ids"])


def test_an_exhausted_relay_is_redriven_and_delivered(ctl: Ctl, stack: RunningStack) -> None:
    (message_id,) = _exhausted(stack)
    ran = ctl("redrive", message_id, "--yes")
    assert ran.code == 0
    assert "1 sent again." in ran.out
    assert stack.wait_until(message_id, "delivered")["relay"]["delivered_tier"] == 1


def test_a_dry_run_and_a_question_nobody_answers_change_nothing(ctl: Ctl, stack: RunningStack) -> None:
    (message_id,) = _exhausted(stack)
    dry = ctl("redrive", message_id, "--dry-run")
    assert (dry.code, "Dry run: nothing was done." in dry.out) == (0, True)
    assert message_id in dry.out
    assert ctl("redrive", message_id, "--dry-run", "--json").json == {"planned": [message_id], "not_redriven": []}
    unanswered = ctl("redrive", message_id)
    assert (unanswered.code, "say --yes" in unanswered.err) == (1, True)
    assert _redrives(stack, message_id) == 0


def test_a_question_answered_with_no_changes_nothing(
    ctl: Ctl, stack: RunningStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (message_id,) = _exhausted(stack)
    monkeypatch.setattr(redriving, "is_for_people", lambda: True)
    monkeypatch.setattr("click.confirm", lambda question: question != "Send 1 again?")
    assert "Nothing was done." in ctl("redrive", message_id).out
    assert _redrives(stack, message_id) == 0


def test_all_that_are_held_back_of_a_number_are_sent_on_at_once(ctl: Ctl, stack: RunningStack) -> None:
    robot = stack.customer()
    ids = []
    for number in range(8):
        ids.append(stack.text("I am out of office", robot))
        stack.wait_until(ids[-1], "delivered" if number < 5 else "held")
    stack.wait_until(stack.text("I am out of office", stack.customer()), "delivered")
    told = ctl("failed", "--since", "1h").out
    assert "relayctl redrive --held NUMBER" in told
    assert ctl("redrive", "--held", "+15550009999", "--yes").out.strip() == "There is nothing to send again."
    ran = ctl("redrive", "--held", f"{robot[:2]} {robot[2:5]}-{robot[5:]}", "--yes", "--json")
    assert ran.json == {"redriven": ids[5:], "not_redriven": []}
    for message_id in ids[5:]:
        assert stack.wait_until(message_id, "delivered")["relay"]["delivered_tier"] == 1


def test_all_that_failed_since_then_are_redriven_from_the_tier_asked_for(ctl: Ctl, stack: RunningStack) -> None:
    since = datetime.now(UTC).isoformat()
    ids = _exhausted(stack, 3)
    ran = ctl("redrive", "--failed", "--since", since, "--tier", "2", "--yes", "--json")
    assert ran.json == {"redriven": ids, "not_redriven": []}
    for message_id in ids:
        assert stack.wait_until(message_id, "delivered")["relay"]["delivered_tier"] == 2
    again = ctl("redrive", "--failed", "--since", since, "--yes")
    assert (again.code, "There is nothing to send again." in again.out) == (0, True)


def test_what_is_not_exhausted_is_left_alone_and_said(ctl: Ctl, stack: RunningStack) -> None:
    message_id = stack.text("All well", stack.customer(), DELIVERS)
    stack.wait_until(message_id, "delivered")
    ran = ctl("redrive", message_id, "--yes", "--json")
    assert ran.json == {"redriven": [], **_left_alone(message_id)}
    assert ctl("redrive", message_id, "--dry-run", "--json").json == {"planned": [], **_left_alone(message_id)}
    assert _redrives(stack, message_id) == 0


def _left_alone(message_id: str) -> Json:
    return {"not_redriven": [{"message_id": message_id, "reason": "Delivered at tier 1, Dana."}]}


def test_of_several_those_left_alone_are_told_beside_those_redriven(ctl: Ctl, stack: RunningStack) -> None:
    (exhausted,) = _exhausted(stack)
    delivered = stack.text("All well", stack.customer(), DELIVERS)
    stack.wait_until(delivered, "delivered")
    dry = ctl("redrive", exhausted, delivered, "--dry-run", "--json")
    assert dry.json == {"planned": [exhausted], **_left_alone(delivered)}
    ran = ctl("redrive", exhausted, delivered, "--yes", "--json")
    assert ran.json == {"redriven": [exhausted], **_left_alone(delivered)}


def test_a_redrive_that_was_stopped_after_its_last_relay_is_still_told(
    ctl: Ctl, tmp_path: Path, stack: RunningStack
) -> None:
    path = tmp_path / "relayctl" / "redrive.json"
    done = batches.Item("SM" + "0" * 32, "ctl-00000000", redriving.REDRIVEN)
    batches.save(batches.Batch(stack.address, 1, [done]), path)
    assert ctl("redrive", "--resume", "--json").json == {"redriven": [done.message_id], "not_redriven": []}
    assert not path.exists()


def _stopping_after_one(steady: Callable[..., Json], *, arrives: bool) -> Callable[..., Json]:
    """RelayApi.redrive that fails from its second call on: before the request arrives, or with its answer lost."""
    calls = []

    def redrive(api: RelayApi, message_id: str, request_id: str, tier: int) -> Json:
        calls.append(request_id)
        answer = steady(api, message_id, request_id, tier) if arrives or len(calls) == 1 else {}
        if len(calls) > 1:
            raise ApiError("The relay does not answer.", may_pass=True)
        return answer

    return redrive


@pytest.mark.parametrize("arrives", [False, True], ids=["not arrived", "answer lost"])
def test_an_interrupted_redrive_goes_on_and_redrives_each_once(
    ctl: Ctl, stack: RunningStack, monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    since = datetime.now(UTC).isoformat()
    ids = _exhausted(stack, 3)
    steady = RelayApi.redrive
    monkeypatch.setattr(RelayApi, "redrive", _stopping_after_one(steady, arrives=arrives))
    stopped = ctl("redrive", "--failed", "--since", since, "--yes")
    assert stopped.code == 1
    assert "1 of 3 are done; go on with --resume." in stopped.err
    monkeypatch.setattr(RelayApi, "redrive", steady)
    blocked = ctl("redrive", *ids, "--yes")
    assert (blocked.code, "Sending again was interrupted (1 of 3 done)" in blocked.err) == (1, True)
    resumed = ctl("redrive", "--resume", "--json")
    assert resumed.json == {"redriven": ids, "not_redriven": []}
    for message_id in ids:
        stack.wait_until(message_id, "delivered")
        assert _redrives(stack, message_id) == 1
    assert "was not interrupted" in ctl("redrive", "--resume").err


def test_an_interrupted_redrive_can_be_forgotten(ctl: Ctl, tmp_path: Path) -> None:
    path = tmp_path / "relayctl" / "redrive.json"
    batches.save(batches.Batch("http://elsewhere.example.com", 1, [batches.Item("SM" + "0" * 32, "ctl-1")]), path)
    assert "give --url http://elsewhere.example.com" in ctl("redrive", "--resume").err
    assert ctl("redrive", "--discard").code == 0
    assert not path.exists()


def test_the_file_of_a_batch_is_private_and_names_nobody(ctl: Ctl, stack: RunningStack, tmp_path: Path) -> None:
    row = stack.state({"message_id": _exhausted(stack)[0]})["summary"]
    path = tmp_path / "a folder" / "redrive.json"
    batches.save(batches.planned("http://here", 1, [row]), path)
    assert path.stat().st_mode & 0o077 == 0
    assert row["sender_phone"] not in path.read_text()
    assert row["message_body"] not in path.read_text()
    loaded = batches.load(path)
    assert loaded is not None
    assert [item.message_id for item in loaded.items] == [row["message_id"]]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "url": "x", "tier": 1, "items": [{}]}']
)
def test_a_file_that_cannot_be_read_stops_everything(ctl: Ctl, tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    ran = ctl("redrive", "SM" + "0" * 32, "--state", str(path), "--yes")
    assert (ran.code, "remove it, or name another --state" in " ".join(ran.err.split())) == (1, True)


def test_the_next_redrive_of_a_relay_has_an_id_of_its_own() -> None:
    first, second = batches.request_id("SM1", 0), batches.request_id("SM1", 1)
    assert first != second != batches.request_id("SM2", 0)
    assert first == batches.request_id("SM1", 0)
    assert json.dumps(first)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Which ones?"),
        (["--failed"], "--failed and --since go together"),
        (["--since", "1h"], "--failed and --since go together"),
        (["SM" + "0" * 32, "--failed", "--since", "1h"], "not both"),
        (["--resume", "SM" + "0" * 32], "go with no ids"),
        (["SM/12"], "not a message's id"),
        (["--failed", "--since", "yesterday"], "neither a length"),
        (["SM" + "0" * 32, "--tier", "0"], "0 is not in the range"),
    ],
)
def test_wrong_usage_is_explained(ctl: Ctl, arguments: list[str], words: str) -> None:
    ran = ctl("redrive", *arguments)
    assert ran.code == 2
    assert words in " ".join(ran.err.replace("│", " ").split())
