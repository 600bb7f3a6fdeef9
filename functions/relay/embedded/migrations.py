"""The tables of the embedded home's file, as the migrations by which they came to be so. Knows nothing else.

A migration that was ever released is never changed: a change is one more at the end. A new file takes all of them, an
older one those it lacks, each in one transaction. Going back is restoring a copy, so a migration is for what a document
cannot say: further fields of a relay need none.
"""

from __future__ import annotations

# Every search ends in (timestamp, message_id), newest first: one index per combination of filters, so that a page costs
# what it shows. `due_at` is set on a relay that a timer or the sweep must still act on, running or ended: the sweep
# reads no other.
_FIRST = """
CREATE TABLE relays (
    message_id TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    sender_phone TEXT NOT NULL,
    final_status TEXT NOT NULL,
    due_at INTEGER,
    expires_at INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX relays_by_time ON relays (timestamp, message_id);
CREATE INDEX relays_by_status ON relays (final_status, timestamp, message_id);
CREATE INDEX relays_by_sender ON relays (sender_phone, timestamp, message_id);
CREATE INDEX relays_by_status_and_sender ON relays (final_status, sender_phone, timestamp, message_id);
CREATE INDEX relays_due ON relays (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX relays_by_expiry ON relays (expires_at);

CREATE TABLE timers (
    message_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    queue_tier INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message_id, attempt, kind, due_at)
) WITHOUT ROWID;
CREATE INDEX timers_ready ON timers (ready_at);

CREATE TABLE feed (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    first_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL
);

CREATE TABLE jobs (name TEXT PRIMARY KEY, ready_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE watermarks (name TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
"""

# Threads: `unclaimed_in` is a relay's thread for as long as a claim takes it. `touched_at` orders a kind's records, and
# `threads_shown` says of a thread's whom it was shown, by the same time; `expires_at` is NULL on what is kept for good.
_THREADS = """
ALTER TABLE relays ADD COLUMN thread_id TEXT;
ALTER TABLE relays ADD COLUMN unclaimed_in TEXT;
CREATE INDEX relays_by_thread ON relays (thread_id, timestamp, message_id) WHERE thread_id IS NOT NULL;
CREATE INDEX relays_unclaimed ON relays (unclaimed_in, timestamp, message_id) WHERE unclaimed_in IS NOT NULL;

CREATE TABLE thread_records (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    expires_at INTEGER,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX thread_records_by_time ON thread_records (kind, touched_at, id);
CREATE INDEX thread_records_by_expiry ON thread_records (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE threads_shown (
    thread_id TEXT NOT NULL,
    person TEXT NOT NULL,
    touched_at INTEGER NOT NULL,
    PRIMARY KEY (thread_id, person)
) WITHOUT ROWID;
CREATE INDEX threads_shown_by_person ON threads_shown (person, touched_at, thread_id);
"""

# The token of a relay whose files have a link; NULL on all others, which the index therefore does not hold.
_MEDIA = """
ALTER TABLE relays ADD COLUMN media_token TEXT;
CREATE INDEX relays_by_media_token ON relays (media_token) WHERE media_token IS NOT NULL;
"""

# Of operators: `due_at` is set on a record with which something is still to be done, a message to be told above all.
_OPERATORS = """
CREATE TABLE operator_records (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    due_at INTEGER,
    expires_at INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX operator_records_due ON operator_records (kind, due_at, key) WHERE due_at IS NOT NULL;
CREATE INDEX operator_records_lasting ON operator_records (kind, expires_at, key);
CREATE INDEX operator_records_by_expiry ON operator_records (expires_at);
"""

# Where a relay is in the full-text index, which words_rows.py makes where SQLite has one; NULL on those that are not.
_WORDS = """
ALTER TABLE relays ADD COLUMN words_row INTEGER;
CREATE INDEX relays_by_words ON relays (words_row, timestamp, message_id) WHERE words_row IS NOT NULL;
CREATE INDEX relays_without_words ON relays (timestamp, message_id) WHERE words_row IS NULL;
"""

# The file's version (PRAGMA user_version) is the number of migrations taken. Each is statements, with no semicolon
# inside of one.
MIGRATIONS: tuple[str, ...] = (_FIRST, _THREADS, _MEDIA, _OPERATORS, _WORDS)
