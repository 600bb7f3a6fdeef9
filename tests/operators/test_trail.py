"""The lines of a trail in words: what pages, terminal and relayctl show of each step."""

from __future__ import annotations

from pathlib import Path

import pytest
from relay.core.model import AttemptStatus, Step, TrailEntry
from relay.core.policy import sms
from relay.operators import story
from relay.operators.console import PAGE
from relay.operators.trail import Tone, in_words

from tests.fakes.clock import START
from tests.played import Played
from tests.strategies import a_relay, an_attempt


def _told(step: Step, **fields: object) -> tuple[str, str]:
    """Label and words of a line about a tier that is tier 1 unless it is said."""
    line = in_words(a_relay(), TrailEntry(START, step, **{"tier": 1, **fields}))  # type: ignore[arg-type]
    return line.label, line.words


@pytest.mark.parametrize("reason", ["", "a reason"])
@pytest.mark.parametrize("step", Step)
def test_every_step_has_a_label_and_whole_sentences(step: Step, reason: str) -> None:
    label, words = _told(step, reason=reason, status="failed")
    assert label
    assert words.endswith(".")
    assert not [part for part in ("None", "()", " .", ":.", ": .", "..") if part in words]


@pytest.mark.parametrize(
    ("step", "fields", "label", "words"),
    [
        (
            Step.ATTEMPT_FAILED,
            {"reason": "the handset is off", "error_code": 30003},
            "failed 30003",
            "Did not get through: the handset is off (error 30003).",
        ),
        # A stand-in of ours for "no code": the reason says what it was.
        (Step.ATTEMPT_FAILED, {"reason": "nothing was sent", "error_code": 0}, "failed",
         "Did not get through: nothing was sent."),
        (Step.ATTEMPT_STARTED, {}, "sending", "Texting Handler 1001."),
        (Step.ATTEMPT_STARTED, {"by": "sweep"}, "sending", "Texting Handler 1001. (Noticed by the sweep.)"),
        (Step.REDRIVEN, {"reason": "from tier 1 of 3", "by": "operator"}, "sent again",
         "An operator started it again, from tier 1 of 3."),
        (Step.REDRIVEN, {"reason": "from tier 1 of 3", "by": "Ana"}, "sent again",
         "Ana started it again, from tier 1 of 3."),
        (Step.RELEASED, {"by": "Ana"}, "released", "Ana released it."),
        (Step.CLAIMED, {"reason": "by Ben", "by": "Ana"}, "taken", "A person took it: by Ben. (Ana said so.)"),
        (Step.CLAIMED, {"reason": "by Ben", "by": "sweep"}, "taken",
         "A person took it: by Ben. (Noticed by the sweep.)"),
        (Step.RECORDED, {"reason": "ana@example.com blocked the customer", "by": "ana@example.com"}, "kept",
         "ana@example.com blocked the customer."),
        (Step.RECORDED, {"reason": "an operator blocked the customer", "by": "operator"}, "kept",
         "An operator blocked the customer."),
        (Step.DELIVERED, {"tier": 9}, "delivered", "An earlier handler has the text."),
    ],
)  # fmt: skip
def test_a_line_says_who_and_why_and_which_watchman_noticed(
    step: Step, fields: dict[str, object], label: str, words: str
) -> None:
    assert _told(step, **fields) == (label, words)


def test_bad_news_looks_bad_and_only_what_reached_a_person_looks_good() -> None:
    tones = {step: in_words(a_relay(), TrailEntry(START, step)).tone for step in Step}
    assert {step for step, tone in tones.items() if tone is Tone.GOOD} == {Step.DELIVERED, Step.CLAIMED}
    assert {step for step, tone in tones.items() if tone is Tone.BAD} == {
        Step.ATTEMPT_FAILED,
        Step.EXHAUSTED,
        Step.ALARM_RAISED,
    }


def test_an_attempt_at_another_phone_than_todays_names_no_handler_of_today() -> None:
    relay = a_relay(attempts=(an_attempt(status=AttemptStatus.ACCEPTED, reach=sms("+15550109999")),))
    assert in_words(relay, TrailEntry(START, Step.ATTEMPT_STARTED, 1, 1)).words == "Texting an earlier handler."


_ROOT = Path(__file__).resolve().parents[2]
_DRAWING = sorted([
    *PAGE.glob("*.js"),
    *(_ROOT / "scripts" / "local_stack").rglob("*.js"),
    *(_ROOT / "scripts" / "relayctl").glob("*.py"),
    _ROOT / "scripts" / "local_stack" / "screen.py",
])  # fmt: skip


@pytest.mark.parametrize("path", _DRAWING, ids=lambda path: str(path.relative_to(_ROOT)))
def test_what_draws_a_trail_has_no_words_for_its_steps(path: Path) -> None:
    """The names of some steps are those of outcomes too, which pages must know; these are the steps' own."""
    named = {step.value for step in Step if "_" in step.value} | {"escalated"}
    text = path.read_text("utf-8")
    assert [name for name in sorted(named) if name in text] == []


def test_a_trail_is_told_line_by_line_and_from_any_line_on() -> None:
    played = Played()
    relay = played.relay(played.cascaded())
    lines = story.trail(relay)
    assert [line["step"] for line in lines] == [entry.step.value for entry in relay.error_log]
    assert "Dana (on call)" in lines[1]["words"]
    assert story.trail(relay, first=2) == lines[2:]
