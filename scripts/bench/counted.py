"""The rows of the table that are counted and not timed; tests/budgets counts the same."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.bench import corpus
from scripts.bench.rounds import Row
from scripts.cost import model
from scripts.cost.operations import OBVIOUS, RELAY, Operations

A_MILLION_A_DAY = 1e6 / 86400
# Where requests come thick enough that an instance always serves several at once.
BUSY = 100.0
_GOAL = 0.2


def rows() -> Sequence[Row]:
    return [_round_trips(), *_operations(), _segments(), *_segments_of_links(), *_cost()]


def _round_trips() -> Row:
    return Row(
        "sequential round trips before the 200",
        "store and timer at the same time; Twilio; the outcome's write",
        "",
        "3",
        "2: no write after Twilio",
        False,
        note="The write that records how the send went comes before the answer. A cloud function gets no processor "
        "time once it has answered, so a write after it might never happen; a lost callback would leave an attempt "
        "whose id at Twilio is unknown, and at the last tier a text that may be sent twice. It costs one Firestore "
        "write, some 10 ms, when the text has long left. What would reach it: leaving the record of an accepted text "
        "to Twilio's first callback at every tier but the last. The machine allows that already (a receipt for a "
        "leased attempt records it); the cost is a look-up by words instead of by id where callbacks are lost.",
    )


def _operations() -> list[Row]:
    first, third = RELAY["delivered at tier 1"], RELAY["delivered at tier 3, after two refusals"]
    silent = RELAY["delivered at tier 3, after two silences"]
    return [
        Row(
            "store operations, delivered at tier 1",
            _words(first),
            _words(OBVIOUS),
            "",
            "at most 3 writes, 2 reads",
            first.writes <= 3 and first.reads <= 2,
        ),
        Row(
            "store operations, delivered at tier 3",
            _words(third),
            "",
            f"{_words(silent)} after silent carriers",
            "counted and explained",
            True,
            note="Each refused tier: the failure together with the next attempt, that attempt's lease, its outcome (3 "
            "writes); two callbacks and the timer read the relay (3 reads). Each silent tier: giving up and leasing "
            "the next tier's is one write, its outcome another; only the timer reads.",
        ),
    ]


def _words(operations: Operations) -> str:
    return f"{operations.writes} writes, {operations.reads} reads"


def _segments() -> Row:
    found, goal = corpus.forwarded(), 0.99
    share, words = _without_cost(found)
    name = f"SMS segments added, {_size(found)}"
    return Row(name, words, "what the customer paid for", f"{share:.1%}", "none to at least 99 %", share >= goal)


def _segments_of_links() -> list[Row]:
    rows = []
    for host, base_url in (("a short host", corpus.SHORT_HOST), ("the gateway's host", corpus.GATEWAYS_HOST)):
        found = corpus.forwarded(base_url)
        share, words = _without_cost(found)
        name = f"the same with two photos and their link, {host} of {len(base_url.partition('//')[2])} characters"
        rows.append(Row(name, words, "what the customer paid for", f"{share:.1%}", "", None, note=_note(found)))
    return rows


def _note(found: Sequence[corpus.Forwarded]) -> str:
    english = [one for one in found if one.language == "en"]
    pay, of_english = (sum(one.added > 0 for one in ones) / len(ones) for ones in (found, english))
    return (
        f"{pay:.0%} of the texts cost more, {of_english:.0%} of the English ones. A segment has 160 characters, "
        "and 70 where one letter is none of GSM's."
    )


def _without_cost(found: Sequence[corpus.Forwarded]) -> tuple[float, str]:
    """Returns which share of the texts costs no segment more, and how many that are in words."""
    free = sum(one.added == 0 for one in found)
    return free / len(found), f"none to {free}"


def _size(found: Sequence[corpus.Forwarded]) -> str:
    return f"{len(found)} texts in {len({one.language for one in found})} languages"


def _cost() -> list[Row]:
    day, obvious = model.compared(A_MILLION_A_DAY)
    busy, month = model.compared(BUSY)[0], model.compared(A_MILLION_A_DAY / 30)[0]
    twilio = model.twilio_cost(RELAY["delivered at tier 1"])
    return [
        Row(
            "infrastructure of a million relays, a million a day",
            f"${day:.2f}",
            f"${obvious:.2f}",
            f"{day / obvious:.2f}x",
            f"at most {_GOAL:g}x",
            day / obvious <= _GOAL,
            note=f"At {BUSY:.0f} texts a second it is {busy / obvious:.2f}x: from some 25 a second on the goal is met. "
            "Below that an instance mostly serves one request at a time on a whole vCPU, which takes a third of the "
            "bill; the obvious design takes a third of a vCPU for each request instead (the default), and pays for it "
            "with every burst. What would come close: no request log for answers of 2xx ($1.40): 0.21x. At a "
            f"million a month it is {month / obvious:.2f}x.",
        ),
        Row(
            "infrastructure beside Twilio's own bill",
            f"${day:.2f}",
            f"${twilio:,.0f}",
            f"{day / twilio:.2%}",
            "",
            None,
        ),
    ]
