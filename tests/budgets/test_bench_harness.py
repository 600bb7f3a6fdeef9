"""The benchmarks' harness, on made-up figures: turns, medians, ratios, the table. No time is measured here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Self

from scripts.bench import counted, report, texts
from scripts.bench.rounds import NotMeasurable, Row, Samples, compare, in_turn, percentile, run


class _Fixed:
    """A bench whose figures are known: round n gives n and 2n."""

    name = "fixed"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    def sample(self, round_number: int) -> Mapping[str, float]:
        return {"ours": float(round_number), "baseline": 2.0 * round_number}

    def rows(self, samples: Samples) -> Sequence[Row]:
        return [compare(samples, "made up", "ours", "baseline", lambda value: f"{value:g}", at_most=0.6)]


class _Missing(_Fixed):
    name = "missing"

    def __enter__(self) -> Self:
        raise NotMeasurable("this machine has none")


def test_the_first_round_only_warms_up_and_the_rest_give_medians() -> None:
    outcome = run([_Fixed()], 5, lambda _: None)
    assert outcome.samples["fixed"]["ours"] == [1.0, 2.0, 3.0, 4.0, 5.0]
    (row,) = outcome.rows["fixed"]
    assert (row.ours, row.baseline, row.result, row.reached) == ("3", "6", "0.50x", True)


def test_a_goal_that_is_not_met_is_said_to_be_missed() -> None:
    samples = {"ours": [3.0, 4.0], "baseline": [4.0, 4.0]}
    row = compare(samples, "made up", "ours", "baseline", str, at_most=0.5)
    assert row.reached is False
    assert compare(samples, "made up", "ours", "baseline", str, at_least=0.5).reached is True


def test_what_this_machine_cannot_measure_is_named_and_stops_nothing() -> None:
    outcome = run([_Missing(), _Fixed()], 1, lambda _: None)
    assert outcome.missing == {"missing": "this machine has none"}
    assert "not measured here: missing: this machine has none" in report.table(outcome, [])


def test_sides_take_turns_in_changing_order_and_keep_their_places() -> None:
    asked: list[str] = []

    def side(name: str) -> float:
        asked.append(name)
        return float(len(name))

    for number in (1, 2):
        assert in_turn(number, lambda: side("a"), lambda: side("bb")) == [1.0, 2.0]
    assert asked == ["a", "bb", "bb", "a"]


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 50), percentile(values, 95), percentile(values, 100)) == (50.0, 95.0, 100.0)


def test_the_counted_rows_need_no_measuring_and_each_missed_goal_has_its_reason() -> None:
    rows = counted.rows()
    assert all(row.note for row in rows if row.reached is False)
    assert any(row.reached for row in rows)


def test_ready_made_requests_are_accepted_and_forged_ones_are_not() -> None:
    (genuine,), (forged,) = texts.inbound(1), texts.forged(1)
    assert genuine != forged
    assert genuine.split(b"\r\n\r\n")[1] == forged.split(b"\r\n\r\n")[1]


def test_the_document_is_whole_even_where_little_could_be_measured() -> None:
    outcome = run([_Fixed()], 1, lambda _: None)
    written = report.document(outcome, counted.rows())
    assert "made up" in written
    assert re.search(r"\$[a-z{]", written) is None
