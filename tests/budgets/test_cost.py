"""The cost calculator: its arithmetic, and what must stay true of the bill whoever changes a price."""

from __future__ import annotations

import math

import pytest

from scripts.cost import model, prices, standing, standing_document
from scripts.cost.__main__ import main
from scripts.cost.model import CALLBACK, INBOUND, OUR_SHAPE, Request, Shape
from scripts.cost.operations import RELAY
from scripts.cost.standing import Standing

ONE_AT_A_TIME = Shape(vcpu=1.0, gib=0.5, concurrency=1)


def test_rare_requests_are_billed_in_full_and_rounded_up() -> None:
    assert model.billed_seconds(Request(0.21, 0.001), OUR_SHAPE, 1e-6) == pytest.approx(0.3, rel=1e-3)


def test_requests_that_come_together_share_an_instance() -> None:
    rare, frequent = (model.billed_seconds(INBOUND, OUR_SHAPE, rate) for rate in (0.01, 100.0))
    assert frequent < rare / 10


def test_an_instance_for_each_request_shares_nothing() -> None:
    rare, frequent = (model.billed_seconds(INBOUND, ONE_AT_A_TIME, rate) for rate in (0.01, 100.0))
    assert frequent == rare


def test_no_request_costs_less_than_its_processor_time() -> None:
    assert model.billed_seconds(CALLBACK, OUR_SHAPE, 1e6) == CALLBACK.cpu_seconds


def test_a_total_is_the_sum_of_amounts_times_prices() -> None:
    lines = {line.name: line for line in model.relay_cost(RELAY["delivered at tier 1"], 1.0)}
    assert lines["Firestore: writes"].amount == 3e6
    assert lines["Firestore: writes"].dollars == pytest.approx(3e6 / 1e5 * prices.FIRESTORE_WRITE.dollars)
    assert model.total(list(lines.values())) == pytest.approx(math.fsum(line.dollars for line in lines.values()))


@pytest.mark.parametrize("journey", RELAY)
def test_the_infrastructure_is_a_thousandth_of_twilios_bill(journey: str) -> None:
    ours = model.total(model.relay_cost(RELAY[journey], 0.4, events=True))
    assert ours < model.twilio_cost(RELAY[journey]) / 500


def test_busy_the_relay_costs_a_fifth_of_the_obvious_design() -> None:
    ours, obvious = model.compared(100.0)
    assert ours <= obvious / 5


def test_every_price_says_where_it_is_from() -> None:
    listed = [value for value in vars(prices).values() if isinstance(value, prices.Price)]
    assert listed
    for price in listed:
        assert price.dollars > 0
        assert price.source


def test_the_calculator_prints_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bill", "--per-second", "10", "--events"]) == 0
    printed = capsys.readouterr().out
    assert "Firestore: writes" in printed
    assert "obvious design" in printed


def test_what_stands_costs_cents() -> None:
    assert sum(line.billed for line in standing.standing()) < 1
    assert sum(line.billed for line in standing.alerting()) < 3


def test_what_is_free_is_taken_off_and_no_more() -> None:
    price = prices.Price(2.0, 10, "jobs", "a page", free=30)
    assert Standing("", 20, price).billed == 0
    assert (Standing("", 50, price).listed, Standing("", 50, price).billed) == (10.0, 4.0)


def test_the_table_of_costs_is_that_of_the_prices() -> None:
    text = standing_document.DOCUMENT.read_text("utf-8")
    assert standing_document.document(text) == text, "run `make costs`"
    with pytest.raises(ValueError, match="lost the marks"):
        standing_document.document(text.replace(standing_document.END, ""))


def test_the_table_of_costs_says_where_each_price_is_from_and_when_it_was_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["month"]) == 0
    rows = capsys.readouterr().out.splitlines()
    for line in (*standing.standing(), *standing.alerting(), standing.warm_instance()):
        (row,) = (each for each in rows if each.startswith((f"| {line.name} |", f"| {line.name} (`")))
        assert f"{line.price.source.partition(' (')[0]}, {line.price.read}" in row
