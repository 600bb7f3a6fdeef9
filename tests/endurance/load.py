"""Who texts what during an endurance run, and when the relay is killed. Everything is drawn from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from scripts.fake_twilio import InboundFaults

BUSINESS = ("+12025550100", "+12025550101", "+12025550102", "+12025550103")
HANDLERS = ("+12025550111", "+12025550112", "+12025550113")
# So many that the brake on one customer's texts is not met: what it does is no matter of endurance.
CUSTOMERS = tuple(f"+130355{number:05d}" for number in range(20_000))
# Every body holds this word: a judge finds it where no body may be.
BODY_MARK = "zebra"
_CROWD = 10
_WORDS = (
    "the boiler is leaking",
    "please call me back",
    "is somebody there? it\u2019s urgent \u2026",
    "\u00e9\u00e8 na\u00efve \u4f60\u597d \U0001f6bf",
    "two\nlines",
    "",
    "long " * 60,
)


@dataclass(frozen=True, slots=True)
class Planned:
    """One text. `gap_seconds` passes before the next one; `kill` says what dies right after it came in.

    The relay is up before it is killed, but for a few kills (`kill_early`) that may come while it is starting.
    """

    sender: str
    to: str
    body: str
    faults: InboundFaults
    gap_seconds: float
    kill: str = ""  # "all", "worker"
    kill_early: bool = False
    kill_after_seconds: float = 0.0
    dead_for_texts: int = 0

    @property
    def words(self) -> str:
        """What no other text of the run holds; Twilio changes some of the others (SmartEncoded)."""
        return " ".join(self.body.split()[:2])


def draw_load(texts: int, kills: int, seed: int, texts_per_second: float) -> list[Planned]:
    """So many texts; the kills are spread over them, each at a random one of its own stretch.

    A process that was killed as a whole stays dead while the next few texts come in.
    """
    draw = random.Random(seed)
    stretch = texts / max(kills, 1)
    kill_at = {int(number * stretch + draw.random() * stretch) for number in range(kills)}
    # Several texts come at once before a kill, so that it hits all that is done for one.
    crowded = {at - before for at in kill_at for before in range(1, _CROWD)}
    return [
        Planned(
            sender=draw.choice(HANDLERS) if draw.random() < 0.01 else draw.choice(CUSTOMERS),
            to=draw.choice(BUSINESS),
            body=f"{BODY_MARK} {number:05d} {draw.choice(_WORDS)}",
            faults=_draw_faults(draw),
            gap_seconds=0.0 if number in crowded else min(draw.expovariate(texts_per_second), 1.0),
            kill=("all" if draw.random() < 0.6 else "worker") if number in kill_at else "",
            kill_early=draw.random() < 0.1,
            kill_after_seconds=draw.uniform(0.0, 0.3),
            dead_for_texts=draw.randint(0, 8),
        )
        for number in range(texts)
    ]


def _draw_faults(draw: random.Random) -> InboundFaults:
    fate = draw.random()
    if fate < 0.03:
        return InboundFaults(dropped=True)
    if fate < 0.08:
        return InboundFaults(copies=draw.choice((2, 3, 6)))
    if fate < 0.13:
        return InboundFaults(lost_answers=draw.choice((1, 2, 5)))
    if fate < 0.15:
        return InboundFaults(delay_seconds=draw.uniform(0.5, 4.0))
    if fate < 0.16:
        # The list shows it before it is whole, and its webhook comes after that.
        return InboundFaults(receiving_seconds=24.0, delay_seconds=draw.uniform(7.0, 20.0))
    if fate < 0.17:
        return InboundFaults(dropped=True, receiving_seconds=draw.uniform(2.0, 6.0))
    if fate < 0.18:
        return InboundFaults(dropped=True, listed_after_seconds=draw.uniform(2.0, 12.0))
    if fate < 0.20:
        return InboundFaults(says={"ChannelMetadata": "{}", "New": "without notice"})
    return InboundFaults()
