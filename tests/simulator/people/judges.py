"""C1 to C9 of threads.md and what holds of the order of answers, each as one function that says how it judges a run.

They believe what Twilio took, for whom and when, what people texted, and the order of commits; never the relay's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.simulator.people.evidence import Evidence, evidence_of
from tests.simulator.people.judges_of_answers import c5_every_text_has_an_answer
from tests.simulator.people.judges_of_customers import (
    c6_nothing_after_an_opt_out,
    c8_codes_of_ones_own,
    c9_no_strangers_words,
)
from tests.simulator.people.judges_of_order import (
    answers_in_order,
    redriven_answers_go_to_open_threads,
    the_first_says_who_writes,
)
from tests.simulator.people.judges_of_owners import c1_every_text_ends_with_a_person, c2_one_owner
from tests.simulator.people.judges_of_words import c3_whom_he_meant, c4_no_claim_word
from tests.simulator.simulation import Simulation

_JUDGES: tuple[Callable[[Evidence], Iterator[str]], ...] = (
    c1_every_text_ends_with_a_person,
    c2_one_owner,
    c3_whom_he_meant,
    c4_no_claim_word,
    c5_every_text_has_an_answer,
    c6_nothing_after_an_opt_out,
    c8_codes_of_ones_own,
    c9_no_strangers_words,
    answers_in_order,
    redriven_answers_go_to_open_threads,
    the_first_says_who_writes,
)


def judged(run: Simulation) -> Iterator[str]:
    """What the run violates of C1 to C9, but for C7, for which all requests come again at the end (liveness.py)."""
    found = evidence_of(run)
    if found is None:
        return
    for judge in _JUDGES:
        yield from judge(found)


PEOPLE = (judged,)
