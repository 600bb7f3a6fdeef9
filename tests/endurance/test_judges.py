"""The judges themselves: none complains of a run in which all went well, and each notices what it is there for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from relay.core import moves
from relay.core.changes import with_attempt
from relay.core.events import Event, EventKind
from relay.core.machine import transition
from relay.core.model import AttemptStatus, FinalStatus, InboundText, SenderClass
from relay.core.policy import Policy, Tier, sms
from relay.core.routes import Forward
from relay.flow.wording import notice_of_filtered
from relay.ports import RelayStore, Stored
from relay.twilio.forms import status_callback_url

from scripts.fake_twilio import Exchange, FakeTwilio, InboundFaults, Message, PostAttempt
from tests.endurance.judges import JUDGES, violations
from tests.endurance.load import BODY_MARK, BUSINESS, CUSTOMERS, HANDLERS, Planned
from tests.endurance.run import Run, read_record
from tests.fakes.clock import START

_ID = "SM" + "a" * 32
_POLICY = Policy(tuple(Tier(f"tier {n}", sms(phone), (), 3.0) for n, phone in enumerate(HANDLERS, start=1)))
_TEXT = Planned(CUSTOMERS[0], BUSINESS[0], f"{BODY_MARK} 00000 hello", InboundFaults(), 0.0)


@dataclasses.dataclass
class _Twilio:
    """The part of the fake that judges look at."""

    posts: list[PostAttempt]
    messages: list[Message]
    exchanges: tuple[Exchange, ...] = ()


def _post(attempt: int, to: str, at: float, sid: str) -> PostAttempt:
    url = status_callback_url("https://relay.example.com", _ID, 1, attempt)
    return PostAttempt(at, (("StatusCallback", url),), to, BUSINESS[0], _TEXT.body, message_sid=sid, http_status=201)


def _message(post: PostAttempt, *history: tuple[float, str]) -> Message:
    """A text that Twilio took, with its statuses since, in seconds after the POST."""
    at = post.arrived_at
    ends = history[-1][1]
    return Message(
        sid=post.message_sid or "",
        direction="outbound-api",
        from_=post.from_,
        to=post.to,
        body=post.body,
        status=cast(Any, ends),
        created_at=at,
        updated_at=at,
        status_callback=dict(post.form)["StatusCallback"],
        reached_phone_at=at if ends == "delivered" else None,
        history=tuple((at + later, cast(Any, status)) for later, status in history),
    )


def _exchange(kind: Any, http_status: int, **parameters: str) -> Exchange:
    url = (
        status_callback_url("https://relay.example.com", _ID, 1, 1) if kind == "status" else "https://relay.example.com"
    )
    now = START.timestamp()
    return Exchange(kind, _ID, "POST", url, tuple(parameters.items()), 1, now, now, http_status)


def _good_run() -> Run:
    """One text, delivered by tier 1 at its first attempt."""
    text = InboundText(_ID, _TEXT.sender, _TEXT.to, _TEXT.body)
    relay = moves.receive(text, SenderClass.CUSTOMER, Forward(_POLICY), START, "claim").relay
    relay = transition(relay, Event(EventKind.SEND_ACCEPTED, 1, sent_id="SM" + "1" * 32), START).relay
    delivered = Event(EventKind.RECEIPT_DELIVERED, 1, sent_id="SM" + "1" * 32)
    relay = transition(relay, delivered, START + timedelta(seconds=1)).relay
    post = _post(1, HANDLERS[0], START.timestamp(), "SM" + "1" * 32)
    twilio = _Twilio([post], [_message(post, (0, "queued"), (1, "delivered"))])
    answered = [_exchange("inbound", 200), _exchange("status", 204, MessageStatus="delivered")]
    return Run(cast(FakeTwilio, twilio), [_TEXT], {_ID: _TEXT}, {_ID: relay}, answered, stored=1, log="{}\n")


def test_a_run_in_which_all_went_well_gives_no_judge_reason_to_complain() -> None:
    assert violations(_good_run()) == []


def _change(**changes: Any) -> Callable[[Run], None]:
    def do(run: Run) -> None:
        run.relays[_ID] = dataclasses.replace(run.relays[_ID], **changes)

    return do


def _change_attempt(**changes: Any) -> Callable[[Run], None]:
    def do(run: Run) -> None:
        run.relays[_ID] = with_attempt(run.relays[_ID], 1, **changes)

    return do


def _never_relayed(run: Run) -> None:
    run.relays.clear()
    run.stored = 0
    run.answered = []
    run.fake.posts.clear()  # type: ignore[attr-defined]
    run.fake.messages.clear()  # type: ignore[attr-defined]


def _no_handler_has_it(run: Run) -> None:
    message = run.fake.messages[0]
    run.fake.messages[0] = dataclasses.replace(message, reached_phone_at=None)  # type: ignore[index]


def _exhausted_in_silence(run: Run) -> None:
    run.answered = run.answered[:1]
    _change(final_status=FinalStatus.EXHAUSTED, delivered_tier=None)(run)


def _answer(run: Run, exchange: Exchange) -> None:
    run.answered = [*run.answered, exchange]


def _answered_and_gone(run: Run) -> None:
    _answer(run, dataclasses.replace(_exchange("inbound", 200), message_sid="SM" + "b" * 32))


def _answered_too_early(run: Run) -> None:
    answer = run.answered[0]
    _answer(run, dataclasses.replace(answer, ended_at=answer.ended_at - 1))


def _two_relays(run: Run) -> None:
    run.stored = 2


def _sent_after_the_end(run: Run) -> None:
    run.fake.posts[0] = dataclasses.replace(run.fake.posts[0], arrived_at=START.timestamp() + 60)  # type: ignore[index]


def _posted_before(**changes: Any) -> Callable[[Run], None]:
    """The same attempt had been POSTed once before, and that was answered so."""

    def do(run: Run) -> None:
        run.fake.posts.insert(0, dataclasses.replace(run.fake.posts[0], **changes))  # type: ignore[attr-defined]

    return do


def _filtered_before(run: Run, body: str, code: int = 30007) -> None:
    """Tier 1's text was stopped with this code; tier 2 has a text with this body."""
    earlier, later = (_post(n, HANDLERS[n - 1], START.timestamp() + n, "SM" + f"{n}" * 32) for n in (1, 2))
    stopped = dataclasses.replace(_message(earlier, (0, "queued"), (0.5, "undelivered")), error_code=code)
    read = dataclasses.replace(_message(later, (0, "queued"), (1, "delivered")), body=body)
    run.fake.messages[:] = [stopped, read]  # type: ignore[index]


