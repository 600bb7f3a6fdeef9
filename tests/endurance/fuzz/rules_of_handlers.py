"""What must hold for every handler's text: its words reach no customer but the one whom its code names.

By forms and words of its own, and not by the relay's: two customers are known to every handler, so that words without a
code can be meant for either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl

from tests.endurance.fuzz.world import Answer
from tests.endurance.load import CUSTOMERS, HANDLERS

CODES = {CUSTOMERS[0]: "K71", CUSTOMERS[1]: "M24"}
_IN_FRONT = re.compile(r"\W*([A-Za-z])[-. ]?([0-9]{2})(?![0-9A-Za-z])(.*)", re.DOTALL)
# What the first answer to a customer has around its words.
_INTRODUCED = re.compile(r"(?:Acme Hauling(?:: )?)?(.*?)(?:\n?Reply STOP to opt out\.)?", re.DOTALL)
_NEVER_SENT = frozenset(
    (
        *("ok", "okay", "got it", "gotit", "on it", "onit", "mine", "pass", "done", "open", "block"),
        *(
            "stop",
            "stopall",
            "unsubscribe",
            "cancel",
            "end",
            "quit",
            "revoke",
            "optout",
            "help",
            "info",
            "start",
            "unstop",
        ),
    )
)


def broken_by_handlers(answer: Answer) -> Iterator[str]:
    """A sentence for every text to a customer that no handler's words asked for."""
    fields = dict(parse_qsl(answer.received.decode("utf-8", "replace"), keep_blank_values=True))
    front = _IN_FRONT.match(fields.get("Body", ""))
    for to, body in answer.sent:
        if to in HANDLERS:
            continue
        introduced = _INTRODUCED.fullmatch(body)
        bare = introduced[1] if introduced else body
        words = _plain(bare)
        if fields.get("From") not in HANDLERS:
            yield "a customer was sent what no handler texted"
        elif front is None or CODES.get(to) != front[1].upper() + front[2]:
            yield f"words reached {CODES.get(to, 'a customer')}, whom their writer did not name"
        elif words not in _plain(front[3]):
            yield "a customer was sent words that the handler did not write"
        elif _apart(bare) in _NEVER_SENT and "say" not in fields["Body"].casefold():
            yield "a customer was sent a claim word, or a command"
        elif re.match(r"(?:liked|loved|to)(?:k71|m24)", words):
            yield "a customer was sent a reaction"


def _plain(words: str) -> str:
    return "".join(filter(str.isalnum, words)).casefold()


def _apart(words: str) -> str:
    """Returns the words without their marks, as far apart as they were: of "hel p" no provider makes HELP."""
    return " ".join(each for each in map(_plain, words.split()) if each)
