"""Requests of operators, of Google's services, and of whoever pretends to be one of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.endurance.fuzz import nasty
from tests.endurance.fuzz.doubles import MEDIA_TOKEN
from tests.endurance.fuzz.raw import Raw, transport
from tests.endurance.fuzz.tape import Tape
from tests.endurance.load import BODY_MARK, CUSTOMERS

_JSON = "application/json"


def relay_state(tape: Tape, known: Sequence[str], tokens: Sequence[str], page_tokens: Sequence[str]) -> Raw:
    """A look at one relay, or a search. The first token is a valid one."""
    if tape.chance(30):
        body: dict[str, Any] = {"message_id": tape.pick(known)}
    else:
        body = {}
        choices: dict[str, Sequence[Any]] = {
            "final_status": ("exhausted", "in_progress", "delivered", "recorded"),
            "since": ("2026-01-31T12:00:00Z", "2000-01-01T00:00:00+14:00", "2999-12-31T00:00:00Z"),
            "until": ("2999-01-31T12:00:00Z", "0001-01-01T00:00:00+23:59", "2026-01-31"),
            "sender_phone": (CUSTOMERS[0], "72404"),
            "view": ("summary", "full", "whole"),
            "limit": (1, 200, 0, 201),
            "page_token": page_tokens or ("x",),
            "threads": ("open", "closed", True),
            "code": ("K71", "k 71", "T99", "", 71),
            "thread_id": ("0" * 40, "a" * 40),
        }
        for name, values in choices.items():
            if tape.chance(30):
                body[name] = tape.pick(values)
    return _request(tape, "/sms/relay-state", body, tokens)


def redrive(tape: Tape, known: Sequence[str], tokens: Sequence[str], _page_tokens: Sequence[str]) -> Raw:
    """An operator starts a relay again."""
    body = {
        "message_id": tape.pick(known),
        "request_id": tape.pick(("request-1", "request-2")) + tape.raw(4).hex(),
        "tier": 1 + tape.below(4),
    }
    return _request(tape, "/sms/redrive", body, tokens)


def threads(tape: Tape, thread_ids: Sequence[str], tokens: Sequence[str]) -> Raw:
    """An operator acts on a thread."""
    act = tape.pick(("claim", "say", "release", "block", "unblock"))
    body: dict[str, Any] = {
        "act": act,
        "code": tape.pick(("K71", "M24", "k 71", "T99", "K7", "")),
        "request_id": tape.pick(("request-1", "request-2")) + tape.raw(4).hex(),
    }
    if tape.chance(30):
        body["thread_id"] = tape.pick((*thread_ids, "0" * 40, "0" * 39))
        if tape.chance(80):
            del body["code"]
    if act == "claim" or tape.chance(10):
        body["person"] = tape.pick(("tier 1", "TIER 2 ", "tier 9", nasty.text(tape)))
    if act == "say" or tape.chance(10):
        body["words"] = tape.pick((f"{BODY_MARK} we come at four", "ok", nasty.text(tape), "x" * 1500, "x" * 1501))
    return _request(tape, "/sms/threads", body, tokens)


def timer(tape: Tape, known: Sequence[str]) -> Raw:
    """A task of Cloud Tasks."""
    body = {
        "message_id": tape.pick(known),
        "attempt": 1 + tape.below(4),
        "kind": tape.pick(("deadline", "attempt")),
        "due_at": tape.pick(("2026-01-31T12:00:00+00:00", "2999-01-31T12:00:00+00:00", "0001-01-01T00:00:00+23:59")),
        "tier": 1 + tape.below(4),
    }
    return _request(tape, f"/tasks/escalate/{1 + tape.below(3)}", body, ())


def job(tape: Tape, path: str) -> Raw:
    """A call of Cloud Scheduler."""
    return _request(tape, path, {}, ())


def page(tape: Tape) -> Raw:
    """A browser asks for a file of the console."""
    files = ("", "main.js", "settings.json", "words.json")
    raw = Raw("GET", tape.pick(("/", "/console", *(f"/console/{name}" for name in files))))
    if tape.chance(30):
        raw.path = nasty.header(nasty.changed(tape, raw.path))
    transport(tape, raw)
    return raw


def link(tape: Tape) -> Raw:
    """Those who have a text's link, and those who guess one, look at its photos."""
    token = MEDIA_TOKEN if tape.chance(70) else nasty.changed(tape, MEDIA_TOKEN)
    number = tape.pick(("", "/1", "/2", "/3", "/0", "/99", "/", "/../1", "/1/1"))
    raw = Raw(tape.pick(("GET", "HEAD")), nasty.header(f"/m/{token}{number}"))
    if tape.chance(20):
        raw.path = nasty.header(nasty.changed(tape, raw.path))
    if tape.chance(30):
        part = tape.pick(("bytes=0-", "bytes=-5", "bytes=2-3", "bytes=0-1,3-4", "lines=1-2"))
        raw.headers.append(("Range", nasty.header(nasty.changed(tape, part)) if tape.chance(30) else part))
    transport(tape, raw)
    return raw


