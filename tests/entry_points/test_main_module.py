"""functions/main.py is the entry points and nothing else; the linter cannot hold a module that is no package."""

from __future__ import annotations

import ast
from pathlib import Path

from relay.serving import WAYS_IN
from relay.settings.variables import ENTRY_POINTS

MAIN = Path(__file__).resolve().parents[2] / "functions" / "main.py"
TREE = ast.parse(MAIN.read_text("utf-8"))


def test_main_knows_serving_alone() -> None:
    imported = {alias.name for node in ast.walk(TREE) if isinstance(node, ast.Import) for alias in node.names}
    named = {
        (node.module, alias.name) for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert {name for name in named if name[0] == "relay" or str(name[0]).startswith("relay.")} == {("relay", "serving")}
    assert imported == {"flask", "functions_framework"}


def test_every_entry_point_is_a_function_of_a_line_or_two() -> None:
    functions = {node.name: node for node in TREE.body if isinstance(node, ast.FunctionDef)}
    assert set(functions) == set(ENTRY_POINTS)
    assert all(len(node.body) == 2 for node in functions.values()), "a docstring and one call"


def test_every_entry_point_over_http_has_its_way_in() -> None:
    assert set(WAYS_IN) == set(ENTRY_POINTS) - {"relay_events"}
