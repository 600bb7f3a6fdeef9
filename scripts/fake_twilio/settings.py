"""Everything that can be set about a fake account."""

import dataclasses
from collections.abc import Mapping

from scripts.fake_twilio.faults.lists import ListFaults
from scripts.fake_twilio.faults.queues import QueueLimits


@dataclasses.dataclass(frozen=True)
class StatusDelays:
    """How long an outbound message usually stays in each status, in seconds."""

    queued_seconds: float = 0.1
    sending_seconds: float = 0.2
    sent_seconds: float = 0.7


@dataclasses.dataclass(frozen=True)
class Settings:
    """One account with its credentials and numbers, and the fake's own habits.

    numbers: the account's phone numbers, E.164. The URLs and methods are those of each number at the start
      (IncomingPhoneNumber's SmsUrl and so on); a URL's fragment may hold connection overrides.
    seed: from which all sids and draws come.
    time_scale: multiplies every time the fake itself lets pass (statuses, delays, holds, validity, outages);
      not the timeouts of webhooks, which are the network's.
    retry_pause_seconds: between two tries of one webhook. How long Twilio pauses is not documented.
    queue: how fast numbers send, from the start on.
    lists: what is wrong with lists and with what is shown of messages, from the start on.
    unsent_match_dates: whether a message without `date_sent` passes a DateSent filter. Twilio does not say; the
      default is what is harder for the caller.
    routes: where to connect instead, by URL prefix, so that webhooks are signed for the public URL while the
      application listens on the loopback: {"https://relay.example.com": "http://127.0.0.1:8080"}.
    """

    account_sid: str = "AC" + "0" * 32
    auth_token: str = "made-up-auth-token"  # noqa: S105 - the fake's own, good for nothing else
    api_key_sid: str = "SK" + "0" * 32
    api_key_secret: str = "made-up-api-key-secret"  # noqa: S105 - as above
    numbers: tuple[str, ...] = ("+15550001000",)
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    seed: int | str = 0
    time_scale: float = 1.0
    delays: StatusDelays = StatusDelays()
    retry_pause_seconds: float = 0.25
    queue: QueueLimits = QueueLimits()  # noqa: RUF009 - frozen
    lists: ListFaults = ListFaults()  # noqa: RUF009 - frozen
    unsent_match_dates: bool = False
    routes: Mapping[str, str] = dataclasses.field(default_factory=dict)
