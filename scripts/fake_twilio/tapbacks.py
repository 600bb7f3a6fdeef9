"""Tapbacks as they arrive by SMS: what a phone texts when its owner reacts to a text instead of writing one.

Apple's and Google's wordings as seen in public repositories; neither vendor documents them, and they differ by version.
"""

import dataclasses
from typing import Literal, get_args

Form = Literal["apple", "google"]
FORMS: tuple[Form, ...] = get_args(Form)

# Where a quote is cut is not documented; a long text's is, so that its reader must be content with a beginning.
QUOTED_CHARACTERS = 100
# Around the emoji, invisible: by these Google's phones know one another's reactions.
_MARK = "\u200b"


@dataclasses.dataclass(frozen=True)
class Tapback:
    """One reaction: its name here, and its words on an iPhone, there when it is taken back as well."""

    name: str
    verb: str
    taken_back: str
    emoji: str


TAPBACKS = (
    Tapback("like", "Liked", "a like", "\U0001f44d"),
    Tapback("love", "Loved", "a heart", "\u2764\ufe0f"),
    Tapback("laugh", "Laughed at", "a laugh", "\U0001f602"),
    Tapback("emphasise", "Emphasized", "an exclamation", "\u203c\ufe0f"),
    Tapback("question", "Questioned", "a question mark", "\u2753"),
    Tapback("dislike", "Disliked", "a dislike", "\U0001f44e"),
)
_BY_NAME = {tapback.name: tapback for tapback in TAPBACKS}


@dataclasses.dataclass(frozen=True)
class Reaction:
    """How a phone reacts; by itself an iPhone's like.

    tapback: the name of one of TAPBACKS. form: whose phone it is.
    on_photo: to the picture of the text, of which no words are quoted.
    takes_back: a tapback is taken back; of Google's wording for that too little is known.
    quoted_characters: how much of the text is quoted; what is cut off is told by an ellipsis.
    """

    tapback: str = "like"
    form: Form = "apple"
    on_photo: bool = False
    takes_back: bool = False
    quoted_characters: int = QUOTED_CHARACTERS

    def __post_init__(self) -> None:
        if self.tapback not in _BY_NAME:
            raise ValueError(f"no tapback {self.tapback!r}; there are: {', '.join(_BY_NAME)}")
        if self.takes_back and self.form != "apple":
            raise ValueError("only an iPhone's tapback can be taken back here")

    def words(self, body: str) -> str:
        """Returns what the phone texts about a text of this body."""
        tapback, target = _BY_NAME[self.tapback], "an image" if self.on_photo else self._quote(body)
        if self.form == "google":
            return f"{_MARK}{tapback.emoji}{_MARK} to {target}"
        return f"Removed {tapback.taken_back} from {target}" if self.takes_back else f"{tapback.verb} {target}"

    def _quote(self, body: str) -> str:
        if len(body) > self.quoted_characters:
            body = body[: self.quoted_characters].rstrip() + "\u2026"
        return f"\u201c{body}\u201d"