def event(tape: Tape, documents: Sequence[bytes]) -> Raw:
    """A document's write, told by Eventarc."""
    body = tape.pick(documents)
    while tape.chance(30) and body:
        at = tape.below(len(body))
        body = tape.pick((body[:at] + bytes([tape.byte()]) + body[at + 1 :], body[:at], body + tape.raw(5)))
    if tape.chance(10):
        body = nasty.garbage(tape)
    headers = {
        "Ce-Id": "1",
        "Ce-Source": "//firestore.googleapis.com/projects/p/databases/(default)",
        "Ce-Specversion": "1.0",
        "Ce-Type": "google.cloud.firestore.document.v1.written",
        "Content-Type": "application/protobuf",
    }
    raw = Raw(path="/", headers=list(headers.items()), body=body)
    if tape.chance(15):
        at = tape.below(len(raw.headers))
        raw.headers[at] = (raw.headers[at][0], nasty.header(nasty.text(tape)))
    if tape.chance(10):
        del raw.headers[tape.below(len(raw.headers))]
    transport(tape, raw)
    return raw


def _request(tape: Tape, path: str, fields: dict[str, Any], tokens: Sequence[str]) -> Raw:
    raw = Raw(path=path, headers=[("Content-Type", _JSON)], body=_body(tape, fields))
    if tokens:
        token = tape.pick(tokens) if tape.chance(40) else tokens[0]
        if tape.chance(10):
            token = nasty.header(nasty.changed(tape, token))
        scheme = tape.pick(("Bearer ", "bearer   ", "")) if tape.chance(10) else "Bearer "
        name = "X-Forwarded-Authorization" if tape.chance(20) else "Authorization"
        raw.headers.append((name, scheme + token))
    transport(tape, raw)
    return raw


def _body(tape: Tape, fields: dict[str, Any]) -> bytes:
    """JSON of these fields, or of others, or none at all."""
    while tape.chance(25):
        name = tape.pick(tuple(fields)) if fields and tape.chance(70) else nasty.text(tape)
        fields[name] = _value(tape)
    text = json.dumps(fields, ensure_ascii=tape.chance(50))
    plain = text.encode("utf-8", "surrogatepass")
    way = tape.below(16)
    if way == 1:
        return nasty.garbage(tape)
    if way == 2:
        return plain[: tape.below(len(plain))]
    if way == 3:
        return _odd_json(tape)
    if way == 4:
        return text.encode(tape.pick(("utf-16", "utf-32", "utf-8-sig", "utf-16-be")), "surrogatepass")
    if way == 5:
        at = tape.below(len(plain))
        return plain[:at] + tape.raw(3) + plain[at:]
    if way == 6:
        return plain[:-1] + (b"," if fields else b"") + b'"message_id": "SM", "message_id": 1}'
    return plain


def _odd_json(tape: Tape) -> bytes:
    depth = 1 << tape.below(16)
    return tape.pick(
        (
            b"[" * depth,
            b'{"message_id":' * min(depth, 5000) + b"1" + b"}" * min(depth, 5000),
            b"[" * min(depth, 30_000) + b"]" * min(depth, 30_000),
            b'{"limit": ' + b"9" * min(depth, 60_000) + b"}",
            b'{"limit": 1' + b"0" * 300 + b".5e" + b"9" * 30 + b"}",
            b'{"limit": NaN, "since": Infinity}',
            b'{"message_id": "\\ud800\\udfff\\ud800"}',
            b'{"page_token": "' + b"A" * min(depth, 60_000) + b'"}',
            b"[" + b"[]," * 21_000 + b"[]]",
            b"null",
            b"",
            b'"' + b"\\u0000" * 10_000 + b'"',
        )
    )


def _value(tape: Tape) -> Any:
    way = tape.below(8)
    if way == 0:
        return nasty.text(tape)
    if way == 1:
        return tape.pick((0, 1, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**300, 1.5, 1e308, float("nan"), float("inf")))
    if way == 2:
        return tape.pick((None, True, False, [], {}, [[]], {"": {}}))
    if way == 3:
        return [_value(tape) for _ in range(tape.below(4))]
    if way == 4:
        return {BODY_MARK: _value(tape)}
    if way == 5:
        return tape.pick(("\ud800", "\udfff\ud800", "SM\ud800" + "0" * 30))
    return nasty.text(tape) if way == 6 else tape.below(70_000)
