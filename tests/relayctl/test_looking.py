"""list, failed, show and stats on a running relay of either home."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from relay.core.model import Attachment
from rich.console import Console

from scripts.fake_twilio import File, picture
from scripts.relayctl import story_text
from scripts.relayctl.output import Context
from tests.operators.operator_calls import state, told
from tests.played import Played
from tests.relayctl.conftest import Ctl
from tests.stack_fixtures import DELIVERS, REFUSED, SILENT, RunningStack, failed
from tests.strategies import a_relay


def _cascade(stack: RunningStack, sender: str) -> str:
    message_id = stack.text("The pump is leaking", sender, failed(30006), SILENT, DELIVERS)
    stack.wait_until(message_id, "delivered")
    return message_id


def test_a_text_that_cascaded_is_listed_and_shown_with_its_codes(ctl: Ctl, stack: RunningStack) -> None:
    sender = stack.customer()
    message_id = _cascade(stack, sender)
    listed = ctl("list", "--number", sender)
    assert listed.code == 0
    assert message_id in listed.out
    assert "✓ delivered  3 of 3 Front desk" in listed.out
    shown = ctl("show", message_id, "--trail")
    assert "Delivered at tier 3, Front desk." in shown.out
    assert "The pump is leaking" in shown.out
    assert "the handler's number is a landline or its carrier is unreachable (30006)" in " ".join(shown.out.split())
    assert "no delivery was confirmed in time" in shown.out
    bars = [line for line in shown.out.splitlines() if "━" in line]
    assert [line.split()[0] for line in bars] == ["1", "2", "3"]
    assert ["✕" in bars[0], "!" in bars[1], "✓" in bars[2]] == [True, True, True]
    assert "The text came in and is safely stored." in shown.out


def test_bars_are_to_scale(ctl: Ctl, stack: RunningStack) -> None:
    message_id = stack.text("To scale", stack.customer(), SILENT, SILENT, DELIVERS)
    (drive,) = stack.wait_until(message_id, "delivered")["story"]["drives"]
    bars = [line for line in ctl("show", message_id).out.splitlines() if "━" in line]
    lengths = [line.count("━") for line in bars[:2]]

    def seconds(attempt: dict[str, str]) -> float:
        ended, started = (datetime.fromisoformat(attempt[name]) for name in ("ended_at", "started_at"))
        return (ended - started).total_seconds()

    wanted = [seconds(attempt) for attempt in drive["attempts"][:2]]
    # A character is some hundredth of the line; the bar's own end takes one of them.
    assert lengths[0] / lengths[1] == pytest.approx(wanted[0] / wanted[1], rel=0.15)


def test_failed_says_who_was_not_reached_why_and_what_to_do(ctl: Ctl, stack: RunningStack) -> None:
    sender = stack.customer()
    message_id = stack.text("Nobody there", sender, REFUSED, REFUSED, failed(30005))
    stack.wait_until(message_id, "exhausted")
    told = ctl("failed", "--since", "1h").out
    assert sender in told
    assert message_id in told
    assert "Front desk: the handler's number does not exist or is switched off for good (30005)" in told
    assert "Check this handler's number and phone" in told
    (row,) = [row for row in ctl("failed", "--json").json["relays"] if row["message_id"] == message_id]
    assert row["error_code"] == 30005


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _say_rows(file: io.StringIO, row: dict[str, Any], *, why: bool) -> str:
    context = Context("http://127.0.0.1:9", "", "", console=Console(file=file, width=60, color_system=None))
    context.say_rows([row], why=why)
    return file.getvalue()


def _row(played: Played, message_id: str) -> dict[str, Any]:
    return dict(told(state(played, {"message_id": message_id}))["summary"])


def test_in_a_file_nothing_is_cut_and_in_a_terminal_not_why() -> None:
    played = Played()
    row = _row(played, played.exhausted(body="A very long text " * 10 + "with an end"))
    why, what = row["reason"], row["advice"]
    assert len(why) > 20
    assert "with an end" in _say_rows(io.StringIO(), row, why=False)
    assert f"{why} (30003)\n  {what}\n" in _say_rows(io.StringIO(), row, why=True)
    cut = _say_rows(_Terminal(), row, why=False)
    assert ("…" in cut, "with an end" in cut) == (True, False)
    assert f"{why} (30003) {what}" in " ".join(_say_rows(_Terminal(), row, why=True).split())


def test_a_text_is_shown_with_its_attachments(ctl: Ctl, stack: RunningStack) -> None:
    pictures = (File("image/jpeg", b"\xff\xd8\xff"), picture("A couch"))
    message_id = stack.text("See these", stack.customer(), DELIVERS, files=pictures)
    kept = stack.wait_until(message_id, "delivered")["relay"]["attachments"]
    shown = ctl("show", message_id).out
    link = ctl("show", message_id, "--json").json["story"]["attachments"]["link"]
    assert f"2 photos\n  {link}\n" in shown
    assert f"photo, image/jpeg  {kept[0]['media_id']}" in shown
    assert f"photo, image/png  {kept[1]['media_id']}" in shown
    assert ctl("show", message_id, "--json").json["relay"]["attachments"] == kept


def test_a_text_of_before_attachments_were_kept_is_shown_with_their_number() -> None:
    played = Played()
    relay = a_relay(media_count=2)
    played.store.create(relay, [], timeout_seconds=1.0)
    file = io.StringIO()
    answer = told(state(played, {"message_id": relay.message_id}))
    story_text.draw(Console(file=file, width=100, color_system=None), answer, with_trail=False)
    assert (
        "2 attachments\n  No link opens them; they are in Twilio's log.\n  2 without an id on record\n"
        in file.getvalue()
    )


def test_a_row_says_what_came_with_a_text_even_if_it_has_no_words() -> None:
    played = Played()
    photo = Attachment("ME" + "1" * 32, "image/jpeg")
    worded, wordless = (_row(played, played.text(body, files=(photo,))) for body in ("See this", ""))
    assert f"{worded['message_id']}  [1 photo] See this\n" in _say_rows(io.StringIO(), worded, why=False)
    assert f"{wordless['message_id']}  [1 photo]\n" in _say_rows(io.StringIO(), wordless, why=False)


def test_a_text_cannot_steer_the_terminal() -> None:
    played = Played()
    message_id = played.delivered(body="Hello\x1b]0;title\x07 \x9b2J\u202edlrow\r\nsecond line")
    listed = _say_rows(io.StringIO(), _row(played, message_id), why=False)
    shown = io.StringIO()
    answer = told(state(played, {"message_id": message_id}))
    story_text.draw(Console(file=shown, width=100, color_system=None), answer, with_trail=True)
    for said in (listed, shown.getvalue()):
        assert "Hello\ufffd]0;title" in said
        assert not set("\x1b\x07\x9b\u202e\r") & set(said)
    assert "second line" in shown.getvalue()


def test_filters_narrow_the_list(ctl: Ctl, stack: RunningStack) -> None:
    sender = stack.customer()
    delivered = stack.text("One", sender, DELIVERS)
    stack.wait_until(delivered, "delivered")
    exhausted = stack.text("Two", sender, REFUSED, REFUSED, REFUSED)
    stack.wait_until(exhausted, "exhausted")

    def ids(*arguments: str) -> list[str]:
        return [row["message_id"] for row in ctl("list", "--number", sender, "--json", *arguments).json["relays"]]

    assert ids() == [exhausted, delivered]
    assert ids("--outcome", "delivered") == [delivered]
    assert ids("--limit", "1") == [exhausted]
    assert ids("--until", "2020-01-01T00:00Z", "--since", "2019-01-01T00:00Z") == []
    between = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert ids("--since", between) == []


def test_a_number_may_be_written_as_people_do(ctl: Ctl, stack: RunningStack) -> None:
    sender = stack.customer()
    message_id = stack.text("It is me", sender, DELIVERS)
    stack.wait_until(message_id, "delivered")
    written = f"{sender[1]} ({sender[2:5]}) {sender[5:8]}-{sender[8:]}"
    assert message_id in ctl("list", "--number", written).out


def test_stats_count_by_outcome_and_tier(ctl: Ctl, stack: RunningStack) -> None:
    since = datetime.now(UTC).isoformat()
    sender = stack.customer()
    for behaviours, outcome in (
        ([DELIVERS], "delivered"),
        ([REFUSED, DELIVERS], "delivered"),
        ([REFUSED, REFUSED, REFUSED], "exhausted"),
    ):
        stack.wait_until(stack.text("Count me", sender, *behaviours), outcome)
    numbers = ctl("stats", "--since", since, "--json").json
    assert numbers["relays"] == 3
    assert numbers["by_outcome"] == {"delivered": 2, "in_progress": 0, "exhausted": 1, "recorded": 0}
    assert numbers["delivered_by_tier"] == {"1": 1, "2": 1}
    assert numbers["share_reached"] == pytest.approx(0.6667)
    assert numbers["seconds_to_delivery"]["median"] > 0
    people = ctl("stats", "--since", since).out
    assert "3 relays" in people
    assert "66.7% reached" in people


def test_nothing_found_is_said(ctl: Ctl) -> None:
    assert ctl("list", "--number", "+15005550000").out.strip() == "No relay matches."
    assert "begin with its country code?" in ctl("list", "--number", "(500) 555-0000").out
    assert "Everybody was reached." in ctl("failed", "--since", "0s").out
    assert "0 relays" in ctl("stats", "--since", "0s").out


def test_pages_are_followed_to_their_end(ctl: Ctl, stack: RunningStack) -> None:
    sender = stack.customer()
    # After the first ones they are held back, which is one more thing that a list shows.
    for message_id in [stack.text(f"Text {number}", sender) for number in range(104)]:
        stack.wait_until_recorded(message_id)
    rows = ctl("list", "--number", sender, "--limit", "1000", "--json").json["relays"]
    assert len({row["message_id"] for row in rows}) == len(rows) == 104
