"""`photos` saves what came with a text, and `revoke` ends its link: what is saved where, and what goes wrong."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.relayctl import photos as module
from tests.relayctl.conftest import Ran

SID = "SM" + "1" * 32
TOKEN = "a-secret-of-22-letters"
JPEG = b"\xff\xd8 a picture"


class Relay:
    """A relay's answers: `told` with its `status` to a POST; `files` by number, each its status, headers and bytes."""

    def __init__(self) -> None:
        self.status, self.told = 200, {}  # type: tuple[int, dict[str, Any]]
        self.files: dict[int, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, Any]] = []
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                relay.asked.append((self.path, body))
                self._answer(relay.status, {}, json.dumps(relay.told).encode())

            def do_GET(self) -> None:
                relay.asked.append((self.path, self.headers.get("Authorization")))
                self._answer(*relay.files[int(self.path.rpartition("/")[2])])

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.came(1)

    def came(self, count: int, *, in_words: int = 0, **changes: Any) -> None:
        """So many files came with the text, of which the first ones are words in it."""
        files = [
            {"media_id": f"ME{n}", "is_in_words": True} if n < in_words else {"media_id": f"ME{n}"}
            for n in range(count)
        ]
        said = {"words": "photos", "link": f"{self.url}/m/{TOKEN}", "note": "", "lines": [], **changes}
        story = {"attachments": said if count else None}
        self.told = {"relay": {"media_count": count, "attachments": files}, "story": story}


@pytest.fixture
def relay() -> Iterator[Relay]:
    relay = Relay()
    thread = threading.Thread(target=relay.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield relay
    relay.server.shutdown()
    thread.join()
    relay.server.server_close()


Ctl = Callable[..., Ran]


@pytest.fixture
def ctl(run: Callable[[str, tuple[str, ...]], Ran], relay: Relay) -> Ctl:
    return lambda *arguments: run(relay.url, ("--token", "aaa.bbb.ccc", *arguments))


def _kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_are_saved_under_the_texts_id_their_number_and_their_types_ending(
    ctl: Ctl, relay: Relay, tmp_path: Path
) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    relay.came(4, in_words=1)
    evil = {"Content-Type": "text/html", "Content-Disposition": 'attachment; filename="../../evil.html"'}
    relay.files = {
        1: (200, {"Content-Type": "image/jpeg; charset=x"}, JPEG),
        2: (200, {"Content-Type": "video/mp4"}, b"a video"),
        3: (200, evil, b"<script>"),
    }
    ran = ctl("photos", SID, "--to", str(folder))
    assert ran.code == 0
    assert _kept(folder) == {f"{SID}-1.jpg": JPEG, f"{SID}-2.mp4": b"a video", f"{SID}-3.bin": b"<script>"}
    assert list(tmp_path.rglob("evil*")) == []
    gets = [asked for asked in relay.asked if asked[0].startswith("/m/")]
    # The link itself is what opens them: no identity token goes there.
    assert gets == [(f"/m/{TOKEN}/{number}", None) for number in (1, 2, 3)]


def test_they_go_into_the_current_folder_unless_another_is_named(
    ctl: Ctl, relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    relay.files = {1: (200, {"Content-Type": "image/png"}, b"png")}
    assert ctl("photos", SID, "--json").json == {"saved": [f"{SID}-1.png"], "not_saved": []}
    assert _kept(folder) == {f"{SID}-1.png": b"png"}
    assert ctl("photos", SID, "--to", str(tmp_path / "nowhere")).code == 2


def test_a_file_that_is_there_is_never_overwritten(ctl: Ctl, relay: Relay, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / f"{SID}-1.jpg").write_bytes(b"mine")
    relay.came(2)
    relay.files = dict.fromkeys((1, 2), (200, {"Content-Type": "image/jpeg"}, JPEG))
    ran = ctl("photos", SID, "--to", str(folder))
    assert (ran.code, ran.err.strip()) == (1, "1 of 2 files were not saved.")
    assert "is there already, and stays as it is" in " ".join(ran.out.split())
    assert _kept(folder) == {f"{SID}-1.jpg": b"mine", f"{SID}-2.jpg": JPEG}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, {}, b"<p>This link is over"), "there is no such file any more"),
        ((503, {}, b""), "it cannot be had just now (503): try again in a moment"),
        ((302, {"Location": "https://elsewhere.example.com/x"}, b""), "which is not followed"),
        ((200, {"Content-Type": "image/jpeg", "Content-Length": "99"}, JPEG), "it broke off"),
        ((200, {"Content-Type": "image/jpeg"}, b"x" * (2**20 + 1)), "it is larger than 1 MB"),
    ],
)
def test_what_cannot_be_had_is_said_leaves_nothing_behind_and_never_quotes_the_link(
    ctl: Ctl,
    relay: Relay,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: tuple[int, dict[str, str], bytes],
    words: str,
) -> None:
    monkeypatch.setattr(module, "_FILE_MAX_BYTES", 2**20)
    folder = tmp_path / "job"
    folder.mkdir()
    relay.came(2)
    relay.files = {1: answer, 2: (200, {"Content-Type": "image/jpeg"}, JPEG)}
    ran = ctl("photos", SID, "--to", str(folder))
    assert (ran.code, ran.err.strip()) == (1, "1 of 2 files were not saved.")
    assert words in " ".join(ran.out.split())
    assert TOKEN not in ran.out + ran.err
    # The others are saved all the same.
    assert _kept(folder) == {f"{SID}-2.jpg": JPEG}


def test_a_folder_that_cannot_be_written_is_said(ctl: Ctl, relay: Relay, tmp_path: Path) -> None:
    relay.files = {1: (200, {"Content-Type": "image/jpeg"}, JPEG)}
    there = tmp_path / "full"
    there.symlink_to("/proc/self/fdinfo")
    ran = ctl("photos", SID, "--to", str(there))
    assert ran.code == 1
    assert "cannot be written" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("came", "words"),
    [
        ({"count": 0}, "No files came with this text."),
        ({"count": 1, "link": None, "note": "Their link was revoked; they are in Twilio's log."}, "link was revoked"),
        ({"count": 1, "link": None, "in_words": 1}, "nothing to save: they are words alone"),
        ({"count": 1, "link": None}, "The relay gives no link to them"),
        ({"count": 1, "link": f"http://p.example.com/m/{TOKEN}"}, "begins with http://"),
    ],
)
def test_a_text_without_files_to_be_opened_is_said(
    ctl: Ctl, relay: Relay, tmp_path: Path, came: dict[str, Any], words: str
) -> None:
    relay.came(**came)
    ran = ctl("photos", SID, "--to", str(tmp_path))
    assert (ran.code, words in ran.err) == (1, True)
    assert TOKEN not in ran.out + ran.err
    assert [path for path, _ in relay.asked] == ["/sms/relay-state"]


def test_a_revoked_link_is_told_in_a_sentence_with_where_the_files_stay(ctl: Ctl, relay: Relay) -> None:
    ran = ctl("revoke", SID)
    assert ran.code == 0
    said = " ".join(ran.out.split())
    assert f"The link to the files of {SID} opens nothing any more; the files stay at Twilio" in said
    assert relay.asked == [("/sms/redrive", {"message_id": SID, "revoke_link": True})]


def test_a_link_that_cannot_be_revoked_is_said_in_the_relays_words(ctl: Ctl, relay: Relay) -> None:
    relay.status, relay.told = 409, {"error": "Not revoked: it has no link."}
    ran = ctl("revoke", SID)
    assert (ran.code, ran.err.strip()) == (1, "Not revoked: it has no link.")
