"""`try_channels`: the relay sends each recipient of alarms a test, and what becomes of each is printed."""

from __future__ import annotations

from scripts.deployment.smoke_target import Target
from scripts.deployment.tools import Problem
from scripts.relayctl import alarms
from scripts.relayctl.api import ApiError, RelayApi
from scripts.relayctl.tokens import NoToken, Tokens

_WAIT_SECONDS = 60.0


def try_channels(target: Target, seconds: float = _WAIT_SECONDS) -> bool:
    """Returns whether each took its test within so many seconds; True where no channel is set. Raises Problem."""
    if not target.is_behind_gateway:
        print("  alarms were not tried, which want the gateway: see whether `relayctl alarm test` reaches the relay")
        return True
    url = target.relay_state_url
    try:
        messages = alarms.tried(RelayApi(url, Tokens(url, target.token(), "")).test_alarms, seconds)
    except (ApiError, NoToken) as error:
        raise Problem(f"The alarms could not be tried: {error}") from error
    for message in messages:
        print(f"  alarm by {alarms.line(message).plain}")
    if not messages:
        print("  no channel is set by which operators are told of alarms: docs/operations.md, “Get told”")
    return alarms.are_told(messages)
