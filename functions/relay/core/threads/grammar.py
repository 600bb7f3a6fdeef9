"""What a handler's words ask for: an answer, a claim or a command. Pure, and the only table of these words.

`wish_of` reads the words without the code in front; `docs/handlers.md` is made of `COMMANDS`, `CLAIM_WORDS` and
`RESERVED`. A word is one of these only where it stands alone: "ok" is a claim, "ok, on my way" is an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.core.comparing import smart_encoded
from relay.core.model import Consent
from relay.core.threads.tapbacks import plain_emoji
from relay.core.threads.verdict import Asked

# "mine" is one as well; after a code it also takes over (see COMMANDS).
CLAIM_WORDS = ("ok", "okay", "got it", "on it", "👍")

# word: what it asks for, and what it does, for people.
COMMANDS: dict[str, tuple[Asked, str]] = {
    "mine": (Asked.TAKEOVER, "take it; after a code also from a person who has it. Words behind it are sent"),
    "pass": (Asked.PASS, "give it up: the next person is texted now"),
    "done": (Asked.DONE, "close it; it is yours then, and a person who had it is told"),
    "open": (Asked.OPEN, "open it again, within 7 days"),
    "block": (Asked.BLOCK, "send this customer nothing any more"),
    "?": (Asked.LIST, "list what is open and yours, or still without an owner"),
}
SAY = "say"
# In front of a handler's text, it lets the text through as if a customer had sent it.
TEST = "test"

# Words that the provider acts on before we see them, alone in a text and in any case. YES is one of them, and an answer
# all the same: the provider acts on it only for a number that had opted out.
RESERVED = (
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "HELP", "INFO", "START", "UNSTOP",
)  # fmt: skip
_YES = "yes"

_CLAIMS = re.compile(r"(?:{0}|mine)(?: ?(?:{0}|mine))*".format("|".join(map(re.escape, CLAIM_WORDS))))
_SAY = re.compile(rf"\s*{SAY}(?:\s*[:,]\s*|\s+|$)(.*)", re.IGNORECASE | re.DOTALL)
_TEST = re.compile(rf"\s*{TEST}(?:\s*[:,]\s*|\s+|$)(.*)", re.IGNORECASE | re.DOTALL)
# "mine?" and "mine's the white one" are about something else.
_MINE = re.compile(r"\s*mine(?![\w'’?])[\s:,.;!\-]*(.*)", re.IGNORECASE | re.DOTALL)  # noqa: RUF001
_PASS = re.compile(r"\s*pass\b", re.IGNORECASE)
# Punctuation, and what no person sees: control characters, and the marks that phones put around words for right-to-left
# scripts.
_DROPPED = re.compile(
    "[.,!¡;:'\"()\\[\\]*_~\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\u00ad]+"
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What words ask for.

    Attributes:
        words: of an answer and a takeover those for the customer; of a claim and a reserved word what was written.
        is_said: they stood behind `say`.
    """

    asked: Asked
    words: str = ""
    is_said: bool = False


def wish_of(words: str, is_coded: bool) -> Wish:
    """Returns what these words, without the code in front, ask for. Words that fit nothing are an answer."""
    if said := _SAY.fullmatch(words):
        return Wish(Asked.ANSWER, said[1].strip(), is_said=True)
    bare = bare_words(words)
    if (command := COMMANDS.get(bare)) is not None:
        return Wish(command[0])
    if is_claim(words):
        return Wish(Asked.TAKEOVER) if "mine" in bare.split() else Wish(Asked.CLAIM, words.strip())
    if bare.upper() in RESERVED:
        return Wish(Asked.RESERVED, words.strip())
    if is_coded and (mine := _MINE.fullmatch(words)):
        behind = wish_of(mine[1], is_coded=True)
        words = behind.words if behind.asked is Asked.ANSWER else ""
        return Wish(Asked.TAKEOVER, words, is_said=behind.is_said)
    return Wish(Asked.ANSWER, words.strip())


def is_claim(words: str) -> bool:
    """Whether these words are nothing but claim words, and so never go to a customer by themselves."""
    return _CLAIMS.fullmatch(bare_words(words)) is not None


def begins_with_pass(words: str) -> bool:
    """Whether words begin with `pass` and go on: a person may have meant the command, and is asked."""
    return _PASS.match(words) is not None


def bare_words(words: str) -> str:
    """Returns words as the tables have them: in small letters, without punctuation and the colours of emoji.

    Of a question the marks stay, as one: "ok?" is no claim.
    """
    plain = _DROPPED.sub("", plain_emoji(smart_encoded(words)).casefold().replace("-", " "))
    return re.sub(r"\?+", "?", " ".join(plain.split()))


def is_providers(body: str, consent: Consent | None) -> bool:
    """Whether the provider acts on this text, and answers it, before we do: nothing of ours is to be added."""
    if bare_words(body) == _YES:
        return False
    return consent is not None or body.strip().upper() in RESERVED


def words_of_a_test(body: str) -> str | None:
    """Returns the words behind `test`, for the person who tries the relay out from a handler's phone; else None."""
    found = _TEST.fullmatch(body)
    return found[1].strip() if found else None
