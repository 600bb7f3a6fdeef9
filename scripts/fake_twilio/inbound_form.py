"""The form of an inbound webhook, and the words by which a phone opts out, with Twilio's own answers to them."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote_to_bytes

from scripts.fake_twilio.message import API_VERSION, Message

OptOutType = Literal["STOP", "START", "HELP"]

# A text that is one of these words and nothing else; https://help.twilio.com, "SMS STOP filtering".
USUAL_WORDS: dict[str, OptOutType] = {
    **dict.fromkeys(("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"), "STOP"),
    **dict.fromkeys(("START", "YES", "UNSTOP"), "START"),
    **dict.fromkeys(("HELP", "INFO"), "HELP"),
}
# What Twilio answers by itself, as it is quoted by many who got it.
OWN_ANSWERS: dict[OptOutType, str] = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def opt_out_type(body: str, words: Mapping[str, OptOutType]) -> OptOutType | None:
    """Returns what Twilio takes a text for: by the account's own words (Advanced Opt-Out), else by the usual ones."""
    return (words or USUAL_WORDS).get(body.strip().upper())


def bytes_as_text(percent_encoded: str) -> str:
    """Returns the bytes of a percent-encoded value; what is no UTF-8 stands as lone surrogates, which a Webhook sends
    and signs as these bytes."""
    return unquote_to_bytes(percent_encoded.replace("+", " ")).decode("utf-8", "surrogateescape")


def parameters_of(message: Message, account_sid: str, words: Mapping[str, OptOutType]) -> dict[str, str]:
    """The form of an inbound webhook; the places are blank, as they are when Twilio does not know them.

    Source: https://www.twilio.com/docs/messaging/guides/webhook-request. `OptOutType` is there where the account has
    opt-out words of its own.
    """
    parameters = {
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.from_,
        "FromCity": "",
        "FromCountry": _country(message.from_),
        "FromState": "",
        "FromZip": "",
        "MessageSid": message.sid,
        "NumMedia": str(message.num_media),
        "NumSegments": str(message.num_segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
        "ToCity": "",
        "ToCountry": _country(message.to),
        "ToState": "",
        "ToZip": "",
    }
    channel, _, address = message.from_.rpartition(":")
    if channel:
        parameters["ChannelPrefix"] = channel
        parameters["FromCountry"] = _country(address)
    if words and (kind := opt_out_type(message.body, words)):
        parameters["OptOutType"] = kind
    for index, (url, content_type) in enumerate(message.media(account_sid)):
        parameters[f"MediaContentType{index}"] = content_type
        parameters[f"MediaUrl{index}"] = url
    return parameters


def _country(number: str) -> str:
    return "US" if number.startswith("+1") else ""
