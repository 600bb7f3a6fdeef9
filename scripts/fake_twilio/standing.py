"""How the account stands: its own state, and what is registered of its numbers; nothing of it changes what is sent.

Shapes: `api.v2010.account` in Twilio's OpenAPI description, and the Messaging API's Service, its PhoneNumber, Usa2p and
Tollfree Verification as Twilio's own libraries are tested with them.
"""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.fake_twilio.message import API_VERSION, rfc2822

CAMPAIGN_STATUSES = ("PENDING", "IN_PROGRESS", "VERIFIED", "FAILED", "SUSPENDED")
VERIFICATION_STATUSES = ("PENDING_REVIEW", "IN_REVIEW", "TWILIO_APPROVED", "TWILIO_REJECTED")
_CREATED_AT = 1_750_000_000.0


@dataclasses.dataclass(frozen=True)
class Service:
    """A messaging service with some of the account's numbers.

    Attributes:
        campaign_status: of its A2P campaign; "" has none.
        defers: texts go where their number says, and not to `inbound_url`; "" throws them away.
    """

    name: str = "Relay"
    numbers: tuple[str, ...] = ()
    campaign_status: str = ""
    defers: bool = True
    inbound_url: str = ""

    @property
    def sid(self) -> str:
        return f"MG{self.name.encode().hex():0<32.32}"


@dataclasses.dataclass(frozen=True)
class Standing:
    """The account's state and type, its messaging services, and toll-free verifications by number."""

    status: str = "active"
    type: str = "Full"
    services: tuple[Service, ...] = ()
    verifications: Mapping[str, str] = dataclasses.field(default_factory=dict)


def account_json(standing: Standing, account_sid: str, auth_token: str) -> dict[str, Any]:
    """The Account resource."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}"
    return {
        "auth_token": auth_token,
        "date_created": rfc2822(_CREATED_AT),
        "date_updated": rfc2822(_CREATED_AT),
        "friendly_name": "A made-up account",
        "owner_account_sid": account_sid,
        "sid": account_sid,
        "status": standing.status,
        "subresource_uris": {"messages": f"{uri}/Messages.json"},
        "type": standing.type,
        "uri": f"{uri}.json",
    }


def service_json(service: Service, account_sid: str, url: str) -> dict[str, Any]:
    """A messaging service, as far as anything here reads it."""
    return {
        "sid": service.sid,
        "account_sid": account_sid,
        "friendly_name": service.name,
        "date_created": iso(_CREATED_AT),
        "date_updated": iso(_CREATED_AT),
        "inbound_request_url": service.inbound_url or None,
        "use_inbound_webhook_on_number": service.defers,
        "us_app_to_person_registered": service.campaign_status == "VERIFIED",
        "url": f"{url}/{service.sid}",
    }


def number_json(number: str, number_sid: str, service: Service, account_sid: str, url: str) -> dict[str, Any]:
    """A number that a messaging service has."""
    return {
        "account_sid": account_sid,
        "service_sid": service.sid,
        "sid": number_sid,
        "date_created": iso(_CREATED_AT),
        "date_updated": iso(_CREATED_AT),
        "phone_number": number,
        "country_code": "US",
        "capabilities": ["MMS", "SMS"],
        "url": f"{url}/{number_sid}",
    }


def campaign_json(service: Service, account_sid: str, url: str) -> dict[str, Any]:
    """The A2P campaign of a messaging service."""
    sid = f"QE{service.sid[2:]}"
    failed = [{"error_code": 30897, "error_description": "Disallowed content", "fields": ["MESSAGE_FLOW"]}]
    return {
        "sid": sid,
        "account_sid": account_sid,
        "brand_registration_sid": f"BN{service.sid[2:]}",
        "messaging_service_sid": service.sid,
        "description": "Texts of customers are passed on to the business's people.",
        "us_app_to_person_usecase": "LOW_VOLUME",
        "campaign_status": service.campaign_status,
        "campaign_id": "CMADEUP" if service.campaign_status == "VERIFIED" else None,
        "is_externally_registered": False,
        "errors": failed if service.campaign_status == "FAILED" else [],
        "date_created": iso(_CREATED_AT),
        "date_updated": iso(_CREATED_AT),
        "url": f"{url}/{sid}",
        "mock": False,
    }


def verification_json(number_sid: str, status: str, account_sid: str, url: str) -> dict[str, Any]:
    """The verification of a toll-free number, without what was handed in for it."""
    sid = f"HH{number_sid[2:]}"
    is_rejected = status == "TWILIO_REJECTED"
    return {
        "sid": sid,
        "account_sid": account_sid,
        "tollfree_phone_number_sid": number_sid,
        "status": status,
        "rejection_reason": "The website could not be reached" if is_rejected else None,
        "error_code": 30462 if is_rejected else None,
        "edit_allowed": is_rejected or None,
        "date_created": iso(_CREATED_AT),
        "date_updated": iso(_CREATED_AT),
        "url": f"{url}/{sid}",
    }


def iso(at: float) -> str:
    """Returns a time as the Messaging API writes it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
