"""House rules that a machine can hold: each test is one rule and says why it is one."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def _tracked() -> Mapping[str, str]:
    """Path → text of every file of the repository, what is not committed yet included."""
    command = ["ls-files", "--cached", "--others", "--exclude-standard"]
    git = shutil.which("git")
    listed = subprocess.run([git, *command], cwd=ROOT, capture_output=True, text=True) if git else None
    if listed is None or listed.returncode:
        pytest.skip("optional: only a checkout of git says which files belong to it")
    paths = [path for path in sorted(listed.stdout.splitlines()) if (ROOT / path).is_file()]
    return {path: (ROOT / path).read_text("utf-8", "replace") for path in paths}


def _python() -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in _tracked().items() if path.endswith(".py"))


def _counted(pattern: re.Pattern[str], files: Mapping[str, str]) -> dict[str, int]:
    """How often the pattern is found in each file that has it."""
    return {path: count for path, text in files.items() if (count := len(pattern.findall(text)))}


# Files fit a head.

LINES_MAX = 300


def test_no_file_of_python_is_longer_than_can_be_held_in_mind() -> None:
    """Some 200 lines are one subject, read in one go; above 300 a file has two, and wants to be two files."""
    assert {path: lines for path, text in _python() if (lines := text.count("\n")) > LINES_MAX} == {}


def test_each_room_has_a_folder_of_tests_of_its_name() -> None:
    """Who changes a file finds its tests where the file would be. The ports' are the contract suite."""
    rooms = {path.name for path in (ROOT / "functions" / "relay").iterdir() if (path / "__init__.py").is_file()}
    assert {room for room in rooms if not (ROOT / "tests" / room / "__init__.py").is_file()} == {"ports"}


# The provider stays in its room.

# Its error codes; those words of its statuses that are not ours as well, quoted; what its ids begin with, as patterns
# and examples spell them.
_VENDOR = re.compile(
    r"""\b(?:20|21|30|63)\d{3}\b
      | ["'](?:queued|sending|sent|receiving|undelivered|partially_delivered|canceled|read)["']
      | \b(?:SM|MM|AC|SK|MG)(?=[\[\\{…]|[0-9a-f]{8})
      | \(SM\|MM\) | \bSM\ or\ MM\b""",
    re.VERBOSE,
)
_ROOMS_OF_THE_PROVIDER = ("functions/relay/twilio/", "functions/relay/settings/")
# What only looks like the provider's, or is the user's.
VENDOR_EXCEPTIONS = {
    ("functions/relay/core/policy.py", '"sent"'): 'the setting success = "sent", whose name is the user\'s',
    ("functions/relay/operators/console/page/timeline.js", "21600"): "six hours in seconds, a step of the time axis",
    ("functions/relay/operators/console/page/timeline.js", '"sending"'): "the console's own word for a bar",
    ("functions/relay/core/model.py", '"sending"'): "the status of a tier to which an attempt is leased",
    ("functions/relay/operators/signing_in/routes.py", '"sent"'): "whether a code is on its way to an operator",
    ("functions/relay/operators/trail.py", '"sending"'): "the label of a step of ours",
}


def test_the_map_of_the_package_names_every_room_and_file_and_no_other() -> None:
    """A newcomer reads it first; what it does not name is not found."""
    package = ROOT / "functions" / "relay"
    there = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    named = re.findall(r"^    ([a-z_/]+(?:, [a-z_/]+)*)(?:  |$)", (package / "__init__.py").read_text("utf-8"), re.M)
    words = {name.strip("/") for names in named for name in names.split(", ")}
    assert words | {"__init__"} == there
    files = [path for path in package.iterdir() if path.suffix == ".py"]
    assert len(files) <= 12, "beside the rooms stands what puts them together, and little else"


def test_nothing_outside_its_room_knows_the_providers_codes_statuses_and_ids() -> None:
    """A second provider is then one folder more, and no reader of the flow must know what 30003 or "undelivered" is."""
    found = Counter[str]()
    for path, text in _tracked().items():
        if path.startswith("functions/") and not path.startswith(_ROOMS_OF_THE_PROVIDER) and _is_code(path):
            words = [word for word in _VENDOR.findall(text) if (path, word) not in VENDOR_EXCEPTIONS]
            found.update({path: len(words)} if words else {})
    assert found == {}


