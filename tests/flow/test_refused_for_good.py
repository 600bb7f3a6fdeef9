"""What an answer refuses is not asked for again in two seconds, and whoever can put it right is told."""

from __future__ import annotations

import io
import json

import pytest
from relay.core.failures import Failure, FailureClass
from relay.log import JsonJournal
from relay.ports import Refused
from relay.twilio.codes import refusal_of

from tests.relays import policy
from tests.worlds import Doubles

# A landline, a trial account's unverified number, our callback address, our account here alone, a code of tomorrow's.
_AT_ONCE = {
    21635: "",
    21265: "",
    21610: "handler_opted_out",
    21608: "sender_error_here",
    572002: "sender_error_here",
    572006: "sender_error_here",
    21408: "sender_error_here",
    21609: "setting_error",
    21910: "setting_error",
    21699: "refused_for_unknown_reason",
    99999: "refused_for_unknown_reason",
}


def _refused(failure: Failure) -> tuple[Doubles, list[str]]:
    """A text that tier 1 is refused and tier 2 is not, and the names of what is logged of it at ERROR."""
    doubles = Doubles(policy(2, delays=(2.0, 4.0, 8.0)))
    doubles.messenger.script(Refused(failure))
    doubles.inbound()
    doubles.wait(1)
    relay = doubles.relay()
    stream = io.StringIO()
    JsonJournal(stream).steps(relay, relay.error_log)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return doubles, [line["event"] for line in lines if line["severity"] == "ERROR"]


@pytest.mark.parametrize(("code", "line"), _AT_ONCE.items())
def test_one_post_to_the_tier_that_is_refused_for_good_and_the_next_tier_at_once(code: int, line: str) -> None:
    doubles, told = _refused(refusal_of(400, code))
    first, second = (tier.reach.address for tier in doubles.relay().policy.tiers)
    assert [send.to for send in doubles.messenger.sends] == [first, second]
    assert told == ([line] if line else [])


@pytest.mark.parametrize("status", [400, 402])
def test_an_answer_without_a_code_is_a_reason_that_is_not_known(status: int) -> None:
    failure = refusal_of(status, None)
    assert failure.failure_class is FailureClass.REFUSED_UNKNOWN
    doubles, told = _refused(failure)
    assert len(doubles.messenger.sends) == 2
    assert told == ["refused_for_unknown_reason"]
