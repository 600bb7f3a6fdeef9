"""The IncomingPhoneNumber resource: the account's numbers and where their webhooks go.

Shape: `api.v2010.account.incoming_phone_number` in Twilio's OpenAPI description (twilio/twilio-oai).
"""

import dataclasses
from typing import Any

from werkzeug.datastructures import MultiDict

from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.message import API_VERSION, rfc2822
from scripts.fake_twilio.send_request import is_web_url
from scripts.fake_twilio.state import PhoneNumber

# Parameter of an update → field; the others of Twilio's are for calls and bundles, and refused here.
_UPDATABLE = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


def updated(number: PhoneNumber, form: MultiDict[str, str], at: float) -> PhoneNumber:
    """The number after an update at `at` (seconds since 1970). An empty URL takes it away.

    Raises ApiError 21402 (URL), 21403 (method) or 20001 (a parameter this fake does not keep).
    """
    changes: dict[str, Any] = {}
    for name, value in form.items():
        if name not in _UPDATABLE:
            raise ApiError(20001)
        if name.endswith("Method"):
            value = value.upper()
            if value not in {"GET", "POST"}:
                raise ApiError(21403)
        elif name != "FriendlyName" and value and not is_web_url(value):
            raise ApiError(21402)
        changes[_UPDATABLE[name]] = value
    return dataclasses.replace(number, updated_at=at, **changes)


def matches(number: PhoneNumber, query: MultiDict[str, str]) -> bool:
    """Whether a list's `PhoneNumber` (part of a number, or all of it) and `FriendlyName` filters let it pass."""
    name = query.get("FriendlyName")
    return query.get("PhoneNumber", "") in number.phone_number and name in {None, number.friendly_name}


def path_of(account_sid: str, number: PhoneNumber) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers/{number.sid}.json"


def as_json(number: PhoneNumber, account_sid: str) -> dict[str, Any]:
    """The whole resource, all that concerns calls left at what a new number has."""
    return {
        "account_sid": account_sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": API_VERSION,
        "beta": False,
        "bundle_sid": None,
        "capabilities": {"fax": False, "mms": True, "sms": True, "voice": True},
        "date_created": rfc2822(number.created_at),
        "date_updated": rfc2822(number.updated_at),
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number.friendly_name,
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": None,
        "sms_fallback_method": number.sms_fallback_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_method": number.sms_method,
        "sms_url": number.sms_url,
        "status": "in-use",
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "trunk_sid": None,
        "type": "local",
        "uri": path_of(account_sid, number),
        "voice_application_sid": None,
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": None,
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": None,
    }
