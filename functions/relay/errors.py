"""The errors: each class says what was and was not done, and what the caller should do. No code reads their text."""

from __future__ import annotations


class RelayError(Exception):
    """Base of everything this package raises on purpose. Messages hold no body, no phone number and no secret."""


class StoreUnavailable(RelayError):
    """The store did not answer, or not in time. A write may or may not have been applied: read before repeating it."""


class NewerRecord(StoreUnavailable):
    """A later revision wrote the record, with a meaning that this one does not know: it is left to that revision.

    Each way in answers its caller to come again, as when the store does not answer. Each store raises the alarm where
    it reads such a record, so that no caller has to.
    """

    def __init__(self, schema_version: object) -> None:
        super().__init__(f"The record is of version {schema_version}, which only a newer revision knows.")
        self.schema_version = schema_version


class Conflict(RelayError):
    """A document of a commit did not meet its precondition. Nothing of the commit was stored.

    Attributes:
        message_id: of such a document; of several, one.
    """

    def __init__(self, message_id: str, words: str) -> None:
        super().__init__(f"{message_id}: {words}")
        self.message_id = message_id


class AlreadyStored(Conflict):
    """A relay with this message id exists. It may be the caller's own create, whose reply was lost: read it."""

    def __init__(self, message_id: str) -> None:
        super().__init__(message_id, "a relay with this message id exists")


class VersionConflict(Conflict):
    """The relay changed since it was read (perhaps by one's own write, whose reply was lost): read it again."""

    def __init__(self, message_id: str) -> None:
        super().__init__(message_id, "the relay changed since it was read, or is gone")


class MessengerUnavailable(RelayError):
    """The provider did not answer a look-up: nothing is known of the text that was asked for."""


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