_NOTICE = notice_of_filtered(CUSTOMERS[0], BUSINESS[0])


def _doubled(run: Run, first: str = "delivered", after_seconds: float = 5.0, to: str = HANDLERS[0]) -> None:
    """Another attempt to one handler, `after_seconds` after the one whose fate after a second was `first`."""
    earlier, later = (_post(n, to, START.timestamp() + n * after_seconds, "SM" + f"{n}" * 32) for n in (0, 1))
    texts = [_message(earlier, (0, "queued"), (1, first)), _message(later, (0, "queued"), (1, "delivered"))]
    run.fake.messages[:] = texts  # type: ignore[index]


def _reported_failed(run: Run) -> None:
    _answer(run, _exchange("status", 204, MessageStatus="failed"))
    _change_attempt(status=AttemptStatus.ACCEPTED)(run)


def _sent_to_ourselves(run: Run) -> None:
    run.fake.posts[0] = dataclasses.replace(run.fake.posts[0], to=BUSINESS[1])  # type: ignore[index]


def _log_line(line: str) -> Callable[[Run], None]:
    def do(run: Run) -> None:
        run.log += line + "\n"

    return do


def _replay_that_sent(run: Run) -> None:
    run.changed_by_replays.append("a replayed request sent a text")


_TAMPERINGS: dict[str, tuple[str, Callable[[Run], None]]] = {
    "a text that was never relayed": ("LOST", _never_relayed),
    "recorded as delivered, and no handler has it": ("LOST", _no_handler_has_it),
    "another's words": ("LOST", lambda run: _filtered_before(run, "+13035559999 texted")),
    "a notice of words that no carrier filtered": ("LOST", lambda run: _filtered_before(run, _NOTICE, 30003)),
    "exhausted without an alarm": ("LOST", _exhausted_in_silence),
    "answered 200 and gone": ("S1", _answered_and_gone),
    "answered 200 before it was taken in": ("S1", _answered_too_early),
    "two relays for one text": ("S2", _two_relays),
    "taken in twice": ("S2", lambda run: _change(error_log=run.relays[_ID].error_log * 2)(run)),
    "another tier delivered first": ("S3", _change(delivered_tier=2)),
    "sent a minute after the end": ("S4", _sent_after_the_end),
    "one attempt posted twice": ("S5", _posted_before()),
    "posted again after a server error": ("S5", _posted_before(message_sid=None, http_status=503)),
    "posted again after a reset": ("S5", _posted_before(message_sid=None, http_status=None)),
    "posted again after a refusal that took the text": ("S5", _posted_before(http_status=429)),
    "one handler has it twice": ("S5", _doubled),
    "sent again before the first had failed": ("S5", lambda run: _doubled(run, "failed", after_seconds=0.5)),
    "twice at the last tier without a resend": ("S5", lambda run: _doubled(run, to=HANDLERS[-1])),
    "a skipped tier": ("S6", _change_attempt(tier=2)),
    "a delivery that was answered and forgotten": ("S7", _change(final_status=FinalStatus.EXHAUSTED)),
    "a failure that was answered and forgotten": ("S7", _reported_failed),
    "sent to a number of ours": ("S8", _sent_to_ourselves),
    "a handler's own text, forwarded": ("S8", _change(sender_class=SenderClass.HANDLER)),
    "a body in the log": ("S9", _log_line(f'{{"message": "{_TEXT.body}"}}')),
    "a number in the log": ("S9", _log_line(f'{{"to": "{HANDLERS[0]}"}}')),
    "an error that nobody expected": ("BUGS", _log_line('{"message": "unexpected KeyError in act:44"}')),
    "an odd text": (
        "BUGS",
        _log_line('{"message": "a text could not be recovered", "reason": "KeyError", "relay": "SM1"}'),
    ),
    "a replay that sent a text": ("S10", _replay_that_sent),
    "a relay that never ended": ("L1", _change(final_status=FinalStatus.IN_PROGRESS)),
    "an unknown attempt that nobody asks about": ("L2", _change_attempt(status=AttemptStatus.UNKNOWN)),
}


