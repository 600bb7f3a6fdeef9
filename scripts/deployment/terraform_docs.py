"""Writes the tables of inputs and outputs in terraform/README.md from the configuration itself: `make terraform-docs`.

Terraform has no command that tells a variable's description, so the blocks are read here; only what this configuration
uses of the language is understood, and anything else is an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.deployment.terraform import CONFIGURATION
from scripts.deployment.tools import Problem, run_command

README = CONFIGURATION / "README.md"
_BEGIN, _END = "<!-- begin: {} -->", "<!-- end: {} -->"
_BLOCK = re.compile(r'^(?P<kind>variable|output) "(?P<name>\w+)" \{\n(?P<body>.*?)^\}', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A variable or an output. `default` is as written in the configuration; None when a value must be given.

    `ephemeral` are the variables whose values Terraform writes nowhere.
    """

    kind: str
    name: str
    description: str
    type: str
    default: str | None
    ephemeral: bool


def blocks(folder: Path = CONFIGURATION) -> list[Block]:
    """Every variable and output, in the order of the files. Raises Problem for one without a description."""
    return [
        _block(match["kind"], match["name"], match["body"])
        for path in sorted(folder.glob("*.tf"))
        for match in _BLOCK.finditer(path.read_text())
    ]


def _block(kind: str, name: str, body: str) -> Block:
    description = re.search(r'^  description = "((?:[^"\\]|\\.)*)"$', body, re.MULTILINE)
    if description is None:
        raise Problem(f"{kind} {name} has no description.")
    type_ = re.search(r"^  type\s*= (\w+(?:\(\w+\))?)", body, re.MULTILINE)
    default = re.search(r"^  default\s*= (.+)$", body, re.MULTILINE)
    words = re.sub(r"\\(.)", r"\1", description[1])
    ephemeral = re.search(r"^  ephemeral\s*= true$", body, re.MULTILINE) is not None
    return Block(kind, name, words, type_[1] if type_ else "", default[1] if default else None, ephemeral)


def tables(folder: Path = CONFIGURATION) -> dict[str, str]:
    """The tables, by the name of their place in the README."""
    found = blocks(folder)
    inputs = [block for block in found if block.kind == "variable"]
    must = [block for block in inputs if block.default is None]
    may = [block for block in inputs if block.default is not None and not block.ephemeral]
    return {
        "inputs that must be given": _table(
            ("input", "type", "meaning"),
            [(f"`{block.name}`", _type(block), block.description) for block in must],
        ),
        "inputs that may be given": _table(
            ("input", "default", "meaning"),
            [(f"`{block.name}`", f"`{block.default}`", block.description) for block in may],
        ),
        "inputs of the first apply": _table(
            ("in the environment", "meaning"),
            [(f"`TF_VAR_{block.name}`", block.description) for block in inputs if block.ephemeral],
        ),
        "outputs": _table(
            ("output", "meaning"),
            [(f"`{block.name}`", block.description) for block in found if block.kind == "output"],
        ),
    }


def _type(block: Block) -> str:
    return "list of objects" if block.type == "list(object)" or block.type == "list" else block.type


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def updated(text: str, folder: Path = CONFIGURATION) -> str:
    """The README with today's tables. Raises Problem when it has no place for one."""
    for name, table in tables(folder).items():
        begin, end = _BEGIN.format(name), _END.format(name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise Problem(f"terraform/README.md has no place for the {name}: {begin} … {end}.")
        text = f"{before}{begin}\n\n{table}\n\n{end}{after}"
    return text


def main(arguments: Sequence[str]) -> int:
    if arguments:
        raise Problem("terraform_docs takes no arguments.")
    text = README.read_text()
    new = updated(text)
    if new != text:
        README.write_text(new)
    print("terraform/README.md was brought up to date." if new != text else "terraform/README.md is up to date.")
    return 0


if __name__ == "__main__":
    run_command(main)
