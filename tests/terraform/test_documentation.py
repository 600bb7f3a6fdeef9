"""terraform/README.md says what is there."""

from __future__ import annotations

import re

from scripts.deployment import ROOT
from scripts.deployment.terraform_docs import README, blocks, updated


def test_the_tables_of_inputs_and_outputs_are_up_to_date() -> None:
    text = README.read_text()
    assert updated(text) == text, "run make terraform-docs"


def test_every_variable_and_output_is_described_and_only_four_inputs_must_be_given() -> None:
    found = blocks()
    assert all(len(block.description) > 10 for block in found)
    must = {block.name for block in found if block.kind == "variable" and block.default is None}
    assert must == {"project_id", "region", "business_phone_numbers", "tiers"}


def test_no_block_is_missed_by_the_reader_of_the_configuration() -> None:
    text = "".join(path.read_text() for path in sorted((ROOT / "terraform").glob("*.tf")))
    assert len(re.findall(r"^(?:variable|output) ", text, re.MULTILINE)) == len(blocks())


def test_every_file_of_the_configuration_is_in_the_readmes_list() -> None:
    listed = set(re.findall(r"`(\w+\.tf)`", README.read_text()))
    assert {path.name for path in (ROOT / "terraform").glob("*.tf")} - {"backend.tf"} <= listed


def test_every_trap_is_dated() -> None:
    traps = README.read_text().split("## Traps")[1]
    rows = [line for line in traps.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    assert all(re.search(r"\| 20\d\d-\d\d \|$", row) for row in rows)
