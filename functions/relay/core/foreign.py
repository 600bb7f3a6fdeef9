"""What another revision wrote into a record and this one does not know: further fields, further words.

Both are kept as they are and written back, so that a rollback takes nothing away from a record and texts are sent.
A field that is not known stands in the `rest` of the value it belongs to; the core carries it along and never looks.
A word that is not known is `foreign`: one of its kind, with its own letters, and none of the members.

What working on a record means where a word is foreign (`schema_version` rises where that would be wrong):

    final_status        an end. Nothing is sent, nothing changes, no look-up asks; the sweep leaves it to the newer
                        revision, and it is kept as long as its expires_at says. That its text says more is told.
    attempt's status    Attempt.standing: one that was leased counts as accepted: it is not sent again, its receipts and
                        its deadline decide; one that never was, or was refused (as in an outage), as scheduled.
    trail's step        a line, shown with its own word. Not announced, counted for nothing.
    sender_class        a line of the record: it decides nothing once the text was taken in.
    reach's kind        a handler that cannot be reached: refused, next tier. What became of an attempt that another
                        revision made by it cannot be asked: its receipts and its deadline decide.
    tier's success      as "delivered": no weaker word counts as having reached the handler.
    timer's kind        left to a process that knows it: no row of it is leased, and its task is refused. The record
                        says what is due, so the sweep stands behind it.
    by, reason, status  of a trail's line, and redrive_ids: free text, nothing to know.
"""

from __future__ import annotations

import functools
from enum import StrEnum
from typing import TypeVar

# Names and values of fields that this revision does not know, by name.
Rest = tuple[tuple[str, object], ...]

W = TypeVar("W", bound=StrEnum)


def foreign(kind: type[W], word: str) -> W:
    """Returns a word that this revision does not know as one of its kind. It equals only the same word."""
    if not word or not isinstance(word, str):
        raise ValueError(f"not a word of {kind.__name__}")
    one = str.__new__(kind, word)
    one._name_ = one._value_ = word
    return one


def is_foreign(word: StrEnum) -> bool:
    """Whether only another revision knows this word."""
    return word not in _words_of(type(word))


@functools.cache
def _words_of(kind: type[W]) -> frozenset[W]:
    return frozenset(kind)
