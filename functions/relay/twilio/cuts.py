"""`doubt_of` says whether what Twilio signed can be cut into other parameters than those that came.

Twilio signs names and values, sorted by name, without a mark between them. The author of a text's body, holding its
signed webhook, may cut it anew: `hiFrom+1555…MessageSidSM…` into a second text by another sender.
The rules, and why they suffice: docs/adr/0018-a-doubtful-webhook-is-asked-about.md.
"""

from __future__ import annotations

import re
from enum import IntEnum

from relay.twilio.signature import Form, joined
from relay.twilio.texts import MESSAGE_SID, canonical

# The parameters that a text is read from. Each has a shape of its own or is held between two that have. A shared
# location's are not looked at: of its label and address, words of the author's, another cut makes no more than words.
_USED = frozenset(
    {"AccountSid", "Body", "From", "MessageSid", "NumMedia", "OptOutType", "SmsMessageSid", "SmsSid", "To"}
)
_OF_A_FILE = re.compile(r"(?:MediaUrl|MediaContentType)[0-9]+")
# Every place where one of them may begin. "From" and "To" are words too: what follows them tells, as far as it can.
_MAY_BEGIN = re.compile(
    r"AccountSid|Body|From(?!City|Country|State|Zip)|MessageSid|SmsMessageSid|NumMedia|OptOutType|SmsSid"
    r"|MediaUrl[0-9]|MediaContentType[0-9]|To(?=[+0-9]|[A-Za-z]{2,20}:)"
)
_ID = re.compile(r"(?:MessageSid|SmsSid)((?:SM|MM)[0-9a-fA-F]{32})")
# The shapes that end by themselves, for no name sorts behind them that could go on with one. Those of the account, the
# sender and our number are looked at where they are read.
_SHAPES = {
    "NumMedia": re.compile(r"[0-9]|10"),
    "OptOutType": re.compile(r"STOP|START|HELP", re.IGNORECASE),
    **dict.fromkeys(("MessageSid", "SmsMessageSid", "SmsSid"), MESSAGE_SID),
}
_NUMBER = re.compile(r"(?:[A-Za-z]{2,20}:)?\+?[0-9]+")
# What Twilio may put between Body and From, and nothing tells from words of the body.
_AFTER_BODY = re.compile(
    r"ButtonPayload|ButtonText|Channel(?:InstallSid|Metadata|Prefix|ToAddress)|ErrorCode|ErrorUrl|Forwarded"
)


class Doubt(IntEnum):
    """How far a well-signed form cannot be taken at its word."""

    NONE = 0  # this is how Twilio cut it
    CUT = 1  # it is this text, but its words or its sender may be cut otherwise
    TEXT = 2  # it may be another text than the one that was signed


def doubt_of(form: Form) -> Doubt:
    """Returns how far this signed form of a text can be taken at its word."""
    signed = joined(form)
    if len({canonical(sid) for sid in _ID.findall(signed)}) != 1:
        return Doubt.TEXT
    return Doubt.NONE if _is_the_only_cut(form, signed) else Doubt.CUT


def _is_the_only_cut(form: Form, signed: str) -> bool:
    """Whether no other form with the same signature says anything else that we use."""
    names = sorted(form)
    used = [name for name in names if name in _USED or (name.startswith("Media") and _OF_A_FILE.fullmatch(name))]
    if any(len(form[name]) != 1 for name in used):
        return False
    if not all(shape.fullmatch(form[name][0]) for name, shape in _SHAPES.items() if name in form):
        return False
    # As many places as parameters, and each of these begins at one: then no other cut has its own elsewhere.
    begin = all(_MAY_BEGIN.match(name + form[name][0]) for name in used)
    if not begin or len(_MAY_BEGIN.findall(signed)) != len(used):
        return False
    # A body and a name have no end of their own: they end where the parameter begins that always follows.
    follows = dict(zip(names, [*names[1:], ""], strict=True))
    words = form.get("Body", [""])[0]
    return (
        follows.get("Body", "From") == "From"
        and not _AFTER_BODY.search(words)
        and all(
            follows[name] in ("", *_USED) or follows[name].startswith((name, "Media"))
            for name in ("From", "To")
            if name in form and not _NUMBER.fullmatch(form[name][0])
        )
    )
