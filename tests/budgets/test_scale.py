"""The paper model of a large scale: its document is up to date, and what it proposes holds by its own figures."""

from __future__ import annotations

import re

import pytest
from relay.ports import scanning

from scripts.cost import scale_document
from scripts.cost.quotas import QUOTAS, Load, Quota
from scripts.cost.scale import CARRIER_DOWN, USUAL, judge, verdicts
from scripts.cost.scale_document import CELL_RATE, DOCUMENT, RATE, text
from scripts.deployment import ROOT


def test_the_document_says_what_the_simulation_finds() -> None:
    assert DOCUMENT.read_text("utf-8") == text(), "run `make scale`"


def test_a_number_at_twilio_binds_before_everything_else() -> None:
    assert verdicts(RATE)[0].quota.load is Load.SEGMENTS


@pytest.mark.parametrize("mix", [USUAL, CARRIER_DOWN])
def test_a_cell_of_the_proposed_size_stays_within_every_limit_but_the_numbers(mix: dict[str, float]) -> None:
    for verdict in verdicts(CELL_RATE, mix):
        if verdict.quota.load is not Load.SEGMENTS:
            assert verdict.cells == 1, verdict.quota.load
            assert verdict.harmed_after_seconds is None


def test_what_cannot_wait_is_refused_and_what_can_is_harmed_when_it_waits_a_minute() -> None:
    refusing = Quota(Load.RECONCILED, 10.0, 0, "", "", "")
    waiting = Quota(Load.RECONCILED, 10.0, float("inf"), "", "", "")
    one = {"delivered at tier 1": 1.0}
    refused, waited = judge(refusing, 15.0, one, seconds=600), judge(waiting, 15.0, one, seconds=600)
    assert (refused.harmed_after_seconds, refused.refused, refused.waiting) == (0.0, 3000.0, 0.0)
    assert (waited.harmed_after_seconds, waited.refused, waited.waiting) == (120.0, 0.0, 3000.0)


def test_every_limit_says_what_happens_beyond_it_and_where_it_is_from() -> None:
    assert {quota.load for quota in QUOTAS} == set(Load)
    for quota in QUOTAS:
        assert quota.when_exceeded
        assert quota.more
        assert quota.source


def test_a_search_by_words_is_priced_by_what_it_reads() -> None:
    assert scale_document.SCANNED_MAX == scanning.SCANNED_MAX


def test_the_webhooks_limit_is_what_is_deployed_by_default() -> None:
    (limit,) = (quota.limit for quota in QUOTAS if quota.load is Load.WEBHOOK_REQUESTS)
    instances = re.findall(r"webhook +=.*, (\d+)\)", (ROOT / "terraform/variables_instances.tf").read_text())
    at_once = re.findall(r"webhook += \{.*concurrency = (\d+)", (ROOT / "terraform/functions.tf").read_text())
    assert (len(instances), len(at_once)) == (1, 1)
    assert limit == int(instances[0]) * int(at_once[0])


def test_what_a_cell_needs_beyond_the_queues_default_is_said() -> None:
    variables = (ROOT / "terraform/variables_operation.tf").read_text()
    (default,) = re.findall(r'"queue_dispatches_per_second" \{.*?default += (\d+)', variables, re.DOTALL)
    assert int(default) == scale_document.DEFAULT_DISPATCHES
    (needed,) = re.findall(r"given `queue_dispatches_per_second = (\d+)`", text())
    (down,) = (verdict for verdict in verdicts(CELL_RATE, CARRIER_DOWN) if verdict.quota.load is Load.DISPATCHES)
    assert down.demand < int(needed) <= 500
    (limit,) = (quota for quota in QUOTAS if quota.load is Load.DISPATCHES)
    assert f"which is {default} until it is raised" in limit.more
