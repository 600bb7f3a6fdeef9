"""The SELECTs by which relays and threads are looked for, each answered from an index in its order.

Indexes are named, because SQLite knows nothing of the data and at times guesses wrong.
"""

from __future__ import annotations

from relay.core.numbers import spellings
from relay.embedded.file import to_micros
from relay.ports import Search
from relay.record.kinds import Kind
from relay.record.pages import place_of

Statement = tuple[str, list[int | str]]

# What has not ended is shown for as long as it is there: a clock that was wrong may have written when it expires
# (core/clocks.py puts that right).
SHOWN = "(expires_at > ? OR final_status = 'in_progress')"
_NEWEST_FIRST = "ORDER BY timestamp DESC, message_id DESC"
# By whether the final status and the sender's phone are compared. A thread's relays are few: its index will do for all.
_SEARCH_INDEXES = {
    (False, False): "relays_by_time",
    (True, False): "relays_by_status",
    (False, True): "relays_by_sender",
    (True, True): "relays_by_status_and_sender",
}


def search_statement(search: Search, now: int) -> Statement:
    """Returns the SELECT of a search and its values; it reads one row more than `search.limit`.

    Raises ValueError on a page token that is not one of ours.
    """
    index, where, values = _conditions(search, now)
    statement = f"SELECT timestamp, message_id, document FROM relays INDEXED BY {index} WHERE {where} {_NEWEST_FIRST}"
    return f"{statement} LIMIT ?", [*values, search.limit + 1]


def words_statement(search: Search, now: int, asked: str, beginning: str = "") -> Statement:
    """Returns the SELECT of the places where a search by words may find relays, and its values.

    `asked` is what the full-text index is asked for; "" looks everywhere. What that index does not have is looked at
    too, and so are relays whose id has this `beginning`. Raises ValueError on a page token that is not one of ours.
    """
    index, where, values = _conditions(search, now)
    places = "SELECT timestamp, message_id FROM relays INDEXED BY"
    if not asked:
        return f"{places} {index} WHERE {where} {_NEWEST_FIRST}", values
    indexed = "words_row IN (SELECT rowid FROM relay_words WHERE relay_words MATCH ?)"
    by_id, others = "", ""
    ids: list[int | str] = []
    if beginning:
        others, ids = " AND NOT (message_id >= ? AND message_id < ?)", [beginning, f"{beginning}\x7f"]
        by_id = f" UNION ALL {places} sqlite_autoindex_relays_1 WHERE message_id >= ? AND message_id < ? AND {where}"
    return (
        f"{places} relays_by_words WHERE {indexed} AND {where}{others}"
        f" UNION ALL {places} relays_without_words WHERE words_row IS NULL AND {where}{others}{by_id} {_NEWEST_FIRST}",
        [asked, *values, *ids, *values, *ids, *([*ids, *values] if beginning else [])],
    )


def _conditions(search: Search, now: int) -> tuple[str, str, list[int | str]]:
    """Returns the index that answers a search best, its conditions, and their values."""
    index = _SEARCH_INDEXES[search.final_status is not None, search.sender_phone is not None]
    conditions = [SHOWN]
    values: list[int | str] = [now]
    if search.thread_id is not None:
        index = "relays_by_thread"
        conditions.append("thread_id = ?")
        values.append(search.thread_id)
    if search.final_status is not None:
        conditions.append("final_status = ?")
        values.append(search.final_status.value)
    if search.sender_phone is not None:
        written = spellings(search.sender_phone)
        conditions.append(f"sender_phone IN ({', '.join('?' * len(written))})")
        values.extend(written)
    if search.since is not None:
        conditions.append("timestamp >= ?")
        values.append(to_micros(search.since))
    if search.until is not None:
        conditions.append("timestamp < ?")
        values.append(to_micros(search.until))
    if search.page_token is not None:
        timestamp, message_id = place_of(search.page_token)
        conditions.append("(timestamp, message_id) < (?, ?)")
        values.extend((to_micros(timestamp), message_id))
    return index, " AND ".join(conditions), values


def media_statement(token: str, now: int) -> Statement:
    """Returns the SELECT of the relay whose files this token opens, and its values."""
    return (
        "SELECT message_id, document FROM relays INDEXED BY relays_by_media_token"
        f" WHERE media_token = ? AND {SHOWN} LIMIT 1",
        [token, now],
    )


def unclaimed_statement(thread_id: str, now: int, since: int | None = None) -> Statement:
    """Returns the SELECT of the relays that a claim of this thread takes, newest first, and its values.

    With `since` also of all its others from then on.
    """
    columns = "message_id, document, version, timestamp"
    unclaimed = f"SELECT {columns} FROM relays INDEXED BY relays_unclaimed WHERE unclaimed_in = ? AND {SHOWN}"
    if since is None:
        return f"{unclaimed} {_NEWEST_FIRST}", [thread_id, now]
    # Two in the same order are merged; one with OR would be sorted.
    others = (
        f"SELECT {columns} FROM relays INDEXED BY relays_by_thread"
        f" WHERE thread_id = ? AND timestamp >= ? AND unclaimed_in IS NULL AND {SHOWN}"
    )
    return f"{unclaimed} UNION ALL {others} {_NEWEST_FIRST}", [thread_id, now, thread_id, since, now]


def shown_statement(person: str, since: int, now: int) -> Statement:
    """Returns the SELECT of the threads that this person was shown, newest first, and its values."""
    return (
        "SELECT id, document, version FROM threads_shown AS shown INDEXED BY threads_shown_by_person"
        " CROSS JOIN thread_records ON kind = ? AND id = thread_id"
        " WHERE person = ? AND shown.touched_at >= ? AND expires_at > ?"
        " ORDER BY shown.touched_at DESC, thread_id DESC",
        [Kind.THREAD.value, person, since, now],
    )


def kind_statement(kind: Kind, now: int, since: int = 0, page_token: str | None = None) -> Statement:
    """Returns the SELECT of the records of a kind touched after `since`, newest first, and its values.

    Raises ValueError on a page token that is not one of ours.
    """
    conditions, values = "", [kind.value, since, now]
    if page_token is not None:
        touched_at, record_id = place_of(page_token)
        conditions = " AND (touched_at, id) < (?, ?)"
        values += [to_micros(touched_at), record_id]
    return (
        "SELECT id, document, version FROM thread_records INDEXED BY thread_records_by_time"
        f" WHERE kind = ? AND touched_at > ? AND expires_at > ?{conditions} ORDER BY touched_at DESC, id DESC",
        values,
    )
