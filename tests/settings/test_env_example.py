""".env.example is held against the table of variables: whoever copies it finds every setting, explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from relay.settings.settings import load_settings
from relay.settings.variables import ENTRY_POINTS, VARIABLES, Need

from scripts.local_stack.dotenv import read_env_file
from tests.settings.environments import GOOGLE

PATH = Path(__file__).resolve().parents[2] / ".env.example"
# Values that are no defaults.
_EXAMPLES = ("RELAY_TIERS", "RELAY_OPERATORS", "RELAY_BACKEND")
_SETTING = re.compile(r"(?:# )?([A-Z][A-Z0-9_]+)=(.*)")


def _settings(path: Path = PATH) -> list[tuple[str, str]]:
    found = (_SETTING.fullmatch(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [(match[1], match[2]) for match in found if match]


def test_it_names_every_variable_once_and_no_other() -> None:
    assert sorted(name for name, _ in _settings()) == sorted(variable.name for variable in VARIABLES)


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_each_variable_is_explained_right_above(variable: object) -> None:
    lines = PATH.read_text(encoding="utf-8").splitlines()
    name = getattr(variable, "name", "")
    (place,) = [number for number, line in enumerate(lines) if _SETTING.fullmatch(line) and f"{name}=" in line]
    while _SETTING.fullmatch(lines[place]):
        place -= 1
    assert re.match(r"# \S.{20,}", lines[place]), f"nothing explains {name}"


def test_it_holds_no_secret_and_no_number() -> None:
    for name, value in _settings():
        variable = next(each for each in VARIABLES if each.name == name)
        assert not (variable.secret and value)
        assert not (value and name.endswith(("_PHONE", "_NUMBER", "_SID")))


def test_as_it_is_it_sets_nothing() -> None:
    assert set(read_env_file(PATH).values()) == {""}


def test_with_every_line_switched_on_its_defaults_are_the_codes_own(tmp_path: Path) -> None:
    """An example that says otherwise than the code would be believed."""
    defaults = {name: value for name, value in _settings() if value and name not in _EXAMPLES}
    given = load_settings({**GOOGLE, **defaults}, tuple(ENTRY_POINTS))
    plain = load_settings({**GOOGLE, "ESCALATION_TIER": "any"}, tuple(ENTRY_POINTS))
    assert given == plain


def test_its_example_of_tiers_is_one(tmp_path: Path) -> None:
    line = next(line for line in PATH.read_text(encoding="utf-8").splitlines() if "RELAY_TIERS=" in line)
    file = tmp_path / "env"
    file.write_text(line.removeprefix("# "), encoding="utf-8")
    others = {name: value for name, value in GOOGLE.items() if not name.endswith("_HANDLER_PHONE")}
    policy = load_settings({**others, **read_env_file(file)}, ["sms_inbound"]).policy
    assert policy is not None
    assert policy.tiers[0].name == "On call"


def test_every_need_is_had_by_an_entry_point_and_by_a_variable_or_by_neither() -> None:
    assert set(Need) == {need for needs in ENTRY_POINTS.values() for need in needs}
    assert {need for variable in VARIABLES for need in variable.needs} == set(Need)
