"""terraform/README.md says what is there."""

from __future__ import annotations

import re

import pytest

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


FIRST_PROJECT = ROOT / "docs" / "first-project.md"


def _items() -> list[list[str]]:
    """The cells of each item of the list; a bar within a command is none of the table's."""
    rows = [line for line in FIRST_PROJECT.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in rows]
    return [row for row in cells if row[0] != "taken for true"]


def test_what_no_test_can_know_has_the_command_that_shows_it_and_what_to_do_otherwise() -> None:
    items = _items()
    assert len(items) > 20
    for item in items:
        assert len(item) == 4, item
        assert all(len(cell) > 5 for cell in item), item
        assert re.search(r"`[a-zA-Z]+[^`]* [^`]+`|`make [\w-]+`", item[2]), f"no command: {item[2]}"
    told = " ".join(cell for item in items for cell in item)
    for unknown in ("cookies", "in pieces", "Origin", "status>=500", "TTL", "backup"):
        assert unknown in told, unknown


def test_the_readme_starts_with_the_plain_recipe_and_all_that_it_takes_is_in_a_clean_clone() -> None:
    recipe = re.split(r"```(?:sh)?\n", README.read_text())[1]
    steps = (
        "terraform init",
        "terraform workspace select -or-create my-project",
        "terraform apply ",
        "make smoke ",
        "make configure-number ",
    )
    places = [recipe.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)
    assert "-target" not in recipe
    for example in re.findall(r"\S+\.example", recipe):
        assert (ROOT / example).exists() or (ROOT / "terraform" / example).exists(), example
    secrets = {line.partition("=")[0] for line in (ROOT / "repos.env.example").read_text().splitlines() if "=" in line}
    taken = re.findall(r'TF_VAR_(\w+)="\$(\w+)"', recipe)
    assert taken
    for variable, source in taken:
        assert (variable, source in secrets) == (source.lower(), True)
        assert variable in {block.name for block in blocks() if block.kind == "variable"}


@pytest.mark.parametrize("path", ["terraform/README.md", "README.md", "scripts/deployment/deploy.py"])
def test_the_smoke_test_comes_before_the_number_is_pointed(path: str) -> None:
    text = (ROOT / path).read_text()
    assert -1 < text.find("make smoke") < text.find("make configure-number")


def test_nothing_that_an_operator_does_asks_terraform_for_its_outputs() -> None:
    told = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", README]
    told += (ROOT / "functions").rglob("*.html")
    assert [path.name for path in told if "terraform output" in path.read_text() or "jq -r" in path.read_text()] == []
