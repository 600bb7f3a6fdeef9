"""The errors: each class says what was and was not done, and what the caller should do. No code reads their text."""

from __future__ import annotations


class RelayError(Exception):
    """Base of everything this package raises on purpose. Messages hold no body, no phone number and no secret."""


class StoreUnavailable(RelayError):
    """The store is out of order for now: it did not answer, or not in time, or too many wrote at once.

    A write may or may not have been applied: read before repeating it.
    """


class StoreRefused(RelayError):
    """The store refuses this write for good, e.g. because it is too large: nothing was stored.

    Attributes:
        record_id: of the record that was to be written, a relay's message_id; of several, one.
        reason: in plain words, without anything that the record holds.
    """

    def __init__(self, record_id: str, reason: str) -> None:
        super().__init__(f"{record_id}: {reason}")
        self.record_id = record_id
        self.reason = reason


class Unreadable(RelayError):
    """What is stored of a relay is no relay, or of a thread no thread: broken, of wrong types, with fields missing.

    Each store raises the alarm where it reads such a record, so that no caller has to.

    Attributes:
        record_id: the id under which it is stored, a relay's message_id.
        reason: in plain words, without anything that the record holds.
    """

    def __init__(self, record_id: str, reason: str) -> None:
        super().__init__(f"{record_id}: {reason}")
        self.record_id = record_id
        self.reason = reason


class NewerRecord(StoreUnavailable):
    """A later revision wrote the record, with a meaning that this one does not know: it is left to that revision.

    Each way in answers its caller to come again, as when the store does not answer. Each store raises the alarm where
    it reads such a record, so that no caller has to.
    """

    def __init__(self, schema_version: object) -> None:
        super().__init__(f"The record is of version {schema_version}, which only a newer revision knows.")
        self.schema_version = schema_version


class MediaUnavailable(RelayError):
    """A file that came with a text cannot be had.

    Attributes:
        reason: in words for the person who wants to see it, without a full stop.
        is_gone: the provider has no such file. It may have one in some seconds, if its text has only just come in.
    """

    def __init__(self, reason: str, *, is_gone: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_gone = is_gone


class NoSuchPart(MediaUnavailable):
    """The part of a file that was asked for lies outside the file, which is there."""


class Conflict(RelayError):
    """A document of a commit did not meet its precondition. Nothing of the commit was stored.

    Attributes:
        record_id: of such a document, a relay's message_id; of several, one.
        kind: what that document is (record/kinds.py).
    """

    _WORDS = ""

    def __init__(self, record_id: str, kind: str = "relay") -> None:
        super().__init__(f"{record_id}: {self._WORDS.format(kind)}")
        self.record_id = record_id
        self.kind = kind


class AlreadyStored(Conflict):
    """A record with this id exists. It may be the caller's own create, whose reply was lost: read it."""

    _WORDS = "a {} with this id exists"


class VersionConflict(Conflict):
    """The record changed since it was read (perhaps by one's own write, whose reply was lost): read it again."""

    _WORDS = "the {} changed since it was read, or is gone"


class MessengerUnavailable(RelayError):
    """The provider did not answer a look-up: nothing is known of the text that was asked for."""


class MayNotRead(MessengerUnavailable):
    """The provider answers and refuses to tell: our credentials may not read. It stays so until they are changed."""


class BadRequest(RelayError):
    """The caller's fault, with the HTTP status that says so. The message is safe to show to the caller.

    Attributes:
        status: HTTP status to answer.
        headers: further headers that belong to that status.
    """

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class ConfigurationError(RelayError):
    """The configuration cannot be used. Lists every mistake, in words, and never a secret's value."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = tuple(mistakes)
        lines = "\n".join(f"  - {mistake}" for mistake in mistakes)
        super().__init__(f"The configuration has {len(mistakes)} mistake(s):\n{lines}")
