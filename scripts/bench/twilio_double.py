"""A Twilio that accepts every text after a fixed time, in a process of its own; it costs as little as it can.

The fake Twilio (scripts/fake_twilio) does much more, and would take the processor from what is measured.

    python -m scripts.bench.twilio_double --latency 0.1     prints its port

`GET /posts` answers a JSON list of [destination, time of arrival, id given, status callback]; times are this machine's
monotonic clock, in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import subprocess
import time
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs

from relay.outgoing import open_url

from scripts.bench import ROOT, settings

_STARTED_AT = "Thu, 01 Jan 2026 00:00:00 +0000"


class _Twilio:
    def __init__(self, latency_seconds: float) -> None:
        self._latency_seconds = latency_seconds
        self._posts: list[tuple[str, float, str, str]] = []
        self._numbers = itertools.count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                arrived_at = time.monotonic()
                lengths = [line[15:] for line in head.split("\r\n") if line.lower().startswith("content-length:")]
                body = await reader.readexactly(int(lengths[0])) if lengths else b""
                if head.startswith("GET /posts "):
                    status, answer = "200 OK", json.dumps(self._posts)
                elif head.startswith("GET "):
                    # The watchmen ask for its list; there is nothing that they should find.
                    status, answer = "200 OK", json.dumps({"messages": [], "next_page_uri": None, "page": 0})
                else:
                    status, answer = "201 Created", await self._create(body.decode(), arrived_at)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(answer)}\r\n\r\n{answer}".encode()
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _create(self, body: str, arrived_at: float) -> str:
        form = {name: values[0] for name, values in parse_qs(body).items()}
        sid = f"SM{next(self._numbers):032x}"
        self._posts.append((form["To"], arrived_at, sid, form.get("StatusCallback", "")))
        if self._latency_seconds:
            await asyncio.sleep(self._latency_seconds)
        message: dict[str, Any] = {
            "sid": sid,
            "account_sid": settings.ACCOUNT_SID,
            "status": "queued",
            "to": form["To"],
            "from": form["From"],
            "body": form["Body"],
            "direction": "outbound-api",
            "date_created": _STARTED_AT,
            "date_updated": _STARTED_AT,
            "date_sent": None,
            "num_media": "0",
            "num_segments": "1",
            "error_code": None,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "api_version": "2010-04-01",
            "uri": "",
            "subresource_uris": {},
            "messaging_service_sid": None,
        }
        return json.dumps(message)


class Post(NamedTuple):
    """One text that arrived: when (monotonic, seconds), and what it was answered."""

    to: str
    at: float
    sid: str
    status_callback: str


class TwilioDouble:
    """Runs it as a process; `url` is its base address. A context manager."""

    def __init__(self, latency_seconds: float = 0.0) -> None:
        self._latency_seconds = latency_seconds
        self.url = ""

    def __enter__(self) -> Self:
        command = [settings.python(), "-m", __name__, "--latency", str(self._latency_seconds)]
        environ = {"PYTHONPATH": f"{ROOT}"}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ, cwd=ROOT)
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def posts(self) -> list[Post]:
        """Every text so far, in the order of arrival."""
        with open_url(f"{self.url}/posts", 30) as answer:
            found: list[Any] = json.load(answer)
        return [Post(*one) for one in found]


async def _main(latency_seconds: float) -> None:
    server = await asyncio.start_server(_Twilio(latency_seconds).serve, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds until an answer")
    asyncio.run(_main(parser.parse_args().latency))
