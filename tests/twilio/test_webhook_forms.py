"""What is read from a well-signed request, and what is refused as malformed."""

from __future__ import annotations

import pytest
from relay.core.events import Meaning, Receipt
from relay.core.failures import NO_REASON
from relay.core.model import Consent
from relay.errors import BadRequest
from relay.twilio.codes import failure_of
from relay.twilio.forms import delivery_status, inbound_text, status_callback_url
from relay.twilio.inbound import TWIML
from relay.twilio.signature import TwilioAccount
from relay.twilio.statuses import STATUSES, receipt_of
from relay.twilio.texts import canonical

from tests.relays import BODY, CUSTOMER, MESSAGE_ID, OUR_NUMBER
from tests.worlds import (
    ACCOUNT_SID,
    BASE_URL,
    INBOUND,
    STATUS,
    TOKEN,
    Doubles,
    Fields,
    inbound_request,
    post,
    status_request,
    with_fields,
)

MMS = "MM" + "f" * 32


def _form(fields: Fields) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in fields:
        form.setdefault(name, []).append(value)
    return form


# A customer's text.


def test_a_text_is_read_as_twilio_wrote_it() -> None:
    text = inbound_text(_form(INBOUND))
    assert (text.message_id, text.sender_phone, text.recipient_phone) == (MESSAGE_ID, CUSTOMER, OUR_NUMBER)
    assert (text.body, text.media_count) == (BODY, 0)


@pytest.mark.parametrize("body", ["", " ", "Äöü 😀\r\nzwei", "a=b&c", "x" * 1600, "\x01", "+1", "MessageSid"])
def test_any_body_is_taken_untrimmed(body: str) -> None:
    doubles = Doubles()
    assert doubles.inbound(inbound_request(Body=body)).status == 200
    assert doubles.relay().message_body == body


def test_a_text_without_a_body_is_an_empty_one() -> None:
    assert inbound_text(_form(with_fields(INBOUND, Body=None))).body == ""


SENDERS = ["+15557654321", "72404", "ACME Bank", "AMAZON", "Café Öl", "한국전력", "+4915112345678", "1", "\ufffd"]


@pytest.mark.parametrize("sender", SENDERS)
def test_short_codes_and_names_may_write_too(sender: str) -> None:
    doubles = Doubles()
    assert doubles.inbound(inbound_request(From=sender)).status == 200
    assert doubles.relay().sender_phone == sender, "as it is written: there is no number to answer"
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize("name", ["SmsSid", "SmsMessageSid"])
def test_a_webhook_of_before_has_its_id_under_an_older_name(name: str) -> None:
    doubles = Doubles()
    told = {"MessageSid": None, "SmsSid": None, name: MESSAGE_ID}
    assert doubles.inbound(inbound_request(**told)).status == 200
    assert doubles.relay().message_body == BODY


CAPITALS = "SM" + "0123456789ABCDEF" * 2


def test_ids_with_capital_digits_are_accepted_in_every_place() -> None:
    doubles = Doubles(account=TwilioAccount(ACCOUNT_SID, (TOKEN,), BASE_URL))
    account = "AC" + ACCOUNT_SID[2:].upper()
    assert doubles.inbound(inbound_request(MessageSid=CAPITALS, SmsSid=CAPITALS, AccountSid=account)).status == 200
    message_id = canonical(CAPITALS)
    assert doubles.relay(message_id).message_body == BODY
    for named in (message_id, CAPITALS):
        told = status_request(message_id=named, MessageSid=CAPITALS, SmsSid=CAPITALS, AccountSid=account)
        assert doubles.status(told).status == 204


def test_a_text_that_comes_again_with_its_id_in_another_spelling_is_not_sent_again() -> None:
    doubles = Doubles()
    for sid in (CAPITALS, CAPITALS.lower().replace("sm", "SM")):
        assert doubles.inbound(inbound_request(MessageSid=sid, SmsSid=sid)).status == 200
    assert len(doubles.messenger.sends) == 1


@pytest.mark.parametrize(
    ("word", "consent"),
    [("STOP", Consent.STOP), ("start", Consent.START), ("Help", Consent.HELP), ("", None), ("PAUSE", None)],
)
def test_what_twilio_understood_of_an_opt_out_is_read(word: str, consent: Consent | None) -> None:
    assert inbound_text(_form(with_fields(INBOUND, OptOutType=word))).consent is consent


