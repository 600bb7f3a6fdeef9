"""A signed webhook cannot be cut anew into another text; what looks as if it could is asked of Twilio, never lost."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
from relay.core.model import InboundText
from relay.errors import BadRequest
from relay.twilio.cuts import Doubt, doubt_of
from relay.twilio.forms import inbound_form, inbound_text
from relay.twilio.refusals import Reason
from relay.twilio.signature import joined

from tests.relays import BODY, CUSTOMER, OUR_NUMBER
from tests.twilio.cut_cases import (
    FIRST,
    SECOND,
    VICTIM,
    Cut,
    doubles_of_their_own,
    form_of,
    genuine,
    recut,
    signed_string,
    twilio_has,
)
from tests.worlds import (
    Fields,
    with_fields,
)


def _tail(fields: Fields, name: str) -> str:
    """What is signed of the parameters from this one on."""
    return signed_string(tuple(pair for pair in fields if pair[0] >= name))


def _head(fields: Fields) -> Fields:
    return tuple(pair for pair in fields if pair[0] < "Body")


# Each writes a second text into the body of the first, and finds a name under which the rest of the first may hide.
_SECOND = f"From{VICTIM}MessageSid{SECOND}NumMedia0SmsSid{SECOND}To{OUR_NUMBER}"
HIDING: dict[str, tuple[str, str]] = {
    "in a name that the relay knows and does not use": (f"hi{_SECOND}ToCity", "ToCity"),
    "in a name that the relay does not know": (f"hi{_SECOND}Zzz", "Zzz"),
    "in a name in small letters": (f"hi{_SECOND}zzz", "zzz"),
    "in a name of one letter": (f"hi{_SECOND}a", "a"),
    "in a name with a blank": (f"hi{_SECOND}To whom", "To whom"),
}


@pytest.mark.parametrize(("body", "name"), HIDING.values(), ids=HIDING)
def test_a_second_text_written_into_a_texts_body_is_not_taken_for_one(body: str, name: str) -> None:
    original = genuine(body)
    second: Fields = (
        *_head(original),
        ("Body", "hi"),
        ("From", VICTIM),
        ("MessageSid", SECOND),
        ("NumMedia", "0"),
        ("SmsSid", SECOND),
        ("To", OUR_NUMBER),
        (name, _tail(original, "From")),
    )
    doubles = doubles_of_their_own()
    assert doubles.inbound(recut(original, second)).status == 403
    assert doubles.store.writes == 0
    assert doubles.messenger.sends == []
    assert [reason for reason, *_ in doubles.journal.refused] == [Reason.DOUBTFUL]


def test_the_rest_of_the_first_may_hide_before_the_second_too() -> None:
    original = genuine(f"{_SECOND}", MessageType="text")
    cut = inbound_form(form_of((*_head(original), ("Body", ""), ("From", VICTIM), ("MessageSid", SECOND))))
    assert cut.text is None or cut.doubt is not Doubt.NONE


def test_the_whole_text_may_be_an_old_one_with_only_an_sms_id() -> None:
    original = genuine(f"hi From{VICTIM}SmsSid{SECOND}To{OUR_NUMBER}ToCity")
    legacy: Fields = (
        *_head(original),
        ("Body", "hi "),
        ("From", VICTIM),
        ("SmsSid", SECOND),
        ("To", OUR_NUMBER),
        ("ToCity", _tail(original, "From")),
    )
    assert doubles_of_their_own().inbound(recut(original, legacy)).status == 403


# The same text with other words, or by another sender.

OTHER_WORDS: dict[str, tuple[str, Cut]] = {
    "words cut off under a name of their own": ("no Dont come", (("Body", "no "), ("Dont come", ""))),
    "words cut off under a known name": ("no ErrorCode11200", (("Body", "no "), ("ErrorCode", "11200"))),
    "all words cut off": ("Cancel it", (("Body", ""), ("Cancel it", ""))),
}


@pytest.mark.parametrize(("body", "cut"), OTHER_WORDS.values(), ids=OTHER_WORDS)
def test_words_cannot_be_cut_off_a_text(body: str, cut: Cut) -> None:
    original = genuine(body)
    rest = tuple(pair for pair in original if pair[0] >= "From")
    doubles = doubles_of_their_own()
    twilio_has(doubles, CUSTOMER, OUR_NUMBER, body)
    assert doubles.inbound(recut(original, (*_head(original), *cut, *rest))).status == 200
    assert doubles.relay(FIRST).message_body == body, "Twilio's own word counts"


def test_a_parameter_cannot_be_made_part_of_the_words() -> None:
    original = genuine("hi", ErrorCode="11200", ErrorUrl="https://relay.example.com/sms/inbound")
    body = "hiErrorCode11200ErrorUrlhttps://relay.example.com/sms/inbound"
    merged = tuple(sorted({**dict(genuine("hi")), "Body": body}.items()))
    doubles = doubles_of_their_own()
    twilio_has(doubles, CUSTOMER, OUR_NUMBER, "hi")
    doubles.inbound(recut(original, merged))
    assert doubles.relay(FIRST).message_body == "hi"


def test_a_sender_cannot_be_written_into_the_words() -> None:
    original = genuine(f"hiFrom{VICTIM}G")
    names = dict(original)
    cut: Fields = (
        *_head(original),
        ("Body", "hi"),
        ("From", VICTIM),
        ("G", f"From{CUSTOMER}FromCity{names['FromCity']}FromCountryUSFromStateILFromZip62701"),
        *(pair for pair in original if pair[0] >= "MessageSid"),
    )
    doubles = doubles_of_their_own()
    twilio_has(doubles, CUSTOMER, OUR_NUMBER, names["Body"])
    doubles.inbound(recut(original, cut))
    assert (doubles.relay(FIRST).sender_phone, doubles.relay(FIRST).message_body) == (CUSTOMER, names["Body"])


@pytest.mark.parametrize("name", ["Mario", "FromCountry"])
def test_a_sender_by_name_cannot_be_written_into_the_words_either(name: str) -> None:
    original = genuine(f"hiFromCityX{name}")
    swallowed = signed_string(tuple(pair for pair in original if "From" <= pair[0] < "MessageSid"))
    rest = (pair for pair in original if pair[0] >= "MessageSid")
    cut: Fields = (*_head(original), ("Body", "hi"), ("From", "CityX"), (name, swallowed), *rest)
    assert signed_string(cut) == signed_string(original)
    assert doubt_of(form_of(cut)) is Doubt.CUT


def test_a_senders_name_cannot_be_cut_short() -> None:
    original = with_fields(genuine(BODY), From="Big Mario")
    swallowed = signed_string(tuple(pair for pair in original if pair[0].startswith("From") and pair[0] != "From"))
    others = tuple(pair for pair in original if not pair[0].startswith("From"))
    cut: Fields = (*others, ("From", "Big "), ("Mario", swallowed))
    assert signed_string(cut) == signed_string(original)
    assert doubt_of(form_of(original)) is Doubt.NONE
    assert doubt_of(form_of(cut)) is Doubt.CUT


@pytest.mark.parametrize("changes", [{"NumMedia": "0NumSegments1"}, {"OptOutType": "STOPSms"}, {"SmsSid": "SM1"}])
def test_what_is_used_has_its_shape(changes: dict[str, str]) -> None:
    assert doubt_of(form_of(with_fields(genuine(BODY), **changes))) is Doubt.CUT


def test_a_text_that_is_known_cannot_be_given_more_words_while_twilio_does_not_answer() -> None:
    original = genuine("hi")
    told = {name: value for name, value in original if name not in ("From", "FromCity")}
    told |= {"Body": f"hiFrom{CUSTOMER}", "From": "CitySPRINGFIELD"}
    more = tuple(sorted(told.items()))
    doubles = doubles_of_their_own()
    assert doubles.inbound(recut(original, original)).status == 200
    doubles.messenger.is_down = True
    assert doubles.inbound(recut(original, more)).status == 200
    assert (doubles.relay(FIRST).message_body, len(doubles.messenger.sends)) == ("hi", 1)


# Whatever is cut anew at random.

_NASTY_BODIES = (
    f"hi{_SECOND}Zzz",
    f"hiFrom{VICTIM}FromCityXGg",
    f"hiBody ho From{VICTIM}Hello",
    f"Dont Call Ed From Me To+1555 To{VICTIM}",
    "hiErrorCode11200ChannelMetadata{}Cc",
    f"Zzz SmsSid{FIRST}SmsMessageSid{FIRST}To{OUR_NUMBER}",
    "AccountSid Body Ccc Dd Ee Fq",
)
_NAMES = re.compile(
    r"AccountSid|ApiVersion|Body|From(?:City|Country|State|Zip)?|(?:Sms)?MessageSid|Num(?:Media|Segments)|OptOutType"
    r"|Sms(?:Sid|Status)|To(?:City|Country|State|Zip)?|[A-Z][a-z]{0,3}"
)


def _random_cuts(dice: random.Random, signed: str, count: int) -> Iterator[dict[str, str]]:
    """Cuts of what was signed whose names are sorted, as they must be to have the signature."""
    places = [(found.start(), found[0]) for found in re.finditer(f"(?={_NAMES.pattern})", signed) if True]
    starts = [(at, _NAMES.match(signed, at)) for at, _ in places]
    names = [(at, found[0]) for at, found in starts if found is not None]
    usual = [(at, name) for at, name in names if name in dict(genuine(""))]
    for _ in range(count):
        chosen: list[tuple[int, str]] = []
        for at, name in sorted({*dice.sample(usual, min(len(usual), 14)), *dice.sample(names, 4), names[0]}):
            if not chosen or (at >= chosen[-1][0] + len(chosen[-1][1]) and name > chosen[-1][1]):
                chosen.append((at, name))
        ends = [at for at, _ in chosen[1:]] + [len(signed)]
        if chosen[0][0] == 0:
            yield {name: signed[at + len(name) : end] for (at, name), end in zip(chosen, ends, strict=True)}


def _essence(text: InboundText) -> tuple[object, ...]:
    return (text.message_id, text.sender_phone, text.recipient_phone, text.body, text.media_count, text.consent)


@pytest.mark.parametrize("body", _NASTY_BODIES)
def test_no_cut_that_is_taken_at_its_word_says_anything_else_than_the_signed_one(body: str) -> None:
    original = genuine(body)
    true, signed, dice = inbound_text(form_of(original)), signed_string(original), random.Random(body)
    of_the_same_text = 0
    for cut in _random_cuts(dice, signed, 4_000):
        form = {name: [value] for name, value in cut.items()}
        assert joined(form) == signed
        try:
            told = inbound_form(form)
        except BadRequest:
            continue
        of_the_same_text += 1
        if told.doubt is Doubt.NONE and told.text is not None:
            assert _essence(told.text) == _essence(true)
        elif told.doubt is Doubt.CUT and told.text is not None:
            assert told.text.message_id == true.message_id
    assert of_the_same_text > 10
