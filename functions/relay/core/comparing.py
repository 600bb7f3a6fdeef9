"""`comparable` is what stays of a text's words whatever a provider does to them, `digest_of` remembers them in short.

A provider that is asked for a text may show it smart-encoded, its links shortened, its blanks trimmed: two texts that
differ in what is comparable are different texts, all others may be the same one.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

# What Twilio's SmartEncoded replaces, as far as it occurs in everyday texts: typographic characters that have a plain
# twin. Source: Twilio docs/messaging/services/smart-encoding-char-list, and its segment calculator.
_SMART = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u00b4\u0060", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u02ba\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2013\u2014\u2015\u2022\u2043", "-"),
        **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "),
        **dict.fromkeys("\u202f\u205f\u2028\u2029", " "),
        **dict.fromkeys("\u200b\u2060\ufeff", ""),
        "\u2026": "...", "\u203c": "!!", "\u201a": ",", "\u2039": "<", "\u203a": ">", "\u2044": "/", "\u00f7": "/",
        "\u00bc": "1/4", "\u00bd": "1/2", "\u00be": "3/4",
    }
)  # fmt: skip

# A provider may replace a link by a short one of its own; what stands around it says which text it is.
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)

# What providers put in the place of characters that they hide. Customers write xxx, too.
_MASK = re.compile(r"[*#\u2022\u2588]{3}|x{4}|redacted", re.IGNORECASE)

# Rises with every change of what is comparable: a digest of another version says nothing.
_VERSION = "1"


def smart_encoded(text: str) -> str:
    """Returns the text as SmartEncoded makes it, as far as this table goes."""
    if text.isascii() and "`" not in text:  # nearly every text; of ASCII the table has the grave accent alone
        return text
    return text.translate(_SMART)


def comparable(text: str) -> str:
    """Returns what stays of a text however a provider encodes it: two that differ in this are different texts.

    SmartEncoded changes the body that Twilio shows, and which characters it changes is Twilio's to decide: they have a
    plain twin in ASCII. Its own letters and digits are none of them, nor are those of scripts without such twins.
    """
    plain = unicodedata.normalize("NFKC", smart_encoded(_LINK.sub("", text)))
    if plain.isascii():  # nearly every text, and each look-up compares many
        return "".join(filter(str.isalnum, plain))
    return "".join(
        character
        for character in plain
        if (character.isalnum() and _has_no_twin(ord(character))) or character > "\U0001f000"
    )


def digest_of(text: str) -> str:
    """Returns the digest of what is comparable of a text: equal for all forms in which a provider may show it."""
    return f"{_VERSION}:{sha256(comparable(text).encode()).hexdigest()[:32]}"


def is_current(digest: str | None) -> bool:
    """Whether a digest on record is one that `digest_of` can be compared with."""
    return digest is not None and digest.startswith(f"{_VERSION}:")


def is_masked(text: str) -> bool:
    """Whether a part of a text that a provider shows may be hidden: then other words say nothing."""
    return _MASK.search(text) is not None


def _has_no_twin(code: int) -> bool:
    # Beyond Latin and its phonetic letters (some of which are capitals in small print); emoji are no letters at all.
    return code < 0x80 or (code >= 0x370 and not 0x1D00 <= code < 0x2000 and not 0xA700 <= code < 0xA800)