@pytest.mark.parametrize(("expected", "tamper"), _TAMPERINGS.values(), ids=_TAMPERINGS)
def test_each_judge_notices_what_it_is_there_for(expected: str, tamper: Callable[[Run], None]) -> None:
    run = _good_run()
    tamper(run)
    assert expected in {sentence.partition(":")[0] for sentence in violations(run)}


def test_every_judge_has_something_to_notice() -> None:
    judges = {judge.__name__.split("_")[0].upper().replace("NEVER", "LOST") for judge in JUDGES}
    assert judges == {expected for expected, _ in _TAMPERINGS.values()}


def test_what_twilio_tells_after_the_record_was_read_cannot_be_missing_from_it() -> None:
    run = _good_run()
    delivered = run.answered[1]
    exhausted = dataclasses.replace(run.relays[_ID], final_status=FinalStatus.EXHAUSTED)
    twilio = _Twilio([], [], tuple(run.answered[:1]))
    run.fake = cast(FakeTwilio, twilio)

    class StoreAtWork:
        """A slow carrier's receipt comes in while the record is being read."""

        def get(self, _message_id: str, *, timeout_seconds: float) -> Stored:
            assert timeout_seconds > 0
            twilio.exchanges += (delivered,)
            return Stored(exhausted, "1")

    def found_missing() -> list[str]:
        return [sentence for sentence in violations(run) if sentence.startswith("S7")]

    read_record(run, cast(RelayStore, StoreAtWork()), Path(os.devnull))
    assert found_missing() == []
    read_record(run, cast(RelayStore, StoreAtWork()), Path(os.devnull))
    assert len(found_missing()) == 1


@pytest.mark.parametrize(("status", "noticed"), [(AttemptStatus.DELIVERED, False), (AttemptStatus.ACCEPTED, True)])
def test_a_delivery_from_before_the_text_said_more_is_on_record_and_ends_nothing(
    status: AttemptStatus, noticed: bool
) -> None:
    run = _good_run()
    _change(final_status=FinalStatus.EXHAUSTED, first_attempt_of_words=2)(run)
    _change_attempt(status=status)(run)
    assert any(sentence.startswith("S7") for sentence in violations(run)) is noticed


def test_a_second_text_after_the_first_had_failed_is_no_double() -> None:
    run = _good_run()
    _doubled(run, "undelivered")
    assert violations(run) == []


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (401, 20003), (400, 21611)])
def test_a_second_post_of_an_attempt_after_a_refusal_that_sent_nothing_is_no_double(status: int, code: int) -> None:
    run = _good_run()
    _posted_before(message_sid=None, http_status=status, error_code=code)(run)
    assert violations(run) == []


@pytest.mark.parametrize("written", ["", "2 h ago", "119 min ago", "3 days ago"])
def test_the_notice_of_a_filtered_text_is_a_text_that_its_handler_has(written: str) -> None:
    run = _good_run()
    _filtered_before(run, notice_of_filtered(CUSTOMERS[0], BUSINESS[0], written=written))
    assert violations(run) == []


def test_one_more_text_at_the_last_tier_is_allowed_when_the_record_says_so() -> None:
    run = _good_run()
    _doubled(run, to=HANDLERS[-1])
    _change_attempt(is_resend=True)(run)
    assert violations(run) == []
