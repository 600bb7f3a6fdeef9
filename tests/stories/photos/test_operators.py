"""What operators do with a text's files, by relayctl against a relay that runs: save them, and take the link back."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.fake_twilio import File, picture
from scripts.relayctl.__main__ import main
from tests.stories.photos.links import asked, files_on, link_in
from tests.stories.town import Town, steps

FILES = (picture("A mattress"), File("video/mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 400))


def test_an_operator_saves_the_files_and_takes_the_link_back(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "job"
    folder.mkdir()
    text = town.customer().texts("two mattresses", files=FILES)
    link = link_in(town.tier_1.expect_text(containing="two mattresses"))
    town.ended(text)
    places = files_on(link)

    def relayctl(*arguments: str) -> int:
        return main(["--url", town.address, "--token", town.token(), *arguments])

    assert relayctl("photos", text.sid, "--to", str(folder)) == 0
    saved = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert saved == {f"{text.sid}-1.png": FILES[0].content, f"{text.sid}-2.mp4": FILES[1].content}

    assert relayctl("revoke", text.sid) == 0
    wrong = asked(f"{link[:-22]}{'x' * 22}")
    assert (wrong.status, wrong.words) == (404, "This link is over; ask the office.")
    for place in (link, *places):
        assert asked(place) == wrong
    assert relayctl("photos", text.sid, "--to", str(folder)) == 1
    record = town.record(text)
    assert record is not None
    assert steps(record)[-1] == "link_revoked"
    assert link[-22:] not in town.relay.log.read_text("utf-8")
