"""The relay over HTTP: relay-state, redrive, threads and links, with a token that is renewed when it has expired."""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from relay.outgoing import REDIRECTS, may_carry_secrets, open_url

from scripts.relayctl.tokens import NoToken, Tokens

Json = dict[str, Any]

_TIMEOUT_SECONDS = 30.0
_PAGE = 100
# Between tries when the relay is busy or cannot be reached: a redrive of many must outlast a restart.
_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)


class ApiError(Exception):
    """The relay did not do what it was asked. The message is one sentence.

    Attributes:
        status: the HTTP status; None when nothing answered, or something else than the relay.
        may_pass: whether asking again later makes sense.
    """

    def __init__(self, message: str, status: int | None = None, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.may_pass = may_pass


# The final statuses of relays that a redrive starts.
REDRIVABLE = ("exhausted", "held")


def is_customers(row: Json) -> bool:
    """Whether it is a text for the handlers; answers and notices go the other way."""
    return row.get("kind") not in ("answer", "notice", "operator")


def waits_for_a_person(row: Json) -> bool:
    """Whether the relay was exhausted, held back or set aside, and no operator has said to have seen to it."""
    return bool(row["needs_a_person"])


def can_be_redriven(row: Json, *, delivered: bool) -> bool:
    """Whether a redrive starts the relay that an operator names; `delivered`: also a delivered one of a thread."""
    if row["final_status"] in REDRIVABLE or row.get("set_aside_because"):
        return row.get("kind") != "notice"
    return delivered and row["final_status"] == "delivered" and bool(row.get("thread_id")) and is_customers(row)


class RelayApi:
    """The routes at `url`, the relay's base address."""

    def __init__(self, url: str, tokens: Tokens, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = url.rstrip("/").removesuffix("/sms/relay-state")
        self._tokens = tokens
        self._sleep = sleep
        if urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).netloc:
            raise ApiError(f"{url} is not a web address like https://relay.example.com.")
        if not may_carry_secrets(self.url):
            raise ApiError(f"{url} must begin with https://: all on the way could read what signs you in.")

    def one(self, message_id: str) -> Json:
        """`relay`, `summary` and `story` of one relay. Raises ApiError, with status 404 when there is none."""
        return self._post("/sms/relay-state", {"message_id": message_id})

    def search(self, **conditions: Any) -> Json:
        """One page of rows: `relays`, `next_page_token`, `now`."""
        given = {name: value for name, value in conditions.items() if value is not None}
        return self._post("/sms/relay-state", {"view": "summary", "limit": _PAGE, **given})

    def rows(self, limit: int | None = None, **conditions: Any) -> Iterator[Json]:
        """The rows of a search, newest first, page after page, at most `limit`."""
        token: str | None = None
        count = 0
        while True:
            wanted = _PAGE if limit is None else min(_PAGE, limit - count)
            if wanted < 1:
                return
            answer = self.search(**conditions, limit=wanted, page_token=token)
            yield from answer["relays"]
            count += len(answer["relays"])
            token = answer["next_page_token"]
            if token is None:
                return

    def by_words(self, words: str, limit: int, since: str | None) -> tuple[list[Json], str | None]:
        """The newest rows that have all of these words, at most `limit`; and how far was looked where there is more.

        All that is kept is looked through, over as many calls as it takes.
        """
        rows: list[Json] = []
        token: str | None = None
        while len(rows) < limit:
            wanted = min(_PAGE, limit - len(rows))
            answer = self.search(words=words, since=since, limit=wanted, page_token=token)
            rows += answer["relays"]
            token = answer["next_page_token"]
            if token is None:
                return rows, None
        return rows, answer["searched_back_to"]

    def waiting_for_a_person(self, since: str, *ends: str) -> list[Json]:
        """The rows of relays since then that ended so or were set aside, newest first."""
        found = (row for end in (*ends, "in_progress") for row in self.rows(final_status=end, since=since))
        waiting = [row for row in found if waits_for_a_person(row)]
        return sorted(waiting, key=lambda row: str(row["timestamp"]), reverse=True)

    def redrive(self, message_id: str, request_id: str, tier: int) -> Json:
        """Start it again. Safe to repeat with the same `request_id`. Raises ApiError, with status 409 if it may not."""
        return self._post("/sms/redrive", {"message_id": message_id, "request_id": request_id, "tier": tier})

    def revoke_link(self, message_id: str) -> Json:
        """Take back the link to its files. Safe to repeat. Raises ApiError, 409 if it never had one."""
        return self._post("/sms/redrive", {"message_id": message_id, "revoke_link": True})

    def mark_handled(self, message_id: str, note: str | None) -> Json:
        """Say that you saw to it, with a note; None: that it waits after all. Raises ApiError, 409 if it does not wait.

        The first who says so is named in `handled`. Safe to repeat.
        """
        said = {"handled": False} if note is None else {"handled": True, "note": note}
        return self._post("/sms/redrive", {"message_id": message_id, **said})

    def test_alarms(self, request_id: str) -> list[Json]:
        """Send each recipient of alarms a test, once for this `request_id`. Returns how each stands by now."""
        messages: list[Json] = self._post("/sms/redrive", {"alarm_test": True, "request_id": request_id})["messages"]
        return messages

    def alarm_channels(self) -> dict[str, int]:
        """How many recipients of alarms each channel has. Nothing is sent."""
        channels: dict[str, int] = self._post("/sms/redrive", {"alarm_test": False})["channels"]
        return channels

    def threads(self, limit: int) -> list[Json]:
        """The rows of the open threads, the one touched last first, at most `limit`."""
        rows: list[Json] = []
        token: str | None = None
        while len(rows) < limit:
            page = {"page_token": token} if token else {}
            wanted = min(_PAGE, limit - len(rows))
            answer = self._post("/sms/relay-state", {"threads": True, "limit": wanted, **page})
            rows += answer["threads"]
            token = answer["next_page_token"]
            if token is None:
                break
        return rows

    def thread(self, named: str, limit: int) -> Json:
        """`thread`, `blocked` and the latest of the `conversation`. Raises ApiError, status 404 when there is none."""
        return self._post("/sms/relay-state", {**_named(named), "limit": limit})

    def act(self, act: str, named: str, request_id: str, **fields: str) -> Json:
        """Do something with a thread. Safe to repeat with the same `request_id`. Raises ApiError, 409 if it may not."""
        return self._post("/sms/threads", {"act": act, **_named(named), "request_id": request_id, **fields})

    def make_link(self, kind: str, name: str) -> Json:
        """A new `link`, with its `key` and `expires_at`; `name` is the operator whom it signs in."""
        return self._post("/console/links", {"kind": kind, **({"for": name} if name else {})})

    def sign_out(self, name: str) -> Json:
        """End all sessions, walls and links in this name. Raises ApiError, with status 404 where it is none."""
        return self._post("/console/sign-out", {"for": name})

    def links(self) -> list[Json]:
        """The links that are in force."""
        found: list[Json] = self._post("/console/links/list", {})["links"]
        return found

    def revoke(self, key: str) -> Json:
        """Take a link back. Raises ApiError, with status 404 when there is none of this key."""
        return self._post("/console/links/revoke", {"key": key})

    def _post(self, path: str, body: Json) -> Json:
        for pause in (*_PAUSES_SECONDS, None):
            try:
                return self._try(path, body)
            except ApiError as error:
                if pause is None or not error.may_pass:
                    raise
            self._sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _try(self, path: str, body: Json) -> Json:
        token = self._tokens.token()
        try:
            return self._ask(path, body, token)
        except ApiError as error:
            if error.status not in (401, 403) or not self._tokens.renew(token):
                raise
        return self._ask(path, body, self._tokens.token())

    def _ask(self, path: str, body: Json, token: str) -> Json:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)  # noqa: S310 - checked
        try:
            with open_url(request, _TIMEOUT_SECONDS) as answer:
                told: Json = json.load(answer)
        except urllib.error.HTTPError as error:
            may_pass = error.code == 429 or error.code >= 500
            raise ApiError(_refused(error, self.url, path), error.code, may_pass=may_pass) from error
        except (OSError, http.client.HTTPException) as error:
            words = f"The relay at {self.url} does not answer ({_why(error)}): is it running, and is the address right?"
            raise ApiError(words, may_pass=True) from error
        except ValueError as error:
            raise ApiError(f"What answers at {self.url} is not the relay.") from error
        return told


def _named(thread: str) -> Json:
    """A thread by its id, which is long, or by its code."""
    return {"thread_id" if re.fullmatch(r"[0-9a-f]{40}", thread) else "code": thread}


def _refused(error: urllib.error.HTTPError, url: str, path: str) -> str:
    try:
        said = str(json.load(error).get("error", ""))
    except (ValueError, AttributeError, OSError):
        said = ""
    if error.code in (401, 403) and not said:
        # The relay says why; Cloud Run and the gateway answer with a page, or with `code` and `message`.
        return (
            f"What stands before the relay at {url} answers {error.code} in its place. At Google that passes some "
            "minutes after a deployment; else docs/first-project.md says what may be in the way."
        )
    if error.code in (401, 403):
        return "The identity token is not accepted: it has expired, or is made out for another person or service."
    if error.code in REDIRECTS:
        place = urlsplit(error.headers.get("Location", "")).netloc or "another path"
        return f"{url} redirects (to {place}), where the token is not sent: give the address that answers itself."
    if error.code == 404 and not said:
        return f"There is no relay at {url}: nothing answers {path} there."
    return said or f"The relay answered {error.code}."


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or type(reason).__name__


__all__ = ["ApiError", "Json", "NoToken", "RelayApi"]
