"""docs/handlers.md says what the code does, or the test fails and names the command that mends it."""

from __future__ import annotations

from relay.core.threads.grammar import CLAIM_WORDS, COMMANDS, RESERVED
from relay.core.threads.verdict import Said

from scripts import make_handlers_doc


def test_the_document_is_what_the_code_says_today() -> None:
    written = make_handlers_doc.PATH.read_text(encoding="utf-8") if make_handlers_doc.PATH.exists() else ""
    stale = written != make_handlers_doc.render()
    assert not stale, f"docs/handlers.md is stale: run `{make_handlers_doc.COMMAND}` and commit what it changes"


def test_every_word_and_every_notice_is_in_it() -> None:
    text = make_handlers_doc.render()
    assert [word for word in (*CLAIM_WORDS, *COMMANDS, *RESERVED) if f"`{word}`" not in text] == []
    assert set(make_handlers_doc.EXAMPLES) == set(Said)


def test_the_readme_shows_the_same_texts() -> None:
    readme = (make_handlers_doc.ROOT / "README.md").read_text(encoding="utf-8")
    for sent, read in make_handlers_doc.read_rows()[:5]:
        assert f"| {sent} | {read} |" in readme
