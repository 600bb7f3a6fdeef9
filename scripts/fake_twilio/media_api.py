"""The Media resource: the files of a message, listed, sent on to where their bytes are, and deleted.

Shape: `api.v2010.account.message.media` in Twilio's OpenAPI description (twilio/twilio-oai).
"""

from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Request

from scripts.fake_twilio import listing, media_host
from scripts.fake_twilio.errors import ApiError
from scripts.fake_twilio.media import Medium
from scripts.fake_twilio.message import Message, rfc2822
from scripts.fake_twilio.model import FakeTwilio
from scripts.fake_twilio.sending import Reply


class MediaApi:
    """What is answered below a message's `Media`, to a caller who may."""

    def __init__(self, fake: FakeTwilio) -> None:
        self._fake = fake

    def listed(self, request: Request, message: Message) -> Reply:
        """Returns a page of a message's files; for a while it may be empty."""
        if request.method != "GET":
            raise ApiError(20004)
        with self._fake.state.lock:
            kept = [medium for medium in message.files if medium.sid in self._fake.state.media]
            faults = self._fake.state.media_faults
        if faults.is_gone or self._is_before(message.created_at, faults.unlisted_seconds):
            kept = []
        page = listing.page_of(
            kept, "media_list", lambda medium: medium.sid, self._as_json, quote(request.path), request.args
        )
        return Reply(200, page)

    def one(self, request: Request, message: Message, sid: str, is_json: bool) -> Reply:
        """Returns the answer about one file: as JSON where that was asked for, else where its bytes are."""
        faults = self._fake.state.media_faults
        medium = next((medium for medium in message.files if medium.sid == sid), None)
        if medium is None or sid not in self._fake.state.media or faults.is_gone:
            raise ApiError(20404)
        if self._is_before(medium.created_at, faults.missing_seconds):
            raise ApiError(20404)
        if request.method == "DELETE":
            with self._fake.state.lock:
                self._fake.state.media.pop(sid, None)
                self._fake.state.changed()
            return Reply(204)
        if request.method not in ("GET", "HEAD"):
            raise ApiError(20004)
        if is_json:
            return Reply(200, self._as_json(medium))
        return Reply(307, location=faults.redirects_to or media_host.address_of(self._fake, medium))

    def _is_before(self, created_at: float, seconds: float) -> bool:
        return self._fake.clock.now() < created_at + seconds * self._fake.settings.time_scale

    def _as_json(self, medium: Medium) -> dict[str, Any]:
        account_sid = self._fake.settings.account_sid
        message = self._fake.state.messages[medium.message_sid]
        return {
            "account_sid": account_sid,
            "content_type": medium.content_type,
            "date_created": rfc2822(medium.created_at),
            "date_updated": rfc2822(medium.created_at),
            "parent_sid": medium.message_sid,
            "sid": medium.sid,
            "uri": f"{message.uri(account_sid)}/Media/{medium.sid}.json",
        }
