"""`attached` says what operators are told of the files that came with a text.

The link is a secret, so it is told of one relay that was asked for, and in no list: that needs none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from relay.core.files import are_over
from relay.core.model import Attachment, Relay, Step
from relay.flow.wording import called, files_in_words
from relay.web import media_link

_KEPT = "they are in Twilio's log"


def attached(relay: Relay, now: datetime, media_base_url: str) -> dict[str, Any] | None:
    """Returns what is said of the files of a relay, None when none came with it.

    `words`: how many of what kind there are to see. `link`: where these are opened, None where it is not told because
    `media_base_url` is "", and where nothing opens them: `note` then says so. `lines`: one for each whose id is known,
    and one, its `media_id` None, for the others together.
    """
    if not relay.media_count:
        return None
    lines: list[dict[str, Any]] = [{"words": _line(each), "media_id": each.media_id} for each in relay.attachments]
    unknown = relay.media_count - len(relay.attachments)
    if unknown > 0:
        lines.append({"words": f"{unknown} without an id on record", "media_id": None})
    opens = relay.files_to_see > 0 and bool(relay.media_token) and not are_over(relay, now)
    link = media_link(media_base_url, relay.media_token) if opens and media_base_url else None
    note = "" if opens or not relay.files_to_see else _note(relay)
    words = files_in_words(relay) or "words alone, which are in the text"
    return {"words": words, "link": link, "note": note, "lines": lines}


def _line(file: Attachment) -> str:
    kind = file.content_type or "of unknown type"
    return f"words of the text, {kind}" if file.is_in_words else f"{called(file)}, {kind}"


def _note(relay: Relay) -> str:
    why = "Their link was revoked" if was_revoked(relay) else "No link opens them"
    return f"{why}; {_KEPT}."


def was_revoked(relay: Relay) -> bool:
    """Whether an operator took back the link to the relay's files."""
    return any(entry.step is Step.LINK_REVOKED for entry in relay.error_log)
