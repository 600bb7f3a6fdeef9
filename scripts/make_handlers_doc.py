"""Writes docs/handlers.md: what handlers can text, made of the tables by which their texts are read.

`make docs` runs it; a test fails when the file no longer says what the code does.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT / "functions") not in sys.path:
    sys.path.append(str(ROOT / "functions"))

from relay.core import moves  # noqa: E402 - the path is set above
from relay.core.model import Attachment, InboundText, SenderClass  # noqa: E402
from relay.core.policy import Policy, Tier, sms  # noqa: E402
from relay.core.routes import Forward  # noqa: E402
from relay.core.threads import audience, codes, grammar, model, tapbacks  # noqa: E402
from relay.core.threads.doing import POINTED_ONCE_IN  # noqa: E402
from relay.core.threads.model import Thread  # noqa: E402
from relay.core.threads.verdict import Notice, Said  # noqa: E402
from relay.flow.deeds import OFFICE  # noqa: E402
from relay.flow.notices import words_of  # noqa: E402
from relay.flow.wording import ago, forwarded, notice_of_filtered  # noqa: E402
from relay.twilio.locations import location_in_words  # noqa: E402

PATH = ROOT / "docs" / "handlers.md"
COMMAND = "make docs"

_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_COUCH = Thread("a", "+15550199999", "+15550104567", _AT, _AT, code="K71", owner="Ana")
_OTHER = Thread("b", "+15550199999", "+15550109913", _AT, _AT, code="M24")
_NAMES = {"Ana": "Ana", "Ben": "Ben", OFFICE: "The office"}

_OFFICE = Policy((Tier("Ana", sms("+15550100001")),))
_LINK = "https://p.example.co/m/..."
_PHOTO, _VIDEO = "image/jpeg", "video/mp4"
# What a customer sends: words, types of files, and whether the link is shown.
READ: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "Words.": ("Two couches by the door", (), True),
    "Words with two photos and a video.": ("Two couches by the door", (_PHOTO, _PHOTO, _VIDEO), True),
    "A photo alone.": ("", (_PHOTO,), True),
    "A voice note and a contact card.": ("", ("audio/amr", "text/vcard"), True),
    "A location, by WhatsApp.": (location_in_words("37.78713", "-122.39722", "1 Main St", "Depot"), (), True),
    "Files of which we do not know yet what they are.": ("Two couches by the door", ("", ""), True),
    "Photos, where your tier wants no links or a carrier stopped the link.": (
        "Two couches by the door", (_PHOTO, _PHOTO), False,
    ),
}  # fmt: skip

# When each notice is said; what it says is asked of the code. The reader is Ana.
EXAMPLES: dict[Said, tuple[str, Notice]] = {
    Said.TOOK: ("You claimed a customer.", Notice("Ana", Said.TOOK, (_COUCH,))),
    Said.SENT_TO: (
        f"Your words went without a code; said once in {POINTED_ONCE_IN.seconds // 60} minutes.",
        Notice("Ana", Said.SENT_TO, (_COUCH,)),
    ),
    Said.DONE: ("`done`.", Notice("Ana", Said.DONE, (_COUCH,))),
    Said.PASSED: ("`pass`.", Notice("Ana", Said.PASSED, (_COUCH,))),
    Said.PASSED_BY_OTHER: (
        "`pass`, and the next person has been texted.",
        Notice("Ana", Said.PASSED_BY_OTHER, (_COUCH,)),
    ),
    Said.OPENED: ("`open`.", Notice("Ana", Said.OPENED, (_COUCH,))),
    Said.BLOCKED: ("`block`, or words for a customer who wants no texts.", Notice("Ana", Said.BLOCKED, (_COUCH,))),
    Said.LIST: ("`?`.", Notice("Ana", Said.LIST, (_COUCH, _OTHER))),
    Said.TAKEN_OVER: ("Another person took over what was yours.", Notice("Ana", Said.TAKEN_OVER, (_COUCH,), "Ben")),
    Said.WRITTEN_TO: (
        "The office wrote to a customer whom you have.",
        Notice("Ana", Said.WRITTEN_TO, (_COUCH,), OFFICE, words="The van is late, sorry"),
    ),
    Said.NOT_YOURS: (
        "Another person has this customer.",
        Notice("Ana", Said.NOT_YOURS, (_COUCH,), "Ben", since=_AT, at=_AT + timedelta(minutes=12)),
    ),
    Said.WHICH: (
        "No code, and several customers that it can be for.",
        Notice("Ana", Said.WHICH, (_COUCH, _OTHER)),
    ),
    Said.CODE_IS_ANOTHERS: (
        "A code that is another customer's now, or that you were never shown.",
        Notice("Ana", Said.CODE_IS_ANOTHERS, (_OTHER,), words="M24"),
    ),
    Said.CODE_INSIDE: (
        "A code anywhere but in front.",
        Notice("Ana", Said.CODE_INSIDE, (_COUCH,), words="tell M24 I am late"),
    ),
    Said.NOT_SENT_WORD: (
        "A claim word about a customer whom you have.",
        Notice("Ana", Said.NOT_SENT_WORD, (_COUCH,), words="ok"),
    ),
    Said.RESERVED: ("A word that phone networks act on.", Notice("Ana", Said.RESERVED, (_COUCH,), words="cancel")),
    Said.PASS_ALONE: (
        "`pass` with more words.",
        Notice("Ana", Said.PASS_ALONE, (_COUCH,), words="pass by at five"),
    ),
    Said.CLOSED: ("The thread is closed.", Notice("Ana", Said.CLOSED, (_COUCH,))),
    Said.CALL: ("The customer wrote by a channel that no text answers.", Notice("Ana", Said.CALL, (_COUCH,))),
    Said.LATE: (
        "Your text reached us late, or after a later one.",
        Notice("Ana", Said.LATE, (_COUCH,), words="On my way"),
    ),
    Said.AGAIN: (
        f"The same words twice within {audience.TWICE_WITHIN.seconds} seconds.",
        Notice("Ana", Said.AGAIN, (_COUCH,), words="On my way"),
    ),
    Said.AUTOMATIC: (
        "No code, and it came like a machine's answer.",
        Notice("Ana", Said.AUTOMATIC, (_COUCH,), words="I'm driving with Focus turned on."),
    ),
    Said.REACTION: ("A reaction that takes nothing.", Notice("Ana", Said.REACTION)),
    Said.NO_PHOTOS: (
        "Photos came with your words, and the office has no link for photos.",
        Notice("Ana", Said.NO_PHOTOS, (_COUCH,), words="On my way"),
    ),
    Said.PHOTOS_STAY: (
        "Photos came with a claim word or a command.",
        Notice("Ana", Said.PHOTOS_STAY, (_COUCH,)),
    ),
    Said.UNREAD: ("Your phone sent your words as a file, and that was not to be had.", Notice("Ana", Said.UNREAD)),
    Said.NOTHING_TO_SEND: ("A code without words.", Notice("Ana", Said.NOTHING_TO_SEND, (_COUCH,))),
    Said.SIGN_IN_CODE: (
        "You are an operator too, and texted your code for the console.",
        Notice("Ana", Said.SIGN_IN_CODE, words="204871"),
    ),
    Said.REPLIES_OFF: ("Answers by text are switched off.", Notice("Ana", Said.REPLIES_OFF)),
}


def render() -> str:
    """Returns the whole document."""
    return "\n\n".join([*_beginning(), *_read(), *_words_not_sent(), *_machines(), *_told()]) + "\n"


def _beginning() -> list[str]:
    return [
        "# What handlers can text",
        f"Made from the tables of the code by `{COMMAND}`; do not edit.",
        _prose(f"""
            Every customer's text comes with a code, like `K71`: a letter ({", ".join(codes.LETTERS)}) and two digits.
            Begin your answer with it: `K71 I'm on my way`. `k71`, `K 71`, `K71:` and `K-71` do as well. The customer
            sees your words without the code, and never your number. Your first answer claims the customer: others are
            not texted any more, and the customer's next texts come to you first."""),
        _prose(f"""
            Without a code your words go to the only customer about whom you were texted in the last
            {_hours(audience.WINDOW)} hours. If there were more, nothing is sent and you are asked. Whenever there is a
            doubt nothing is sent, and you are told."""),
        _prose("""
            Photos, videos and other files go to the customer with your words, or without any: as a picture message
            (MMS), to the same customer as words would. Where that cannot be had or is refused, your words go alone and
            you are told; without words nothing is sent then, and you are told that, too. A long text that your phone
            sends as a file is read like any other."""),
    ]


