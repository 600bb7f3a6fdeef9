"""Twilio's error codes: their HTTP status, their words, and the JSON they are answered with.

The codes and their meaning are those of https://www.twilio.com/docs/api/errors; the words are short forms of
them, without the phone number or text that Twilio's own sometimes quote.
"""

from typing import Any

# code → (HTTP status of the answer to the request, message)
_REQUEST_ERRORS: dict[int, tuple[int, str]] = {
    10001: (403, "Account is not active"),
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20005: (403, "Account is not active"),
    20403: (403, "Forbidden"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service unavailable"),
    21211: (400, "Invalid 'To' Phone Number"),
    21212: (400, "Invalid From Number (caller ID)"),
    21265: (400, "'To' number cannot be a Short Code"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21402: (400, "Invalid Url"),
    21403: (400, "Invalid Method"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number"),
    21608: (400, "The 'to' phone number provided is not yet verified for this account."),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "Message cannot be sent with the current combination of 'To' and 'From'"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21624: (400, "The Validity Period value is invalid"),
    21635: (400, "'To' number cannot be a landline"),
    21659: (400, "'From' is not a Twilio phone number or Short Code country mismatch"),
    21660: (400, "Mismatch between the 'From' number and the account"),
    21661: (400, "'From' number is not SMS-capable"),
    21705: (400, "The Messaging Service Sid is invalid"),
    21910: (400, "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63038: (429, "Account exceeded the daily messages limit"),
    70051: (403, "Authorization Failed"),
    572002: (400, "The 'From' number isn't assigned to this verified Messaging recipient"),
    572006: (400, "A trial account cannot send to this destination"),
}

# code → error_message of a message that was accepted and then failed
_DELIVERY_ERRORS: dict[int, str] = {
    11200: "HTTP retrieval failure",
    11751: "MMS: media exceeds the messaging provider's size limit",
    12300: "Invalid Content-Type",
    14107: "SMS send rate limit exceeded",
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30011: "MMS not supported by the receiving phone number in this region",
    30017: "Carrier network congestion",
    30019: "Content size exceeds carrier limit",
    30022: "US A2P 10DLC - Rate limits exceeded",
    30023: "US A2P 10DLC - Daily message cap reached",
    30024: "Numeric sender ID not provisioned on carrier",
    30032: "Toll-free number has not been verified",
    30033: "US A2P 10DLC - Campaign suspended",
    30034: "US A2P 10DLC - Message from an unregistered number",
    30035: "US A2P 10DLC - Number is still being configured",
    30036: "Validity period expired",
    30037: "Outbound messaging disabled",
    30039: "Filtered to prevent message loops",
    30410: "Provider timeout error",
    30500: "Twilio internal error",
    63017: "Rate limit exceeded",
    63018: "Rate limit exceeded for channel",
    63019: "Media failed to download",
    63034: "Media exceeds the channel's size limit",
}


def message_of(code: int) -> str:
    """Twilio's words for a code; a code that is not in the tables is only named."""
    if code in _REQUEST_ERRORS:
        return _REQUEST_ERRORS[code][1]
    return _DELIVERY_ERRORS.get(code, f"Error {code}")


def usual_status(code: int) -> int:
    """Returns the HTTP status with which a request is refused with this code; 400 for an unknown one."""
    return _REQUEST_ERRORS.get(code, (400, ""))[0]


def is_told_by_an_answer(code: int) -> bool:
    """Returns whether Twilio refuses requests with this code; the others it tells of a message that it had accepted."""
    return code in _REQUEST_ERRORS


class ApiError(Exception):
    """A request that Twilio's API refuses; says with which HTTP status and code."""

    def __init__(self, code: int, status: int | None = None) -> None:
        """`status`: HTTP status where it is not the usual one of this code (400 for an unknown code)."""
        self.code = code
        self.status = status if status is not None else usual_status(code)
        super().__init__(f"{code}: {message_of(code)}")

    def as_json(self) -> dict[str, Any]:
        """The four fields of every error answer of the 2010-04-01 API."""
        return {
            "code": self.code,
            "message": message_of(self.code),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