@pytest.mark.parametrize(("given", "count"), [("0", 0), ("1", 1), ("10", 10), (None, 0)])
def test_attachments_are_counted(given: str | None, count: int) -> None:
    fields = with_fields(INBOUND, NumMedia=given, MessageSid=MMS)
    assert inbound_text(_form(fields)).media_count == count


MALFORMED_TEXTS: dict[str, Fields] = {
    "no id": with_fields(INBOUND, MessageSid=None, SmsSid=None),
    "an empty MessageSid": with_fields(INBOUND, MessageSid=""),
    "a MessageSid too short": with_fields(INBOUND, MessageSid=MESSAGE_ID[:-1]),
    "a MessageSid too long": with_fields(INBOUND, MessageSid=MESSAGE_ID + "0"),
    "a MessageSid with a line break": with_fields(INBOUND, MessageSid=MESSAGE_ID + "\n"),
    "a MessageSid of another kind": with_fields(INBOUND, MessageSid="CA" + "0" * 32),
    "a MessageSid of other letters": with_fields(INBOUND, MessageSid="SM" + "G" * 32),
    "a MessageSid of other digits": with_fields(INBOUND, MessageSid="SM" + "\u0661" * 32),
    "a path in the MessageSid": with_fields(INBOUND, MessageSid="SM" + "../" * 10 + "aa"),
    "two MessageSids": (*INBOUND, ("MessageSid", MMS)),
    "no From": with_fields(INBOUND, From=None),
    "an empty From": with_fields(INBOUND, From=""),
    "a From that begins with a blank": with_fields(INBOUND, From=" +15557654321"),
    "a From with a line break": with_fields(INBOUND, From="+1555\n"),
    "a From of endless length": with_fields(INBOUND, From="+" * 65),
    "two Froms": (*INBOUND, ("From", "+15550000000")),
    "the same From twice": (*INBOUND, ("From", CUSTOMER)),
    "no To": with_fields(INBOUND, To=None),
    "an empty To": with_fields(INBOUND, To=""),
    "two Tos": (*INBOUND, ("To", "+15550000000")),
    "two bodies": (*INBOUND, ("Body", "another")),
    "two AccountSids": (*INBOUND, ("AccountSid", "AC" + "b" * 32)),
    "no AccountSid": with_fields(INBOUND, AccountSid=None),
}


@pytest.mark.parametrize("fields", MALFORMED_TEXTS.values(), ids=MALFORMED_TEXTS)
def test_a_malformed_text_is_refused_and_not_stored(fields: Fields) -> None:
    doubles = Doubles()
    response = doubles.inbound(post("/sms/inbound", fields))
    assert response.status == 400
    assert doubles.store.writes == 0
    for secret in (BODY, CUSTOMER, OUR_NUMBER):
        assert secret not in response.body.decode()


# A status callback.


def _query(relay: str = MESSAGE_ID, tier: str = "1", attempt: str = "2") -> str:
    return f"relay={relay}&tier={tier}&attempt={attempt}"


def test_a_callback_names_its_relay_and_attempt_in_the_query_and_its_text_in_the_form() -> None:
    told = delivery_status(_form(with_fields(STATUS, MessageSid=MMS)), _query(attempt="12"))
    assert (told.message_id, told.attempt) == (MESSAGE_ID, 12)
    assert told.receipt == Receipt(MMS, Meaning.DELIVERED, "delivered")


def test_our_own_callback_address_is_read_back_as_it_was_made() -> None:
    url = status_callback_url("https://relay.example.com", MESSAGE_ID, 3, 7)
    address, _, overrides = url.partition("#")
    assert address.startswith("https://relay.example.com/sms/delivery-status?")
    assert "rp=all" in overrides
    told = delivery_status(_form(STATUS), address.partition("?")[2])
    assert (told.message_id, told.attempt) == (MESSAGE_ID, 7)


MALFORMED_QUERIES: dict[str, str] = {
    "no query": "",
    "no relay": "tier=1&attempt=2",
    "no attempt": f"relay={MESSAGE_ID}&tier=1",
    "a relay that is no MessageSid": _query(relay="SM123"),
    "a relay with a path": _query(relay="../../etc/passwd"),
    "attempt 0": _query(attempt="0"),
    "a negative attempt": _query(attempt="-1"),
    "an attempt beyond reason": _query(attempt="10000"),
    "an attempt in words": _query(attempt="one"),
    "an attempt with a leading zero": _query(attempt="01"),
    "an attempt of other digits": _query(attempt="%D9%A1"),
    "two attempts": _query() + "&attempt=3",
    "two relays": _query() + f"&relay={MMS}",
    "an empty attempt": _query(attempt=""),
    "no equals sign": "relay",
    "too many names": _query() + "".join(f"&x{number}=1" for number in range(20)),
}


