"""People: their phones show what Twilio delivered, and what they do about it is texted to the relay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from relay.core.model import InboundText

from tests.simulator.arrivals import arrive
from tests.simulator.dice import Dice
from tests.simulator.people.cast import Cast, customer_words
from tests.simulator.people.habits import Act
from tests.simulator.people.words import Written, code_of, written
from tests.simulator.plan import BODY_MARK
from tests.simulator.sim_twilio import Message

if TYPE_CHECKING:
    from tests.simulator.fleet import Fleet
    from tests.simulator.twilio_calls import TwilioCalls

_HANDLER_TEXTS_MAX = 5
_CUSTOMER_TEXTS_MAX = 3
_NEXT_AFTER = ((1.0, 30.0), (30.0, 900.0))


@dataclass(frozen=True, slots=True)
class Said:
    """One text of a handler's, as the handler meant it.

    `is_lost`: no webhook brings it. `code` is what stands in front, as we write it; "" for none.
    """

    message_id: str
    phone: str
    person: str
    at: float
    body: str
    act: Act
    code: str
    is_lost: bool


class People:
    """Everybody who texts in a run, and what each has texted."""

    def __init__(self, fleet: Fleet, calls: TwilioCalls, cast: Cast) -> None:
        self.cast = cast
        self.said: dict[str, Said] = {}
        self._fleet = fleet
        self._calls = calls
        self._dice: Dice = cast.dice
        self._phones: dict[str, list[Message]] = {}
        self._texts: dict[str, int] = {}
        self._number = 0
        fleet.twilio.arrived = self.reads

    def reads(self, message: Message) -> None:
        """A text has reached a phone."""
        if message.to in self.cast.names:
            self._handler_reads(message)
        elif message.to in self.cast.customers:
            self._customer_reads(message)

    def _handler_reads(self, message: Message) -> None:
        self._phones.setdefault(message.to, []).append(message)
        habits, dice = self.cast.habits, self._dice
        is_notice = "-" in message.post.message_id
        if dice.chance(habits.to_notices if is_notice else habits.reacts):
            self._plan(message, dice.pick(habits.acts), dice.pick(habits.delays))

    def _plan(self, message: Message, act: Act, delay: tuple[float, float]) -> None:
        now, together = self._fleet.kernel.now, self.cast.habits.together
        at = now + self._dice.between(*delay)
        if together and self._dice.chance(0.7):
            at = math.ceil(at / together) * together
        if at <= self.cast.quiet_at and self._count(message.to, _HANDLER_TEXTS_MAX):
            self._fleet.kernel.at(at, self._acts, (message, act))

    def _count(self, phone: str, most: int) -> bool:
        self._texts[phone] = self._texts.get(phone, 0) + 1
        return self._texts[phone] <= most

    def _acts(self, what: tuple[Message, Act]) -> None:
        message, act = what
        dice, habits = self._dice, self.cast.habits
        codes = sorted({code for one in self._phones[message.to] if (code := code_of(one.body))})
        if act is Act.WRONG_CODE and dice.chance(0.6):
            # One that a colleague's phone shows.
            codes = sorted({code for ones in self._phones.values() for one in ones if (code := code_of(one.body))})
            act = Act.OLD_CODE
        self._number += 1
        text = written(act, dice, self._number, message.body, codes)
        if not text.code and text.body.startswith(BODY_MARK) and act not in (Act.TWICE, Act.PHOTO, Act.AUTO):
            act = Act.ANSWER  # there was no code to put in front
        self._text(message, act, text)
        if act is Act.TWICE:
            self._fleet.kernel.after(dice.between(0.0, 70.0), self._again, (message, text))
        if dice.chance(habits.goes_on):
            following = _NEXT_AFTER if dice.chance(0.5) else habits.delays
            self._plan(message, dice.pick(habits.acts), dice.pick(following))

    def _again(self, what: tuple[Message, Written]) -> None:
        message, text = what
        self._text(message, Act.TWICE, text)

    def _text(self, message: Message, act: Act, text: Written) -> None:
        kernel, phone = self._fleet.kernel, message.to
        message_id = f"SM{0xE0000 + len(self.said):032x}"
        is_lost = self._dice.chance(self.cast.habits.lost)
        said = Said(message_id, phone, self.cast.names[phone], kernel.now, text.body, act, text.code, is_lost)
        self.said[message_id] = said
        kernel.note(f"{said.person} texts: {act.value} ({text.body!r}){' (no webhook)' if is_lost else ''}")
        ours = message.from_ or ""
        arrive(
            self._fleet,
            self._calls,
            InboundText(message_id, phone, ours, text.body, text.pictures),
            is_lost=is_lost,
        )

    def _customer_reads(self, message: Message) -> None:
        dice, habits = self._dice, self.cast.habits
        if not dice.chance(habits.customer_reacts):
            return
        at = self._fleet.kernel.now + dice.between(*dice.pick(habits.delays))
        if at <= self.cast.quiet_at and self._count(message.to, _CUSTOMER_TEXTS_MAX):
            self._fleet.kernel.at(at, self._customer_texts, message)

    def _customer_texts(self, message: Message) -> None:
        self._number += 1
        words, consent = customer_words(self.cast, self._number + 100)
        message_id = f"SM{0xCC000 + self._number:032x}"
        self._fleet.kernel.note(f"customer …{message.to[-4:]} texts {words!r}")
        ours = message.from_ or ""
        arrive(self._fleet, self._calls, InboundText(message_id, message.to, ours, words, consent=consent))