def read_rows() -> list[tuple[str, str]]:
    """Returns what a handler reads of what a customer sends."""
    rows = [(sent, _as_read(words, types, is_linked)) for sent, (words, types, is_linked) in READ.items()]
    notice = notice_of_filtered(_COUCH.customer_phone, _COUCH.our_phone, "K71")
    late = _as_read("Two couches by the door", (), False, ago(timedelta(hours=2)))
    return [
        *rows,
        ("Words that come to you late, or that the office sends again.", late),
        ("Words that a carrier stopped.", _in_a_cell(notice)),
    ]


def _as_read(words: str, types: tuple[str, ...], is_linked: bool, written: str = "") -> str:
    files = tuple(Attachment(f"ME{number:032x}", content_type) for number, content_type in enumerate(types))
    text = InboundText("SM" + "0" * 32, _COUCH.customer_phone, _COUCH.our_phone, words, len(files), files)
    relay = moves.receive(text, SenderClass.CUSTOMER, Forward(_OFFICE, code="K71"), _AT, None).relay
    return _in_a_cell(forwarded(relay, words, _LINK if files and is_linked else "", written))


def _in_a_cell(words: str) -> str:
    return f"`{words.replace(chr(10), '` <br> `')}`"


def _read() -> list[str]:
    return [
        "## What you read",
        _table("what the customer sends", "what you read", read_rows()),
        _prose(
            """The link opens the photos and nothing else; it needs no sign-in, so pass it on with care. Where it would
            make your text cost more than the customer's, what the files are is left out, and the link stays. A long
            text that came as a file is read like any other; of one that is too long for a text the end is behind the
            link. A location that an iPhone shares comes as a contact card: it is behind the link, too."""
        ),
    ]


