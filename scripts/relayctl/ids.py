"""Which relay an operator means: its id, the id's beginning, or `latest`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from scripts.relayctl.api import Json, RelayApi
from scripts.relayctl.output import Context, from_text, harmless
from scripts.relayctl.times import named_clock

LATEST = "latest"
BEGINNING_MIN = 6
# So many relays are looked through for the latest text: what else comes in meanwhile is far less.
SEARCHED_MAX = 2000
_PAGE = 200
_SHOWN_MAX = 10
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# As the provider makes them, and what is added to one for an answer or a notice.
_WHOLE = re.compile(r"[A-Z]{2}[0-9a-f]{32}(-\w+)*")


class MessageId(click.ParamType[str]):
    """A relay's message id, as every list shows it; its beginning; or `latest`, the customer's text that came last."""

    name = "ID"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        text = str(value).strip()
        if not _MESSAGE_ID.fullmatch(text):
            self.fail(f"{text!r} is not a message's id: letters, digits, - and _.", parameter, context)
        if _WHOLE.fullmatch(text):
            return text
        if text.lower() != LATEST and len(text) < BEGINNING_MIN:
            words = f"{text!r} is too little of an id: give {BEGINNING_MIN} characters of its beginning, or `{LATEST}`."
            self.fail(words, parameter, context)
        given = context.find_object(Context) if context is not None else None
        return text if given is None else meant(given.api, text)


def meant(api: RelayApi, text: str) -> str:
    """Returns the whole id of the relay that is meant. Raises ClickException, and ApiError when it cannot be asked."""
    if text.lower() == LATEST:
        return _latest(api)
    found = _beginning_with(api, text)
    # Its answers and notices have a text's own id as their beginning: their ids are given whole.
    ids = {row["message_id"] for row in found}
    found = [row for row in found if not any(row["message_id"].startswith(f"{other}-") for other in ids)]
    if len(found) == 1:
        return str(found[0]["message_id"])
    if found:
        raise click.ClickException(_which(text, found))
    raise click.ClickException(f"No relay's id begins with {text}.")


def _beginning_with(api: RelayApi, text: str) -> list[Json]:
    """Returns rows whose ids begin so, newest first, of all that is kept.

    Where each call looks at a part of that only, it is the newest part that has any.
    """
    token: str | None = None
    while True:
        answer = api.search(words=text, limit=_PAGE, page_token=token)
        found = [row for row in answer["relays"] if str(row["message_id"]).lower().startswith(text.lower())]
        token = answer["next_page_token"]
        if found or token is None:
            return found


def _latest(api: RelayApi) -> str:
    for row in api.rows(limit=SEARCHED_MAX):
        # What handlers and operators text is none, and often the last of all.
        if row["kind"] == "customer":
            return str(row["message_id"])
    raise click.ClickException("There is no latest text: none of a customer's is kept.")


def _which(text: str, found: Sequence[Json]) -> str:
    """Returns the candidates, the newest first, to choose from."""
    lines = [
        f"  {row['message_id']}  {named_clock(row['timestamp'])}  {from_text(row)}  "
        f"{harmless(' '.join(row['message_body'].split()))[:30]}".rstrip()
        for row in found[:_SHOWN_MAX]
    ]
    more = f"\n  and {len(found) - _SHOWN_MAX} more" if len(found) > _SHOWN_MAX else ""
    return "\n".join([f"{len(found)} ids begin with {text}; which one?", *lines]) + more
