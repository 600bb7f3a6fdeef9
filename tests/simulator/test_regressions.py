"""Every bug that the simulator, or the reading it made necessary, found in the real code: put back in as it was, it is
found again by the very run that is kept for it, and that run violates nothing without it. docs/reliability.md tells of
each; a test holds that list against this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.exhaustive import CASES
from tests.simulator.kinds import Kind
from tests.simulator.liveness import deadline
from tests.simulator.mutants import MUTANTS
from tests.simulator.runner import run_seed
from tests.simulator.simulation import Simulation

# The mutant that puts the bug back, and the seed, or the exhaustive case, that finds it.
SEEDS: dict[str, int] = {
    "stale look-up resends": 2811,
    "open fates forgotten": 736,
    "unstarted is a try": 153,
    "dead senders waited for": 609,
    "negative look-up is final": 804595,
    "whose it is is guessed": 9041322,
    "later text is taken": 44671913,
    "found outranks told": 52794923,
    "another's failure stays": 54191360,
    "one that exists is passed over": 84937115,
    "another time is another text": 87898259,
    "what was refused does not exist": 92148572,
    "other words than remembered": 44056062,
}
# The same of bugs that runs with people find, or would have found: the mutant names the kind.
WITH_PEOPLE: dict[str, int] = {
    "late delivery is learned": 174,
    "later text hides the machine": 2786,
    "notices are no texts of ours": 130,
    "one line a text": 23,
    "half a minute looked back": 44520656,
    "failures are told of no thread": 48610258,
    "redriven to whomever": 30,
    "introduced once": 24,
    "only tidy codes": 1,
}
# Runs in which a judge blamed the relay for what it may do.
BLAMED_FOR_NOTHING: tuple[tuple[Kind | None, int], ...] = (
    # A process stood still between decision and commit: the same words came more than a minute after the former ones.
    (None, 78490247),
    # The same words again, 65 s after the former ones were dated: to the microsecond before their webhook came in.
    (None, 90182057),
    # A receipt named another text; its own had been found and was `sent`, the answer to the POST never came: it failed.
    (None, 98206760),
    # A person took a text of unknown outcome; Twilio could not be asked about it twice, so that it was asked late.
    (None, 100704335),
    # Two thirds of the look-ups after the end failed, in trouble that lasted half a day: the next one was a day off.
    (None, 101878160),
    (None, 102382223),
    # By clocks eight minutes apart the one look-up after a `sent` was made at once; the failure's callback was refused.
    (None, 101925789),
    # A clock ahead took a try for not sent and used up the next tier; that try existed, failed, and was tried again.
    (None, 102245073),
    # Of the notices about two filtered texts one never left, and took the other's for its own an hour later.
    (None, 101244429),
    # Two of a customer's texts were filtered; of the two notices one was lost, and reads like the one that arrived.
    (None, 94388457),
    # Of two tries to one handler the later one was found as the earlier one's text, which failed after `sent`.
    (None, 95285421),
    # Words that came together with their writer's claim, and were decided on before it.
    (Kind.AT_ONCE, 245),
    # The text before had been filtered when the lease was met again, and the words were changed under it.
    (None, 74821142),
    # The first run of all went by a dead clock, and relayed a text from before the relay was set up.
    (None, 72335171),
    # Of two tries to one handler the earlier one, which had not left, was taken for the one that had.
    (None, 71325203),
    # Tiers were replaced in the first second; an earlier one's person, stored by the other process, answered.
    (None, 71413223),
    # A handler who stands at two tiers passed the text before the later one's left.
    (Kind.NEW_TIERS, 1000017),
    # One who was sent another text of the customer's passed all of them, one that had not left among them.
    (Kind.PASSING, 3117),
    (Kind.PASSING, 3162),
    # The person of the last tier took the customer by another text and passed, while the tier before was being texted.
    (None, 52740806),
    # A person who stood at two tiers was texted at both; the redrive that followed had other tiers.
    (Kind.ANSWERS, 3228),
    # A phone's own words were decided by a webhook that came again, after the ten seconds were over.
    (Kind.MACHINES, 47000025),
    (Kind.MACHINES, 44655089),
    # The same words had come before, and no webhook had brought them.
    (Kind.MACHINES, 2231),
    (Kind.MACHINES, 44654738),
    # A notice left two minutes after its cause, by the sweep.
    (Kind.MACHINES, 827),
    # A process stood still twice between the decision and the commit of a lease, which was over by then.
    (Kind.MACHINES, 48620372),
    # A handler who had opted out stood at a later tier, too.
    (Kind.MACHINES, 707),
    (Kind.FOUND_LATE, 44545901),
    (Kind.NEW_TIERS, 44527784),
    # A person was handed a customer's text for the second time that day, and it was refused.
    (Kind.CLOSING, 47000072),
    # The second of two texts with the same words came by its webhook's third try, more than a minute after the first.
    (Kind.REPEATED, 45110849),
    # A text counted again after the one that was to be sent in its place had not been begun.
    (None, 45229752),
    # The same words twice, and times of a wrong clock: whose a text is cannot be told for a day.
    (None, 45449886),
    # Our account was refused, look-ups too, for longer than they are repeated.
    (Kind.OUTAGE_OURS, 45560054),
    # What a person was texted half a day and a quarter of an hour before may be meant.
    (Kind.CLOSING, 45466304),
    # The same words twice, of which a row of the list had one: whose a delivery was could not be told for an hour.
    (Kind.NULL_ROWS, 44660549),
    # A handler's text was under way in a process when its tiers changed; a real one has the same tiers all its life.
    (Kind.SEVERAL, 45663782),
    # From the second page on the simulated list was one of other numbers, and what we had sent was not on it.
    (Kind.PAGES, 45673409),
    # A resend met an outage and was withdrawn unsent, as the text before it existed; a later try was sent once more.
    (None, 54275458),
    # The answer to a POST had come, and its process died before it was on record; a look-up had found the text.
    (Kind.RECEIPTS_OF_OTHERS, 113581),
)
FOUND_IN: dict[str, str] = {
    "lease by time of day": "coincidence: a send, and a clock that is set back",
    "first text found is taken": "coincidence: a deadline, and whose a text is",
    "whose it is is guessed": "coincidence: a deadline, and whose a text is",
    "today's number asked about": "coincidence: an unknown outcome, and other tiers since",
    "stale after a lost reply": "talk: an answer whose reply is lost, and a clock that is ahead",
    "asked under an old lease": "talk: an answer, and a machine that stands still",
    "in order for twenty seconds": "talk: an answer that is held up, and a later one",
    "threads unchecked": "talk: takeover and the customer's text, with few switches",
}
_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


@pytest.mark.parametrize(("name", "seed"), SEEDS.items())
def test_its_seed_finds_the_bug_and_nothing_without_it(name: str, seed: int) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    with mutant.alive():
        assert run_seed(seed).violations
    assert not run_seed(seed).violations


@pytest.mark.parametrize(("name", "seed"), WITH_PEOPLE.items())
def test_its_seed_with_people_finds_the_bug_and_nothing_without_it(name: str, seed: int) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    with mutant.alive():
        assert run_seed(seed, kind=mutant.kind).violations
    assert not run_seed(seed, kind=mutant.kind).violations


@pytest.mark.parametrize(("kind", "seed"), BLAMED_FOR_NOTHING)
def test_what_the_relay_may_do_is_not_blamed(kind: Kind | None, seed: int) -> None:
    assert not run_seed(seed, kind=kind).violations


@pytest.mark.parametrize(("rests", "rounds"), [(False, 2), (True, 0)])
def test_while_recorded_requests_come_again_not_even_the_daily_round_is_made(rests: bool, rounds: int) -> None:
    """Seed 44571956 as it was then: a day was over meanwhile, and what that round wrote was taken for the requests'."""
    run = Simulation.of_seed(5, traced=True, kind=Kind.CLOSING)
    run.run(deadline(run))
    run.stop_faults()
    if rests:
        run.stop_watchmen()
    trace = run.kernel.trace or []
    before = len(trace)
    run.kernel.run(run.kernel.now + 2 * 86400.0)
    run.kernel.end()
    assert sum("reconcile starts" in line for line in trace[before:]) == rounds


@pytest.mark.parametrize(("name", "case"), FOUND_IN.items())
def test_its_case_finds_the_bug_and_nothing_without_it(name: str, case: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    found_in = next(each for each in CASES if each.name == case)
    with mutant.alive():
        assert found_in.run().violations
    assert not found_in.run().violations


def test_the_document_tells_of_every_one() -> None:
    text = _DOCUMENT.read_text(encoding="utf-8")
    for name, seed in SEEDS.items():
        assert f"`{name}`, seed {seed}" in text
    for name, seed in WITH_PEOPLE.items():
        assert f"`{name}`, seed {seed} with people" in text
    for name, case in FOUND_IN.items():
        assert f"`{name}`, case `{case}`" in text