def _words_not_sent() -> list[str]:
    rows = [
        (_listed(grammar.CLAIM_WORDS), "claim it without answering"),
        *((f"`{word}`", does) for word, (_, does) in grammar.COMMANDS.items()),
        (f"`{grammar.SAY}` and words", f"send these words, whatever they are: `K71 {grammar.SAY} ok`"),
        (f"`{grammar.TEST}` and words", "be taken for a customer, to try the relay out"),
    ]
    return [
        "## Words that are not sent",
        _prose(f"""
            Each but `{grammar.SAY}` and `{grammar.TEST}` counts only where it stands alone or right behind a code.
            `{grammar.SAY}` stands in front of your words, with or without a code. `{grammar.TEST}` must be the very
            first word: behind a code it is an answer, and goes to the customer."""),
        _table("text", "what it does", rows),
        _prose(f"""
            `{grammar.SAY}` apart, a claim word never reaches a customer. A like, love, emphasis or thumb up on a
            customer's text that was forwarded to you claims it, too: your phone sends it as a text that begins with one
            of {_listed(sorted(tapbacks.TAKING_WORDS))} or an emoji. Other reactions do nothing."""),
        _prose(f"""
            Twilio acts by itself on {_listed(grammar.RESERVED)}: alone, or right behind a code, they reach no customer
            and are no command. After `STOP` you get no more texts from us until you text `START`. `YES` is an
            answer."""),
        _prose(f"""
            A customer is closed by `done`, or after {model.QUIET_CLOSES.days} quiet days, and keeps the code for
            {model.CODE_KEPT.days} more days."""),
    ]


def _machines() -> list[str]:
    return [
        "## What is taken for a machine's",
        _prose(f"""
            Without a code: what phones answer by themselves while you drive; what comes within
            {audience.TOO_SOON.seconds} seconds of our text; and a text of more than {audience.SHORT} characters that
            you sent before within {_hours(audience.AGAIN_WITHIN)} hours. It reaches no customer and claims nothing. You
            are asked about the same words once in {_minutes(audience.ASKED_ONCE_IN)} minutes."""),
    ]


def _told() -> list[str]:
    rows = [(when, words_of(notice, _NAMES)) for when, notice in EXAMPLES.values()]
    return ["## What you are told", _table("when", "what you read", rows)]


def _table(left: str, right: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {left} | {right} |", "|---|---|", *(f"| {one} | {other} |" for one, other in rows)]
    return "\n".join(lines)


def _prose(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False)


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _hours(time: timedelta) -> int:
    return int(time.total_seconds()) // 3600


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds()) // 60


def main() -> None:
    """Write the document, and say whether it changed."""
    text = render()
    stale = not PATH.exists() or PATH.read_text(encoding="utf-8") != text
    PATH.write_text(text, encoding="utf-8")
    print(f"{PATH.name}: {'written' if stale else 'already up to date'}")


if __name__ == "__main__":
    main()
