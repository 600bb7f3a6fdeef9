"""Operators' names in a relay's trail: `signed` gives one the form in which it is kept, `who_did` reads it there."""

from __future__ import annotations

from relay.core.words import AN_OPERATOR, REPAIRERS

# An e-mail address can be far longer, and a record has a bound.
_LONGEST = 64


def signed(name: str) -> str:
    """Returns what the trail calls the operator of this name: one short printable line."""
    printable = "".join(char if char.isprintable() else " " for char in name)
    name = " ".join(printable.split())
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 1]}…"
    # A person who is called like one of the relay's own jobs is not to be taken for it.
    return AN_OPERATOR if not name or name.casefold() in REPAIRERS else name


def is_a_person(by: str) -> bool:
    """Whether a line of the trail with this `by` was caused by an operator."""
    return by != "" and by not in REPAIRERS


def begun(sentence: str, by: str) -> str:
    """Returns what was done, as the beginning of a sentence; a name in front stays as it is written."""
    return sentence if sentence.startswith(by) and by != AN_OPERATOR else f"{sentence[:1].upper()}{sentence[1:]}"


def who_did(by: str) -> str:
    """Returns who did what stands in a line of the trail, to begin a sentence with."""
    return by if is_a_person(by) and by != AN_OPERATOR else "An operator"
