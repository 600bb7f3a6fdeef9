"""Texts and bytes that have broken other people's programs, and random ones."""

from __future__ import annotations

from collections.abc import Callable

from tests.endurance.fuzz.tape import Tape
from tests.endurance.load import BODY_MARK

# No surrogates: these go where a text is encoded by us; broken encodings are made of bytes.
TEXTS = (
    f"{BODY_MARK} the boiler is leaking",
    "",
    " ",
    "\x00",
    f"{BODY_MARK}\r\nX-Injected: 1\r\n\r\n",
    f"\x1b[31m{BODY_MARK}\x1b[0m\x07\x08",
    f"\u2028{BODY_MARK}\u2029\x85\x9b",
    f"\u202e{BODY_MARK}\u200b\ufeff",
    "\U0001f6bf\u0301\u0301\u0301\ufffd\uffff",
    "\uff0b\uff11\uff12\u0663\u0966",
    "null",
    "true",
    "NaN",
    "-1",
    "1e999",
    "9" * 400,
    "0x10",
    "+15555550123",
    "+",
    "2026-01-31T12:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "../../../etc/passwd",
    "%00%0d%0a%ff",
    "${jndi:ldap://127.0.0.1/a}{{7*7}}<script>alert(1)</script>",
    "' OR 1=1; DROP TABLE relays; --",
    "__proto__",
    "SM" + "0" * 32,
    "sm" + "G" * 32,
    "a=b&c=d;e=f",
)

# A second text in the words of the first, and a name under which the rest of the first may hide.
SECOND_TEXTS = (
    *(
        f"{BODY_MARK}From+15555550123{name}SM{'2' * 32}NumMedia0To+12025550100{hiding}"
        for name in ("MessageSid", "SmsSid")
        for hiding in ("Zz", "ToCountry", "")
    ),
    f"Dd{BODY_MARK}",
    f"{BODY_MARK}From+15555550123FromCityDd",
)


def text(tape: Tape) -> str:
    """Any text, sometimes a long one."""
    kind = tape.below(8)
    if kind < 5:
        return tape.pick(TEXTS)
    if kind == 5:
        return tape.raw(tape.below(24)).decode("latin-1")
    if kind == 6:
        return tape.raw(tape.below(24)).decode("utf-8", "replace")
    return tape.pick(TEXTS) * (1 << tape.below(11))


def changed(tape: Tape, value: str) -> str:
    """A text that differs from this one in one place, or altogether."""
    if not value:
        return text(tape)
    at = tape.below(len(value))
    ways: tuple[Callable[[], str], ...] = (
        lambda: text(tape),
        lambda: value[:at] + chr(tape.byte()) + value[at + 1 :],
        lambda: value[:at] + value[at + 1 :],
        lambda: value[:at] + tape.pick(TEXTS) + value[at:],
        lambda: value + value,
        lambda: value.swapcase(),
        lambda: f" {value}",
        lambda: f"{value}\n",
        lambda: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in value),
    )
    return tape.pick(ways)()


def garbage(tape: Tape) -> bytes:
    """Bytes that are no text, few or many."""
    return tape.raw(tape.below(64)) * (1 << tape.below(12))


def header(value: str) -> str:
    """As a header may hold it: servers cut lines at their ends and hand on Latin-1."""
    return value.encode("utf-8").decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")
