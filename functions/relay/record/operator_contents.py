"""Records of operators as both homes keep them: their content as JSON text, under keys of one form."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from relay.errors import StoreRefused

# Of the text. With it and a key a document stays below what Firestore takes (record/documents.py).
CONTENT_BYTES_MAX = 1_000_000
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,200}")


def is_key(key: object) -> bool:
    """Whether a record can have this key: what comes from outside may be no key at all."""
    return isinstance(key, str) and _KEY.fullmatch(key) is not None


def to_text(kind: str, key: str, content: Mapping[str, Any], *times: datetime | None) -> str:
    """Returns the text of a content that is to be stored, with these times beside it. Raises StoreRefused."""
    if not is_key(key):
        # Such a key is not repeated: what it holds is not known.
        raise StoreRefused(kind, "its key is none")
    if any(at is not None and at.tzinfo is None for at in times):
        raise StoreRefused(key, "it holds a time without its zone")
    try:
        text = json.dumps(dict(content), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        is_json = json.loads(text) == content
        size = len(text.encode())
    except UnicodeEncodeError:
        raise StoreRefused(key, "it holds text that is no Unicode") from None
    except (TypeError, ValueError, RecursionError) as error:
        reason = f"it holds a value that cannot be stored ({type(error).__name__})"
        raise StoreRefused(key, reason) from None
    if not is_json:
        # A tuple would come back as a list, a number that names something as a text.
        raise StoreRefused(key, "it would come back as something else")
    if size > CONTENT_BYTES_MAX:
        raise StoreRefused(key, f"it is larger than {CONTENT_BYTES_MAX} bytes")
    return text


def from_text(text: object) -> dict[str, Any] | None:
    """Returns the content in a text; None for what cannot be read."""
    if not isinstance(text, str):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
