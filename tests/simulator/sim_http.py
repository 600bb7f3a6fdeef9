"""Twilio's REST interface in a run: the relay's own messenger speaks HTTP with it, down to JSON, nulls and pages.

Used where a run's kind is about what Twilio's answers say; elsewhere the port itself is simulated, which is faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from relay.ports import OutgoingText
from relay.twilio import messenger
from relay.twilio.in_time import Ended

from tests.simulator.history import Post, time_of
from tests.simulator.kinds import Kind
from tests.simulator.sim_messenger import ProcessMessenger
from tests.simulator.sim_twilio import ACCOUNT_SID, InboundRow, Message, TwilioState
from tests.twilio_words import BASE_URL

Json = dict[str, Any]
_LIST = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"
_SMALL_PAGE = 2

# Of an HTTP interface: the kinds whose runs need it.
OVER_HTTP = frozenset(
    {
        *(Kind.NOT_WHOLE, Kind.FAILED_ROWS, Kind.ROWS_OF_OTHERS, Kind.NULL_ROWS, Kind.PAGES, Kind.BODIES),
        *(Kind.BROKEN_FETCH, Kind.MAY_NOT_READ, Kind.CODES_ANSWERED, Kind.ANSWERS_OF_OTHERS, Kind.REFUSED_YET_TAKEN),
        *(Kind.OUTAGE_NO_LINE, Kind.OUTAGE_OURS, Kind.OUTAGE_SILENT, Kind.SPELLINGS),
    }
)


class _Answer:
    """An HTTP answer as the relay's exchange reads it."""

    def __init__(self, status: int, content: Json, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.headers = dict(headers)
        self.raw = self
        self._left = json.dumps(content).encode()

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def read1(self, _size: int, decode_content: bool) -> bytes:
        part, self._left = self._left, b""
        return part


class HttpTwilio:
    """Stands where the relay keeps its connections: each request is answered from the run's Twilio."""

    def __init__(self, state: TwilioState) -> None:
        self._state = state
        self.posting: tuple[OutgoingText, Post] | None = None
        self._page_before: set[str] = set()

    def session(self) -> HttpTwilio:
        return self

    def used(self) -> None:
        """Nothing is kept open."""

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Iterable[bytes] | None = None,
        **_: object,
    ) -> _Answer:
        status, content, headers = self._answer(method, url, params, data)
        return _Answer(status, content, headers)

    def _answer(
        self, method: str, url: str, params: Mapping[str, object] | None, data: Iterable[bytes] | None
    ) -> tuple[int, Json, Mapping[str, str]]:
        state = self._state
        wide = state.wide
        out = wide is not None and wide.is_out(state.kernel.now)
        if out and wide is not None and wide.kind is Kind.OUTAGE_NO_LINE and wide.answers is None:
            raise ConnectionError("refused")
        if data is not None:
            body = b"".join(data)
            if method == "POST":
                return self._taken(body)
        sid = urlsplit(url).path.rpartition("/")[2].removesuffix(".json")
        if sid in state.messages:
            state.asked.append((state.kernel.now, state.messages[sid].to))  # whatever the answer is
        if out and wide is not None:
            return _error(*(wide.answers or (503, None)))
        if wide is not None and wide.kind is Kind.MAY_NOT_READ:
            state.refused_reads += 1
            return _error(401, 70051)
        split = urlsplit(url)
        asked = {name: str(value) for name, value in (params or {}).items()}
        asked |= {name: values[0] for name, values in parse_qs(split.query).items()}
        if split.path == f"{_LIST}.json":
            return 200, self._listed(asked), {}
        return self._fetched(sid)

    def _taken(self, body: bytes) -> tuple[int, Json, Mapping[str, str]]:
        assert self.posting is not None
        text, post = self.posting
        form = parse_qs(body.decode(), keep_blank_values=True)
        assert form["To"] == [text.to]
        status, code, message = self._state.answer(text, post)
        if message is None:
            return _error(status, code)
        return status, self._row(message), {}

    def _fetched(self, sid: str) -> tuple[int, Json, Mapping[str, str]]:
        state = self._state
        state.history.skipped.pop(state.kernel.task, None)  # what follows is not by the list
        message = state.messages.get(sid)
        if message is None:
            return _error(404, 20404)
        if state.wide is not None and state.wide.kind is Kind.BROKEN_FETCH and sid == state.broken:
            return _error(500, None)
        return 200, self._row(message), {}

    def _listed(self, asked: Mapping[str, str]) -> Json:
        """One page, the newest first."""
        state = self._state
        to, from_ = asked["To"], asked.get("From", "")
        rows: list[InboundRow | Message] = [*state.inbound_rows(to), *state.sent_rows(to, from_)]
        rows.sort(key=lambda row: (row.created, row.sid), reverse=True)
        state.asked.append((state.kernel.now, asked["To"]))
        page, size = int(asked.get("Page", "0")), int(asked["PageSize"])
        first = page * size
        if state.wide is not None and state.wide.kind is Kind.PAGES:
            size = _SMALL_PAGE
            # Rows come in while the pages are read, or leave: what was on the border is there twice, or not at all.
            shift = {"repeats": -1, "skips": 1}.get(state.wide.odd, 0) if page and state.pages_shift() else 0
            first = page * size + shift
        shown = rows[first : first + size]
        if from_:
            self._note_skipped(page, rows[page * size : first])
            self._page_before = {row.sid for row in shown}
        # The next page is of the same list: without From it would be one of texts from no number, which is empty.
        numbers = {name: asked[name] for name in ("To", "From") if name in asked}
        more = f"{_LIST}.json?{urlencode({**numbers, 'PageSize': size, 'Page': page + 1})}"
        is_last = first + size >= len(rows)
        return {
            "messages": [self._json_of(row) for row in shown],
            "next_page_uri": None if is_last else more,
            "page": page,
            "page_size": size,
        }

    def _note_skipped(self, page: int, between: Sequence[InboundRow | Message]) -> None:
        """Remember what this reading of our texts has not shown between two of its pages: it begins at page 0, and no
        other handler has its turn in it.

        Not what stands on a page that was never asked for: that the relay could have seen."""
        history, task = self._state.history, self._state.kernel.task
        before = history.skipped.get(task, frozenset()) if page else frozenset()
        history.skipped[task] = before | ({row.sid for row in between} - self._page_before)

    def _json_of(self, row: InboundRow | Message) -> Json:
        return self._row(row) if isinstance(row, Message) else self._inbound(row)

    def _inbound(self, row: InboundRow) -> Json:
        whole = row.is_whole(self._state.kernel.now)
        text = row.text
        content = _json(row.sid, text.recipient_phone, text.sender_phone, text.body if whole else "", row.created)
        content |= {"direction": "inbound", "num_media": str(text.media_count)}
        content["status"] = "failed" if row.failed else "received" if whole else "receiving"
        content["error_code"] = 30039 if row.failed else None
        return content | dict.fromkeys(row.nulls)

    def _row(self, message: Message) -> Json:
        state = self._state
        shown = state.shown(message)
        content = _json(message.sid, shown.to, shown.from_, shown.body, message.created)
        return content | {"status": message.status, "error_code": message.code}


