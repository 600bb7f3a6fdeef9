"""How a text is cut into SMS segments (GSM 03.38, UCS-2), and Twilio's smart encoding.

Limits: https://www.twilio.com/docs/glossary/what-sms-character-limit.
"""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these takes two septets, an escape and a character, which stay together in one segment.
_EXTENDED = frozenset("^{}\\[~]|€\f")

# ruff: noqa: RUF001 - telling look-alikes apart is what this table is for
_SMART = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "‛": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "…": "...",
        "•": "*",
        "\N{NO-BREAK SPACE}": " ",
        "\N{EN SPACE}": " ",
        "\N{EM SPACE}": " ",
        "\N{THIN SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{ZERO WIDTH SPACE}": "",
    }
)


def smart_encoded(body: str) -> str:
    """The body with typographic characters replaced by their GSM-7 likeness (`SmartEncoded=true`)."""
    return body.translate(_SMART)


def segment_count(body: str) -> int:
    """How many SMS segments a body takes; an empty body takes one."""
    if all(character in _BASIC or character in _EXTENDED for character in body):
        return _pack([2 if character in _EXTENDED else 1 for character in body], single=160, part=153)
    # UTF-16 code units: a character outside the basic plane takes two, which stay together.
    return _pack([2 if ord(character) > 0xFFFF else 1 for character in body], single=70, part=67)


def _pack(widths: list[int], single: int, part: int) -> int:
    if sum(widths) <= single:
        return 1
    segments, used = 1, 0
    for width in widths:
        if used + width > part:
            segments, used = segments + 1, 0
        used += width
    return segments
