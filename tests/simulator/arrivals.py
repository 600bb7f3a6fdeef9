"""A text comes in: Twilio's list gets its row, and its webhook is sent, or not, or late, by the run's kind."""

from __future__ import annotations

import math
from dataclasses import replace

from relay.core.model import InboundText

from tests.simulator.fleet import Fleet
from tests.simulator.history import Text
from tests.simulator.kinds import Kind, Wide
from tests.simulator.plan import BODY_MARK
from tests.simulator.sim_twilio import InboundRow
from tests.simulator.twilio_calls import TwilioCalls


def arrive(fleet: Fleet, calls: TwilioCalls, text: InboundText, *, is_lost: bool = False) -> None:
    """Twilio takes this text in, now. `is_lost`: no webhook brings it."""
    now, wide, history = fleet.kernel.now, fleet.twilio.wide, fleet.history
    # The list tells how many files came with a text, and not their ids.
    row = InboundRow(replace(text, attachments=(), consent=None), float(int(now)), now)
    if wide is not None:
        # What our key may not read is never shown.
        row.listed += wide.lag if wide.kind is not Kind.MAY_NOT_READ else math.inf
        for each in _beside(wide, row):
            fleet.twilio.inbound.append(each)
            if each.is_a_text:
                history.texts[each.sid] = Text(each.text, now, fleet.intakes[0], each.listed)
        _fill_in(wide, row)
    fleet.twilio.inbound.append(row)
    history.texts[text.message_id] = Text(text, now, fleet.intakes[0], row.listed)
    if is_lost:
        return
    if wide is None or not wide.webhook:
        calls.text_comes_in(text)
    elif wide.webhook == "late":
        fleet.kernel.after(wide.webhook_after, calls.text_comes_in, text)


def _fill_in(wide: Wide, row: InboundRow) -> None:
    """What the list has of a text that comes in."""
    text = row.text
    if wide.kind is Kind.NOT_WHOLE:
        row.whole_at = row.created + wide.whole_after
    if wide.kind is Kind.FULLER_WEBHOOK:
        row.text = replace(text, body="" if wide.odd == "empty" else text.body[: len(BODY_MARK) + 3])
    row.failed = wide.kind is Kind.FAILED_ROWS


def _beside(wide: Wide, row: InboundRow) -> list[InboundRow]:
    """What lies beside it: with null fields a row of its own, of which so much is missing."""
    if wide.kind is not Kind.NULL_ROWS:
        return []
    text = row.text
    beside = replace(text, message_id=f"SM{int(text.message_id[2:], 16) + 0x1000:032x}")
    if wide.odd == "body":
        beside = replace(beside, body="")
    if wide.odd == "num_media":
        beside = replace(beside, media_count=0)
    return [InboundRow(beside, row.created, row.listed, nulls=(wide.odd,))]
