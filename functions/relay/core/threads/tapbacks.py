"""Reactions to a text, as a phone sends them to one that cannot show them: data, with what reads it.

Wordings differ by system, version and language, and change: a row here is all that a new one needs. Apple sends
`Liked “…”` and since 2024 `Reacted 👍 to “…”`; Google sends `👍 to “…”`, with invisible characters around its parts.
On a picture nothing is quoted: `Liked an image`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from relay.core.comparing import comparable, smart_encoded

# Take it: like, love, emphasise.
TAKING_WORDS = frozenset(
    {
        "liked", "loved", "emphasized", "emphasised",
        "le gustó", "le encantó", "exclamó por", "enfatizó", "te gustó", "te encantó",
    }
)  # fmt: skip
# As they are after smart-encoding, which makes two exclamation marks of one sign.
TAKING_EMOJI = frozenset({"👍", "❤", "♥", "!!", "❗", "❗❗"})
# Take nothing.
OTHER_WORDS = frozenset(
    {
        "disliked", "laughed at", "questioned",
        "no le gustó", "le dio risa", "se rio de", "se rió de", "dudó sobre", "cuestionó", "no te gustó",
    }
)  # fmt: skip

# What stands before the quote of a reaction by an emoji, and of one that was taken back. Letters are no emoji.
_BY_EMOJI = re.compile(r"(?:reacted (?:with )?|reaccionó con )?([^\w\s]{1,12}) (?:to|a)")
_TAKEN_BACK = re.compile(r"(?:removed|quitó|eliminó) .{1,40} (?:from|de)")
# The quote is the rest: to its last mark, or to the end of a text that was cut.
_QUOTING = re.compile(r'([^"]{1,60}?)\s*"(?:(.*)"|([^"]*))', re.DOTALL)
_OF_A_FILE = re.compile(
    r"(.{2,60}?) (?:an image|a photo|a picture|a video|a movie|a link|a sticker|an attachment|an audio message"
    r"|una imagen|una foto|un video|un vídeo|un archivo adjunto)"
)
# A reaction quotes one text of ours, and no provider takes a longer one than 1,600 characters.
_LONGEST = 2000
# Variants of one emoji: how it is shown, and skin colours.
_VARIANTS = re.compile("[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True, slots=True)
class Tapback:
    """A reaction: whether it is one that takes the text, and the beginning of what it is about; "" without a quote."""

    takes: bool
    quote: str

    def is_about(self, words: str) -> bool:
        """Whether it may be a reaction to a text of these words."""
        quoted = comparable(self.quote)
        return bool(quoted) and comparable(words).startswith(quoted)


def plain_emoji(words: str) -> str:
    """Returns the words with every emoji in its plain form."""
    return _VARIANTS.sub("", words)


def tapback_of(body: str) -> Tapback | None:
    """Returns the reaction that a text is; None for a text that a person wrote."""
    return _tapback_of(plain_emoji(smart_encoded(body)).strip())


def ends_in_tapback(body: str) -> bool:
    """Whether the last words of a text are a reaction, with or without others in front of it.

    It is told from a person's words ("I liked “it”") by the capital, or the emoji, with which phones begin one.
    """
    # No more of a long text is looked at than a reaction can hold: each of its words may begin one.
    words = plain_emoji(smart_encoded(body))[-_LONGEST:].split()
    begins = (at for at, word in enumerate(words) if word[0].isupper() or not word[0].isascii())
    return any(_tapback_of(" ".join(words[at:])) is not None for at in begins)


def _tapback_of(plain: str) -> Tapback | None:
    if quoting := _QUOTING.fullmatch(plain):
        head = " ".join(quoting[1].casefold().split())
        takes = _takes(head)
        return None if takes is None else Tapback(takes, (quoting[2] or quoting[3] or "").strip())
    of_a_file = _OF_A_FILE.fullmatch(" ".join(plain.casefold().split()))
    if of_a_file is None or _takes(of_a_file[1]) is None:
        return None
    return Tapback(False, "")


def _takes(head: str) -> bool | None:
    """Whether what stands before the quote takes a text; None where it belongs to no reaction."""
    if head in TAKING_WORDS:
        return True
    if head in OTHER_WORDS or _TAKEN_BACK.fullmatch(head):
        return False
    if by_emoji := _BY_EMOJI.fullmatch(head):
        return by_emoji[1] in TAKING_EMOJI
    return None
