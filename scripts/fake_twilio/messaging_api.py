"""Twilio's Messaging API, `/v1/…`, as far as it tells what is registered: read only.

Served are Services (list), their PhoneNumbers (list) and their A2P campaign (Compliance/Usa2p, list), and
Tollfree/Verifications (list). The real one is at messaging.twilio.com; the fake has it at its one address.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from werkzeug.wrappers import Request

from scripts.fake_twilio import standing
from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.state import State

PREFIX = "/v1/"
_SERVICES = re.compile(r"/v1/Services(?:/(?P<sid>MG[0-9a-f]{32})/(?P<part>PhoneNumbers|Compliance/Usa2p))?\Z")
_VERIFICATIONS = "/v1/Tollfree/Verifications"
_USUAL_PAGE_SIZE, _MOST_PAGE_SIZE = 50, 1000


class MessagingApi:
    """Answers for an account whose credentials were looked at already."""

    def __init__(self, state: State, account_sid: str) -> None:
        self._state = state
        self._account_sid = account_sid

    def answer(self, request: Request) -> dict[str, Any]:
        """Returns the JSON of a list. Raises ApiError."""
        if request.method != "GET":
            raise ApiError(20004)
        with self._state.lock:
            if request.path == _VERIFICATIONS:
                return self._verifications(request)
            path = _SERVICES.match(request.path)
            if path is None:
                raise ApiError(20404)
            services = self._state.standing.services
            if path["sid"] is None:
                return _page(
                    request,
                    "services",
                    services,
                    lambda one: standing.service_json(one, self._account_sid, request.base_url),
                )
            service = next((one for one in services if one.sid == path["sid"]), None)
            if service is None:
                raise ApiError(20404)
            return self._of_service(request, service, path["part"])

    def _of_service(self, request: Request, service: standing.Service, part: str) -> dict[str, Any]:
        url = request.base_url
        if part == "PhoneNumbers":
            owned = [number for number in self._state.numbers.values() if number.phone_number in service.numbers]
            return _page(
                request,
                "phone_numbers",
                owned,
                lambda one: standing.number_json(one.phone_number, one.sid, service, self._account_sid, url),
            )
        campaigns = [service] if service.campaign_status else []
        return _page(request, "compliance", campaigns, lambda one: standing.campaign_json(one, self._account_sid, url))

    def _verifications(self, request: Request) -> dict[str, Any]:
        by_number = self._state.standing.verifications
        asked = request.args.get("TollfreePhoneNumberSid")
        found = [
            (number.sid, by_number[number.phone_number])
            for number in self._state.numbers.values()
            if number.phone_number in by_number and asked in (None, number.sid)
        ]
        return _page(
            request,
            "verifications",
            found,
            lambda one: standing.verification_json(one[0], one[1], self._account_sid, request.base_url),
        )


def _page(request: Request, key: str, items: Sequence[Any], as_json: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Returns one page in the envelope of Twilio's newer interfaces."""
    size = min(int(request.args.get("PageSize") or _USUAL_PAGE_SIZE), _MOST_PAGE_SIZE)
    page = int(request.args.get("Page") or 0)
    url = request.base_url

    def at(number: int) -> str:
        return f"{url}?PageSize={size}&Page={number}"

    return {
        key: [as_json(item) for item in items[page * size : (page + 1) * size]],
        "meta": {
            "page": page,
            "page_size": size,
            "first_page_url": at(0),
            "previous_page_url": at(page - 1) if page else None,
            "next_page_url": at(page + 1) if len(items) > (page + 1) * size else None,
            "url": at(page),
            "key": key,
        },
    }
