"""Times as an operator says and reads them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LENGTH = re.compile(r"(\d{1,6})\s*([smhdw])")


def moment(text: str, now: datetime) -> datetime:
    """`90m`, `1h`, `2d`: so long before `now`; or a time in ISO 8601, in local time unless it says otherwise.

    Raises ValueError with words for the operator.
    """
    length = _LENGTH.fullmatch(text.strip().lower())
    if length:
        return now - timedelta(seconds=int(length[1]) * _UNITS[length[2]])
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(
            f"{text!r} is neither a length like 90m, 1h or 2d nor a time like 2026-01-31T12:00."
        ) from error


def span(seconds: float) -> str:
    """A length of time with the two units that matter: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min, 3 d 4 h."""
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    for size, name, rest_size, rest_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // rest_size
            return f"{whole // size} {name}" + (f" {rest} {rest_name}" if rest else "")
    return f"{whole} s"


def parsed(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def between(start: str, end: str) -> float:
    """Seconds from one ISO 8601 time to another."""
    return (parsed(end) - parsed(start)).total_seconds()


def zone(iso: str) -> str:
    """Returns what this machine's zone is called at that time: CET, or GMT+5:30 where it has no name."""
    at = parsed(iso).astimezone()
    name = at.tzname() or ""
    offset = at.utcoffset()
    if name[:1].isalpha() or offset is None:
        return name or "UTC"
    minutes = round(offset.total_seconds()) // 60
    sign, whole = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"GMT{sign}{whole // 60}" + (f":{whole % 60:02}" if whole % 60 else "")


def named_clock(iso: str, now: datetime | None = None) -> str:
    """Local time with its zone, for a time that stands alone; a list says once which zone its times have."""
    return f"{clock(iso, now)} {zone(iso)}"


def clock(iso: str, now: datetime | None = None) -> str:
    """Local time of day, of 24 hours; with the date when it is not today's."""
    at = parsed(iso).astimezone()
    today = (now or datetime.now(UTC)).astimezone().date()
    return at.strftime("%H:%M:%S") if at.date() == today else at.strftime("%Y-%m-%d %H:%M:%S")
