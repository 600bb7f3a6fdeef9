"""A handler's photos, where a process dies at any call between the webhook and the end: one MMS, or the words once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from relay.core.model import Purpose
from relay.flow import sweep
from relay.ports import Accepted, Messenger, OutgoingText, Refused, RelayStore, SendOutcome, Timers
from relay.twilio.codes import refusal_of

from tests.office import ANA, CARLA, Office
from tests.worlds import Killed

CAUSE = "SM" + "c" * 32


class Dying(Office):
    """Carla has written to Ana. From then on the process dies at the call with this number, before or after it."""

    def __init__(self, at: int, *, is_after: bool = False, takes_mms: bool = True) -> None:
        super().__init__()
        self.reaches(CARLA, "The couch is on the porch")
        self.text(ANA, "Hello")
        self.settle(60)
        self._takes_mms, self._send = takes_mms, self.messenger.send
        self.messenger.send = self._answered  # type: ignore[method-assign]
        self.messenger.sends.clear()
        self.taken: list[OutgoingText] = []
        self.calls, self._at, self._is_after, self._is_dead = 0, at, is_after, False
        ports = {self.store: RelayStore, self.timers: Timers, self.messenger: Messenger}
        for port, protocol in ports.items():
            for name in dir(protocol):
                if not name.startswith("_") and hasattr(port, name):
                    setattr(port, name, self._counted(getattr(port, name)))

    def _answered(self, text: OutgoingText, *, timeout_seconds: float) -> SendOutcome:
        if text.media_urls and not self._takes_mms:
            return Refused(refusal_of(400, 30019))
        outcome = self._send(text, timeout_seconds=timeout_seconds)
        assert isinstance(outcome, Accepted)
        self.taken.append(text)
        return outcome

    def _counted(self, method: Any) -> Any:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls += not self._is_dead
            dies = self.calls == self._at and not self._is_dead
            if dies and not self._is_after:
                raise self._killed()
            answer = method(*arguments, **named)
            if dies and not self._is_dead:
                raise self._killed()
            return answer

        return counted

    def _killed(self) -> Killed:
        self._is_dead = True
        return Killed()

    def answers(self, words: str) -> None:
        """Ana's photo comes in, until the process dies; Twilio, which got no answer, comes again."""
        try:
            self.text(ANA, words, files=("image/jpeg",), message_id=CAUSE)
            self.settle(10)
        except Killed:
            self.text(ANA, words, files=("image/jpeg",), message_id=CAUSE)
        self._is_dead = True
        for _ in range(4):
            self.wait(60)
            sweep.sweep(self.world)
        self.wait(1200)

    def notices(self) -> list[str]:
        """What is stored for Ana, and leaves once: no more than its own sending may be cut short (rule 14)."""
        stored = [one for one in self.all_relays() if one.purpose is Purpose.NOTICE and one.cause_id == f"{CAUSE}-a"]
        sent = [one.body for one in self.taken if one.to == ANA]
        assert sent in ([], [one.message_body for one in stored])
        assert sent or all(one.attempts[0].lease for one in stored)
        return [one.message_body for one in stored]


def calls_of(words: str, *, takes_mms: bool) -> Iterator[tuple[int, bool]]:
    """Every call of a process that does not die, each with before and after."""
    office = Dying(0, takes_mms=takes_mms)
    office.answers(words)
    assert office.calls > 10
    return itertools.product(range(1, office.calls + 1), (False, True))


@pytest.mark.parametrize("words", ["Like this one?", ""])
def test_an_mms_is_taken_once_wherever_the_process_dies(words: str) -> None:
    for at, is_after in calls_of(words, takes_mms=True):
        office = Dying(at, is_after=is_after)
        office.answers(words)
        sent = [(one.to, one.body, len(one.media_urls)) for one in office.taken if one.to == CARLA]
        assert sent == [(CARLA, words, 1)], (at, is_after)


def test_where_no_mms_is_taken_the_words_are_once_and_the_handler_is_told_once() -> None:
    for at, is_after in calls_of("Like this one?", takes_mms=False):
        office = Dying(at, is_after=is_after, takes_mms=False)
        office.answers("Like this one?")
        sent = [(one.body, len(one.media_urls)) for one in office.taken if one.to == CARLA]
        assert sent == [("Like this one?", 0)], (at, is_after)
        (told,) = office.notices()
        assert "did not get your photos" in told
        assert "Your words go alone" in told, (at, is_after)


def test_photos_that_no_network_takes_send_nothing_and_are_told_wherever_the_process_dies() -> None:
    for at, is_after in calls_of("", takes_mms=False):
        office = Dying(at, is_after=is_after, takes_mms=False)
        office.answers("")
        assert [one for one in office.taken if one.to == CARLA] == [], (at, is_after)
        (told,) = office.notices()
        assert "did not get your photos" in told, (at, is_after)
