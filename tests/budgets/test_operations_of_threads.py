"""What threads cost in documents read and written, counted over the real flow in a process that has been at work."""

from __future__ import annotations

from collections import Counter
from typing import Any

from relay.core.events import Meaning
from relay.core.model import Purpose
from relay.core.threads import audience

from tests.office import ANA, CARLA, DANA, Office

_READS = ("get", "thread", "code", "opt_out", "person", "people", "get_bookmark")
_LISTS = ("threads_shown_to", "relays_of", "search")


class Counted(Office):
    """An office that counts as Firestore bills: a document is one, and so is a list that is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        for name in (*_READS, *_LISTS, "commit"):  # which create and update call
            self._count(name)
        # What a process reads once: the key of threads' ids, people; and what a person is told once.
        self.reaches(DANA, "A fridge")
        self.clock.advance(audience.WINDOW.total_seconds() + 2 * 3600 + 60)  # no answer can be about her any more
        self.conversations.known(self.world, self._budget())
        self.counts.clear()

    def _budget(self) -> Any:
        from relay.flow.budget import TASK_LIMITS, Budget

        return Budget(self.clock, 40.0, TASK_LIMITS)

    def _count(self, name: str) -> None:
        method = getattr(self.store, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            answer = method(*arguments, **named)
            if name == "commit":
                self.counts["writes"] += len(arguments[0])
            elif name in _LISTS:
                found = answer.relays if name == "search" else answer
                self.counts["reads"] += max(1, len(found))
            else:
                self.counts["reads"] += 1
            return answer

        setattr(self.store, name, counted)

    def took(self) -> tuple[int, int]:
        """Writes and reads since this was asked last."""
        taken = self.counts["writes"], self.counts["reads"]
        self.counts.clear()
        return taken


def test_a_new_customer_delivered_at_tier_1_takes_five_writes_and_three_reads() -> None:
    office = Counted()
    message_id = office.text(CARLA, "The couch")
    office.delivered(message_id)
    # One receipt more, as carriers send one: `sent`.
    office.delivered(message_id, Meaning.PROGRESS)
    assert office.took() == (5, 3)


def test_a_further_text_takes_three_writes_and_three_reads() -> None:
    office = Counted()
    office.reaches(CARLA, "The couch")
    office.took()
    message_id = office.text(CARLA, "And a lamp")
    office.delivered(message_id)
    office.delivered(message_id, Meaning.PROGRESS)
    assert office.took() == (3, 3)


def test_a_further_text_to_an_active_owner_checks_the_thread_in_its_commit() -> None:
    office = Counted()
    office.reaches(CARLA, "The couch")
    office.text(ANA, "On my way")
    office.settle(60)
    office.took()
    message_id = office.text(CARLA, "And a lamp")
    office.delivered(message_id)
    office.delivered(message_id, Meaning.PROGRESS)
    # Firestore bills the check as a write: docs/adr/0027.
    assert office.took() == (4, 3)


def _answered(office: Counted, words: str) -> tuple[int, int]:
    """What an owner's further answer takes until the carrier has it."""
    office.settle(180)  # within two minutes one read more looks for a notice, which a machine may have answered
    office.took()
    cause = office.text(ANA, words)
    assert office.relay(f"{cause}-a").purpose is Purpose.ANSWER
    office.delivered(f"{cause}-a", Meaning.HANDED_OVER)
    return office.took()


def test_an_answer_of_the_owner_takes_five_writes_and_six_reads() -> None:
    office = Counted()
    office.reaches(CARLA, "The couch")
    office.text(ANA, "On my way")
    # The thread; its open texts, with what was sent a moment ago; the writer's own texts; the opt-out when it is
    # decided and when it is sent; the receipt's relay. Why it is not four: docs/adr/0027.
    assert _answered(office, "Be there at four o'clock") == (5, 6)


def test_an_answer_with_a_code_takes_as_many_however_many_customers_and_texts_there_were() -> None:
    office = Counted()
    code = office.thread_of(office.reaches(CARLA, "The couch")).code
    office.text(ANA, f"{code} On my way")
    for number in range(20):
        office.reaches(f"+1555765{number:04d}", "A piano")
    for number in range(20):
        office.text(ANA, f"{code} In {number} minutes")
    # The code and its thread; the thread's texts, in which the writer's own stand; the opt-out twice; the receipt's
    # relay.
    assert _answered(office, f"{code} Be there at four o'clock") == (5, 6)


def test_customers_of_yesterday_add_nothing_to_an_answer_without_a_code() -> None:
    office = Counted()
    for number in range(20):
        office.reaches(f"+1555765{number:04d}", "A piano")
    office.settle(audience.WINDOW.total_seconds() + 2 * 3600 + 60)
    office.reaches(CARLA, "The couch")
    office.text(ANA, "On my way")
    assert _answered(office, "Be there at four o'clock") == (5, 6)


def test_a_claim_takes_two_writes_and_one_for_each_relay_told_and_its_acknowledgement() -> None:
    office = Counted()
    office.text(CARLA, "The couch")
    office.reaches(CARLA, "And a lamp")
    office.took()
    office.text(ANA, "ok")
    # Read are the thread and its two open texts.
    assert office.took() == (2 + 2 + 1, 3)
