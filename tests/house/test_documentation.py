"""What the documents point at is there: files, modules and what is in them, chapters, make targets, commands.

And what points at their chapters.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.relayctl.__main__ import relayctl

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "terraform" / "README.md"])
_NAMES = [str(document.relative_to(ROOT)) for document in DOCUMENTS]
_FOLDERS = ("functions", "scripts", "tests", "terraform", "docs")
_ENDINGS = ("py", "tf")
_PARENTS = (ROOT, ROOT / "functions", ROOT / "functions" / "relay")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=_NAMES)


def _chapters(document: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in _headings(document)}


def _headings(document: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.MULTILINE)


def _leads_somewhere(document: Path, link: str) -> bool:
    path, _, chapter = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not chapter or chapter in _chapters(target))


@each_document
def test_every_link_leads_to_a_file_and_a_chapter_that_exist(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8"))
    assert [link for link in links if "://" not in link and not _leads_somewhere(document, link)] == []


def test_every_chapter_that_settings_messages_and_alerts_send_a_person_to_exists() -> None:
    places = [ROOT / ".env.example"]
    for folder in ("functions", "scripts", "terraform"):
        places += (ROOT / folder).rglob("*")
    told = "\n".join(path.read_text("utf-8", "replace") for path in places if path.is_file())
    named = re.findall(r"docs/([\w-]+\.md)[,:]?\s\(?[“\"]([A-Z][^“”\"\n]+)[”\"]", told)
    named += [(name, title) for title, name in re.findall(r"“([^“”\n]+)” in docs/([\w-]+\.md)", told)]
    assert len(named) > 20
    headings = {name: _headings(ROOT / "docs" / name) for name, _ in named}
    assert [(name, title) for name, title in named if title not in headings[name]] == []


@each_document
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(_FOLDERS)})/[\w./-]*\w/?)`", document.read_text("utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


@each_document
def test_every_module_that_is_named_exists(document: Path) -> None:
    """Whole (`functions/relay/flow/intake.py`) or as code speaks of it (`flow/intake.py`, `web.py`)."""
    named = re.findall(r"`([\w./-]+\.(?:py|js))`", document.read_text("utf-8"))
    assert [path for path in named if not _found(path)] == []


@each_document
def test_everything_in_a_module_that_is_named_exists(document: Path) -> None:
    """`log.EVENTS`, `wiring.channels`: a name with a capital is one of a module, others where such a module exists."""
    named = re.findall(r"`([a-z_]+(?:[./][a-z_]+)*)\.([A-Za-z_]\w*)`", document.read_text("utf-8"))
    ours = [(module, name) for module, name in named if name[0].isupper() or _found(f"{module}.py")]
    names = [(module, name) for module, name in ours if name not in _ENDINGS]
    assert [f"{module}.{name}" for module, name in names if not _defines(module, name)] == []


def _found(path: str) -> Path | None:
    """The file that a path names, from the root or from where modules are imported."""
    return next((parent / path for parent in _PARENTS if (parent / path).is_file()), None)


def _defines(module: str, name: str) -> bool:
    path = _found(f"{module.replace('.', '/')}.py")
    definition = rf"^(?:def |class |){name}\b(?:\(|:| =|\[)"
    return path is not None and re.search(definition, path.read_text("utf-8"), re.MULTILINE) is not None


@each_document
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = re.findall(r"(?:`|^\s*)make ([a-z-]+)", document.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= targets


@each_document
def test_every_command_of_relayctl_that_is_named_exists(document: Path) -> None:
    named = re.findall(r"(?:`|^\s*|scripts/)relayctl(?:\.sh)? ([a-z]+)", document.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= set(relayctl.commands)


def test_no_word_of_the_glossary_is_explained_twice() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs" / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert len(words) > 50
    assert [word for word in words if words.count(word) > 1] == []
