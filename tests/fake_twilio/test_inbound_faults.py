"""Inbound webhooks that are unlike the usual: bytes that are no text, more or fewer parameters, channels, opt-outs."""

import base64
import hashlib
import hmac
from urllib.parse import unquote_to_bytes

import pytest
from twilio.request_validator import RequestValidator

from scripts.fake_twilio import InboundFaults
from scripts.fake_twilio.inbound_form import OptOutType
from tests.fake_twilio.support import CUSTOMER, OURS, SMS_URL, Account


def signed_bytes(account: Account) -> tuple[bytes, str]:
    """The body of the last webhook, and the signature that its bytes have."""
    request = account.app.requests[-1]
    pairs = [part.split(b"=") for part in request.body.split(b"&")]
    values = sorted((unquote_to_bytes(name), unquote_to_bytes(value.replace(b"+", b" "))) for name, value in pairs)
    signed = SMS_URL.encode() + b"".join(name + value for name, value in values)
    token = account.fake.settings.auth_token.encode()
    return request.body, base64.b64encode(hmac.new(token, signed, hashlib.sha1).digest()).decode()


@pytest.mark.parametrize("raw", ["caf%E9", "%ED%A0%BD", "%FF", "a+b%00%C3%28"])
def test_a_webhook_may_hold_bytes_that_are_no_text_and_is_signed_over_them(account: Account, raw: str) -> None:
    account.text(faults=InboundFaults(raw={"Body": raw}))
    body, signature = signed_bytes(account)
    assert f"Body={raw}&".encode() in body
    assert account.app.requests[-1].signature == signature


def test_a_legacy_webhook_has_the_old_name_of_the_id_alone(account: Account) -> None:
    text = account.text(faults=InboundFaults(says={"MessageSid": None, "SmsMessageSid": None}))
    form = account.app.requests[0].form
    assert form["SmsSid"] == text.sid
    assert not {"MessageSid", "SmsMessageSid"} & set(form)


def test_a_shared_location_has_no_words(account: Account) -> None:
    place: dict[str, str | None] = {"Latitude": "48.85", "Longitude": "2.29", "Label": "Shop", "Address": "1 Main St"}
    account.text("", faults=InboundFaults(says=place))
    form = account.app.requests[0].form
    assert form["Body"] == ""
    assert {name: form[name] for name in place} == place


def test_parameters_come_without_notice_and_are_signed(account: Account) -> None:
    account.text(faults=InboundFaults(says={"ChannelMetadata": '{"type": "rcs"}', "AddOns": "{}", "Neu": "ß"}))
    request = account.app.requests[0]
    assert request.form["Neu"] == "ß"
    validator = RequestValidator(account.fake.settings.auth_token)
    assert validator.validate(SMS_URL, request.form, request.signature)


@pytest.mark.parametrize(("sender", "channel"), [(f"rcs:{CUSTOMER}", "rcs"), (f"whatsapp:{CUSTOMER}", "whatsapp")])
def test_a_text_on_a_channel_comes_from_and_to_addresses_of_it(account: Account, sender: str, channel: str) -> None:
    account.fake.phone(sender).texts("hello", to=f"{channel}:{OURS}", waits=False)
    account.fake.phone(sender).texts("hello", to="rcs:plumber_agent", waits=False)
    account.clock.advance(1)
    first, second = (request.form for request in account.app.requests)
    assert (first["From"], first["To"], first["ChannelPrefix"]) == (sender, f"{channel}:{OURS}", channel)
    assert second["To"] == "rcs:plumber_agent"
    assert first["FromCountry"] == "US"


@pytest.mark.parametrize("name", ["Café Öl", "MYBANK", "DHL 24"])
def test_a_company_may_text_under_its_name(account: Account, name: str) -> None:
    account.fake.phone(name).texts("your parcel", waits=False)
    account.clock.advance(1)
    assert account.app.requests[0].form["From"] == name


def test_a_long_text_may_travel_as_mms_and_its_words_come_in_base64(account: Account) -> None:
    text = account.text("Hi, I have a couch", faults=InboundFaults(as_mms=True, base64_body=True))
    form = account.app.requests[0].form
    assert text.sid.startswith("MM")
    assert (form["NumMedia"], form["Body"]) == ("0", "SGksIEkgaGF2ZSBhIGNvdWNo")
    assert (account.get(f"/Messages/{text.sid}.json").json or {})["body"] == form["Body"]


WORDS: dict[str, OptOutType] = {"baja": "STOP", "STOP": "STOP", "ALTA": "START", "AYUDA": "HELP"}


@pytest.mark.parametrize(
    ("word", "kind", "is_opted_out"),
    [("Baja ", "STOP", True), ("stop", "STOP", True), ("ayuda", "HELP", False), ("baja ya", None, False)],
)
def test_opt_out_words_of_the_accounts_own_are_named_in_the_webhook(
    account: Account, word: str, kind: OptOutType | None, is_opted_out: bool
) -> None:
    account.fake.opt_out_by(WORDS)
    account.handler.texts(word, waits=False)
    account.clock.advance(1)
    assert account.app.requests[0].form.get("OptOutType") == kind
    assert account.handler.is_opted_out is is_opted_out
    account.handler.texts("alta", waits=False)
    assert not account.handler.is_opted_out


def test_without_words_of_its_own_an_opt_out_is_not_named_and_foreign_words_are_none(account: Account) -> None:
    account.handler.texts("BAJA", waits=False)
    assert not account.handler.is_opted_out
    account.handler.texts("STOP", waits=False)
    assert account.handler.is_opted_out
    account.clock.advance(1)
    assert all("OptOutType" not in request.form for request in account.app.requests)


def test_a_text_to_a_number_that_is_not_the_accounts_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="number of the account"):
        account.customer.texts("hello", to="+15559999999", waits=False)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": f"rcs:{CUSTOMER}"}, 21910),
        ({"From": f"whatsapp:{OURS}"}, 21910),
        ({"To": f"whatsapp:{CUSTOMER}", "From": f"whatsapp:{OURS}"}, 63007),
        ({"To": f"pigeon:{CUSTOMER}"}, 21211),
    ],
)
def test_a_send_cannot_mix_channels_nor_use_one_that_the_account_has_not(
    account: Account, form: dict[str, object], code: int
) -> None:
    response = account.post(**form)
    assert (response.status_code, (response.json or {})["code"]) == (400, code)