@pytest.mark.parametrize("query", MALFORMED_QUERIES.values(), ids=MALFORMED_QUERIES)
def test_a_callback_that_names_no_attempt_is_refused(query: str) -> None:
    doubles = Doubles()
    assert doubles.status(post("/sms/delivery-status", STATUS, query)).status == 400
    assert doubles.store.reads == 0


MALFORMED_CALLBACKS: dict[str, Fields] = {
    "no MessageSid": with_fields(STATUS, MessageSid=None),
    "a MessageSid that is none": with_fields(STATUS, MessageSid="x"),
    "two MessageSids": (*STATUS, ("MessageSid", MMS)),
    "no MessageStatus": with_fields(STATUS, MessageStatus=None),
    "an empty MessageStatus": with_fields(STATUS, MessageStatus=""),
    "a MessageStatus in capitals": with_fields(STATUS, MessageStatus="DELIVERED"),
    "a MessageStatus with a blank": with_fields(STATUS, MessageStatus="delivered "),
    "two MessageStatuses": (*STATUS, ("MessageStatus", "failed")),
    "two ErrorCodes": (*with_fields(STATUS, ErrorCode="30003"), ("ErrorCode", "30006")),
}


@pytest.mark.parametrize("fields", MALFORMED_CALLBACKS.values(), ids=MALFORMED_CALLBACKS)
def test_a_malformed_callback_is_refused(fields: Fields) -> None:
    assert Doubles().status(post("/sms/delivery-status", fields, _query())).status == 400


# Twilio's words.

# Every status of its documentation, and what it means for the attempt it belongs to.
MEANINGS = {
    "accepted": Meaning.QUEUED,
    "scheduled": Meaning.QUEUED,
    "queued": Meaning.QUEUED,
    "sending": Meaning.QUEUED,
    "sent": Meaning.HANDED_OVER,
    "partially_delivered": Meaning.PROGRESS,
    "delivered": Meaning.DELIVERED,
    "read": Meaning.DELIVERED,
    "undelivered": Meaning.FAILED,
    "failed": Meaning.FAILED,
    "canceled": Meaning.FAILED,
    "receiving": None,
    "received": None,
}


@pytest.mark.parametrize(("status", "meaning"), MEANINGS.items())
def test_every_status_of_twilios_has_a_meaning(status: str, meaning: Meaning | None) -> None:
    receipt = receipt_of(MMS, status, "")
    assert (receipt.meaning if receipt else None) is meaning


def test_the_table_of_statuses_is_complete_and_holds_nothing_else() -> None:
    assert set(STATUSES) == set(MEANINGS)


@pytest.mark.parametrize("status", ["", "teleported", "DELIVERED", "delivered "])
def test_a_new_status_of_twilios_is_progress_and_never_a_failure(status: str) -> None:
    receipt = receipt_of(MMS, status, "30003")
    assert receipt is not None
    assert (receipt.meaning, receipt.word, receipt.failure) == (Meaning.PROGRESS, status, None)


def test_an_unknown_status_in_a_callback_is_answered_like_any_other() -> None:
    doubles = Doubles()
    doubles.inbound()
    assert doubles.status(status_request("teleported")).status == 204
    assert doubles.relay().final_status.value == "in_progress"


@pytest.mark.parametrize("status", sorted(set(MEANINGS) - {"undelivered", "failed", "canceled"}))
def test_a_stale_error_code_on_another_status_means_nothing(status: str) -> None:
    receipt = receipt_of(MMS, status, "30003")
    assert receipt is None or receipt.failure is None


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("30003", 30003),
        ("", None),
        ("0", None),
        ("null", None),
        ("-1", None),
        ("3e4", None),
        ("9999999", None),
        ("٣", None),
    ],
)
def test_a_failures_code_is_a_number_or_nothing(code: str, meant: int | None) -> None:
    receipt = receipt_of(MMS, "undelivered", code)
    assert receipt is not None
    assert receipt.failure == (NO_REASON if meant is None else failure_of(meant))


def test_the_answer_to_twilio_is_an_empty_document_of_twiml() -> None:
    assert TWIML.body == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
    assert TWIML.headers["Content-Type"].startswith("text/xml")


def test_an_error_says_nothing_of_what_was_sent() -> None:
    with pytest.raises(BadRequest) as caught:
        inbound_text(_form(with_fields(INBOUND, From="not a number\n")))
    assert "not a number" not in str(caught.value)
