"""Incidents: one alarm for all the texts that one cause keeps waiting, one word when it is over, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from relay.core.failures import UNREACHABLE, Failure
from relay.errors import MayNotRead, StoreUnavailable
from relay.flow import incidents, sweep
from relay.flow.incidents import BOOKMARK
from relay.ports import Refused
from relay.twilio.codes import failure_of

from tests.relays import OUR_NUMBER, policy
from tests.worlds import Doubles, inbound_request

OURS = failure_of(20003)
THROTTLED = failure_of(20429)


def _text(doubles: Doubles, number: int) -> None:
    doubles.inbound(inbound_request(MessageSid=f"SM{number:032x}", From=f"+1202555{1000 + number}"))


def _with_outage(failure: Failure = OURS, texts: int = 3) -> Doubles:
    """So many texts wait, each of which was told of at once."""
    doubles = Doubles(tiers=policy(tiers=2))
    doubles.messenger.script(*[Refused(failure)] * 1000)
    for number in range(1, texts + 1):
        _text(doubles, number)
    return doubles


def _stored(doubles: Doubles) -> incidents.Incidents:
    return incidents.read(doubles.store.get_bookmark(BOOKMARK, timeout_seconds=1.0))


def _swept_after(doubles: Doubles, **duration: float) -> None:
    doubles.clock.advance(timedelta(**duration).total_seconds())
    doubles.timers.take_due(doubles.clock.now())  # the timers are lost: the sweep alone goes on
    sweep.sweep(doubles.world)


def test_many_texts_that_wait_for_one_cause_raise_one_alarm() -> None:
    doubles = _with_outage(texts=5)
    assert [failure for _, failure in doubles.journal.outages] == [OURS]
    (incident,) = _stored(doubles).values()
    assert (incident.relays, incident.our_phone, incident.is_told) == (5, OUR_NUMBER, True)


def test_another_cause_is_another_alarm() -> None:
    doubles = _with_outage(texts=1)
    doubles.messenger.unscript()
    doubles.messenger.script(*[Refused(failure_of(20005))] * 100)
    _text(doubles, 2)
    assert [failure.code for _, failure in doubles.journal.outages] == [20003, 20005]
    assert len(_stored(doubles)) == 2


def test_the_first_text_of_it_that_the_provider_takes_ends_it_and_people_are_told_once() -> None:
    doubles = _with_outage(texts=3)
    doubles.messenger.unscript()
    _swept_after(doubles, seconds=60)
    assert len(doubles.messenger.messages) == 3
    assert doubles.journal.over == [(OURS, 3)]
    assert _stored(doubles) == {}


def test_a_text_that_took_no_part_ends_nothing() -> None:
    doubles = _with_outage(texts=1)
    doubles.messenger.unscript()
    doubles.clock.advance(60)
    _text(doubles, 2)
    assert len(doubles.messenger.messages) == 1
    assert doubles.journal.over == []


def test_while_others_still_join_a_text_that_is_taken_does_not_end_it() -> None:
    """Where the provider takes some texts and not others, each end would be followed by another alarm."""
    doubles = _with_outage(texts=1)
    doubles.clock.advance(60)
    _text(doubles, 2)
    doubles.messenger.unscript()
    doubles.timers.take_due(doubles.clock.now())
    doubles.clock.advance(incidents.JOINING.total_seconds() - 1)
    sweep.sweep(doubles.world)
    assert doubles.messenger.messages
    assert doubles.journal.over == []
    assert len(_stored(doubles)) == 1


def test_the_sweep_ends_it_when_the_provider_answers_and_five_minutes_were_quiet() -> None:
    doubles = _with_outage(texts=1)
    doubles.messenger.is_down = True
    _swept_after(doubles, minutes=6)
    assert doubles.journal.over == []
    doubles.messenger.is_down = False
    _swept_after(doubles, minutes=1)
    assert doubles.journal.over == [(OURS, 1)]
    assert len(doubles.journal.outages) == 1


def test_before_five_quiet_minutes_the_provider_is_not_asked() -> None:
    doubles = _with_outage(texts=1)
    _swept_after(doubles, minutes=4)
    assert (doubles.messenger.pages_read, doubles.journal.over) == (0, [])


@pytest.mark.parametrize(
    ("failure", "minutes", "ends"),
    [(THROTTLED, 6, True), (OURS, 6, False), (OURS, 61, True)],
    ids=["it answers, which was the trouble", "it may still refuse our texts", "nothing has met it for an hour"],
)
def test_where_our_credentials_may_not_read_an_answer_is_what_counts(
    failure: Failure, minutes: int, ends: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubles = _with_outage(OURS, texts=1)
    text = doubles.store.get_bookmark(BOOKMARK, timeout_seconds=1.0)
    (incident,) = incidents.read(text).values()
    incident = replace(incident, failure_class=failure.failure_class.value, code=failure.code)
    assert doubles.store.swap_bookmark(BOOKMARK, text, incidents.written({"": incident}), timeout_seconds=1.0)
    monkeypatch.setattr(doubles.messenger, "received_page", _may_not_read)
    _swept_after(doubles, minutes=minutes)
    assert bool(doubles.journal.over) is ends


def _may_not_read(*_: object, **__: object) -> None:
    raise MayNotRead("HTTP 403")


def test_after_its_end_the_same_cause_is_a_new_alarm() -> None:
    doubles = _with_outage(texts=1)
    _swept_after(doubles, minutes=6)
    _text(doubles, 2)
    assert [code for _, code in doubles.journal.outages] == [OURS, OURS]


def test_a_process_that_died_before_its_alarm_leaves_it_to_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    doubles = Doubles(tiers=policy(tiers=2))
    doubles.messenger.script(*[Refused(OURS)] * 1000)
    with monkeypatch.context() as dying:
        dying.setattr(incidents, "_tell", lambda *_: None)
        _text(doubles, 1)
    assert (doubles.journal.outages, len(_stored(doubles))) == ([], 1)
    _swept_after(doubles, seconds=60)
    _swept_after(doubles, seconds=60)
    assert len(doubles.journal.outages) == 1


def test_a_store_that_does_not_answer_costs_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> str:
        raise StoreUnavailable("no answer")

    doubles = Doubles(tiers=policy(tiers=2))
    doubles.messenger.script(*[Refused(OURS)] * 1000)
    monkeypatch.setattr(doubles.store, "get_bookmark", silent)
    _text(doubles, 1)
    assert len(doubles.journal.outages) == 1


_AT = '"opened_at": "2026-01-01T00:00:00", "joined_at": "2026-01-01T00:00:00"'
_NAIVE = f'[{{"failure_class": "sender", "code": 20003, "words": "", "our_phone": "", "message_id": "", {_AT}}}]'
_NO_COUNT = _NAIVE.replace("00:00:00", "00:00:00Z").replace("}", ', "relays": "many"}')


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "{}", "[1]", '[{"code": 1}]', '[{"opened_at": "x", "joined_at": ""}]', _NAIVE, _NO_COUNT],
)
def test_incidents_that_cannot_be_read_are_told_anew(text: str) -> None:
    doubles = _with_outage(texts=0)
    assert doubles.store.swap_bookmark(BOOKMARK, "", text, timeout_seconds=1.0)
    _text(doubles, 1)
    assert len(doubles.journal.outages) == 1
    assert len(_stored(doubles)) == 1


def test_a_cause_that_only_a_newer_revision_knows_is_told_and_ended_in_its_own_word() -> None:
    """After a rollback: the sweep, which looks after incidents, failed at it in every round."""
    doubles = _with_outage(texts=1)
    text = doubles.store.get_bookmark(BOOKMARK, timeout_seconds=1.0)
    (incident,) = incidents.read(text).values()
    newer = replace(incident, failure_class="of_a_newer_kind", code=None, is_told=False)
    assert doubles.store.swap_bookmark(BOOKMARK, text, incidents.written({"": newer}), timeout_seconds=1.0)
    _swept_after(doubles, minutes=6)
    assert [failure.failure_class for _, failure in doubles.journal.outages][1:] == ["of_a_newer_kind"]
    assert [failure.failure_class for failure, _ in doubles.journal.over] == ["of_a_newer_kind"]


def test_no_text_pays_for_incidents_where_there_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> str:
        raise AssertionError("asked for incidents")

    doubles = Doubles(tiers=policy(tiers=2))
    monkeypatch.setattr(doubles.store, "get_bookmark", never)
    doubles.messenger.script(Refused(UNREACHABLE))
    _text(doubles, 1)
    doubles.clock.advance(5)
    assert doubles.timers.armed