def _json(sid: str, to: str, from_: str, body: str, created: float) -> Json:
    date = format_datetime(time_of(float(int(created))))
    return {
        "sid": sid,
        "account_sid": ACCOUNT_SID,
        "to": to,
        "from": from_,
        "body": body,
        "date_created": date,
        "date_sent": date,
        "date_updated": date,
        "direction": "outbound-api",
        "num_media": "0",
        "num_segments": "1",
        "error_message": None,
        "messaging_service_sid": None,
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"{_LIST}/{sid}.json",
    }


def _error(status: int, code: int | None) -> tuple[int, Json, Mapping[str, str]]:
    content = {"code": code, "message": "refused", "status": status} if code else {}
    return status, content, {"Retry-After": "10"} if status == 429 else {}


class HttpMessenger(ProcessMessenger):
    """The relay's own messenger for Twilio, on the run's Twilio in the place of its connections."""

    def use(self, journal: Any) -> HttpMessenger:
        """Make the messenger, whose log lines go to this journal."""
        self._http = HttpTwilio(self._state)
        self._real = messenger.TwilioMessenger(
            account_sid=ACCOUNT_SID, auth_token="x" * 32, callback_base_url=BASE_URL, journal=journal
        )
        self._real._connections = self._http  # type: ignore[assignment]
        return self

    def _take(self, text: OutgoingText, post: Post) -> Any:
        self._http.posting = (text, post)
        with _without_threads():
            return self._real.send(text, timeout_seconds=_REAL_SECONDS)

    def _ask(self, name: str, timeout_seconds: float, simulated: Callable[[], Any], *asked: Any) -> Any:
        def ask() -> Any:
            with _without_threads():
                return getattr(self._real, name)(*asked, timeout_seconds=_REAL_SECONDS)

        return super()._ask(name, timeout_seconds, ask)


@contextmanager
def _without_threads() -> Iterator[None]:
    """While entered, a call of the messenger is made by its caller: its answer is there at once, and a thread for each
    costs more than all the rest. No other handler has its turn meanwhile."""
    names = vars(messenger)
    real = names["in_time"]
    names["in_time"] = _at_once
    try:
        yield
    finally:
        names["in_time"] = real


def _at_once(do: Callable[[], Any], timeout_seconds: float) -> Any:
    try:
        return Ended(value=do())
    except Exception as error:
        return Ended(error=error)


# Real seconds: the messenger waits for its answers by the machine's clock, and they are there at once.
_REAL_SECONDS = 60.0
