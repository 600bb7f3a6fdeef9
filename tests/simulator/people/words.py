"""What an act is in words: codes as people write them, tokens by which a judge knows whose words are where."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.simulator.dice import Dice
from tests.simulator.people.habits import Act
from tests.simulator.plan import BODY_MARK

_LETTERS = "bcdfghjkmnpqrtvw"
_CODE = re.compile(r"([A-Z]\d\d) ")
_QUOTED = 60

CLAIMS = ("ok", "OK.", "got it", "on it", "Okay!", "👍", "got it 👍")
AUTOMATIC = (
    "I'm driving with Do Not Disturb While Driving turned on. I'll see your message later.",
    "I’m driving with Focus turned on.",  # noqa: RUF001 - phones write it
    "Auto-reply: out until Monday",
    "Can't talk right now. Call me later?",
    # No list has this one: it comes too soon, or again.
    f"{BODY_MARK} the office is closed at the moment, we open at eight",
)
STOPS = ("STOP", "stop", "Cancel", "QUIT")
RESERVED = ("help", "INFO", "stop", "start", "cancel")


def token(number: int) -> str:
    """A word that stands for one text, in letters alone: with digits it might be taken for a code."""
    letters = ""
    for _ in range(4):
        letters = _LETTERS[number % 16] + letters
        number //= 16
    return f"z{letters}"


def code_of(body: str) -> str:
    """The code that a text to a handler begins with; "" for none."""
    found = _CODE.match(body)
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Written:
    """A text: its words, the code that its writer put in front, and how many pictures came with it."""

    body: str
    code: str = ""
    pictures: int = 0


def written(act: Act, dice: Dice, number: int, shown: str, earlier: list[str]) -> Written:
    """What a handler texts. `shown` is the forwarded text that it is about; `earlier` are the codes of the phone."""
    own = code_of(shown)
    words = f"{BODY_MARK} {token(number)}"
    if act is Act.OLD_CODE and earlier:
        return _coded(dice.pick([code for code in earlier if code != own] or earlier), words, dice)
    if act is Act.WRONG_CODE:
        return _coded(f"{dice.pick('KAEWR')}{dice.pick('0179')}{dice.pick('0137')}", words, dice)
    if act in _UNCODED:
        body = _UNCODED[act]
        return Written(words if body == "" else body, pictures=int(act is Act.PHOTO))
    if act is Act.CLAIM:
        return Written(dice.pick(CLAIMS))
    if act is Act.AUTO:
        return Written(dice.pick(AUTOMATIC))
    if act is Act.STOP:
        return Written(dice.pick(STOPS))
    if act is Act.LIKE:
        return Written(f"{dice.pick(('Liked', 'Loved', 'Emphasized'))} “{shown[: 20 + int(dice.draw() * _QUOTED)]}”")
    if act is Act.OTHER_TAPBACK:
        return Written(f"{dice.pick(('Questioned', 'Laughed at', 'Disliked'))} “{shown}”")
    if act is Act.CODE_INSIDE:
        return Written(f"tell {own} {words}" if own else words)
    if not own:
        return Written(words)
    if act is Act.STUCK_CODE:
        return _stuck(dice.pick([own, *earlier]), words, dice)
    return _coded(own, _behind(act, words, dice), dice)


_UNCODED = {
    Act.ANSWER: "",
    Act.TWICE: "",
    Act.PHOTO: "",
    Act.PASS: "pass",
    Act.LIST: "?",
    Act.YES: "Yes",
}


def _behind(act: Act, words: str, dice: Dice) -> str:
    """What stands behind a code."""
    plain = {
        Act.MINE: "mine",
        Act.MINE_WORDS: f"mine {words}",
        Act.CODED_PASS: "pass",
        Act.DONE: "done",
        Act.OPEN: "open",
        Act.BLOCK: "block",
        Act.SAY: "say ok",
    }
    if act is Act.CODED_CLAIM:
        return dice.pick(CLAIMS)
    return dice.pick(RESERVED) if act is Act.RESERVED else plain.get(act, words)


def _coded(code: str, words: str, dice: Dice) -> Written:
    """The words behind a code, as people spell it."""
    spelt = dice.pick((code, code, code, code.lower(), f"{code}:", f"{code[0]}-{code[1:]}", f"#{code}", f"{code},"))
    return Written(f"{spelt} {words}", code)


def _stuck(code: str, words: str, dice: Dice) -> Written:
    """The words behind a code that is not read as one: without a blank, in wide letters, with the dash of a phone."""
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)
    spelt = dice.pick((f"{code}", f"{code.lower()}", f"{wide} ", f"{code[0]}\N{EN DASH}{code[1:]} "))
    return Written(f"{spelt}{words}", code)