def test_every_exception_for_a_vendor_word_is_still_needed() -> None:
    for path, word in VENDOR_EXCEPTIONS:
        assert word in _VENDOR.findall(_tracked()[path]), f"{word} is no longer in {path}: remove the exception"


def test_no_name_in_the_code_outside_its_room_is_the_providers() -> None:
    """With a second provider such a name would be wrong; what puts the parts together names each."""
    put_together = tuple(f"functions/relay/{name}.py" for name in ("serving", "wiring", "shared"))
    found = {
        f"{path}: {name}"
        for path, text in _python()
        if path.startswith("functions/") and not path.startswith((*_ROOMS_OF_THE_PROVIDER, *put_together))
        for node in ast.walk(ast.parse(text))
        for name in (getattr(node, field, None) for field in ("id", "attr", "arg", "name"))
        if isinstance(name, str) and "twilio" in name.lower()
    }
    assert found == set()


def _is_code(path: str) -> bool:
    return path.endswith((".py", ".js", ".html"))


# Prose says who does what.

_RIDDLES = re.compile(r"\b(?:nobody|somebody|whoever|anybody)\b", re.IGNORECASE)


# Made-up customers may say what they like.
_CUSTOMERS_WORDS = ("scripts/bench/corpus/", "scripts/bench/texts.py", "scripts/local_stack/scenario.py")


def test_code_names_its_actors() -> None:
    """ "Somebody got on with it" must be decoded; "another process changed the relay" is understood."""
    ours = {
        path: text
        for path, text in _tracked().items()
        if path.startswith(("functions/", "scripts/", "terraform/")) and not path.startswith(_CUSTOMERS_WORDS)
    }
    assert _counted(_RIDDLES, ours) == {}


def test_the_first_sentence_of_a_docstring_ends_within_two_lines() -> None:
    """It is what an editor shows and what a reader skims; an author who needs more has not found the sentence."""
    assert [name for path, text in _python() for name in _long_winded(path, text)] == []


def _long_winded(path: str, text: str) -> Iterator[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and not (name := getattr(node, "name", "")).startswith("_"):
            beginning = " ".join((ast.get_docstring(node) or ".").split("\n")[:2])
            if not re.search(r"[.?!](?=[\s)\"]|$)", beginning):
                yield f"{path}: {name or 'the module'}"


# The trail is for people.


def test_nothing_that_decides_reads_the_trail() -> None:
    """Its lines are worded for readers and folded when there are many (decision 13); the journal prints new ones."""
    writes_it = ("functions/relay/core/changes.py", "functions/relay/core/model.py")
    rooms = ("functions/relay/core/", "functions/relay/flow/", "functions/relay/twilio/")
    trees = {path: ast.parse(text) for path, text in _python() if path.startswith(rooms) and path not in writes_it}
    read = {path: _reads_of_the_trail(tree) for path, tree in trees.items()}
    assert {path: lines for path, lines in read.items() if lines} == {}


def _reads_of_the_trail(tree: ast.AST) -> list[int]:
    """Returns the lines that read `error_log`, but for those that give it to `journal.steps`."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Attribute) and tree.func.attr == "steps":
        return []
    own = [tree.lineno] if isinstance(tree, ast.Attribute) and tree.attr == "error_log" else []
    return own + [line for child in ast.iter_child_nodes(tree) for line in _reads_of_the_trail(child)]


# Nothing of the place where it was written.


def test_no_file_holds_a_path_of_one_machine() -> None:
    """It works there alone, and says where a person works."""
    machines = re.compile(rf"(?<![\w.>)}}~-])/(?:{'|'.join(('home', 'root', 'tmp', 'work', 'Users'))})/")
    assert _counted(machines, _tracked()) == {}


def test_no_file_names_a_registry() -> None:
    """Where packages come from is set on the machine that installs; written down here, it would break elsewhere."""
    # Written with a class of one letter here and there, so that this file does not name them either.
    registries = re.compile(r"index[-]url|find[-]links|trusted[-]host|python[h]osted|npm[j]s|\bpy[p]i\.")
    assert _counted(registries, _tracked()) == {}
