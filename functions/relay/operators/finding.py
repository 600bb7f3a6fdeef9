"""Which thread a call is about: by the code that handlers are shown, or by its id."""

from __future__ import annotations

import re
from datetime import datetime

from relay.core.threads.codes import code_in_front
from relay.core.threads.model import Thread
from relay.errors import BadRequest
from relay.fields import Fields, matching
from relay.ports import RelayStore

FIELDS = ("code", "thread_id")
_THREAD_ID = re.compile(r"[0-9a-f]{40}")


def thread_asked_for(store: RelayStore, fields: Fields, now: datetime, seconds: float) -> Thread:
    """Returns the thread that a call is about. Raises BadRequest 400 or 404, StoreUnavailable.

    A code stands for the thread that has it, open or closed for less than a week.
    """
    if len(fields.keys() & set(FIELDS)) != 1:
        raise BadRequest(400, "Give code (like K71), or thread_id: one of them.")
    if "thread_id" in fields:
        thread_id = matching(fields, "thread_id", _THREAD_ID, "a thread's id: 40 hexadecimal digits")
        kept = store.thread(thread_id, timeout_seconds=seconds)
        if kept is None:
            raise no_such_thread()
        return kept.record
    return _with_code(store, code_of(fields), now, seconds)


def code_of(fields: Fields) -> str:
    """Returns the code of a call as we write it: people write k71 or K 71 too."""
    value = fields.get("code")
    found = code_in_front(value) if isinstance(value, str) else None
    if found is None or found[1]:
        raise BadRequest(400, "code is not a thread's code: a letter and two digits like K71.")
    return found[0]


def no_such_thread() -> BadRequest:
    """Returns the refusal of a call about a thread that is not there."""
    return BadRequest(404, "No such thread: unknown, or forgotten after 90 days.")


def _with_code(store: RelayStore, code: str, now: datetime, seconds: float) -> Thread:
    holder = store.code(code, timeout_seconds=seconds)
    kept = store.thread(holder.record.thread_id, timeout_seconds=seconds) if holder is not None else None
    # The record of the code is written with the thread, and stays when the thread has got another one.
    if kept is None or kept.record.code != code or not kept.record.keeps_its_code(now):
        raise BadRequest(404, f"No customer has the code {code} now: look at the open threads, or search by number.")
    return kept.record
